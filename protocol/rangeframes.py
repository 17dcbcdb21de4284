# SPDX-License-Identifier: AGPL-3.0-or-later
"""The frames of reconciliation: their fields and limits (spec 13 §3)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import msgspec

from protocol.ranges import DEPTH_MAX, FINGERPRINT_BYTES, LEAF_ITEMS_MAX, SHORT_BYTES
from protocol.record import LogIdBytes

if TYPE_CHECKING:
    from collections.abc import Sequence

PARTS_MAX = 1_024
SHORTS_MAX = 16 * LEAF_ITEMS_MAX
ITEMS_MAX = 16_384
LEVELS_OF_BYTES = {FINGERPRINT_BYTES * 16**levels: levels for levels in (1, 2)}

_Meta = msgspec.Meta
_Prefix = Annotated[str, _Meta(pattern=r"^[0-9a-f]{0,64}\Z")]
_Shorts = Annotated[bytes, _Meta(max_length=SHORT_BYTES * SHORTS_MAX)]
_Parts = Annotated[list[tuple[_Prefix, _Shorts]], _Meta(max_length=PARTS_MAX)]
_Told = tuple[LogIdBytes, Annotated[int, _Meta(ge=1, lt=2**32)], Annotated[int, _Meta(ge=0, le=2**63 - 1)]]


class Ranges(msgspec.Struct, frozen=True):
    """Fingerprints of what is below some prefixes: where do we differ?"""

    ranges: Annotated[list[tuple[_Prefix, bytes]], _Meta(max_length=PARTS_MAX)]
    more: bool

    def __post_init__(self) -> None:
        """Prefixes are apart and in order; there are 16 or 256 fingerprints below each."""
        _check_apart([prefix for prefix, _ in self.ranges])
        for prefix, fingerprints in self.ranges:
            levels = LEVELS_OF_BYTES.get(len(fingerprints))
            if levels is None or len(prefix) + levels > DEPTH_MAX:
                raise ValueError(f"{len(fingerprints)} bytes of fingerprints below {prefix!r}")


class Items(msgspec.Struct, frozen=True):
    """All that I have below some prefixes, in short; or what differs: items that you lack, shorts that I do."""

    have: _Parts
    items: Annotated[list[_Told], _Meta(max_length=ITEMS_MAX)]
    lack: _Parts
    more: bool

    def __post_init__(self) -> None:
        """Prefixes are apart and in order; shorts are whole."""
        for parts in (self.have, self.lack):
            _check_apart([prefix for prefix, _ in parts])
            for prefix, shorts in parts:
                if len(shorts) % SHORT_BYTES:
                    raise ValueError(f"{len(shorts)} bytes of shorts below {prefix!r}")


def _check_apart(prefixes: Sequence[str]) -> None:
    """Each part of the set is named once in a frame, so that a frame cannot cost more than one walk through it."""
    for one, other in pairwise(prefixes):
        if one >= other or other.startswith(one):
            raise ValueError(f"prefixes not apart or not in order: {one!r}, {other!r}")
