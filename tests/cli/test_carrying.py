# SPDX-License-Identifier: AGPL-3.0-or-later
"""Statements made and signed on one machine, carried as text, and submitted on another."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protocol.carried import BEGIN, END
from tests.cli.test_ledger import balances, refused

if TYPE_CHECKING:
    from tests.cli.conftest import Home, Run


def test_a_payment_is_drafted_signed_elsewhere_and_submitted(town: Home, run: Run, tmp_path: Path) -> None:
    key, file = f"{town.path}-bruno.key", tmp_path / "pay.statement"
    town.well("pay", "Amina", "Bruno", "12.50")
    drafted = town.well("pay", "Bruno", "Amina", "2.50", "--out", file, "--json").json
    assert (drafted["state"], drafted["lacking"]) == ("written", ["Bruno"])
    refused(town("submit", file), "its author has not signed it yet")
    elsewhere = tmp_path / "elsewhere"
    signed = run("--data-dir", elsewhere, "member", "sign", file, "--key", key, "--yes")
    assert signed.code == 0, signed
    assert "Bruno/EUR" in signed.err
    assert "2.50 EUR" in signed.err
    assert not elsewhere.exists()
    first = town.well("submit", file, "--json").json
    assert town.well("submit", file, "--json").json == first, "the same again"
    assert balances(town) == {"Bank": "-100.00", "Amina/EUR": "90.00", "Bruno/EUR": "10.00"}


def test_signing_asks_first(town: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pay.statement"
    town.well("pay", "Bruno", "Amina", "2.50", "--out", file)
    before = file.read_text()
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    refused(town("member", "sign", file, "--key", f"{town.path}-bruno.key"), "not signed")
    assert file.read_text() == before
    refused(town("pay", "Bruno", "Amina", "2.50", "--out", file), "exists")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    town.well("member", "sign", file, "--key", f"{town.path}-bruno.key", "--out", tmp_path / "signed")
    assert file.read_text() == before


def test_a_member_joins_from_a_machine_without_a_node(
    town: Home, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, file = tmp_path / "clara.key", tmp_path / "join.statement"
    public = run("member", "key", key).out.strip()
    log = town.well("log", "list", "--json").json["logs"][0]["log"]
    body = {"key": public, "class": "worker", "custody": "own"}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(body)))
    made = run("--data-dir", tmp_path / "x", "say", "member.join", "-", "--log", log, "--key", key, "--out", file)
    assert made.code == 0, made
    refused(town("submit", file), "not signed for everybody")
    town.well("submit", file, "--countersign")
    member = made.out.strip()
    assert town.well("member", "show", member, "--json").json["member"]["custody"] == "own"


def test_as_text_in_a_letter(town: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    written = town.well("account", "set", "Bruno", "--floor", "-5.00", "--out", "-").out
    assert written.startswith(BEGIN)
    assert written.rstrip().endswith(END)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"Salut Bruno,\n{written}"))
    signed = town.well("member", "sign", "-", "--key", f"{town.path}-bruno.key", "--yes").out
    monkeypatch.setattr("sys.stdin", io.StringIO(f"Voilà\n{signed}"))
    town.well("submit", "-")
    assert town.well("account", "show", "Bruno", "--json").json["account"]["floor"] == "-5.00"


def test_what_is_for_another_log_or_damaged_is_refused(town: Home, home: Home, tmp_path: Path) -> None:
    file = tmp_path / "pay.statement"
    town.well("pay", "Amina", "Bruno", "1.00", "--out", file)
    refused(home("submit", file), "for another ledger")
    file.write_text(file.read_text().replace(END, ""))
    refused(town("submit", file), "was the text cut off?")
    refused(town("pay", "Amina", "Bruno", "1.00", "--log", "abc"), "--out", 2)


def test_anything_can_be_said_from_json(town: Home, tmp_path: Path) -> None:
    member = town.well("member", "show", "Bruno", "--json").json["member"]["id"]
    file = tmp_path / "body.json"
    file.write_text(json.dumps({"member": member, "class": "coop"}))
    town.well("say", "member.set", file)
    assert town.well("member", "show", "Bruno", "--json").json["member"]["class"] == "coop"
    file.write_text(json.dumps({"about": member, "text": "Bonjour"}))
    refused(town("say", "note", file, "--by", "Bruno"), "takes the word of Bruno")
    said = town.well("say", "note", file, "--by", "Bruno", "--key", f"{town.path}-bruno.key", "--json").json
    assert town.well("log", "show", "", said["position"], "--json").json["scope"] == "private"
    file.write_text(json.dumps({"member": member, "klass": "coop"}))
    refused(town("say", "member.set", file), "no field klass")
    file.write_text("{")
    refused(town("say", "member.set", file), "not JSON")
