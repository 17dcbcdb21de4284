# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody who acts at a node by a key of their own that has a role: without a browser, signing as sign.js does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from node.web.session import ROLE_COOKIE
from protocol.role_session import SessionAsked
from protocol.statement import parse_payload, parse_statement, signed_message
from tests.builders import seeded, signing_key
from tests.node.stewarding import HTML, Steward, form_of

if TYPE_CHECKING:
    from protocol.signature import SigningKey
    from protocol.statement import Statement
    from tests.node.browsing import Page
    from tests.node.running import RunningNode

KEY_PAGE = "/steward/key"
ZOE, MAX = signing_key("Zoé"), signing_key("Max")


def give_role(node: RunningNode, key: SigningKey, role: str, name: str = "") -> None:
    """What a steward does at /steward/roles."""
    ledger = node.ledger
    body: dict[str, Any] = {"key": key.public, "role": role} | ({"name": name} if name else {})
    ledger.writer.append([ledger.state("role", body, seeded(f"{role} {key.public.hex()} {ledger.own.size}", 16))])
    ledger.writer.settle()


class Helper(Steward):
    """Somebody with a key, who has signed in with it once `sign_in` was called."""

    def __init__(self, node: RunningNode, key: SigningKey) -> None:
        super().__init__(node)
        self.key = key
        self.headers = dict(HTML)

    async def form(self, **changes: Any) -> dict[str, str]:
        """What the page for signing in would send, with `changes` to what is signed (`host`, `log_id`, `signer`)."""
        fields = form_of(await self.read(KEY_PAGE), KEY_PAGE)
        signer = changes.pop("signer", self.key)
        host = self.node.url.partition("://")[2]
        asked = SessionAsked(host, self.node.log_id, self.key.public, bytes.fromhex(fields["challenge"]))
        signature = signer.sign(asked._replace(**changes).message())
        return fields | {"key": self.key.public.hex(), "signature": signature.hex()}

    async def sign_in(self) -> Helper:
        """Signs in; raises AssertionError if that is refused."""
        fields = await self.form()
        url = self.node.url + KEY_PAGE
        async with self.node.client.post(url, data=fields, headers=self.headers, allow_redirects=False) as answer:
            assert (answer.status, answer.headers.get("Location")) == (303, "/steward"), await answer.text()
            self.cookie = answer.cookies[ROLE_COOKIE].value
        self.headers |= {"Cookie": f"{ROLE_COOKIE}={self.cookie}"}
        return self

    def signed(self, shown: Page, path: str, key: SigningKey | None = None) -> dict[str, str]:
        """The form of a page that shows what would be signed, signed."""
        fields = form_of(shown, path) | {"step": "sign"}
        for _, attributes in shown.elements:
            if statement := attributes.get("data-statement"):
                signature = (key or self.key).sign(signed_message(bytes.fromhex(statement)))
                fields[attributes["name"]] = signature.hex()
        return fields

    async def confirm(self, path: str, fields: dict[str, str]) -> tuple[Page, str]:
        """Sends a form, signs what it shows, and sends that; the page that showed it, and where it led."""
        shown = await self.send(path, fields)
        assert "What would be signed" in shown.text
        return shown, await self.send(path, self.signed(shown, path), 303)


def said(node: RunningNode, begin: int = 0) -> list[tuple[Statement, list[bytes]]]:
    """What stands in the own log from a position on: statements, and the keys that have signed each."""
    with node.ledger.store.read() as reads:
        entries = [*reads.entries(node.ledger.own.tree, begin, node.ledger.own.size)]
    payloads = [parse_payload(one.payload) for one in entries if one.payload is not None]
    found = []
    for payload in payloads:
        statement = parse_statement(payload.statement)
        found.append((statement, [signature.key for signature in payload.signatures]))
    return found  # type: ignore[return-value] # all of this version
