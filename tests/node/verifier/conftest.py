# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors that others have published, as the tests of the protocol find them."""

from tests.protocol.conftest import public_vectors

__all__ = ["public_vectors"]
