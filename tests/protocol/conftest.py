# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors that others have published."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def public_vectors() -> Path:
    """The folder with vectors that others have published, which FOLKMOOT_VECTORS names."""
    folder = os.environ.get("FOLKMOOT_VECTORS")
    if not folder:
        pytest.skip("FOLKMOOT_VECTORS does not name a folder with rfc6962-*/ and wycheproof_ed25519_test.json")
    return Path(folder)
