# SPDX-License-Identifier: AGPL-3.0-or-later
"""A labour mutual on the command line: a contract from a template, a claim, its advance and wage, to the cent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.cli.test_ledger import balances, refused
from tests.cli.towns import template

if TYPE_CHECKING:
    from tests.cli.conftest import Home


def claim_of(home: Home) -> str:
    (claim,) = home.well("claim", "list", "--json").json["claims"]
    return str(claim["id"])


def items(home: Home, *more: str) -> dict[str, dict[str, Any]]:
    value = home.well("contract", "explain", "Labour", "--json", *more).json
    assert value["schema"] == "folkmoot.explanation/1"
    return {item["what"]: item for item in value["items"]}


def test_an_invoice_is_advanced_paid_out_and_recovered(mutual: Home) -> None:
    claim = claim_of(mutual)
    assert mutual.well("claim", "show", claim, "--json").json["claim"]["payable_by"] == "2026-03-09"
    refused(mutual("claim", "settle", claim, "1000.01", "--from", "Bank"), "would be paid of")
    mutual.well("claim", "advance", claim)
    assert mutual.well("contract", "carry-out", "Labour", "--dry-run", "--json").json["posted"] == []
    done = mutual.well("contract", "carry-out", "Labour", "--json").json
    assert [one["kind"] for one in done["posted"]] == ["post"]
    assert mutual.well("contract", "carry-out", "Labour", "--json").json["posted"] == []
    after = balances(mutual)
    assert {name: after[name] for name in ("Guarantee fund", "Social security", "Tax office", "Amina/EUR")} == {
        "Guarantee fund": "4065.00",
        "Social security": "284.76",
        "Tax office": "130.05",
        "Amina/EUR": "620.19",
    }
    mutual.well("claim", "settle", claim, "600.00", "--from", "Bank")
    mutual.well("claim", "settle", claim, "--from", "Bank")
    after = balances(mutual)
    assert [after[name] for name in ("Guarantee fund", "Services", "Reserve")] == ["5010.00", "50.00", "5.00"]
    assert mutual.well("claim", "show", claim, "--json").json["claim"]["state"] == "paid"
    assert mutual.well("claim", "list", "--open", "--json").json["claims"] == []


def test_every_line_is_explained(mutual: Home) -> None:
    found = items(mutual)
    assert {name: item["state"] for name, item in found.items()} == {
        "contribution": "coming",
        "what is still to be paid": "coming",
        "wage": "coming",
    }
    lines = {line["name"]: line for line in found["wage"]["lines"]}
    tax = lines["tax"]
    assert (tax["amount"], tax["rule"], tax["rounded"]) == ("130.05", "(748.00 - 97.76) × 1/5", True)
    assert tax["exact"] == [65024, 500], "130.048"
    assert tax["account"]["name"] == "Tax office"
    assert lines["gross"]["account"] is None
    assert [source["kind"] for source in tax["sources"]] == ["contract.offer", "claim"]
    shown = mutual.well("contract", "explain", "Labour", "--claim", claim_of(mutual)).out
    assert "(748.00 - 97.76) × 1/5" in shown
    assert "rounded" in shown
    mutual.well("claim", "advance", claim_of(mutual))
    assert items(mutual)["wage"]["state"] == "owed"


def test_a_contract_is_shown_in_plain_words(mutual: Home) -> None:
    shown = mutual.well("contract", "show", "Labour").out
    assert "6.5 % of each claim goes to" in shown
    assert "pays the rest within 7 days" in shown
    assert "in force" in shown
    value = mutual.well("contract", "show", "Labour", "--json").json["contract"]
    assert [party["signed"] for party in value["parties"]] == [True, True]
    (listed,) = mutual.well("contract", "list", "--json", "--party", "Amina").json["contracts"]
    assert (listed["name"], listed["state"]) == ("Labour mutual", "in force")
    assert "Labour mutual" in mutual.well("contract", "list").out
    assert "2026-03-09" in mutual.well("claim", "list").out


def test_a_party_signs_the_exact_terms_elsewhere(mutual: Home, tmp_path: Path) -> None:
    file = tmp_path / "sign.statement"
    mutual.well("contract", "sign", "Labour", "Bruno", "--out", file)
    refused(mutual("contract", "sign", "Labour", "Client", "--out", file), "exists")
    signed = mutual.well("member", "sign", file, "--key", f"{mutual.path}-bruno.key", "--yes")
    assert "6.5 % of each claim goes to: " in signed.err, "the terms went along"
    refused(mutual("submit", file), "not_authorised")  # Bruno is a user, and the contract is open to workers
    mutual.well("member", "set", "Bruno", "--class", "worker")
    mutual.well("submit", file)
    mutual.well("contract", "end", "Labour", "--by", "Bruno", "--key", f"{mutual.path}-bruno.key")
    parties = mutual.well("contract", "show", "Labour", "--json").json["contract"]["parties"]
    left = {party["name"]: party.get("left") is not None for party in parties}
    assert left == {"Moot": False, "Amina": False, "Bruno": True}, "he has left it alone"


def test_a_template_that_is_not_ready_says_where(mutual: Home, tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(template().replace('fund = "guarantee_fund"', 'fund = "chest"'))
    ran = mutual("contract", "offer", file)
    assert ran.code == 1
    assert "chest" in ran.err
    file.write_text(template().replace('pledge_choir = "Commons"', 'pledge_choir = "nobody"'))
    refused(mutual("contract", "offer", file), "no id is known for accounts.pledge_choir")


def test_giving_up_a_claim_takes_the_assembly(mutual: Home, tmp_path: Path) -> None:
    claim = claim_of(mutual)
    refused(mutual("claim", "give-up", claim), "the assembly has to decide this", 2)
    mutual.well("claim", "advance", claim)
    written = mutual.well("claim", "give-up", claim, "--out", tmp_path / "loss.statement", "--json").json
    assert written["state"] == "written"
