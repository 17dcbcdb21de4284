# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is left of a name when two spellings of it are compared: folded words without legal forms."""

from __future__ import annotations

from typing import NamedTuple

from ledger.text import fold

WORDS_MAX = 24
"""Of a name or a street no more words than this are compared."""

_LEGAL = {
    "en": "ltd limited plc llp lp cic cio inc incorporated llc corp corporation company cyf cyfyngedig co "
    "coop coops cooperative cooperatives",
    "fr": "sa sas sarl scop scic scea gie gip asbl sc scrl srl sprl association assoc loi 1901 aisbl",
    "nl": "bv nv vzw cv cvba vof stichting vereniging ivzw",
    "de": "ev eg gmbh ggmbh ag ug kg ohg gbr mbh haftungsbeschrankt verein eingetragener genossenschaft eingetragene "
    "kooperative",
    "es": "sl sll sal slu coop scoop scl sccl scp asociacion fundacion",
    "ca": "associacio fundacio sccl",
    "it": "srl spa snc sas onlus aps odv ets scarl soc coop societa cooperativa associazione fondazione arl",
    "pt": "lda sa crl ipss associacao cooperativa fundacao",
    "pl": "sp zoo fundacja stowarzyszenie spoldzielnia",
    "hu": "kft bt zrt nyrt egyesulet alapitvany szovetkezet",
    "cs sk": "sro as zs ops os spolek",
    "sl hr sr": "doo dd jdoo so udruga zadruga drustvo zavod",
    "ro bg": "srl sa asociatia fundatia еоод оод ад",
    "el": "αε επε ικε οε εε σεπ αμκε κοινσεπ",
    "sv da no fi et": "ab hb aps as ba fmba amba asa sa ry oy osk mtu ou forening ideell ekonomisk",
}
"""Folded words that say what an organisation is in law, which one spelling of its name has and another has not."""

_ONE_WORD = {
    "assn": "association",
    "assoc": "association",
    "asoc": "asociacion",
    "ass": "association",
    "soc": "society",
    "centre": "center",
    "ctr": "center",
    "saint": "st",
    "street": "st",
    "sainte": "ste",
    "sankt": "st",
    "strasse": "str",
    "road": "rd",
    "avenue": "av",
    "ave": "av",
    "boulevard": "bd",
    "blvd": "bd",
    "utd": "united",
    "mens": "men",
    "workmens": "workmen",
    "und": "and",
    "et": "and",
    "en": "and",
    "y": "and",
    "e": "and",
    "i": "and",
}
"""Words that are written in two ways, or stand for the same small thing in many languages."""

_SMALL_WORDS = (
    "and the of for in at a an de du des la le les l d der die das den dem van het een el los las del di il lo gli da "
    "do dos das o os as im am zum zur fur pour per para von vom of on to"
)
"""Words that one spelling has and another has not, without meaning anything."""

_SMALL = frozenset(_SMALL_WORDS.split())
_LEGAL_WORDS = frozenset(word for words in _LEGAL.values() for word in words.split())


def folded_words(text: str) -> list[str]:
    """The folded words of a text; letters that stand alone in a row, as in e. V. or C.I.C., make one word."""
    made: list[str] = []
    letters = ""
    for word in fold(text.replace("'s ", "s ").replace("\N{RIGHT SINGLE QUOTATION MARK}s ", "s ")).split():
        if len(word) == 1 and not word.isdigit():
            letters += word
            continue
        if letters:
            made.append(letters)
            letters = ""
        if made and made[-1] == "co" and word.startswith("op"):
            made[-1] = "co" + word
        else:
            made.append(word)
    if letters:
        made.append(letters)
    return made


class Name(NamedTuple):
    """A name as it is compared: its telling words, all of it without a space, and its initials with small words."""

    words: tuple[str, ...]
    squeezed: str
    initials: str

    def telling_initials(self) -> str:
        """The first letters of its telling words."""
        return "".join(word[0] for word in self.words)


def name_of(text: str) -> Name:
    """A name without legal forms, and without small words, unless there is nothing else; one spelling of each word."""
    every = folded_words(text)[:WORDS_MAX]
    lawless = [word for word in every if word not in _LEGAL_WORDS]
    if not any(word not in _SMALL for word in lawless):
        lawless = every
    words = [_ONE_WORD.get(word, word) for word in lawless]
    telling = [word for word in words if word not in _SMALL] or words
    squeezed = "".join(word for word in lawless if word != "the") or "".join(lawless)
    return Name(tuple(dict.fromkeys(telling)), squeezed, "".join(word[0] for word in every))


def address_words(text: str) -> tuple[str, ...]:
    """The words of a street, one spelling each."""
    words = dict.fromkeys(_ONE_WORD.get(word, word) for word in fold(text).split() if word not in _SMALL)
    return tuple(words)[:WORDS_MAX]


def numbers_of(words: tuple[str, ...]) -> frozenset[str]:
    """The numbers among words, without leading zeros."""
    return frozenset(word.lstrip("0") or "0" for word in words if word.isdigit())
