# SPDX-License-Identifier: AGPL-3.0-or-later
"""Organisations with a ledger, made by the commands that people use."""

from __future__ import annotations

import json
import re
from pathlib import Path

from cli import init
from cli.main import cli
from ledger.reciprocity.contract_templates import template_text

PLEDGES = {"amina": "Amina", "bruno": "Bruno", "choir": "Commons"}
ACCOUNTS = {
    "Services": "pool",
    "Guarantee fund": "fund",
    "Reserve": "reserve",
    "Social security": "external",
    "Tax office": "external",
    "Commons": "pool",
}


def found(path: Path) -> None:
    """An organisation."""
    init.command.main(["--name", "Moot", "--kind", "assembly"], obj=str(path), standalone_mode=False)


def do(path: Path, *words: str) -> None:
    """Runs a command on it."""
    cli.main(["--data-dir", str(path), *words], standalone_mode=False)


def make_town(path: Path) -> None:
    """Amina, whose key the node keeps, has 100.00 EUR; Bruno's key is his own."""
    found(path)
    for line in (
        f"member key {path}-bruno.key",
        "unit add EUR money",
        "member add worker --name Amina",
        f"member add user --name Bruno --key {path}-bruno.key",
        "account open Amina EUR",
        "account open Bruno EUR",
        "account open org EUR --type external --title Bank",
        "pay Bank Amina 100.00",
    ):
        do(path, *line.split())


def make_mutual(path: Path) -> None:
    """A labour mutual, whose contract Amina has acceded to, and an invoice of 1000.00 for her work."""
    make_town(path)

    do(path, "member", "add", "for_profit", "--name", "Client")
    for title, kind in ACCOUNTS.items():
        do(path, "account", "open", "org", "EUR", "--title", title, "--type", kind)
    do(path, "account", "set", "Bruno", "--floor", "-250.00", "--key", f"{path}-bruno.key")
    do(path, "pay", "Bank", "Guarantee fund", "5000.00")
    file = Path(f"{path}-contract.toml")
    file.write_text(template())
    do(path, "contract", "offer", str(file))
    do(path, "contract", "sign", "Labour mutual", "org")
    do(path, "contract", "sign", "Labour mutual", "Amina")
    do(
        path,
        "claim",
        "add",
        "Client",
        "1000.00",
        "Amina",
        "--for",
        "Amina",
        "--contract",
        "Labour",
        "--ended",
        "2026-03-02",
    )


def template() -> str:
    """The contract of a labour mutual, with the accounts of this town."""
    text = template_text("labour-mutual")
    for name, account in PLEDGES.items():
        text = re.sub(rf"^pledge_{name} = .*$", f'pledge_{name} = "{account}"', text, flags=re.MULTILINE)
    return text


def make_library(path: Path) -> None:
    """A tool library; Bruno is a co-op with 50.00, Amina a commoner."""
    make_town(path)

    do(path, "unit", "add", "h", "time")
    do(path, "unit", "add", "kWh", "energy", "--decimals", "0")
    do(path, "account", "open", "org", "EUR", "--title", "Upkeep")
    do(path, "pay", "Amina", "Bruno", "50.00")
    do(path, "member", "set", "Bruno", "--class", "coop")
    do(path, "member", "set", "Amina", "--class", "commoner")
    for name in ("Cement mixer", "Ladder"):
        file = Path(f"{path}-record.json")
        file.write_text(json.dumps({"kind": "resource", "name": {"en": name}, "licence": "CC0-1.0"}))
        do(path, "record", "put", str(file))
    file = Path(f"{path}-contract.toml")
    file.write_text(template_text("tool-library"))
    do(path, "contract", "offer", str(file))
    do(path, "contract", "sign", "Tool library", "org")
    do(path, "contract", "sign", "Tool library", "Amina")
    do(path, "contract", "sign", "Tool library", "Bruno", "--key", f"{path}-bruno.key")
