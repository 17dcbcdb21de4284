# SPDX-License-Identifier: AGPL-3.0-or-later
"""The reciprocity ledger on the command line: units, members, accounts, payments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from cli.main import COMMANDS, SECTIONS
from protocol.reader import read_header
from tests.cli.conftest import Home, Ran, serve


def balances(home: Home) -> dict[str, str]:
    accounts = home.well("account", "list", "--json").json["accounts"]
    return {one["name"]: one["posted"] for one in accounts}


def refused(ran: Ran, words: str, code: int = 1) -> None:
    """It ended with this code and said so on stderr alone."""
    assert (ran.code, ran.out) == (code, ""), ran
    assert words in ran.err, ran.err


def test_a_member_pays_with_their_key(town: Home) -> None:
    key = f"{town.path}-bruno.key"
    refused(town("pay", "Bruno", "Amina", "2.50", "--key", key), "does not hold that much")
    town.well("pay", "Amina", "Bruno", "12.50")
    refused(town("pay", "Bruno", "Amina", "2.50"), "takes the word of Bruno")
    town.well("pay", "bruno", "AMINA/EUR", "2.50", "--key", key)
    assert balances(town) == {"Bank": "-100.00", "Amina/EUR": "90.00", "Bruno/EUR": "10.00"}


def test_what_cannot_be_paid_says_why(town: Home) -> None:
    before = balances(town)
    for arguments, words, code in (
        (["Amina", "Bruno", "1000.00"], "does not hold that much", 1),
        (["Amina", "Bruno", "1"], "exactly 2 decimals, as in 12.50", 1),
        (["Amina", "Bruno", "0.00"], "not more than nothing", 2),
        (["Amina", "Amina", "1.00"], "the same account", 2),
        (["Amina", "Zoe", "1.00"], "no account 'Zoe'", 4),
        (["Amina", "Bruno", "1.00", "--on", "2026-02-30"], "not a day", 1),
    ):
        refused(town("pay", *arguments), words, code)
    assert balances(town) == before


def test_what_is_said_can_be_read_by_programs(town: Home) -> None:
    said = town.well("pay", "Amina", "Bruno", "1.00", "--json").json
    assert (said["schema"], said["kind"], said["state"]) == ("folkmoot.said/1", "post", "saved")
    units = town.well("unit", "list", "--json").json
    assert units["units"] == [{"code": "EUR", "sort": "money", "scale": 2, "name": {"en": "EUR"}}]
    members = {one["name"]: one for one in town.well("member", "list", "--json").json["members"]}
    assert (members["Amina"]["custody"], members["Bruno"]["custody"]) == ("node", "own")
    page = town.well("member", "show", "Amina", "--json").json
    assert page["schema"] == "folkmoot.member/1"
    assert [one["posted"] for one in page["accounts"]] == ["99.00"]
    account = town.well("account", "show", page["accounts"][0]["id"][:6], "--json").json["account"]
    assert (account["available"], account["floor"], account["ceiling"]) == ("99.00", "0.00", None)


def test_tables_for_people(town: Home) -> None:
    assert "kept by the node" in town.well("member", "list").out
    assert "Amina/EUR  member    100.00" in town.well("account", "list").out
    shown = town.well("member", "show", "Bruno")
    assert "their own" in shown.out
    assert "not public" in shown.err
    assert "Bank" in town.well("account", "show", "Bank").out


def test_an_account_below_zero_takes_its_owners_word(town: Home) -> None:
    refused(town("account", "open", "Bruno", "EUR", "--floor", "-5.00"), "takes the word of Bruno")
    refused(town("account", "set", "Bruno", "--floor", "-5.00"), "takes the word of Bruno")
    town.well("account", "set", "Bruno", "--floor", "-5.00", "--key", f"{town.path}-bruno.key")
    town.well("pay", "Bruno", "Amina", "5.00", "--key", f"{town.path}-bruno.key")
    town.well("account", "set", "Bruno", "--state", "frozen")
    refused(town("pay", "Bruno", "Amina", "0.01", "--key", f"{town.path}-bruno.key"), "frozen")
    refused(town("account", "set", "Bruno"), "say what is to change", 2)


def test_a_profile_is_private_and_can_be_erased(town: Home) -> None:
    saved = town.well("member", "profile", "Bruno", "--contact", "b@example.org", "--json").json
    page = town.well("member", "show", "Bruno", "--json").json["member"]
    assert page["profile"] == {"name": "Bruno", "contact": "b@example.org", "scope": "private"}
    town.well("log", "erase", saved["position"], "--reason", "request")
    page = town.well("member", "show", "Bruno", "--json").json["member"]
    assert page["profile"] == {"name": "Bruno", "scope": "private"}
    town.well("member", "profile", "Bruno", "--about", "baker", "--public")
    assert town.well("member", "show", "Bruno", "--json").json["member"]["profile"]["scope"] == "public"


def test_names_that_mean_two_are_refused(town: Home) -> None:
    town.well("member", "add", "worker", "--name", "Amina")
    refused(town("member", "show", "Amina"), "2 members are called 'Amina'", 4)
    town.well("unit", "add", "h", "time")
    town.well("account", "open", "Bruno", "h")
    refused(town("account", "show", "Bruno"), "or OWNER/UNIT", 4)
    town.well("account", "show", "Bruno/h")
    town.well("pay", "Bank", "Bruno", "1.00")


def test_a_delegate_is_the_members_own_word(town: Home) -> None:
    refused(town("member", "set", "Bruno", "--delegate", "Amina"), "takes the word of Bruno")
    town.well("member", "set", "Bruno", "--delegate", "Amina", "--key", f"{town.path}-bruno.key")
    assert town.well("member", "show", "Bruno", "--json").json["member"]["delegate"]["name"] == "Amina"
    town.well("member", "set", "Amina", "--consent", "100.00 EUR")
    assert town.well("member", "show", "Amina", "--json").json["member"]["consent"] == 10_000
    town.well("member", "set", "Amina", "--class", "coop", "--status", "paused", "--no-votes")
    refused(town("pay", "Amina", "Bruno", "1.00"), "not active")


def test_a_sealed_key_asks_for_its_passphrase(town: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def prompt(*_: object, **__: Any) -> str:
        return "horse battery"

    monkeypatch.setattr(click, "prompt", prompt)
    file = tmp_path / "clara.key"
    made = town.well("member", "key", file, "--passphrase", "--json").json
    assert made["sealed"]
    town.well("member", "add", "worker", "--name", "Clara", "--key", file)
    assert town.well("member", "show", "Clara", "--json").json["member"]["key"] == made["key"]


def test_a_key_is_changed_by_both_keys(town: Home, tmp_path: Path) -> None:
    old, new = f"{town.path}-bruno.key", tmp_path / "new.key"
    town.well("member", "key", new)
    town.well("pay", "Amina", "Bruno", "5.00")
    refused(town("member", "rekey", "Bruno", new), "takes the word of Bruno")
    refused(town("member", "rekey", "Bruno"), "name the file of the new key", 2)
    town.well("member", "rekey", "Bruno", new, "--key", old)
    refused(town("pay", "Bruno", "Amina", "1.00", "--key", old), "takes the word of Bruno")
    town.well("pay", "Bruno", "Amina", "1.00", "--key", new)
    town.well("member", "rekey", "Bruno", "--keep", "--key", new)
    assert town.well("member", "show", "Bruno", "--json").json["member"]["custody"] == "node"
    town.well("pay", "Bruno", "Amina", "1.00")
    refused(town("member", "rekey", "Bruno", old), "already_resolved")


def test_the_keys_that_the_node_keeps_go_along_in_a_backup(town: Home, tmp_path: Path) -> None:
    kept = sorted(file.name for file in (town.path / "keys" / "members").iterdir())
    assert len(kept) == 1
    word = tmp_path / "word"
    word.write_text("horse battery\n")
    town.well("backup", tmp_path / "copy", "--with-keys", "--passphrase-file", word)
    elsewhere = Home(tmp_path / "elsewhere", town._run)
    elsewhere.well("restore", tmp_path / "copy", "--passphrase-file", word)
    assert sorted(file.name for file in (elsewhere.path / "keys" / "members").iterdir()) == kept


def test_through_the_running_node(town: Home) -> None:
    node = serve(town.path)
    try:
        town.well("pay", "Amina", "Bruno", "12.50")
        refused(town("pay", "Bruno", "Amina", "50.00", "--key", f"{town.path}-bruno.key"), "does not hold that much")
        town.well("member", "profile", "Bruno", "--about", "baker", "--key", f"{town.path}-bruno.key")
        page = town.well("member", "show", "Bruno", "--json").json
        assert page["member"]["profile"]["about"] == "baker"
        assert page["member"]["profile"]["scope"] == "private"
        assert page["accounts"][0]["posted"] == "12.50"
        log = town.well("log", "list", "--json").json["logs"][0]["log"]
        url = f"{node.url}/v1/ledger/{log}/members/{page['member']['id']}"
        assert "baker" not in str(node.get(url.removeprefix(node.url)))
        assert "baker" in town.well("member", "fetch", url, "--key", f"{town.path}-bruno.key").out
        own = f"{node.url}/ledger/{log}/member/{page['member']['id']}"
        line = town.well("member", "sign-in", own, "--key", f"{town.path}-bruno.key").out.strip()
        assert read_header(line).member.hex() == page["member"]["id"]
        assert town("member", "sign-in", node.url, "--key", f"{town.path}-bruno.key").code == 2
        amina = town.well("member", "show", "Amina", "--json").json["member"]["id"]
        refused(town("member", "fetch", url, "--key", f"{town.path}-bruno.key", "--member", amina), "401", 5)
    finally:
        node.process.terminate()
        node.process.communicate(timeout=15)


def test_every_command_stands_in_one_section_of_the_help() -> None:
    shown = [name for names in SECTIONS.values() for name in names]
    assert sorted(shown) == sorted(COMMANDS)
