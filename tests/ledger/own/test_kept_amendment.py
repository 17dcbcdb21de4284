# SPDX-License-Identifier: AGPL-3.0-or-later
"""The amendment that a node keeps while it is signed: one at a time, dropped with its key, and no more once applied."""

from __future__ import annotations

import pytest

from ledger.data_directory import DataDirectory
from ledger.errors import RefusedError
from ledger.own.amending import put_in_force, read_own
from ledger.own.charter_plans import change_fields, draft_planned, remove_key, renew_all, replace_key
from ledger.own.epoch import opening_of
from ledger.own.kept_amendment import drop_amendment, keep_amendment, kept_amendment
from ledger.own.keys import read_key
from ledger.sqlite.store import SqliteStore
from protocol.amendment import Amendment
from protocol.charter import Opens
from protocol.errors import Malformed
from tests.builders import seeded
from tests.ledger.renewing import NOW, SECRETS, keys_of, put, rotate


def rotation(directory: DataDirectory) -> Amendment:
    """An amendment that replaces the operating key."""
    store = SqliteStore(directory.store, writable=False)
    with store.read() as reads:
        own = read_own(reads)
    store.close()
    return draft_planned(directory, own, replace_key(directory, own), [], NOW)


def coming(directory: DataDirectory) -> list[str]:
    return sorted(path.name for path in directory.key.parent.glob("operating-*.key"))


def test_copies_of_holders_come_together_and_are_put_in_force(directory: DataDirectory) -> None:
    keys, draft = keys_of(directory), rotation(directory)
    assert kept_amendment(directory, keys) is None
    keep_amendment(directory, keys, draft)
    assert directory.amendment.stat().st_mode & 0o777 == 0o600
    keep_amendment(directory, keys, draft.sign(SECRETS[0]))
    with pytest.raises(RefusedError, match="1 more of the holders"):
        put_in_force(directory, draft.sign(SECRETS[0]), NOW)
    whole = keep_amendment(directory, keys, draft.sign(SECRETS[2]))
    assert whole == kept_amendment(directory, keys)
    old = read_key(directory.key).public
    applied, aside = put_in_force(directory, whole, NOW)
    assert (applied.keys.charter.kseq, aside) == (1, [directory.removed_key(old)])
    assert kept_amendment(directory, keys_of(directory)) is None
    with pytest.raises(Malformed, match="another charter"):
        keep_amendment(directory, keys_of(directory), draft)


def test_a_removed_key_is_destroyed_if_asked(directory: DataDirectory) -> None:
    old, draft = read_key(directory.key).public, rotation(directory)
    _, aside = put_in_force(directory, draft.sign(SECRETS[0]).sign(SECRETS[1]), NOW, destroy=True)
    assert (aside, directory.removed_key(old).exists()) == ([], False)


def test_one_is_kept_at_a_time_and_dropped_with_its_key(directory: DataDirectory) -> None:
    keys, first, second = keys_of(directory), rotation(directory), rotation(directory)
    keep_amendment(directory, keys, first)
    with pytest.raises(Malformed, match="another amendment"):
        keep_amendment(directory, keys, second)
    assert len(coming(directory)) == 2
    drop_amendment(directory, keys)
    assert coming(directory) == [directory.coming_key(second.charter.keys[0]).name]
    assert kept_amendment(directory, keys) is None
    with pytest.raises(RefusedError, match="none of the amendment's operating keys"):
        keep_amendment(directory, keys, first)
    drop_amendment(directory, keys)
    keep_amendment(directory, keys, second)


def test_what_is_no_amendment_any_more_is_none(directory: DataDirectory) -> None:
    keys = keys_of(directory)
    keep_amendment(directory, keys, rotation(directory))
    rotate(directory)
    assert kept_amendment(directory, keys_of(directory)) is None
    directory.amendment.write_bytes(b"\0")
    assert kept_amendment(directory, keys_of(directory)) is None


def test_plans_for_keys(directory: DataDirectory) -> None:
    put(directory, 1)
    present = read_key(directory.key).public
    store = SqliteStore(directory.store, writable=False)
    with store.read() as reads:
        own, whole, part = (
            read_own(reads),
            opening_of(reads, read_own(reads), None),
            opening_of(reads, read_own(reads), 1),
        )
        for size in (0, 3):
            with pytest.raises(RefusedError, match="2 are held here"):
                opening_of(reads, own, size)
    store.close()
    assert (whole.epoch, whole.size, part.size, whole.root != part.root) == (2, 2, 1, True)
    replaced = remove_key(directory, own, present)
    assert replaced.changes == {"keys": [replaced.author.public]}
    with pytest.raises(RefusedError, match="not an operating key"):
        remove_key(directory, own, seeded("somebody"))
    again = renew_all(directory, Opens(2, 1, seeded("root")))
    assert again.changes["keys"] == [again.author.public]
    assert change_fields(directory, own, {}).author.public == present
    before = coming(directory)
    with pytest.raises(ValueError, match="endpoint"):
        draft_planned(directory, own, replace_key(directory, own)._replace(changes={"endpoints": ["x"]}), [], NOW)
    assert coming(directory) == before
