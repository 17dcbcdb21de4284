# SPDX-License-Identifier: AGPL-3.0-or-later
"""Neighbours and the payments between their logs and this one, as people and programs are shown them (spec 19)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.errors import NotFoundError
from ledger.reciprocity.state import Account, Connector, Incoming, Outgoing
from ledger.showing.view import LedgerView, held_ledger
from protocol.charter import establish
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.sqlite.store import Snapshot

_LOG_BYTES = 32


def neighbour_objects(view: LedgerView) -> list[dict[str, Any]]:
    """Each neighbour and unit: what it owes this organisation (negative: is owed), and how far each is trusted."""
    found = []
    for key, connector in view.book.scan(Connector):
        account = view.book.need(Account, connector.account)
        limits = {
            name: view.show(limit, account.unit)
            for name, limit in (("floor", account.floor), ("ceiling", account.ceiling))
            if limit is not None
        }
        found.append(
            {
                "log": show_log_id(key[:_LOG_BYTES]),
                "name": log_name(view.reads, key[:_LOG_BYTES]),
                "account": connector.account.hex(),
                "unit": account.unit,
                "owes": view.show(account.posted, account.unit),
                "state": account.state,
                **limits,
            }
        )
    return found


def transfer_objects(view: LedgerView) -> list[dict[str, Any]]:
    """Every payment to and from other logs, oldest first; also those of neighbours that nobody has answered."""
    rows = [*_outgoing(view), *_incoming(view), *_waiting(view)]
    return sorted(rows, key=lambda row: (row["position"], row["id"]))


def _outgoing(view: LedgerView) -> Iterator[dict[str, Any]]:
    for key, one in view.book.scan(Outgoing):
        yield _transfer(view, key, one.log, "out", one.account, one.amount, one.unit) | {
            "to": one.to.hex(),
            "state": one.state,
            "deadline": one.deadline,
            "position": one.position,
        }


def _incoming(view: LedgerView) -> Iterator[dict[str, Any]]:
    for key, one in view.book.scan(Incoming):
        log_id, transfer = key[:_LOG_BYTES], key[_LOG_BYTES:]
        yield _transfer(view, transfer, log_id, "in", one.account, one.amount, one.unit) | {
            "state": one.state,
            "position": one.position,
        }


def _waiting(view: LedgerView) -> Iterator[dict[str, Any]]:
    """What stands in neighbours' logs for accounts here, and waits for a word."""
    for log_id in {key[:_LOG_BYTES] for key, _ in view.book.scan(Connector)}:
        try:
            theirs = LedgerView(view.reads, held_ledger(view.reads, log_id))
        except NotFoundError:
            continue
        for key, one in theirs.book.scan(Outgoing):
            mine = one.log == view.log_id and one.state == "reserved"
            if mine and view.book.get(Incoming, log_id + key) is None:
                yield _transfer(view, key, log_id, "in", one.to, one.amount, one.unit) | {
                    "state": "waiting",
                    "deadline": one.deadline,
                    "position": view.tree.size,
                }


def _transfer(
    view: LedgerView, key: bytes, log_id: bytes, direction: str, account: bytes, amount: int, unit: str
) -> dict[str, Any]:
    known = view.book.get(Account, account) is not None
    return {
        "id": key.hex(),
        "direction": direction,
        "log": show_log_id(log_id),
        "name": log_name(view.reads, log_id),
        "account": account.hex(),
        "account_name": view.account_name(account) if known else "",
        "amount": _shown(view, amount, unit),
        "unit": unit,
    }


def _shown(view: LedgerView, amount: int, unit: str) -> str:
    """An amount; in smallest parts where this ledger does not know the unit."""
    try:
        return view.show(amount, unit)
    except NotFoundError:
        return str(amount)


def log_name(reads: Snapshot, log_id: bytes) -> str:
    """What an organisation calls itself; nothing where its log is not held here."""
    try:
        return establish(reads.charters(held_ledger(reads, log_id).tree)).charter.title()
    except NotFoundError:
        return ""
