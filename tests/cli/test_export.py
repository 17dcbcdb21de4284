# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot export`: every format, of this log and of others, into a file or onto the terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from beancount import loader

from ledger.data_directory import DataDirectory
from ledger.exporting.credential import check_credential
from ledger.ledger import Ledger
from tests.ledger.organising import account, member, post, say, unit

if TYPE_CHECKING:
    from tests.cli.conftest import Home


def test_every_format(home: Home) -> None:
    with Ledger(DataDirectory(home.path)) as ledger:
        unit(ledger)
        ada, _ = member(ledger, "Ada")
        say(ledger, "post", post("opening", {account(ledger, type_="external"): -500, account(ledger, ada): 500}))
        ledger.writer.settle()
    ran = home("export", "beancount")
    assert ran.code == 0
    assert loader.load_string(ran.out)[1] == []
    assert "commodity 1.00" in home("export", "hledger").out
    assert len(home("export", "csv", "--member", ada.hex()[:8], "--year", 2024).out.splitlines()) == 2
    assert json.loads(home("export", "jsonl").out.splitlines()[0])["kind"] == "unit.define"
    assert json.loads(home("export", "valueflows").out)["@graph"]
    signed = json.loads(home("export", "credential", "--member", ada.hex()).out)
    assert check_credential(signed)
    target = home.path / "out.csv"
    assert home("export", "csv", "-o", target).out == ""
    assert target.read_text("utf-8").startswith("position,day,")


def test_what_cannot_be_exported_is_said(home: Home) -> None:
    assert home("export", "credential").code == 2
    assert home("export", "beancount", "--year", 2024).code == 2
    assert home("export", "csv", "--member", "ff").code == 4
    assert home("export", "csv", "--log", "zzzz").code == 4
    empty = home("export", "beancount")
    assert empty.code == 0
    assert loader.load_string(empty.out)[1] == []
