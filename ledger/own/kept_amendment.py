# SPDX-License-Identifier: AGPL-3.0-or-later
"""The amendment that a node keeps while its holders sign it: one at a time, in a file (spec 04 §8).

One that was made for an earlier charter counts no more: it was applied, or another one was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.errors import RefusedError
from ledger.own.charter_plans import give_up
from ledger.own.keys import read_key, write_private
from protocol.amendment import read_amendment, write_amendment
from protocol.errors import Malformed

if TYPE_CHECKING:
    from ledger.data_directory import DataDirectory
    from protocol.amendment import Amendment
    from protocol.charter import LogKeys


def kept_amendment(directory: DataDirectory, keys: LogKeys) -> Amendment | None:
    """The amendment that may follow these charters and is kept here, if there is one."""
    try:
        amendment = read_amendment(directory.amendment.read_bytes())
    except (FileNotFoundError, Malformed):
        return None
    return amendment if amendment.keys.payloads == keys.payloads else None


def keep_amendment(directory: DataDirectory, keys: LogKeys, amendment: Amendment) -> Amendment:
    """Keeps an amendment, or what a holder's copy adds to the one that is kept; the one that is kept then.

    Raises Malformed: `kseq` if it was made for another charter, `other` if it is not the one that is kept; RefusedError
    if none of its operating keys is here.
    """
    if amendment.keys.payloads != keys.payloads:
        raise Malformed("kseq", "this amendment was made for another charter than the one in force: make a new one")
    kept = kept_amendment(directory, keys)
    if kept is not None:
        amendment = kept.joined(amendment)
    elif not _has_key(directory, amendment):
        raise RefusedError("none of the amendment's operating keys is here: it is applied where the new key was made")
    write_private(directory.amendment, write_amendment(amendment))
    return amendment


def drop_amendment(directory: DataDirectory, keys: LogKeys) -> None:
    """Gives up the amendment that is kept, and the operating key that was made for it."""
    kept = kept_amendment(directory, keys)
    directory.amendment.unlink(missing_ok=True)
    for key in kept.charter.keys if kept else ():
        if key not in keys.charter.keys:
            give_up(directory, key)


def _has_key(directory: DataDirectory, amendment: Amendment) -> bool:
    present = read_key(directory.key).public if directory.key.exists() else b""
    return any(key == present or directory.coming_key(key).exists() for key in amendment.charter.keys)
