# SPDX-License-Identifier: AGPL-3.0-or-later
"""Folding of text: the one spelling under which names are indexed and searched.

Two texts are the same to a search when `fold` gives the same result for both: case, accents, ligatures,
apostrophes, punctuation and spacing do not count. Folding a folded text changes nothing, so a stored
folded text and a folded query can be compared as they are.
"""

import unicodedata
from typing import Final

QUERY_WORDS_MAX: Final = 16
QUERY_WORD_CHARACTERS_MAX: Final = 40

# Letters which Unicode does not decompose, as the languages that use them write them without the letter,
# and marks which only look like letters to Unicode: apostrophes, and the sign of a trade mark.
_LETTERS: Final = {
    "æ": "ae",
    "œ": "oe",
    "ß": "ss",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "ħ": "h",
    "ŧ": "t",
    "þ": "th",
    "ŋ": "n",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    "ĸ": "k",
    "ə": "e",
    "\N{MODIFIER LETTER PRIME}": " ",
    "\N{MODIFIER LETTER DOUBLE PRIME}": " ",
    "\N{MODIFIER LETTER TURNED COMMA}": " ",
    "\N{MODIFIER LETTER APOSTROPHE}": " ",
    "\N{MODIFIER LETTER REVERSED COMMA}": " ",
    "\N{MODIFIER LETTER RIGHT HALF RING}": " ",
    "\N{MODIFIER LETTER LEFT HALF RING}": " ",
    "\N{MODIFIER LETTER VERTICAL LINE}": " ",
    "\N{LATIN SMALL LETTER SALTILLO}": " ",
    "™": " ",
    "℠": " ",
}

_COMBINING_GRAPHEME_JOINER: Final = "\u034f"
_VARIATION_SELECTORS: Final = range(0xFE00, 0xFE10)
_TABLE_END: Final = 0x10000


def _is_accent(character: str) -> bool:
    """Whether this mark is an accent or a vowel point, which readers leave out when they type.

    The other combining classes spell a script's own letters (the voiced kana, the Indic virama, Thai
    vowels and tones), and dropping them would make different words equal.
    """
    combining = unicodedata.combining(character)
    return combining == 1 or 10 <= combining <= 36 or combining >= 200


def _is_invisible(character: str) -> bool:
    return (
        unicodedata.category(character) == "Cf"
        or character == _COMBINING_GRAPHEME_JOINER
        or ord(character) in _VARIATION_SELECTORS
    )


class _Folding(dict[int, str | int]):
    """Code point to its folding, for `str.translate`; filled as characters are met.

    Holds the basic multilingual plane at most, so that no text can make it grow without end.
    """

    def __missing__(self, code: int) -> str | int:
        folded = self._fold_character(chr(code))
        # A table of numbers is smaller, and translates faster, than one of one-letter texts.
        value = ord(folded) if len(folded) == 1 else folded
        if code < _TABLE_END:
            self[code] = value
        return value

    def _fold_character(self, character: str) -> str:
        if character in _LETTERS:
            return _LETTERS[character]
        if _is_accent(character) or _is_invisible(character):
            return ""
        for simpler in (unicodedata.normalize("NFKD", character), character.casefold()):
            if simpler != character:
                return simpler.translate(self)
        # Letters, numbers and the marks that spell letters stay; all the rest parts words.
        return character if unicodedata.category(character)[0] in "LNM" else " "


_FOLDING: Final = _Folding()
_ASCII_FOLDING: Final = bytes(
    ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else ord(" ") for code in range(256)
)


def fold(text: str) -> str:
    """The text in lower case, without accents, its words parted by single spaces.

    Ligatures and letters such as ø become the letters they are typed as; apostrophes, punctuation and
    symbols part words; invisible characters (soft hyphens, joiners) vanish. Never fails.
    """
    if text.isascii():
        folded = text.encode().translate(_ASCII_FOLDING).decode()
        if "  " in folded or folded[:1] == " " or folded[-1:] == " ":
            return " ".join(folded.split())
        return folded
    folded = text.translate(_FOLDING)
    if not folded.isascii():
        # Marks that were kept can stand in any order; the normal form has one.
        folded = unicodedata.normalize("NFKD", folded)
    return " ".join(folded.split())


def words(text: str, *, query: bool = False) -> list[str]:
    """The folded words of a text, in order.

    A query keeps its first `QUERY_WORDS_MAX` words, each cut to `QUERY_WORD_CHARACTERS_MAX` characters:
    a word that was cut is only the beginning of what it looks for.
    """
    found = fold(text).split()
    if not query:
        return found
    return [word[:QUERY_WORD_CHARACTERS_MAX] for word in found[:QUERY_WORDS_MAX]]
