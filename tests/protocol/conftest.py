# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hypothesis draws the same examples in every run, and a slow machine fails nothing."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("protocol", deadline=None, derandomize=True, database=None, max_examples=40)
settings.load_profile("protocol")


@pytest.fixture
def public_vectors() -> Path:
    """The folder with vectors that others have published, which FOLKMOOT_VECTORS names."""
    folder = os.environ.get("FOLKMOOT_VECTORS")
    if not folder:
        pytest.skip("FOLKMOOT_VECTORS does not name a folder with rfc6962-*/ and wycheproof_ed25519_test.json")
    return Path(folder)
