# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes a history into the log of an open data directory: each statement by those whose word it takes."""

from __future__ import annotations

import os
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ledger.errors import RefusedError
from ledger.own.log import submission
from ledger.own.member_keys import keep_member_key
from ledger.own.trial import REASONS
from protocol.encoding import encode
from protocol.kinds import check_body
from protocol.signature import SigningKey
from protocol.statement import SCOPE_PRIVATE, SCOPE_PUBLIC, make_payload, make_statement, sign_statement

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Future
    from random import Random

    from ledger.ledger import Ledger
    from ledger.own.log import Receipt, Submission

_GROUP = 128
PERSONS = frozenset({"worker", "commoner", "user"})


class Scribe:
    """Knows everybody's keys, which the node keeps for them, and what it has said. Ids come from `chance`."""

    def __init__(self, ledger: Ledger, chance: Random) -> None:
        self.ledger = ledger
        self.chance = chance
        self.org = ledger.log_id
        self.said: dict[str, int] = {}
        """How many statements of each kind."""
        self._keys: dict[bytes, SigningKey] = {self.org: ledger.key}
        self._group: list[Submission] = []
        self._kinds: list[str] = []
        self._waiting: list[Future[list[Receipt]]] = []

    def say(self, kind: str, body: dict[str, Any], *parties: bytes, scope: int = SCOPE_PUBLIC) -> bytes:
        """Says something for these parties, the first of which is its author; for the organisation if none is named."""
        return self._write(kind, body, [self._keys[party] for party in parties or (self.org,)], scope)

    def _write(self, kind: str, body: dict[str, Any], keys: Iterable[SigningKey], scope: int) -> bytes:
        check_body(kind, body)
        one_id = self.chance.randbytes(16)
        signers = list(keys)
        statement = make_statement(self.org, kind, one_id, int(time.time()), signers[0].public, body)
        payload = make_payload(os.urandom(32), statement, [sign_statement(statement, key) for key in signers])
        self._group.append(submission(payload, scope))
        self._kinds.append(kind)
        self.said[kind] = self.said.get(kind, 0) + 1
        if len(self._group) == _GROUP:
            self._flush()
        return one_id

    def member(self, name: str, class_: str, **fields: Any) -> bytes:  # noqa: ANN401 - fields of a body
        """Somebody joins; the node keeps their key. The name of a person is private, that of an organisation is not."""
        key = SigningKey.from_seed(os.urandom(32))
        keep_member_key(self.ledger.directory, key)
        body = {"key": key.public, "class": class_, "custody": "node", **fields}
        one_id = self._write("member.join", body, [self.ledger.key, key], SCOPE_PUBLIC)
        self._keys[one_id] = key
        person = class_ in PERSONS and "group" not in fields
        self.say("member.profile", {"member": one_id, "name": name}, scope=SCOPE_PRIVATE if person else SCOPE_PUBLIC)
        return one_id

    def account(self, owner: bytes, type_: str, unit: str = "EUR", title: str = "", **fields: Any) -> bytes:  # noqa: ANN401 - fields of a body
        """Opens an account; whoever may owe on it agrees."""
        body = {"owner": owner, "unit": unit, "type": type_, **fields}
        if title:
            body["title"] = {"fr": title}
        return self.say("account.open", body, *dict.fromkeys((self.org, owner if "floor" in fields else self.org)))

    def contract(
        self,
        title: dict[str, str],
        clauses: list[dict[str, Any]],
        parties: list[bytes],
        **fields: Any,  # noqa: ANN401 - fields of a body
    ) -> bytes:
        """A contract that its parties and those who accede sign."""
        joining = fields.pop("joining", [])
        body = {"title": title, "clauses": clauses, "parties": sorted(parties), **fields}
        one_id = self.say("contract.offer", body)
        terms = sha256(encode(body)).digest()
        for party in (*sorted(parties), *joining):
            self.say("contract.sign", {"contract": one_id, "party": party, "terms": terms}, party)
        return one_id

    def post(self, code: str, legs: Iterable[tuple[bytes, int]], on: int, *parties: bytes, **basis: Any) -> bytes:  # noqa: ANN401 - ids and an index
        """A movement."""
        body: dict[str, Any] = {"code": code, "legs": sorted([one, amount] for one, amount in legs), "on": on}
        if basis:
            body["basis"] = basis
        return self.say("post", body, *parties)

    def _flush(self) -> None:
        if self._group:
            self._waiting.append(self.ledger.writer.append(self._group))
            self._group = []

    def finish(self) -> int:
        """Waits until all is durable, signed and folded; how many statements. Raises RefusedError."""
        self._flush()
        positions = [receipt.position for future in self._waiting for receipt in future.result()]
        self.ledger.writer.settle()
        with self.ledger.store.read() as reads:
            for number, position in enumerate(positions):
                verdict = reads.verdicts(self.ledger.own.tree, position, position + 1).get(position)
                if verdict is not None:
                    raise RefusedError(
                        f"{self._kinds[number]} at {position} had no effect: {REASONS.get(verdict, verdict)}"
                    )
        self._waiting, self._kinds = [], []
        return len(positions)
