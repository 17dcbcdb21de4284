# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole suite draws more than the short one. What measures time runs alone, where tests run side by side."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.drawing import choose_profile
from tests.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_configure(config: pytest.Config) -> None:
    """Before any test is read: properties take their settings then."""
    choose_profile(short="not long" in config.option.markexpr)


@pytest.fixture(scope="session")
def _turns(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Turns | None]:
    if worker_id == "master":
        yield None
        return
    with closing(Turns(tmp_path_factory.getbasetemp().parent)) as turns:
        yield turns


@pytest.fixture(autouse=True)
def _turn(request: pytest.FixtureRequest, _turns: Turns | None) -> Iterator[None]:
    if _turns is None:
        yield
        return
    with _turns.take(alone=request.node.get_closest_marker("alone") is not None):
        yield
