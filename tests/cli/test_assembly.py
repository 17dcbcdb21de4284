# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the assembly decides, on the command line: a loss shared, a surplus shared out; disputes, notes, collectives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.cli.test_contracts import claim_of
from tests.cli.test_ledger import balances, refused

if TYPE_CHECKING:
    from tests.cli.conftest import Home


def key(home: Home) -> list[str]:
    return ["--key", f"{home.path}-bruno.key"]


def decide(home: Home, title: str, file: Path) -> None:
    """Both members vote for what stands in the file, and it is done."""
    home.well("assembly", "propose", title, "--permits", file)
    refused(home("assembly", "enact", file), "no decision of the assembly permits exactly this", 4)
    home.well("assembly", "vote", title, "Amina", "yes")
    refused(home("assembly", "decide", title), "not_in_force")
    home.well("assembly", "vote", title, "Bruno", "1", *key(home))
    home.well("assembly", "decide", title)
    home.well("assembly", "enact", file)
    refused(home("assembly", "enact", file), "it has been used", 4)


def test_a_loss_is_borne_by_the_pledges_when_the_assembly_says_so(mutual: Home, tmp_path: Path) -> None:
    mutual.well("member", "set", "Bruno", "--class", "worker")
    mutual.well("contract", "sign", "Labour", "Bruno", *key(mutual))
    mutual.well("pay", "Bank", "Commons", "500.00")
    claim, file = claim_of(mutual), tmp_path / "loss.statement"
    mutual.well("claim", "advance", claim)
    mutual.well("contract", "carry-out", "Labour")
    mutual.well("claim", "settle", claim, "600.00", "--from", "Bank")
    written = mutual.well("claim", "give-up", claim, "--out", file)
    assert "assembly propose TITLE --permits" in written.err
    decide(mutual, "The client has failed", file)
    after = balances(mutual)
    assert [after[name] for name in ("Guarantee fund", "Commons", "Bruno/EUR", "Amina/EUR")] == [
        "5000.00",
        "332.50",
        "-83.75",
        "536.44",
    ]
    assert mutual.well("claim", "show", claim, "--json").json["claim"]["state"] == "written off"
    proposal = mutual.well("assembly", "show", "The client", "--json").json["proposal"]
    assert (proposal["state"], proposal["outcome"], proposal["permits"][0]["used"]) == ("decided", 0, True)
    assert [choice["votes"] for choice in proposal["choices"]] == [2, 0]
    assert "decided" in mutual.well("assembly", "list").out
    assert "1. yes: 2 <- decided" in mutual.well("assembly", "show", "The client").out


def test_a_surplus_is_shared_out_by_contributions(mutual: Home, tmp_path: Path) -> None:
    claim, file = claim_of(mutual), tmp_path / "dividend.statement"
    mutual.well("claim", "settle", claim, "--from", "Bank", "--on", "2026-03-05")
    mutual.well("pay", "Bank", "Services", "950.00")
    words = ["contract", "dividend", "Labour", "1000.00", "Services", "--from", "2026-01", "--until", "2026-07"]
    refused(mutual(*words), "the assembly has to decide this", 2)
    mutual.well(*words, "--out", file)
    before = balances(mutual)
    decide(mutual, "Share the surplus", file)
    done = mutual.well("contract", "carry-out", "Labour", "--only", "dividend", "--json").json
    (item,) = done["owed"]
    assert [(line["name"], line["amount"]) for line in item["lines"]] == [
        ("surplus", "-1000.00"),
        ("reserve", "300.00"),
        ("commons", "30.00"),
        ("patronage", "670.00"),
    ]
    after = balances(mutual)
    assert (before["Amina/EUR"], after["Amina/EUR"]) == ("100.00", "770.00")


def test_a_lost_key_is_replaced_by_the_assembly(mutual: Home, tmp_path: Path) -> None:
    new, file = tmp_path / "new.key", tmp_path / "key.statement"
    mutual.well("member", "key", new)
    refused(mutual("member", "rekey", "Amina", new, "--lost"), "replaced by the assembly", 2)
    mutual.well("member", "rekey", "Amina", new, "--lost", "--out", file)
    mutual.well("assembly", "propose", "Amina's key", "--permits", file)
    mutual.well("assembly", "vote", "Amina's", "Amina", "yes")
    mutual.well("assembly", "vote", "Amina's", "Bruno", "yes", *key(mutual))
    mutual.well("assembly", "decide", "Amina's")
    refused(mutual("assembly", "enact", file), "not_authorised")
    mutual.well("assembly", "enact", file, "--key", new)
    mutual.well("pay", "Amina", "Bruno", "1.00", "--key", new)


def test_whoever_may_not_vote_does_not(town: Home) -> None:
    town.well("member", "add", "nonprofit", "--name", "Choir")
    town.well("assembly", "propose", "Where do we meet?", "--choice", "here", "--choice", "there", "--by", "Amina")
    refused(town("assembly", "vote", "Where", "Choir", "here"), "not_authorised")
    refused(town("assembly", "vote", "Where", "Amina", "nowhere"), "the choices are here, there", 2)
    town.well("assembly", "vote", "Where", "Amina", "there")
    refused(town("assembly", "decide", "Where"), "not_in_force")
    assert "at least 50 % of the members vote" in town.well("assembly", "rules").out
    assert town.well("assembly", "rules", "--json").json["quorum"] == [1, 2]


def test_the_rules_of_the_assembly_stand_in_the_charter(town: Home) -> None:
    sheets = sorted(Path(f"{town.path}-recovery").glob("*.txt"))
    words = ["assembly", "rules", "--quorum", "1/3", "--majority", "66.6 %"]
    town.well(*words, *(word for sheet in sheets[:2] for word in ("--sheet", sheet)))
    assert "at least 1/3 of the members vote, and more than 66.6 %" in town.well("assembly", "rules").out
    refused(town("assembly", "rules", "--quorum", "half"), "is not a rate", 2)


def test_what_is_in_dispute_stands_still(mutual: Home) -> None:
    claim = claim_of(mutual)
    mutual.well("dispute", "open", claim, "--by", "Client")
    refused(mutual("claim", "settle", claim, "--from", "Bank"), "in dispute")
    (dispute,) = mutual.well("dispute", "list", "--json").json["disputes"]
    assert (dispute["about"]["kind"], dispute["by"]["name"]) == ("claim", "Client")
    mutual.well("dispute", "close", dispute["id"][:8], "--outcome", "withdrawn")
    mutual.well("claim", "settle", claim, "--from", "Bank")
    assert "nobody disagrees" in mutual.well("dispute", "list").err
    assert "withdrawn" in mutual.well("dispute", "list", "--all").out


def test_notes_are_private_and_can_be_erased(town: Home, tmp_path: Path) -> None:
    receipt = tmp_path / "receipt.pdf"
    receipt.write_bytes(b"paid")
    words = ["note", "add", "Amina", "prefers mornings", "--shows", receipt, "--by", "Amina", "--json"]
    position = town.well(*words).json["position"]
    (note,) = town.well("note", "list", "Amina", "--json").json["notes"]
    assert (note["text"], note["by"]["name"], note["scope"]) == ("prefers mornings", "Amina", "private")
    assert note["shows"].startswith("receipt.pdf sha256:")
    assert "prefers mornings" in town.well("note", "list", "Amina").out
    town.well("log", "erase", position, "--reason", "request")
    assert town.well("note", "list", "Amina", "--json").json["notes"] == []


def test_a_collective_has_a_transparent_fund(town: Home) -> None:
    town.well("account", "open", "org", "EUR", "--title", "Services")
    town.well("collective", "add", "Choir", "EUR", "--host-fee", "5 %", "--fee-to", "Services")
    town.well("pay", "Bank", "Choir", "200.00")
    town.well("contract", "carry-out", "Choir")
    town.well("collective", "request", "Choir", "25.00", "Amina", "Sheet music", "--receipt", "https://shop.example/1")
    (asked,) = town.well("collective", "show", "Choir", "--json").json["collective"]["requests"]
    assert (asked["state"], asked["notes"][0]["shows"]) == ("open", "https://shop.example/1")
    town.well("collective", "approve", asked["id"])
    assert balances(town) == {
        "Bank": "-300.00",
        "Amina/EUR": "125.00",
        "Bruno/EUR": "0.00",
        "Choir": "165.00",
        "Services": "10.00",
    }
    assert "Sheet music" in town.well("collective", "show", "Choir").out
    assert "165.00 EUR" in town.well("collective", "list").out
    refused(town("collective", "show", "Amina"), "is not a collective", 4)
