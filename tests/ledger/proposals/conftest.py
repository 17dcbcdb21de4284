# SPDX-License-Identifier: AGPL-3.0-or-later
"""An organisation with one record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.ledger import Ledger
from tests.ledger.proposals.proposing import enter
from tests.node.running import found

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(found(tmp_path / "node", "Fives")) as opened:
        enter(opened)
        yield opened
