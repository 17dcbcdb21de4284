# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether this machine can hold a world of machines."""

from __future__ import annotations

import pytest

from tests.federation.world import why_not_here


@pytest.fixture(scope="session")
def _namespaces() -> None:
    problem = why_not_here()
    if problem:
        pytest.skip(problem)
