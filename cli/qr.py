# SPDX-License-Identifier: AGPL-3.0-or-later
"""A proof as QR codes: each holds a URL whose fragment is a part of the short form (spec 20 §4)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cli.failure import CommandError
from cli.output import say

if TYPE_CHECKING:
    import segno

VERSION_MAX = 20
"""97 modules wide: what a telephone still reads from paper or from another's screen."""

_SCALE, _PIXELS = 1, 4
"""Millimetres and pixels for each module."""


def make_codes(proof: bytes, url: str) -> list[segno.QRCode]:
    """The fewest codes of at most version 20, level M, that hold a proof file. Raises CommandError, Malformed."""
    import segno

    from protocol.digits import PARTS_MAX, make_parts
    from protocol.short import pack

    packed = pack(proof)
    for count in range(1, PARTS_MAX + 1):
        codes = []
        for part in make_parts(packed, count):
            # Two segments: the URL in bytes, the digits in the numeric mode, which takes 10 bits for three.
            texts = [f"{url}#{part.head}", part.digits]
            code = segno.make(texts, error="m", boost_error=False, micro=False)  # type: ignore[arg-type] # takes lists
            codes.append(code)
            if int(codes[-1].version) > VERSION_MAX:
                break
        else:
            return codes
    raise CommandError(f"this proof is too large for {PARTS_MAX} QR codes: give the file itself")


def write_codes(codes: list[segno.QRCode], target: str) -> None:
    """Writes codes to a .svg or .png file, numbered if there are several, or shows them in the terminal."""
    if target == "terminal":
        for number, code in enumerate(codes, 1):
            if len(codes) > 1:
                say(f"QR code {number} of {len(codes)}:")
            code.terminal(compact=True)
        return
    path = Path(target)
    if path.suffix not in {".svg", ".png"}:
        raise CommandError(f"QR codes are written to a .svg or .png file, or to the terminal, not to {target!r}", 2)
    for number, code in enumerate(codes, 1):
        one = path if len(codes) == 1 else path.with_stem(f"{path.stem}-{number}")
        if path.suffix == ".svg":
            code.save(str(one), scale=_SCALE, unit="mm")
        else:
            code.save(str(one), scale=_PIXELS)
        say(f"written: {one} (QR code {number} of {len(codes)}, version {code.version}, level M)")


def url_for(named: str | None, endpoints: list[str], public_url: str) -> str:
    """Where the codes lead: as named, or the page of the organisation's node that reads them. Raises CommandError."""
    base = named or public_url or next(iter(endpoints), "")
    if not base:
        raise CommandError("no address to put into the QR code: say with --url where a node shows its pages", 2)
    return base if named else base.rstrip("/") + "/verify"
