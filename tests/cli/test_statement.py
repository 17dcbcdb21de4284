# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot statement`, proofs of entries and balances as files and QR codes, and `folkmoot verify` on them all."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import segno

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from node.web.codes import VERSION_MAX, make_codes
from protocol.digits import make_parts
from protocol.member_statement import HEADER
from protocol.short import pack
from tests.builders import Log, found_organisation
from tests.ledger.organising import account, member, post, say, unit
from tests.ledgers import year

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Home, Run


class Moot(NamedTuple):
    """An organisation with a member, its account, and their ids."""

    home: Home
    log: str
    ada: str
    wallet: str


@pytest.fixture
def moot(home: Home) -> Moot:
    with Ledger(DataDirectory(home.path)) as ledger:
        unit(ledger)
        ada, key = member(ledger, "Ada")
        wallet, bank = account(ledger, ada), account(ledger, type_="external")
        say(ledger, "post", post("opening", {bank: -123_456, wallet: 123_456}))
        say(ledger, "member.profile", {"member": ada, "name": "Ada"}, key)
        say(ledger, "post", post("transfer", {wallet: -56, bank: 56}), key)
        ledger.writer.settle()
    log = home.well("log", "list", "--json").json["logs"][0]["log"]
    return Moot(home, log, ada.hex(), wallet.hex())


def test_a_member_gets_a_file_and_checks_it_alone(moot: Moot, run: Run, tmp_path: Path) -> None:
    file, trust = tmp_path / "ada", tmp_path / "trust"
    ran = moot.home.well("statement", "Ada", "-o", file, "--trust", trust, "--json")
    assert ran.json | {"file": "", "bytes": 0} == {
        "schema": "folkmoot.statement/1", "file": "", "bytes": 0, "member": moot.ada, "entries": 6, "witnessed": True,
    }  # fmt: skip
    page = tmp_path / "ada.html"
    moot.home.well("statement", "Ada", "-o", file, "--page", page)
    assert f'id="file">{b64encode(file.read_bytes()).decode()}<' in page.read_text("utf-8")
    shown = run("verify", file, "--trust", trust)
    assert shown.code == 0
    for text in (
        "TRUE: all that this log recorded", moot.log, "Moot, as its own charter says",
        f"{moot.ada}, Ada by the profile",
        "entries     5: 1 account.open, 1 member.join, 1 member.profile, 2 post",
        f"1234.00 EUR (account {moot.wallet})", "your trust file says", "none asked for",
    ):  # fmt: skip
        assert text in shown.out
    alone = run("verify", file)
    assert alone.code == 0
    assert "compare the log's id" in alone.out
    value = run("verify", file, "--json").json
    assert (value["schema"], value["trusted_by"]) == ("folkmoot.member-verdict/1", "statement")
    assert value["accounts"] == [
        {"id": moot.wallet, "entries": 3, "posted": "1234.00", "reserved": "0.00", "unit": "EUR"}
    ]
    assert [entry["kind"] for entry in value["entries"]].count("post") == 2
    assert run("verify", file, "--trust", trust, "--json").json["trusted_by"] == "reader"


def test_a_file_that_was_tampered_with_is_false_and_a_foreign_one_cannot_be_told(
    moot: Moot, run: Run, tmp_path: Path
) -> None:
    file, trust = tmp_path / "ada", tmp_path / "trust"
    moot.home.well("statement", moot.ada, "-o", file)
    data = file.read_bytes()
    at = data.index(b"opening")
    file.write_bytes(data[:at] + b"openinG" + data[at + 7 :])
    ran = run("verify", file)
    assert ran.code == 3
    assert ran.out.startswith("FALSE: entry ")
    assert "commits to" in ran.out
    file.write_bytes(data[:-9])
    assert run("verify", file, "--json").json["verdict"] == "malformed"
    file.write_bytes(data)
    trust.write_text(f"log {found_organisation('other').verifier_key}\nquorum none\n")
    ran = run("verify", file, "--trust", trust)
    assert ran.code == 7
    assert ran.out.startswith("CANNOT TELL: ")


def test_a_statement_goes_to_stdout_and_to_a_name_of_its_own(
    moot: Moot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = moot.home.well("statement", moot.ada, "--log", moot.log[:8], "--public")
    path = tmp_path / f"{moot.log[:8]}-{moot.ada[:8]}.member-statement"
    assert path.name in ran.err
    assert path.read_bytes().startswith(HEADER)
    assert moot.home("statement", "Ada", "-o", "-", "--json").code == 2
    assert moot.home("statement", "ffff").code == 4
    assert moot.home("statement", moot.wallet).code == 4


def test_a_balance_is_proved_and_checked(moot: Moot, run: Run, tmp_path: Path) -> None:
    file, trust, page = tmp_path / "balance", tmp_path / "trust", tmp_path / "balance.html"
    moot.home.well("log", "balance", moot.log[:8], "Ada", "-o", file, "--trust", trust, "--page", page)
    for name, path in (("file", file), ("trust", trust)):
        assert f'id="{name}">{b64encode(path.read_bytes()).decode()}<' in page.read_text("utf-8")
    ran = run("verify", file, "--trust", trust)
    assert ran.code == 0
    assert "1234.00 EUR" in ran.out
    value = run("verify", file, "--trust", trust, "--json").json
    assert value["leaf"] == {
        "id": moot.wallet, "entries": 3, "posted": "1234.00", "reserved": "0.00", "unit": "EUR",
    }  # fmt: skip
    assert run("verify", file).code == 7
    trust.write_text("quorum none\n")
    assert run("verify", file, "--trust", trust, "--json").json["verdict"] == "unknown log"


def test_what_qr_codes_say_is_verified(moot: Moot, run: Run, tmp_path: Path) -> None:
    trust, proof = tmp_path / "trust", tmp_path / "proof"
    moot.home.well("log", "prove", moot.log[:8], 5, "-o", proof, "--trust", trust)
    texts = [
        f"https://moot.example/verify#{part.head}{part.digits}" for part in make_parts(pack(proof.read_bytes()), 2)
    ]
    assert run("verify", *texts[::-1], "--trust", trust).code == 0
    read = tmp_path / "read"
    read.write_text("\n".join(texts) + "\n")
    assert run("verify", read, "--trust", trust, "--json").json["verdict"] == "true"
    ran = run("verify", texts[0], "--trust", trust)
    assert (ran.code, "2" in ran.err) == (7, True)
    changed = texts[0][:-1] + str((int(texts[0][-1]) + 1) % 10)
    assert run("verify", changed, texts[1], "--trust", trust).code == 7
    assert run("verify", "one", "two", "--trust", trust).code == 2


def test_qr_codes_are_written_and_shown(moot: Moot, tmp_path: Path) -> None:
    prove = ("log", "prove", moot.log[:8], 5, "--qr")
    ran = moot.home(*prove, "terminal")
    assert ran.code == 2
    assert "--url" in ran.err
    url = ("--url", "https://moot.example/v")
    assert moot.home(*prove, tmp_path / "a.gif", *url).code == 2
    assert "\u2588" in moot.home.well(*prove, "terminal", *url).out
    for suffix in ("svg", "png"):
        path = tmp_path / f"a.{suffix}"
        ran = moot.home.well("log", "balance", moot.log[:8], moot.wallet, "--qr", path, *url)
        count = ran.err.count("written: ")
        names = [path.name] if count == 1 else [f"a-{number}.{suffix}" for number in range(1, count + 1)]
        assert all((tmp_path / name).stat().st_size > 500 for name in names)


def test_a_proof_with_three_cosignatures_takes_two_codes_of_version_20(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure: an entry of a log of 20,000, with three nodes as witnesses."""
    ledger, _ = year()
    log = Log(ledger.organisation)
    for number in range(1, 20_000):
        log.add(*ledger.log.entries[1 + number % 9])
    proof = log.proof_file(8, ("north", "south", "east"))
    codes = make_codes(proof, "https://moot.example/verify")
    assert len(codes) == 2
    assert all(int(code.version) <= VERSION_MAX and code.error == "M" for code in codes)
    made: list[list[str]] = []

    def making(texts: list[str], **options: Any) -> segno.QRCode:
        made.append(texts)
        return real(texts, **options)  # type: ignore[arg-type] # takes lists

    real = segno.make
    monkeypatch.setattr("segno.make", making)
    make_codes(proof, "https://moot.example/verify")
    assert ["".join(texts) for texts in made[-2:]] == [
        f"https://moot.example/verify#{part.head}{part.digits}" for part in make_parts(pack(proof), 2)
    ]
