# SPDX-License-Identifier: AGPL-3.0-or-later
"""The recovery sheets: as text that a program can read back, and as a page to print."""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from cli.failure import CommandError
from ledger.own.keys import read_secret, show_secret
from protocol.charter import recovery_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_GENERATIONS = (1, 2)
_SECRET_LINE = re.compile(r"^    ((?:[a-z2-7]{1,4} ?)+)$", re.MULTILINE)
_PUBLIC_LINE = re.compile(r"^public ([0-9]{1,2}) ([a-z2-7]{52})$", re.MULTILINE)


class Sheet(NamedTuple):
    """What one holder keeps: the secret, and the coming public keys of all holders by generation."""

    secret: bytes
    public: dict[int, list[bytes]]


class Organisation(NamedTuple):
    """What all sheets of an organisation say: its name and log, its language, and how many sheets it takes."""

    name: str
    log: str
    language: str
    holders: int
    threshold: int


def text_sheet(organisation: Organisation, number: int, secrets: Sequence[bytes]) -> str:
    """The sheet of a holder as text."""
    name, log, _, count, threshold = organisation
    groups = show_secret(secrets[number - 1]).split(" ")
    lines = [" ".join(groups[n : n + 5]) for n in range(0, len(groups), 5)]
    return (
        f"RECOVERY KEY {number} of {count}\n{'=' * 40}\n\n{name}\nlog {log}\n\n"
        + "".join(f"    {line}\n" for line in lines)
        + f"\nAny {threshold} of these {count} sheets together can replace the keys of this organisation.\n"
        "Print this sheet, give it to the person who keeps it, and delete the file.\n"
        "Nobody needs it in daily work. Whoever asks you for it should be able to say why, to your face.\n"
        "\nThe coming public keys of all holders. They are not secret.\n" + _public_lines(secrets)
    )


def _public_lines(secrets: Sequence[bytes]) -> str:
    """The coming public keys of all holders: without them, too few of the holders could not name the next set."""
    return "".join(
        f"public {generation} {b32encode(recovery_key(secret, generation).public).decode().lower().rstrip('=')}\n"
        for generation in _GENERATIONS
        for secret in secrets
    )


def read_sheet(path: Path) -> Sheet:
    """The sheet in a file, or a file with nothing but its secret. Raises CommandError."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not a recovery sheet") from None
    found = " ".join(_SECRET_LINE.findall(text)) or _PUBLIC_LINE.sub("", text)
    if len(found) > 1_000:
        raise CommandError(f"{path} is not a recovery sheet")
    public: dict[int, list[bytes]] = {}
    for generation, key in _PUBLIC_LINE.findall(text):
        public.setdefault(int(generation), []).append(b32decode(key.upper() + "===="))
    return Sheet(read_secret(found), public)


_WORDS = {
    "en": {
        "title": "Recovery key {number} of {count}",
        "keep": "Keep this sheet where you keep a passport. Do not photograph it, and do not type it into anything but "
        "the program or the signing page of your organisation.",
        "what": "Any {threshold} of the {count} sheets of this organisation together can give it new keys when its "
        "machine was lost or stolen. One alone can do nothing, and nobody needs it in daily work.",
        "how": "When it is needed, the organisation sends you a file. On a device that you trust, open it if it is a "
        "page (without network, to be sure), or run <code>folkmoot key sign FILE</code>. Compare the log, read what it "
        "says will change, and type the groups above. Send back the signed file, never this sheet.",
        "ask": "Whoever asks you for it should be able to say why, to your face.",
        "check": "The last five characters are check digits: the program notices if one of all characters is wrong.",
        "letters": "There are only the letters a to z and the digits 2 to 7: no zero and no one.",
        "public": "The coming public keys of all holders. They are not secret. They are needed if no copy of the "
        "organisation\u2019s own store is left: type them into the file that --sheet names, line by line.",
        "log": "Log",
    },
    "fr": {
        "title": "Clé de secours {number} sur {count}",
        "keep": "Gardez cette feuille comme un passeport. Ne la photographiez pas et ne la saisissez nulle part "
        "ailleurs que dans le programme ou la page de signature de votre organisation.",
        "what": "{threshold} des {count} feuilles de cette organisation, réunies, peuvent lui donner de nouvelles clés "
        "quand sa machine a été perdue ou volée. Une seule ne peut rien, et personne n\u2019en a besoin au quotidien.",
        "how": "En cas de besoin, l\u2019organisation vous envoie un fichier. Sur un appareil de confiance, ouvrez-le "
        "si c\u2019est une page (sans réseau, pour être sûr), ou lancez <code>folkmoot key sign FICHIER</code>. "
        "Comparez le journal, lisez ce qui va changer, puis saisissez les groupes ci-dessus. Renvoyez le fichier "
        "signé, jamais cette feuille.",
        "ask": "Qui vous la demande doit pouvoir vous dire pourquoi, en face.",
        "check": "Les cinq derniers caractères sont des caractères de contrôle : le programme remarque toute erreur.",
        "letters": "Il n\u2019y a que les lettres a à z et les chiffres 2 à 7 : ni zéro, ni un.",
        "public": "Les clés publiques à venir de tous les détenteurs. Elles ne sont pas secrètes. Elles servent "
        "s\u2019il ne reste aucune copie des données de l\u2019organisation : on les saisit, ligne par ligne, dans le "
        "fichier que nomme --sheet.",
        "log": "Journal",
    },
}

_STYLE = """
@page { size: A4; margin: 18mm }
* { box-sizing: border-box }
body { font: 12pt/1.5 Georgia, "DejaVu Serif", serif; color: #000; background: #fff; max-width: 174mm;
  margin: 8mm auto }
h1 { font-size: 22pt; margin: 0; border-bottom: 2pt solid #000; padding-bottom: 3mm }
h2 { font-size: 15pt; margin: 5mm 0 0 }
.log { font: 9.5pt/1.4 "DejaVu Sans Mono", Consolas, monospace; overflow-wrap: anywhere; margin: 1mm 0 6mm }
ol { list-style: none; margin: 0 0 5mm; padding: 4mm; border: 1.5pt solid #000; display: grid; gap: 4mm 5mm;
  grid-template-columns: repeat(5, 1fr) }
li { font: bold 19pt/1.2 "DejaVu Sans Mono", Consolas, monospace; letter-spacing: .08em; white-space: nowrap }
li span { display: block; font: 8pt/1.2 sans-serif; letter-spacing: 0; color: #444 }
code { font: 10.5pt "DejaVu Sans Mono", Consolas, monospace; white-space: nowrap }
p { margin: 0 0 2.5mm } .first { font-weight: bold }
.small { font-size: 9pt; margin-top: 5mm } pre { font: 8pt/1.35 "DejaVu Sans Mono", Consolas, monospace; margin: 0 }
@media print { body { margin: 0; max-width: none } ol, p { break-inside: avoid } }
"""


def html_sheet(organisation: Organisation, number: int, secrets: Sequence[bytes]) -> str:
    """The sheet of a holder as one page to print, complete in itself."""
    language = organisation.language.split("-")[0]
    language = language if language in _WORDS else "en"
    values = {"number": number, "count": organisation.holders, "threshold": organisation.threshold}
    words = {name: text.format(**values) for name, text in _WORDS[language].items()}
    shown = enumerate(show_secret(secrets[number - 1]).split(" "), 1)
    groups = "".join(f"<li><span>{place}</span>{group}</li>" for place, group in shown)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n<meta name="robots" content="noindex">\n'
        f"<title>{escape(words['title'])}</title>\n<style>{_STYLE}</style>\n"
        f"<h1>{escape(words['title'])}</h1>\n<h2>{escape(organisation.name)}</h2>\n"
        f'<p class="log">{words["log"]} {organisation.log}</p>\n<ol>{groups}</ol>\n'
        f"<p>{words['letters']} {words['check']}</p>\n"
        f'<p class="first">{words["keep"]}</p>\n<p>{words["what"]}</p>\n<p>{words["how"]}</p>\n<p>{words["ask"]}</p>\n'
        f'<p class="small">{words["public"]}</p>\n<pre>{_public_lines(secrets)}</pre>\n'
        "</html>\n"
    )
