# SPDX-License-Identifier: AGPL-3.0-or-later
"""Countries: the names people write, in the main European languages, to ISO 3166-1 alpha-2 codes."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from typing import Final, NamedTuple

from ledger.text import fold

# Code, then names, folded: English, French, German, Spanish, Dutch, Italian and Catalan where they differ, the
# country's own, three-letter codes of Europe, and parts of a country that people write for the whole. XK is not in
# ISO 3166-1 but is of its user-assigned codes, and the one in use for Kosovo.
_NAMES: Final = """
AD andorra|andorre|and
AE united arab emirates|emirats arabes unis|vereinigte arabische emirate|emiratos arabes unidos|uae
AF afghanistan|afganistan
AG antigua and barbuda
AI anguilla
AL albania|albanie|albanien|shqiperia|alb
AM armenia|armenie|armenien
AO angola
AQ antarctica
AR argentina|argentine|argentinien|argentinie
AS american samoa
AT austria|autriche|osterreich|oesterreich|oostenrijk|aut
AU australia|australie|australien
AW aruba
AX aland islands|aland
AZ azerbaijan|azerbaidjan|aserbaidschan|azerbaiyan
BA bosnia and herzegovina|bosnia|bosnie herzegovine|bosnien und herzegowina|bosna i hercegovina|bosnia y herzegovina|bih
BB barbados|barbade
BD bangladesh
BE belgium|belgique|belgien|belgica|belgie|belgio|flanders|vlaanderen|wallonie|bel
BF burkina faso
BG bulgaria|bulgarie|bulgarien|bulgarije|българия|bgr
BH bahrain
BI burundi
BJ benin
BL saint barthelemy
BM bermuda
BN brunei
BO bolivia|bolivie|bolivien
BQ caribbean netherlands|bonaire
BR brazil|bresil|brasilien|brasil|brazilie|brasile
BS bahamas
BT bhutan
BV bouvet island
BW botswana
BY belarus|bielorussie|weissrussland|bielorrusia|wit rusland|bielorussia|беларусь|blr
BZ belize
CA canada|kanada
CC cocos islands
CD democratic republic of the congo|dr congo|republique democratique du congo
CF central african republic
CG congo|republic of the congo
CH switzerland|suisse|schweiz|suiza|zwitserland|svizzera|suissa|che
CI ivory coast|cote d ivoire|elfenbeinkuste
CK cook islands
CL chile|chili|cile|xile
CM cameroon|cameroun|kamerun|camerun
CN china|chine|cina|xina
CO colombia|colombie|kolumbien
CR costa rica
CU cuba|kuba
CV cape verde|cabo verde|cap vert|kap verde
CW curacao
CX christmas island
CY cyprus|chypre|zypern|chipre|cipro|xipre|κυπροσ|cyp
CZ czech republic|czechia|republique tcheque|tchequie|tschechien|tschechische republik|chequia|tsjechie|cechia|cesko|cze
DE germany|allemagne|deutschland|alemania|duitsland|germania|alemanya|deu|brd
DJ djibouti
DK denmark|danemark|dinamarca|denemarken|danimarca|danmark|dnk
DM dominica
DO dominican republic|republique dominicaine
DZ algeria|algerie|algerien|argelia|algerije
EC ecuador|equateur
EE estonia|estonie|estland|eesti|est
EG egypt|egypte|agypten|egipto|egitto
EH western sahara
ER eritrea
ES spain|espagne|spanien|espana|spanje|spagna|espanya|catalonia|cataluna|catalunya|euskadi|esp
ET ethiopia|ethiopie|athiopien|etiopia
FI finland|finlande|finnland|finlandia|suomi|fin
FJ fiji
FK falkland islands
FM micronesia
FO faroe islands|faeroe islands
FR france|frankreich|francia|frankrijk|franca|fra
GA gabon
GB united kingdom|great britain|britain|uk|england|scotland|wales|northern ireland|royaume uni|\
grande bretagne|angleterre|ecosse|vereinigtes konigreich|grossbritannien|schottland|reino unido|gran bretana|\
inglaterra|verenigd koninkrijk|engeland|groot brittannie|regno unito|gran bretagna|inghilterra|regne unit|cymru|gbr
GD grenada
GE georgia|georgie|georgien
GF french guiana|guyane
GG guernsey
GH ghana
GI gibraltar
GL greenland|groenland|gronland
GM gambia
GN guinea|guinee
GP guadeloupe
GQ equatorial guinea
GR greece|grece|griechenland|grecia|griekenland|hellas|ellada|ελλαδα|ελλασ|el|grc
GS south georgia and the south sandwich islands
GT guatemala
GU guam
GW guinea bissau
GY guyana
HK hong kong
HM heard island and mcdonald islands
HN honduras
HR croatia|croatie|kroatien|croacia|kroatie|croazia|hrvatska|hrv
HT haiti
HU hungary|hongrie|ungarn|hungria|hongarije|ungheria|magyarorszag|hun
ID indonesia|indonesie|indonesien
IE ireland|irlande|irland|irlanda|ierland|eire|republic of ireland|irl
IL israel
IM isle of man
IN india|inde|indien
IO british indian ocean territory
IQ iraq|irak
IR iran
IS iceland|islande|island|islandia|ijsland|islanda|isl
IT italy|italie|italien|italia|ita
JE jersey
JM jamaica
JO jordan|jordanie|jordanien
JP japan|japon|giappone
KE kenya|kenia
KG kyrgyzstan
KH cambodia|cambodge
KI kiribati
KM comoros
KN saint kitts and nevis
KP north korea
KR south korea|coree du sud|sudkorea|korea
KW kuwait
KY cayman islands
KZ kazakhstan
LA laos
LB lebanon|liban|libanon|libano
LC saint lucia
LI liechtenstein|lie
LK sri lanka
LR liberia
LS lesotho
LT lithuania|lituanie|litauen|lituania|litouwen|lietuva|ltu
LU luxembourg|luxemburg|luxemburgo|lussemburgo|letzebuerg|lux
LV latvia|lettonie|lettland|letonia|letland|lettonia|latvija|lva
LY libya
MA morocco|maroc|marokko|marruecos|marocco
MC monaco
MD moldova|moldavie|moldawien|moldavia|mda
ME montenegro|crna gora|mne
MF saint martin
MG madagascar|madagaskar
MH marshall islands
MK north macedonia|macedonia|macedoine|nordmazedonien|mazedonien|македонија|mkd
ML mali
MM myanmar|burma
MN mongolia
MO macao
MP northern mariana islands
MQ martinique
MR mauritania|mauritanie
MS montserrat
MT malta|malte|mlt
MU mauritius|ile maurice
MV maldives
MW malawi
MX mexico|mexique|mexiko|messico|mexic
MY malaysia
MZ mozambique|mosambik
NA namibia
NC new caledonia|nouvelle caledonie
NE niger
NF norfolk island
NG nigeria
NI nicaragua
NL netherlands|holland|pays bas|niederlande|paises bajos|nederland|paesi bassi|olanda|paisos baixos|nld
NO norway|norvege|norwegen|noruega|noorwegen|norvegia|norge|nor
NP nepal
NR nauru
NU niue
NZ new zealand|nouvelle zelande|neuseeland|nueva zelanda|aotearoa
OM oman
PA panama
PE peru|perou
PF french polynesia|polynesie francaise
PG papua new guinea
PH philippines|philippinen|filipinas
PK pakistan
PL poland|pologne|polen|polonia|polska|pol
PM saint pierre and miquelon
PN pitcairn
PR puerto rico
PS palestine|palastina|palestina
PT portugal|portogallo|prt
PW palau
PY paraguay
QA qatar
RE reunion|la reunion
RO romania|roumanie|rumanien|rumania|roemenie|rou
RS serbia|serbie|serbien|servie|srbija|србија|srb
RU russia|russie|russland|rusia|rusland|russian federation|россия|rus
RW rwanda|ruanda
SA saudi arabia
SB solomon islands
SC seychelles
SD sudan|soudan
SE sweden|suede|schweden|suecia|zweden|svezia|sverige|swe
SG singapore
SH saint helena
SI slovenia|slovenie|slowenien|eslovenia|slovenija|svn
SJ svalbard and jan mayen
SK slovakia|slovaquie|slowakei|eslovaquia|slowakije|slovacchia|slovensko|slovak republic|svk
SL sierra leone
SM san marino
SN senegal
SO somalia
SR suriname
SS south sudan
ST sao tome and principe
SV el salvador
SX sint maarten
SY syria|syrie|syrien|siria
SZ eswatini|swaziland
TC turks and caicos islands
TD chad|tchad|tschad
TF french southern territories
TG togo
TH thailand|thailande
TJ tajikistan
TK tokelau
TL east timor|timor leste
TM turkmenistan
TN tunisia|tunisie|tunesien|tunez
TO tonga
TR turkey|turquie|turkei|turquia|turkije|turchia|turkiye|tur
TT trinidad and tobago
TV tuvalu
TW taiwan
TZ tanzania|tanzanie|tansania
UA ukraine|ucrania|oekraine|ucraina|україна|ukr
UG uganda|ouganda
UM united states minor outlying islands
US united states|united states of america|usa|etats unis|vereinigte staaten|estados unidos|verenigde staten|stati uniti
UY uruguay
UZ uzbekistan
VA vatican|vatican city|holy see
VC saint vincent and the grenadines
VE venezuela
VG british virgin islands
VI united states virgin islands
VN vietnam
VU vanuatu
WF wallis and futuna
WS samoa
XK kosovo
YE yemen
YT mayotte
ZA south africa|afrique du sud|sudafrika|sudafrica
ZM zambia
ZW zimbabwe
"""
_CODES: Final = {
    fold(name): line[:2] for line in _NAMES.strip().splitlines() for name in (line[:2], *line[3:].split("|"))
}
_SLIP_CHARACTERS_MIN: Final = 5
_SLIP_RATIO_MIN: Final = 0.8

MEANT_OTHERWISE: Final = {"AU": "Austria", "SR": "Slovakia or Serbia", "SV": "Slovenia or Sweden"}
"""Codes of countries far from Europe which people in Europe write for a country of Europe."""


class Country(NamedTuple):
    """A country's code, and whether its name was misspelt."""

    code: str
    misspelt: bool = False


@lru_cache(maxsize=4096)
def parse_country(text: str) -> Country | None:
    """The country that a name or code of any case stands for, or None. A name with one slip is taken as misspelt."""
    name = fold(text[:100]).removeprefix("the ")
    if name in _CODES:
        return Country(_CODES[name])
    if len(name) < _SLIP_CHARACTERS_MIN:
        return None
    close = get_close_matches(name, _CODES, n=1, cutoff=_SLIP_RATIO_MIN)
    return Country(_CODES[close[0]], misspelt=True) if close else None
