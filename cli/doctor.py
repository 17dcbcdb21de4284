# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot doctor`: what could go wrong on this machine, and what to do about it."""

from __future__ import annotations

import json
import os
import stat
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.error import URLError

import click

from cli.failure import FAILED
from cli.output import colours, json_option, plain, show, show_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.data_directory import DataDirectory

_CLOCK_S = 120
_DISK_LOW = 512 * 2**20


class Finding(NamedTuple):
    """One thing looked at: ok, warning or bad; what was seen, and what to do."""

    what: str
    state: str
    seen: str
    todo: str = ""


@click.command("doctor", short_help="Look for what could go wrong on this machine.")
@json_option
@click.pass_obj
def command(data_dir: str | None, *, as_json: bool) -> int:
    """Looks at clock, disk, permissions, store, head, configuration, reachability and multicast DNS."""
    from node.config import data_directory

    directory = data_directory(data_dir)
    findings = [finding for look in _LOOKS for finding in _looked(look, directory)]
    bad = any(finding.state == "bad" for finding in findings)
    if as_json:
        show_json({"schema": "folkmoot.doctor/1", "ok": not bad, "findings": [f._asdict() for f in findings]})
    else:
        marks = {"ok": ("ok  ", "green"), "warning": ("note", "yellow"), "bad": ("BAD ", "red")}
        for finding in findings:
            mark, colour = marks[finding.state]
            shown = click.style(mark, fg=colour) if colours() else mark
            show(f"{shown}  {finding.what}: {plain(finding.seen)}")
            if finding.todo:
                show(f"      {finding.todo}")
    return FAILED if bad else 0


def _looked(look: Callable[[DataDirectory], Iterator[Finding]], directory: DataDirectory) -> Iterator[Finding]:
    try:
        yield from look(directory)
    except Exception as error:  # noqa: BLE001 - a doctor must not fall ill
        yield Finding(look.__name__.strip("_"), "bad", str(error))


def _clock(directory: DataDirectory) -> Iterator[Finding]:
    now = time.time()
    if not 1_767_225_600 <= now < 4_102_444_800:  # 2026 to 2100
        yield Finding("clock", "bad", time.strftime("%Y-%m-%d", time.gmtime(now)), "Set the clock of this machine.")
        return
    times = [path.stat().st_mtime for path in (directory.store, directory.head) if path.exists()]
    if times and max(times) > now + _CLOCK_S:
        yield Finding("clock", "bad", "earlier than the last change of the store", "Set the clock of this machine.")
        return
    yield Finding("clock", "ok", time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now)))


def _disk(directory: DataDirectory) -> Iterator[Finding]:
    path = directory.path
    while not path.exists():
        path = path.parent
    disk = os.statvfs(path)
    free = disk.f_bavail * disk.f_frsize
    seen = f"{free / 2**30:.1f} GiB free at {path}"
    if free < _DISK_LOW:
        yield Finding("disk", "bad", seen, "Make room: writing is refused when the disk is nearly full.")
    else:
        yield Finding("disk", "ok", seen)


def _permissions(directory: DataDirectory) -> Iterator[Finding]:
    if not directory.exists():
        yield Finding("data", "warning", f"no node at {directory.path}", "Found one: folkmoot init.")
        return
    for path in (directory.key, directory.head, directory.store):
        if not path.exists():
            if path != directory.head:  # which is never put back
                yield Finding("permissions", "bad", f"{path} is missing", "Put it back from where it is kept.")
        elif not os.access(path, os.R_OK | os.W_OK):
            yield Finding("permissions", "bad", f"{path} cannot be read or written", "Give it to the user of the node.")
    if directory.key.exists() and stat.S_IMODE(directory.key.stat().st_mode) & 0o077:
        todo = f"chmod 600 {directory.key}"
        yield Finding("permissions", "bad", f"others can read {directory.key}", todo)
    else:
        yield Finding("permissions", "ok", "the key is its owner's alone")


def _store(directory: DataDirectory) -> Iterator[Finding]:
    from ledger.held.following import followed
    from ledger.sqlite.store import SqliteStore

    if not directory.exists():
        return
    store = SqliteStore(directory.store, writable=False)
    broken = store.check_integrity()
    if broken:
        yield Finding("store", "bad", broken[0], "Restore a backup, or fetch the logs from peers again.")
        return
    with store.read() as reads:
        trees = reads.trees()
        entries = sum(tree.size for tree in trees)
        behind = sum(tree.size - tree.derived for tree in followed(trees))
    yield Finding("store", "ok", f"{len(trees)} logs, {entries:,} entries, {behind:,} not yet searchable")
    store.close()


def _head(directory: DataDirectory) -> Iterator[Finding]:
    from ledger.errors import NotSigningError
    from ledger.held.tree import root_at
    from ledger.own.head import HeadFile
    from ledger.sqlite.store import SqliteStore

    if not directory.exists():
        return
    todo = "Start the node: it asks those who watch this log, and signs once they have answered."
    with SqliteStore(directory.store, writable=False).read() as reads:
        tree = reads.tree_numbered(int(reads.fact("own") or 0))
        try:
            head = HeadFile(directory.head).read(str(tree.origin))
        except NotSigningError as error:
            yield Finding("head", "bad", str(error), todo)
            return
        if head.size > tree.size or root_at(reads, tree.tree, head.size) != head.root:
            yield Finding(
                "head", "bad", f"signed up to {head.size}, but the store has {tree.size} or another history", todo
            )
            return
    yield Finding("head", "ok", f"signed up to entry {head.size}")


def _forks(directory: DataDirectory) -> Iterator[Finding]:
    from ledger.held.forks import why_not_signing
    from ledger.sqlite.store import SqliteStore
    from protocol.identity import short_log_id

    if not directory.exists():
        return
    with SqliteStore(directory.store, writable=False).read() as reads:
        own = int(reads.fact("own") or 0)
        forked = [reads.tree_numbered(fork.tree) for fork in reads.forks_since(0) if fork.healed is None]
        why = why_not_signing(reads, own)
    others = ", ".join(short_log_id(tree.origin.log_id) for tree in forked if tree.tree != own)
    if why:
        yield Finding("forks", "bad", why, "Find out which machine or copy signed too, then open a new epoch.")
    if others:
        todo = "Ask the organisation. The proof to show: folkmoot log fork-proof LOG."
        yield Finding("forks", "warning", f"signed two histories, nothing more is taken in: {others}", todo)
    if not why and not others:
        yield Finding("forks", "ok", "no log held here has signed two histories")


def _configuration(directory: DataDirectory) -> Iterator[Finding]:
    from node.config import load_config

    config = load_config(directory)
    reach = "this machine only" if config.host in {"127.0.0.1", "::1", "localhost"} else "others too"
    yield Finding("configuration", "ok", f"listens on {config.host}:{config.port} ({reach})")


def _reachability(directory: DataDirectory) -> Iterator[Finding]:
    if not directory.url.exists():
        yield Finding("node", "warning", "not running", "Start it: folkmoot serve.")
        return
    from cli.running import node_opener

    url = directory.url.read_text().strip()
    try:
        with node_opener(directory).open(f"{url}/readyz", timeout=5) as answer:
            ready = json.load(answer)
        with node_opener(directory).open(f"{url}/v1/peers", timeout=5) as answer:
            names = [peer["name"] for peer in json.load(answer)["peers"]]
    except (URLError, OSError) as error:
        yield Finding("node", "bad", f"{url}: {error}", "It may have been killed: start it again.")
        return
    yield Finding("node", "ok", f"ready at {url}")
    if ready["signing"]:
        yield Finding("signing", "ok", "what is written is signed")
    elif ready["state"] != "forked":
        yield Finding("signing", "warning", ready["why"])
    if names:
        yield Finding("peers", "ok", f"connected to {len(names)}: {', '.join(sorted(names))}")
    else:
        todo = "What is written here is nowhere else. folkmoot peer list says what went wrong; or add one."
        yield Finding("peers", "warning", "connected to nobody", todo)


def _multicast(directory: DataDirectory) -> Iterator[Finding]:
    from node.config import load_config
    from node.peering.lan import lan_addresses, multicast_works

    config = load_config(directory)
    if not config.mdns:
        yield Finding(
            "multicast DNS", "warning", "switched off", "Peers are found only if added: folkmoot peer add URL."
        )
        return
    for address in lan_addresses(config.host):
        problem = multicast_works(address)
        if problem:
            todo = "Nodes on the local network are not found by themselves: folkmoot peer add URL."
            yield Finding("multicast DNS", "warning", f"{address}: {problem}", todo)
        else:
            yield Finding("multicast DNS", "ok", f"works on {address}")


_LOOKS = (_clock, _disk, _permissions, _store, _head, _forks, _configuration, _reachability, _multicast)
