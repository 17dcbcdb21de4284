# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writing the ledger over HTTP: for members whose keys the node keeps, and what others have signed elsewhere."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from ledger.deriving.books import open_book
from ledger.reciprocity.state import Account, Member
from protocol.carried import read_carried, sign_carried, write_carried
from protocol.encoding import Value
from protocol.signature import SigningKey
from protocol.statement import make_payload, make_statement, sign_statement
from tests.builders import START, seeded, signing_key
from tests.node.running import RunningNode

EURO = {"code": "EUR", "scale": 2, "sort": "money", "name": {"en": "Euro"}}
ORG = "organisation"
KEPT = {"class": "worker", "custody": "node"}


async def say(node: RunningNode, kind: str, body: dict[str, Any], *signers: str, name: str = "") -> str:
    """Says something that has to be taken; its id."""
    one_id = seeded(name or f"{kind} {body}", 16).hex()
    entry = {"kind": kind, "body": body, "id": one_id} | ({"signers": [*signers]} if signers else {})
    answered, value = await node.post("/v1/entries", {"entries": [entry]})
    assert answered == 201, value
    node.ledger.writer.settle()
    return one_id


def posted(node: RunningNode, account: str) -> int:
    with node.ledger.store.read() as reads:
        found = open_book(reads, reads.tree_numbered(node.ledger.own.tree)).get(Account, bytes.fromhex(account))
    assert found is not None
    return found.posted


async def town(node: RunningNode) -> tuple[str, str, str]:
    """A member whose key the node keeps, her account with 10.00, and the bank."""
    await say(node, "unit.define", EURO)
    amina = await say(node, "member.join", KEPT, name="amina")
    wallet = await say(node, "account.open", {"owner": amina, "unit": "EUR", "type": "member"})
    bank = await say(node, "account.open", {"owner": show(node), "unit": "EUR", "type": "external"})
    await say(node, "post", transfer(bank, wallet, 1_000))
    return amina, wallet, bank


def show(node: RunningNode) -> str:
    return node.log_id.hex()


def transfer(source: str, target: str, amount: int) -> dict[str, Any]:
    return {"code": "transfer", "legs": sorted([[source, -amount], [target, amount]]), "on": 20_000}


async def test_a_member_whose_key_the_node_keeps_is_spoken_for(node: RunningNode) -> None:
    amina, wallet, bank = await town(node)
    body = transfer(wallet, bank, 250)
    entry = {"kind": "post", "body": body, "id": "77" * 16}
    answered, value = await node.post("/v1/entries", {"entries": [entry]})
    assert (answered, "not_authorised" in value["detail"]) == (409, True), "the organisation's word is not hers"
    await say(node, "post", body, amina)
    assert posted(node, wallet) == 750
    answered, value = await node.post("/v1/entries", {"entries": [entry | {"signers": ["88" * 16]}]})
    assert answered == 404


async def test_a_member_who_joins_gets_one_key_however_often_it_is_sent(node: RunningNode) -> None:
    entry = {"kind": "member.join", "body": KEPT, "id": "66" * 16}
    answers = [await node.post("/v1/entries", {"entries": [entry]}) for _ in range(2)]
    assert [answered for answered, _ in answers] == [201, 201]
    assert [value["receipts"][0]["repeated"] for _, value in answers] == [False, True]
    assert len(list(node.directory.member_keys.iterdir())) == 1
    answered, _ = await node.post("/v1/entries", {"entries": [entry | {"body": KEPT | {"class": "user"}}]})
    assert answered == 409


async def test_whoever_keeps_their_key_signs_for_themselves(node: RunningNode) -> None:
    _, wallet, bank = await town(node)
    key = signing_key("bruno")
    join = {"class": "worker", "custody": "own", "key": key.public.hex()}
    answered, draft = await node.post("/v1/drafts", {"kind": "member.join", "body": join, "author": key.public.hex()})
    assert answered == 201
    signed = write_carried(sign_carried(read_carried(draft["carried"]), key))
    assert (await node.post("/v1/carried", {"carried": signed}, token=None))[0] == 409, (
        "the organisation has not agreed"
    )
    assert (await node.post("/v1/carried", {"carried": signed, "countersign": True}, token=None))[0] == 401
    assert (await node.post("/v1/carried", {"carried": signed, "countersign": True}))[0] == 201
    node.ledger.writer.settle()
    bruno = draft["id"]
    purse = await say(node, "account.open", {"owner": bruno, "unit": "EUR", "type": "member"})
    await say(node, "post", transfer(bank, purse, 500))
    entry = {"kind": "post", "body": transfer(purse, wallet, 100), "id": "99" * 16, "signers": [bruno]}
    answered, value = await node.post("/v1/entries", {"entries": [entry]})
    assert (answered, "signs for themselves" in value["detail"]) == (409, True)
    answered, draft = await node.post("/v1/drafts", {"kind": "post", "body": entry["body"], "author": bruno})
    carried = read_carried(draft["carried"])
    assert ("EUR", 2) in carried.units
    signed = write_carried(sign_carried(carried, key))
    answers = [await node.post("/v1/carried", {"carried": signed}, token=None) for _ in range(2)]
    assert [value["receipts"][0]["repeated"] for _, value in answers] == [False, True]
    node.ledger.writer.settle()
    assert posted(node, purse) == 400


async def test_a_private_payload_stays_private(node: RunningNode) -> None:
    amina, _, _ = await town(node)
    with node.ledger.store.read() as reads:
        found = open_book(reads, reads.tree_numbered(node.ledger.own.tree)).get(Member, bytes.fromhex(amina))
    assert found is not None
    body: dict[str, Value] = {"about": bytes.fromhex(amina), "text": "prefers mornings"}
    key: SigningKey = node.ledger.key
    statement = make_statement(node.log_id, "note", seeded("note", 16), START, key.public, body)
    payload = b64encode(make_payload(bytes(32), statement, [sign_statement(statement, key)])).decode()
    answered, value = await node.post("/v1/entries", {"payloads": [{"payload": payload, "scope": 2}]}, token=None)
    assert answered == 201
    position = value["receipts"][0]["position"]
    answered, entry = await node.get(f"/v1/log/{value['log']}/1/entries/{position}")
    assert "prefers mornings" not in str(entry)


async def test_what_is_not_in_order_is_refused(node: RunningNode) -> None:
    await town(node)
    for path, value, status in (
        ("/v1/carried", {"carried": 1}, 400),
        ("/v1/carried", {"carried": "x"}, 400),
        ("/v1/carried", {"carried": "x", "countersign": "yes"}, 400),
        ("/v1/drafts", {"kind": "post"}, 400),
        ("/v1/drafts", {"kind": "state", "body": {}}, 409),
        ("/v1/drafts", {"kind": "note", "body": {"about": "00" * 16, "text": "x"}, "author": "zz"}, 400),
        ("/v1/drafts", {"kind": "note", "body": {"about": "00" * 16, "text": "x"}, "author": "00" * 16}, 404),
        ("/v1/entries", {"entries": [{"kind": "post", "body": {}, "id": "00" * 16, "signers": []}]}, 400),
        ("/v1/entries", {"entries": [{"kind": "post", "body": {}, "id": "00" * 16, "signers": ["me"]}]}, 400),
        ("/v1/entries", {"payloads": [{"payload": "AA=="}]}, 400),
    ):
        answered, _ = await node.post(path, value)
        assert answered == status, (path, value)
    body = {"kind": "unit.define", "body": EURO}
    assert (await node.post("/v1/drafts", body, token=None))[0] == 401
