# SPDX-License-Identifier: AGPL-3.0-or-later
"""One node to propose at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.node.running import RunningNode


@pytest.fixture
def node(bare: RunningNode) -> RunningNode:
    return bare
