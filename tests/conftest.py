# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole suite draws more than the short one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.drawing import choose_profile

if TYPE_CHECKING:
    import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Before any test is read: properties take their settings then."""
    choose_profile(short="not long" in config.option.markexpr)
