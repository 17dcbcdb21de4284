# SPDX-License-Identifier: AGPL-3.0-or-later
"""Killed at any moment while an amendment is put in force, a node stands before it or after it, and goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ledger.keeping.audit import audit
from ledger.ledger import Ledger
from ledger.own.amending import read_own
from ledger.own.charter_plans import draft_planned, replace_key
from ledger.own.kept_amendment import keep_amendment, kept_amendment
from ledger.own.keys import read_key
from ledger.sqlite.store import SqliteStore
from node.steward.charter import keys_aside
from tests.node.steward.amending import SECRETS, found

pytestmark = pytest.mark.long
NOW = 1_790_000_000
KILLED = 9
DIES = """
import os, sys
from pathlib import Path
import ledger.own.amending, ledger.own.kept_amendment, ledger.own.operating
from ledger.own.amending import read_own
from ledger.data_directory import DataDirectory
from ledger.sqlite.store import SqliteStore
from node.steward.charter import _apply

directory, module, name, when = DataDirectory(Path(sys.argv[1])), *sys.argv[2:5]
store = SqliteStore(directory.store, writable=False)
with store.read() as reads:
    keys = read_own(reads).keys
store.close()
amendment = ledger.own.kept_amendment.kept_amendment(directory, keys)
whole = getattr(sys.modules[module], name)

def dies(*given, **named):
    if when == "before":
        os._exit(9)
    whole(*given, **named)
    os._exit(9)

setattr(sys.modules[module], name, dies)
_apply(directory, amendment, destroy=True)
"""


@pytest.mark.parametrize(
    ("place", "when", "kseq"),
    [
        ("ledger.own.amending:_follow", "before", 0),
        ("ledger.own.amending:take_charters", "before", 0),
        ("ledger.own.amending:take_charters", "after", 0),
        ("ledger.own.amending:operating_key", "before", 1),
        ("ledger.own.operating:sync_folder", "before", 1),
        ("ledger.own.amending:_sign", "before", 1),
        ("ledger.own.amending:_sign", "after", 1),
        ("ledger.own.amending:destroy_key", "before", 1),
        ("ledger.own.amending:destroy_key", "after", 1),
    ],
)
def test_a_kill_leaves_what_was_or_what_is_to_be(tmp_path: Path, place: str, when: str, kseq: int) -> None:
    directory = found(tmp_path / "moot")
    store = SqliteStore(directory.store, writable=False)
    with store.read() as reads:
        own = read_own(reads)
    store.close()
    old = read_key(directory.key).public
    draft = draft_planned(directory, own, replace_key(directory, own), [], NOW)
    keep_amendment(directory, own.keys, draft.sign(SECRETS[0]).sign(SECRETS[1]))
    command = [sys.executable, "-c", DIES, str(directory.path), *place.split(":"), when]
    assert subprocess.run(command, check=False, timeout=60).returncode == KILLED
    with Ledger(directory) as ledger:
        keys = ledger.keys
        assert keys.charter.kseq == kseq
        assert ledger.own.signing_refused == ""
        ledger.writer.settle()
        assert audit(ledger.store).faults == []
        assert ledger.key.public == (draft.charter.keys[0] if kseq else old)
        assert ledger.own.signed_size == ledger.own.size == kseq + 1
    kept = kept_amendment(directory, keys)
    if kseq:  # it is over; the removed key can be destroyed from the page
        assert kept is None
        assert keys_aside(directory, keys) == (
            [] if (place, when) == ("ledger.own.amending:destroy_key", "after") else [old]
        )
    else:  # it can be put in force again
        assert kept is not None
        assert kept.lacking() == (0, 0)
