# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every back end of the store passes the same suite."""

from __future__ import annotations

from tests.ledger.store_suite import StoreSuite


class TestStore(StoreSuite):
    """The suite over all back ends that `open_store` knows."""
