# SPDX-License-Identifier: AGPL-3.0-or-later
"""Roles in a steward's browser: given, shown with since when and by whom, ended; and what they let somebody write."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from protocol.statement import make_payload, make_statement, sign_statement
from tests.builders import seeded, signing_key
from tests.node.stewarding import EVIL, form_of, plain, put, record

if TYPE_CHECKING:
    from tests.node.running import RunningNode
    from tests.node.stewarding import Steward

ZOE = signing_key("Zoé")


async def write(node: RunningNode, kind: str, body: dict[str, Any]) -> int:
    """What comes of a statement that Zoé signs elsewhere: the status."""
    statement = make_statement(
        node.log_id, kind, seeded(f"{kind}{body}", 16), int(node.ledger.clock()), ZOE.public, body
    )
    payload = make_payload(seeded("salt"), statement, [sign_statement(statement, ZOE)])
    return (await node.post("/v1/entries", {"payloads": [b64encode(payload).decode()]}))[0]


async def give(steward: Steward, role: str, name: str = "Zoé") -> str:
    page = await steward.read("/steward/roles")
    last = sum(tag == "form" and a.get("action") == "/steward/roles" for tag, a in page.elements) - 1
    fields = form_of(page, "/steward/roles", last) | {"key": ZOE.public.hex(), "role": role, "name": name}
    shown, where = await steward.confirm("/steward/roles", fields)
    assert f"{name} is now: {role}" in plain(shown.text)
    return where


@pytest.mark.parametrize(("role", "decides"), [("editor", 409), ("moderator", 201), ("steward", 201)])
async def test_what_a_role_covers_is_written_and_nothing_else(
    node: RunningNode, steward: Steward, role: str, decides: int
) -> None:
    put(node.ledger, record("mill"))
    subject = {"log": node.log_id, "id": record("mill")["id"]}
    assert await write(node, "record.put", {"record": record("barn")}) == 409, "nobody yet"
    await give(steward, role)
    assert await write(node, "record.put", {"record": record("barn")}) == 201
    assert await write(node, "label", {"subject": subject, "label": "old", "set": True}) == decides
    denial = {"log": node.log_id, "id": record("mill")["id"], "denied": True, "reason": "spam"}
    assert await write(node, "deny", denial) == decides
    node.ledger.writer.settle()
    _, page = await node.get("/v1/records?q=barn")
    assert page["total"] == 1


async def test_who_has_which_role_is_shown_and_a_role_ends(node: RunningNode, steward: Steward) -> None:
    await give(steward, "editor")
    shown = await steward.read("/steward/roles")
    text = plain(shown.text)
    assert "Zoé" in text
    assert "editor: records and what is said of them" in text
    _, told = await node.get("/v1/roles")
    assert [(one["key"], one["role"], one["name"]) for one in told["roles"]] == [(ZOE.public.hex(), "editor", "Zoé")]
    _, where = await steward.confirm("/steward/roles", form_of(shown, "/steward/roles"))
    assert "no role any more" in (await steward.read(where)).text
    assert await write(node, "record.put", {"record": record("barn")}) == 409


async def test_what_is_no_key_is_told_beside_the_field(steward: Steward) -> None:
    page = await steward.read("/steward/roles")
    fields = form_of(page, "/steward/roles") | {"key": EVIL, "role": "editor"}
    answer = await steward.send("/steward/roles", fields, 422)
    assert "A key is 64 digits" in answer.text
