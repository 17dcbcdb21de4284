# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bytes under a passphrase."""

from __future__ import annotations

import pytest

from ledger.errors import RefusedError, StoreDamagedError
from ledger.sealed import seal, unseal


def test_only_the_passphrase_opens_it() -> None:
    sealed = seal(b"secret", "horse battery")
    assert b"secret" not in sealed
    assert unseal(sealed, "horse battery", "this file") == b"secret"
    for other, words in ((sealed, "horse"), (sealed[:-1], "horse battery")):
        with pytest.raises(RefusedError, match="not that of this file"):
            unseal(other, words, "this file")
    with pytest.raises(StoreDamagedError, match="this file: it is cut off"):
        unseal(sealed[:9], "horse battery", "this file")
