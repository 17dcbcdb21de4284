# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the basis of a post comes to: lines that its legs have to be, and whose agreement it holds (spec 17 §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ledger.reciprocity.lines import Line
    from ledger.reciprocity.state import Contract


class Yielded(NamedTuple):
    """What a basis yields.

    `lines` are None where the legs have been checked already, `contract` where it carries nothing. `day` is the one on
    which somebody has to be a party of it; `carries` are the owners that it may speak for, None for any party; `unit`
    is the one that all legs are in, if there is one.
    """

    lines: Sequence[Line] | None
    contract: Contract | None
    day: int = 0
    carries: Collection[bytes] | None = None
    unit: str = ""
