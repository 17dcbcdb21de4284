# SPDX-License-Identifier: AGPL-3.0-or-later
"""A proof as QR codes: each holds a URL whose fragment is a part of the short form (spec 20 §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protocol.digits import PARTS_MAX, make_parts
from protocol.errors import Malformed
from protocol.short import pack

if TYPE_CHECKING:
    import segno

VERSION_MAX = 20
"""97 modules wide: what a telephone still reads from paper or from another's screen."""
_BITS_MAX = 669 * 8
"""What version 20 holds at level M (ISO/IEC 18004, table 7)."""
_MARGIN = 4
"""So many white modules around a code belong to it."""


class Drawn(NamedTuple):
    """A code as an SVG path over `width` modules, its margin among them."""

    width: int
    path: str


def make_codes(proof: bytes, url: str) -> list[segno.QRCode]:
    """The fewest codes of at most version 20, level M, that hold a proof file. Raises Malformed (`short`)."""
    import segno  # noqa: PLC0415 - what most pages and commands do without

    packed = pack(proof)
    for count in range(1, PARTS_MAX + 1):
        parts = make_parts(packed, count)
        if all(_bits(f"{url}#{part.head}", part.digits) <= _BITS_MAX for part in parts):
            # Two segments: the URL in bytes, the digits in the numeric mode, which takes 10 bits for three. The digits
            # are as good as random, and one mask as good as another: to try them all takes six times as long.
            texts = [[f"{url}#{part.head}", part.digits] for part in parts]
            return [segno.make(text, error="m", boost_error=False, micro=False, mask=0) for text in texts]  # type: ignore[arg-type] # takes lists
    raise Malformed("short", f"this proof is too large for {PARTS_MAX} QR codes: give the file itself")


def _bits(text: str, digits: str) -> int:
    """What a segment of bytes and one of digits take at versions 10 to 26, with the mark of the end."""
    return 4 + 16 + 8 * len(text.encode()) + 4 + 12 + -(-len(digits) * 10 // 3) + 4


def link_to_check(proof: bytes, url: str) -> str:
    """An address that holds the whole proof, for whoever follows a link instead of reading codes. Raises Malformed."""
    (part,) = make_parts(pack(proof), 1)
    return f"{url}#{part.head}{part.digits}"


def draw_address(url: str) -> Drawn:
    """An address as a code."""
    import segno  # noqa: PLC0415 - as above

    return draw_code(segno.make(url, error="m", micro=False))


def draw_code(code: segno.QRCode) -> Drawn:
    """The dark modules of a code, row by row."""
    rows = [bytes(row) for row in code.matrix]
    steps = []
    for y, row in enumerate(rows, _MARGIN):
        x = 0
        while (x := row.find(1, x)) >= 0:
            end = row.find(0, x)
            end = len(row) if end < 0 else end
            steps.append(f"M{x + _MARGIN} {y}h{end - x}v1h-{end - x}z")
            x = end
    return Drawn(len(rows) + 2 * _MARGIN, "".join(steps))
