# SPDX-License-Identifier: AGPL-3.0-or-later
"""QR codes as files or in the terminal, and where they lead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cli.failure import CommandError
from cli.output import say

if TYPE_CHECKING:
    import segno

_SCALE, _PIXELS = 1, 4
"""Millimetres and pixels for each module."""


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
