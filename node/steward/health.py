# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the node is, in plain words, and what to do: what `folkmoot doctor` looks at, seen from within."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

from ledger.directory.present import lag
from ledger.held.forks import why_not_signing
from ledger.own.choosing import witnesses_object
from node.keys import CONFIG, HUB, LEDGER
from node.steward.audits import AUDITS
from node.steward.backups import BACKUPS, OLD_S
from node.web.words import date_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiohttp import web

    from ledger.sqlite.store import Snapshot
    from node.web.words import Words

OK, NOTE, BAD = "ok", "note", "bad"
DISK_LOW, DISK_SCARCE = 512 * 2**20, 4 * 2**30
_LAG_MANY = 10_000
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Finding(NamedTuple):
    """One thing that was looked at. `what`, `seen` and `todo` are in the reader's words; `state` is ok, note or bad."""

    name: str
    state: str
    what: str
    seen: str
    todo: str = ""


def findings(app: web.Application, words: Words) -> list[Finding]:
    """All of them, what is bad first; takes some milliseconds."""
    with app[LEDGER].store.read() as reads:
        found = [finding for look in _LOOKS for finding in look(app, reads, words)]
    order = (BAD, NOTE, OK)
    return sorted(found, key=lambda finding: order.index(finding.state))


def _signing(app: web.Application, reads: Snapshot, words: Words) -> Iterator[Finding]:
    own = app[LEDGER].own
    what = words("Signing")
    refused = why_not_signing(reads, own.tree) or own.signing_refused
    failure = app[LEDGER].writer.failure
    tree = reads.tree_numbered(own.tree)
    waits = tree.size - tree.checkpoint_size
    if failure:
        todo = words("Look at the disk, then start the node again. What was acknowledged is not lost.")
        yield Finding("signing", BAD, what, words("Writing has failed: {why}", why=str(failure)), todo)
    elif refused:
        todo = words("What is written meanwhile waits. If it stays so, see “Sign without an answer” below.")
        yield Finding("signing", BAD, what, words("Nothing is signed at the moment: {why}", why=refused), todo)
    else:
        seen = words("What is written is signed: {number} entries.", number=words.number(tree.checkpoint_size))
        if waits:
            seen += " " + words("{number} wait for the next signature.", number=words.number(waits))
        yield Finding("signing", OK, what, seen)


def _witnesses(app: web.Application, reads: Snapshot, words: Words) -> Iterator[Finding]:
    told = witnesses_object(reads, app[LEDGER].own.tree)
    what, troubles = words("Witnesses"), app[HUB].witnessing.troubles
    if not told["witnesses"]:
        todo = words(
            "Ask a befriended organisation for its witness key, and choose it: then nobody is shown another history."
        )
        yield Finding("witnesses", NOTE, what, words("Nobody witnesses this log."), todo)
        return
    behind = told["size"] - told["published_size"]
    seen = words("{number} entries are published under enough witnesses.", number=words.number(told["published_size"]))
    if behind:
        seen += " " + words("{number} wait for their signatures.", number=words.number(behind))
    silent = [one["name"] for one in told["witnesses"] if one["key"] in troubles]
    if silent:
        why = "; ".join(
            f"{one['name']}: {troubles[one['key']].text}" for one in told["witnesses"] if one["key"] in troubles
        )
        todo = words("Ask them whether their node runs and follows this log.")
        yield Finding("witnesses", BAD if behind else NOTE, what, f"{seen} {why}", todo)
    else:
        yield Finding("witnesses", OK, what, seen)


def _peers(app: web.Application, reads: Snapshot, words: Words) -> Iterator[Finding]:
    names = sorted({peer.name for peer in app[HUB].peers()})
    what = words("Other nodes")
    if names:
        seen = words.count("Connected to {number} node.", "Connected to {number} nodes.", len(names))
        yield Finding("peers", OK, what, f"{seen} {', '.join(names[:8])}")
    else:
        seen = words("Connected to nobody: what is written here is nowhere else.")
        yield Finding(
            "peers", NOTE, what, seen, words("Add the address of a node, or look whether those known still run.")
        )
    for fork in reads.forks_since(0):
        tree = reads.tree_numbered(fork.tree)
        if fork.healed is None and tree.tree != app[LEDGER].own.tree:
            seen = words("A log has signed two histories; nothing more of it is taken in.")
            yield Finding(
                "forks", NOTE, words("Forks"), seen, words("Ask the organisation; the proof is on the federation page.")
            )


def _disk(app: web.Application, _: Snapshot, words: Words) -> Iterator[Finding]:
    disk = os.statvfs(app[LEDGER].directory.path)
    free = disk.f_bavail * disk.f_frsize
    seen = words("{size} free", size=size_text(free, words))
    state = BAD if free < DISK_LOW else NOTE if free < DISK_SCARCE else OK
    todo = "" if state == OK else words("Make room: writing is refused when the disk is nearly full.")
    yield Finding("disk", state, words("Disk"), seen, todo)


def _clock(app: web.Application, _: Snapshot, words: Words) -> Iterator[Finding]:
    now = time.time()
    seen = f"{date_text(int(now), words)}, {time.strftime('%H:%M', time.gmtime(now))} UTC"
    newest = app[LEDGER].directory.store.stat().st_mtime
    wrong = not 1_767_225_600 <= now < 4_102_444_800 or newest > now + 120
    todo = words("Set the clock of this machine: signatures carry its time.") if wrong else ""
    yield Finding("clock", BAD if wrong else OK, words("Clock"), seen, todo)


def _store(_: web.Application, reads: Snapshot, words: Words) -> Iterator[Finding]:
    trees = reads.trees()
    entries, behind = sum(tree.size for tree in trees), lag(reads)
    seen = words("Logs: {logs}. Entries: {entries}.", logs=words.number(len(trees)), entries=words.number(entries))
    if behind:
        seen += " " + words("{number} are not searchable yet.", number=words.number(behind))
    state = NOTE if behind > _LAG_MANY else OK
    yield Finding("store", state, words("Store"), seen, words("It catches up by itself.") if state == NOTE else "")


def _reach(app: web.Application, _: Snapshot, words: Words) -> Iterator[Finding]:
    config = app[CONFIG]
    if config.host in _LOOPBACK and not config.public_url:
        todo = words('To let others in, write host = "0.0.0.0" into folkmoot.toml and start the node again.')
        yield Finding("reach", NOTE, words("Who can reach it"), words("This machine only."), todo)
    else:
        seen = config.public_url or words("Everybody on the network, at port {port}.", port=str(config.port))
        yield Finding("reach", OK, words("Who can reach it"), seen)


def _backup(app: web.Application, _: Snapshot, words: Words) -> Iterator[Finding]:
    last, what = app[BACKUPS].last(), words("Backups")
    todo = words("Make one below.")
    if last is None:
        yield Finding("backup", BAD, what, words("No backup has been made yet."), todo)
        return
    old = time.time() - last.at > OLD_S
    seen = words("The last one is of {day}, in {folder}.", day=date_text(last.at, words), folder=last.folder)
    yield Finding("backup", NOTE if old else OK, what, seen, todo if old else "")


def _audit(app: web.Application, _: Snapshot, words: Words) -> Iterator[Finding]:
    """Nothing is said before the first check: nobody has to make one."""
    checked, _interrupted = app[AUDITS].last()
    if checked is None:
        return
    what, day = words("Entries checked"), date_text(checked.ended, words)
    if checked.fine:
        number = words.number(checked.entries)
        yield Finding(
            "audit", OK, what, words("All {number} were as they were signed, on {day}.", number=number, day=day)
        )
    elif checked.problem:
        yield Finding("audit", NOTE, what, checked.problem, words("See below."))
    else:
        number = words.number(checked.faulty + len(checked.file))
        seen = words("Faults were found on {day}: {number}.", number=number, day=day)
        yield Finding("audit", BAD, what, seen, words("See below."))


def duration_text(seconds: int, words: Words) -> str:
    """How long something took, as precise as people need it."""
    if seconds < 120:
        return words.count("{number} second", "{number} seconds", max(1, seconds))
    return words.count("{number} minute", "{number} minutes", round(seconds / 60))


def size_text(size: int, words: Words) -> str:
    """A size as precise as people need it."""
    amount, unit = (size / 2**30, "GiB") if size >= 2**30 else (size / 2**20, "MiB")
    return f"{words.amount(f'{amount:.1f}')}\u00a0{unit}"


_LOOKS: tuple[Callable[[web.Application, Snapshot, Words], Iterator[Finding]], ...] = (
    *(_signing, _witnesses, _peers, _disk, _clock, _store, _audit, _reach, _backup),
)
