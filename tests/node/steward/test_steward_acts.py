# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a steward does in a browser, from one form to the next: collectives, keys, units, neighbours, contracts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from ledger.data_directory import DataDirectory
from ledger.exporting.journal import balances, read_journal
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from ledger.own.member_keys import kept_member_key
from ledger.reciprocity.state import Account, Member
from ledger.showing.naming import find_account
from ledger.showing.view import LedgerView, own_tree
from protocol.identity import show_log_id
from protocol.signature import SigningKey
from tests.builders import seeded
from tests.node.browsing import serve
from tests.node.mutual import one, write_mutual
from tests.node.steward.test_steward import HTML, fill, given_out, read, send, sign

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiohttp.test_utils import TestClient

NOW = 1_790_000_000
ON = "2026-09-01"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    directory = DataDirectory(tmp_path_factory.mktemp("mutual"))
    fields = {"name": {"en": "Moot"}, "kind": "assembly", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [seeded("holder")], 1, NOW)
    with Ledger(directory, lambda: NOW) as opened:
        write_mutual(opened)
        yield opened


@pytest.fixture
async def steward(ledger: Ledger) -> AsyncIterator[TestClient[Any, Any]]:
    async for client in serve(ledger):
        answer = await client.post("/steward/sign-in", data={"token": "token"}, headers=HTML)
        assert answer.url.path == "/steward"
        yield client


async def do(steward: TestClient[Any, Any], form: str, **fields: Any) -> str:
    """Fills a form in and signs it; the id of what was said first."""
    shown = await fill(steward, form, **fields)
    done = await read(steward, await sign(steward, form, shown))
    assert "It is written" in done.text
    assert "no effect" not in done.text
    found = re.search(r"\b[0-9a-f]{32}\b", done.text)
    assert found is not None
    return found[0]


def held(ledger: Ledger, name: str) -> str:
    """What an account holds, by its name."""
    with ledger.store.read() as reads:
        view = LedgerView(reads, own_tree(reads), private=True)
        account = view.book.need(Account, find_account(view, name))
        return view.show(account.posted, account.unit)


async def newcomer(steward: TestClient[Any, Any], name: str, euros: str = "100") -> str:
    """A member with a name, an account and some money; their id."""
    fields: dict[str, Any] = {"class": "worker", "name": name}
    member = await do(steward, "member-add", **fields)
    await do(steward, "account-open", owner=member, unit="EUR")
    await do(steward, "pay", payer="Bank", payee=f"{name}/EUR", amount=euros, on=ON)
    return member


async def test_a_collective_pays_back_what_was_spent(steward: TestClient[Any, Any], ledger: Ledger) -> None:
    member = await newcomer(steward, "Ines")
    fields: dict[str, Any] = {"name": "Knitters", "unit": "EUR", "fee": "5 %", "account": "Services"}
    await do(steward, "collective-add", **fields)
    await do(steward, "pay", payer="Bank", payee="Knitters", amount="200", on=ON)
    shown = await fill(steward, "collective-request", fund="Knitters", member=member, amount="30", text="wool")
    assert "only this node; it can be erased" in shown.text
    await sign(steward, "collective-request", shown)
    base = f"/v1/ledger/{show_log_id(ledger.log_id)}"
    claims = (await (await steward.get(f"{base}/claims")).json())["claims"]
    (claim,) = [claim["id"] for claim in claims if claim["amount"] == "30.00"]
    await do(steward, "collective-approve", claim=claim)
    assert held(ledger, "Knitters") == "170.00"
    assert held(ledger, "Ines/EUR") == "130.00"
    contracts = await (await steward.get(f"{base}/contracts")).json()
    (hosting,) = [contract for contract in contracts["contracts"] if contract["name"] == "Knitters"]
    assert all(party["signed"] for party in hosting["parties"])


async def test_a_key_is_changed_for_one_kept_here_or_elsewhere(steward: TestClient[Any, Any], ledger: Ledger) -> None:
    member = await newcomer(steward, "Jo")

    def key() -> bytes:
        with ledger.store.read() as reads:
            return LedgerView(reads, own_tree(reads)).book.need(Member, bytes.fromhex(member)).key

    before = key()
    await do(steward, "member-rekey", member=member)
    assert key() != before
    assert kept_member_key(ledger.directory, key()) is not None
    own = SigningKey.from_seed(seeded("jo's own"))
    shown = await fill(steward, "member-rekey", member=member, key=own.public.hex())
    assert "What has to be signed elsewhere, too" in shown.text
    lost = await fill(steward, "member-rekey-lost", member=member, key=own.public.hex())
    assert "What the assembly would decide" in lost.text


async def test_units_are_exchanged_through_pools(steward: TestClient[Any, Any], ledger: Ledger) -> None:
    member = await newcomer(steward, "Kim")
    await do(steward, "account-open", owner=member, unit="h")
    fields: dict[str, Any] = {"payer": "Kim/EUR", "payee": "Kim/h", "amount": "1,5", "on": ON}
    await do(steward, "exchange", rate="1/20", **fields)
    assert (held(ledger, "Kim/EUR"), held(ledger, "Kim/h")) == ("70.00", "1.5")
    assert "Write a rate like" in (await fill(steward, "exchange", 422, rate="20 €", **fields)).text
    assert "an account does not hold that much" in (await fill(steward, "exchange", 422, rate="1/200", **fields)).text


async def test_anything_can_be_said_as_json(steward: TestClient[Any, Any], ledger: Ledger) -> None:
    member = await newcomer(steward, "Lou")
    body = (
        f'{{"action": "work", "provider": "{member}", "receiver": "{one("amina").hex()}", "on": 20600, '
        '"stream": "care", "expects": "none"}'
    )
    await do(steward, "say", kind="event", body=body, parties="Lou")
    for wrong, said in (("{", "That is not JSON"), ("[]", "a body is an object"), ('{"x": 1}', "missing required")):
        assert said in (await fill(steward, "say", 422, kind="event", body=wrong)).text
    page = await read(steward, f"/ledger/{show_log_id(ledger.log_id)}/member/{member}")
    assert "care" in page.text.lower()


async def test_a_contract_is_tried_before_it_is_offered(steward: TestClient[Any, Any], ledger: Ledger) -> None:
    size = ledger.own.size
    page = await read(steward, "/steward/do/contract-offer?start=labour-mutual")
    text = page.text[page.text.index("# SPDX") :].partition("Who offers it")[0]
    tried = await send(steward, "/steward/do/contract-offer", given_out(page) | {"text": text, "step": "try"})
    for said in ("What would have been owed last year", "March\u00a02025".replace("\u00a0", " "), "130.05", "In all"):
        assert said in tried.text
    edited = await send(steward, "/steward/do/contract-offer", given_out(tried) | {"step": "edit"})
    assert "# SPDX" in edited.text
    broken = text.replace('rate = "6.5 %"', 'rate = "650 %"')
    wrong = await send(steward, "/steward/do/contract-offer", given_out(page) | {"text": broken, "step": "try"}, 422)
    assert "The file has a mistake" in wrong.text
    unnamed = await send(steward, "/steward/do/contract-offer", given_out(page) | {"text": text, "step": "check"}, 422)
    assert "not known here" in unnamed.text
    assert ledger.own.size == size


async def test_a_neighbour_that_is_not_known_is_not_trusted(steward: TestClient[Any, Any]) -> None:
    page = await fill(steward, "neighbour-add", 422, log="aaaaaaaa", unit="EUR", trust="100")
    assert "No log that is held here is called so" in page.text
    page = await fill(steward, "neighbour-accept", 422, payment="00" * 16)
    assert "No such payment waits" in page.text


@pytest.mark.parametrize("form", ["beancount", "hledger", "csv", "jsonl", "valueflows"])
async def test_the_ledger_is_taken_away_for_other_programs(
    steward: TestClient[Any, Any], ledger: Ledger, form: str
) -> None:
    base = f"/v1/ledger/{show_log_id(ledger.log_id)}/export"
    text = await (await steward.get(f"{base}/{form}")).text()
    with ledger.store.read() as reads:
        journal = read_journal(reads, own_tree(reads))
    assert "Secret" not in text
    assert all(account.hex() in text for account, held_there in balances(journal).items() if held_there)
    assert (await steward.get(f"{base}/xlsx")).status == 404
