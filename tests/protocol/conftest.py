# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors that others have published."""

from pathlib import Path

import pytest

from tests.published import NO_VECTORS, VECTORS


@pytest.fixture
def public_vectors() -> Path:
    """The folder with rfc6962-*/ and wycheproof_ed25519_test.json."""
    if VECTORS is None:
        pytest.skip(NO_VECTORS)
    return VECTORS
