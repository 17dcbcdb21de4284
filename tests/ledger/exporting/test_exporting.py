# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every export says what the ledger says: the real programs read it, and parsed again it gives the same balances."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from copy import deepcopy
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from beancount import loader
from beancount.core.realization import realize

from ledger.exporting.credential import check_credential, credential, did_key, multibase, parse_multibase
from ledger.exporting.journal import Journal, balances, read_journal
from ledger.exporting.plaintext import account_names, beancount, commodity_names, hledger
from ledger.exporting.tables import csv_lines, json_lines
from ledger.exporting.valueflows import document
from protocol.errors import Malformed
from tests.ledger.organising import account, member, post, say, unit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.ledger import Ledger


class World(NamedTuple):
    """A small ledger: two members, euros and hours, a few movements and events."""

    journal: Journal
    ada: bytes
    bo: bytes


@pytest.fixture
def world(ledger: Ledger) -> World:
    unit(ledger)
    say(ledger, "unit.define", {"code": "h", "scale": 1, "sort": "time", "name": {"en": "hour", "fr": "heure"}})
    (ada, ada_key), (bo, bo_key) = member(ledger, "Ada"), member(ledger, "Bo")
    wallets = [account(ledger, one) for one in (ada, bo)]
    bank = account(ledger, type_="external")
    hours = [say(ledger, "account.open", _hours(one), ledger.key, key) for one, key in ((ada, ada_key), (bo, bo_key))]
    say(ledger, "post", post("opening", {bank: -100_050, wallets[0]: 100_000, wallets[1]: 50}))
    say(ledger, "post", post("transfer", {wallets[0]: -1, wallets[1]: 1}), ada_key)
    say(ledger, "post", post("transfer", {wallets[0]: -(10**9), wallets[1]: 10**9}), ada_key, label="refused")
    say(ledger, "post", post("transfer", {hours[0]: -25, hours[1]: 25}), ada_key)
    care = {"action": "work", "provider": bo, "receiver": ada, "on": 20_001, "stream": "care", "expects": "none"}
    say(ledger, "event", care | {"effort": {"amount": 15, "unit": "h"}}, bo_key)
    say(ledger, "note", {"about": ada, "text": "the sloe in the hedge"})
    ledger.writer.settle()
    with ledger.store.read() as reads:
        return World(read_journal(reads, reads.tree_numbered(ledger.own.tree)), ada, bo)


def _hours(owner: bytes) -> dict[str, Any]:
    return {"owner": owner, "unit": "h", "type": "member", "floor": -100}


def held(journal: Journal) -> dict[tuple[str, str], Decimal]:
    """What the derived state says, by the names of the plain-text exports."""
    names, commodities = account_names(journal), commodity_names(journal)
    return {
        (names[key], commodities[one.unit]): Decimal(journal.amount(key, one.posted))
        for key, one in journal.accounts.items()
    }


def test_what_was_moved_adds_up_to_what_is_posted(world: World) -> None:
    assert balances(world.journal) == {key: one.posted for key, one in world.journal.accounts.items()}
    assert len(world.journal.movements) == 3, "what was refused is no movement"


def test_the_real_beancount_reads_it_and_finds_the_same_balances(world: World) -> None:
    text = "\n".join(beancount(world.journal)) + "\n"
    entries, errors, _ = loader.load_string(text)
    assert errors == []
    root = realize(entries)  # type: ignore[no-untyped-call] # beancount has no types
    found = {}
    for (name, commodity), amount in held(world.journal).items():
        node = root
        for part in name.split(":"):
            node = node[part]
        found[name, commodity] = node.balance.get_currency_units(commodity).number
        assert found[name, commodity] == amount
    assert len(found) == 5
    wrong = text.replace("0.01", "0.02", 1)
    assert loader.load_string(wrong)[1], "a leg that was changed is found out"


@pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed")
def test_the_real_hledger_reads_it_and_finds_the_same_balances(world: World, tmp_path: Path) -> None:
    path = tmp_path / "ledger.journal"
    path.write_text("\n".join(hledger(world.journal)) + "\n", "utf-8")
    command = ["hledger", "-f", str(path), "balance", "--flat", "--empty", "-O", "csv"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found: dict[str, tuple[str, Decimal]] = {}
    for name, amount in list(csv.reader(out.splitlines()))[1:-1]:
        number, _, commodity = amount.partition(" ")
        found[name] = (commodity.strip('"'), Decimal(number))
    for (name, commodity), posted in held(world.journal).items():
        assert found[name] in {(commodity, posted), ("", Decimal(0))}
    subprocess.run(["hledger", "-f", str(path), "check"], check=True)


def test_csv_of_one_member_and_year(world: World) -> None:
    rows = list(csv.DictReader(csv_lines(world.journal)))
    sums: dict[str, Decimal] = {}
    for row in rows:
        if row["account"]:
            sums[row["account"]] = sums.get(row["account"], Decimal(0)) + Decimal(row["amount"])
    for key, one in world.journal.accounts.items():
        assert sums[key.hex()] == Decimal(world.journal.amount(key, one.posted))
    mine = list(csv.DictReader(csv_lines(world.journal, world.bo, 2024)))
    assert [(row["kind"], row["what"], row["amount"], row["unit"]) for row in mine] == [
        ("post", "opening", "0.50", "EUR"),
        ("post", "transfer", "0.01", "EUR"),
        ("post", "transfer", "2.5", "h"),
        ("event", "work", "1.5", "h"),
    ]
    assert list(csv_lines(world.journal, world.bo, 2023))[1:] == []


def test_json_lines_hold_every_applied_statement_and_nothing_personal(world: World) -> None:
    lines = [json.loads(line) for line in json_lines(world.journal)]
    assert [line["position"] for line in lines] == [told.position for told in world.journal.told]
    assert "sloe" not in json.dumps(lines)
    sums: dict[str, int] = {}
    for line in lines:
        for one, amount in line["body"].get("legs", []) if line["kind"] == "post" else []:
            sums[one] = sums.get(one, 0) + int(amount)
    assert set(sums.values()) == {one.posted for one in world.journal.accounts.values()}


def test_valueflows_give_and_take_what_was_moved(world: World) -> None:
    graph = json.loads(json.dumps(document(world.journal)))["@graph"]
    sums: dict[str, Decimal] = {}
    for one in graph:
        if one.get("action") == "vf:transfer":
            amount = Decimal(one["vf:resourceQuantity"]["om2:hasNumericalValue"])
            for name, sign in (("resourceInventoriedAs", -1), ("toResourceInventoriedAs", 1)):
                sums[one[name]] = sums.get(one[name], Decimal(0)) + sign * amount
    for key, one in world.journal.accounts.items():
        name = f"urn:folkmoot:{world.journal.log}:{key.hex()}"
        assert sums[name] == Decimal(world.journal.amount(key, one.posted))
    (work,) = [one for one in graph if one.get("action") == "vf:work"]
    assert work["vf:effortQuantity"]["om2:hasNumericalValue"] == "1.5"
    assert work["folkmoot:stream"] == "care"


def test_a_credential_holds_and_no_change_of_it_does(world: World, ledger: Ledger) -> None:
    value = credential(world.journal, world.bo, ledger.key, 1_772_000_000)
    assert check_credential(json.loads(json.dumps(value))) == ledger.key.public
    assert value["credentialSubject"]["contributions"] == [{"stream": "care", "unit": "h", "amount": "1.5"}]
    assert {one["amount"] for one in value["credentialSubject"]["balances"]} == {"0.51", "2.5"}
    changes: list[Callable[[Any], object]] = [
        lambda v: v["credentialSubject"]["balances"][0].update(amount="9.99"),
        lambda v: v["issuer"].update(id=did_key(bytes(32))),
        lambda v: v["proof"].update(created="2020-01-01T00:00:00Z"),
        lambda v: v["proof"].update(proofValue="z" + "1" * 64),
        lambda v: v["proof"].update(verificationMethod="did:key:zz#z0OIl"),
        lambda v: v.pop("proof"),
    ]
    for change in changes:
        broken = deepcopy(value)
        change(broken)
        with pytest.raises(Malformed):
            check_credential(broken)


def test_base58() -> None:
    for data in (b"", b"\0", b"\0\0\x01", b"\xed\x01" + bytes(range(32))):
        assert parse_multibase(multibase(data)) == data
    assert multibase(b"Hello World!") == "z2NEpo7TZRRrLZSi2U"
