# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot key`: whole stories, with the commands that people type."""

from __future__ import annotations

import io
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli.sheet import Organisation, html_sheet, read_sheet, text_sheet
from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from ledger.own.keys import show_secret
from tests.builders import seeded
from tests.cli.conftest import Home, Served, row, serve, wait, write_csv
from tests.cli.test_forks import two_histories

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def sheet(home: Home, *numbers: int) -> list[object]:
    """The options that name recovery sheets."""
    folder = home.path.with_name(home.path.name + "-recovery")
    return [part for number in numbers for part in ("--sheet", folder / f"recovery-{number}.txt")]


def shown(home: Home) -> Any:
    return home.well("key", "show", "--json").json


def fill(home: Home, folder: Path, *numbers: int) -> None:
    file = write_csv(folder / f"{numbers}.csv", *map(row, numbers))
    home.well("import", file, "--licence", "CC0-1.0", "--set", f"set-{numbers[0]}")


def test_rotate_puts_a_new_key_in_the_place_of_the_old(home: Home, tmp_path: Path) -> None:
    fill(home, tmp_path, 1, 2)
    before = shown(home)
    home.well("log", "prove", "", "3", "-o", tmp_path / "old.tlog-proof", "--trust", tmp_path / "old.trust")
    ran = home.well("key", "rotate", *sheet(home, 1, 3), "--json")
    assert (ran.json["state"], ran.json["kseq"], ran.json["epoch"], ran.json["missing"]) == ("signed", 1, 1, 0)
    after = shown(home)
    assert after["removed"] == [before["operating"][0]["key"]]
    assert after["operating"] == [{"key": ran.json["keys"][0], "here": True}]
    assert after["log"] == before["log"]
    fill(home, tmp_path, 3)
    assert home.total() == 3
    home.well("log", "audit")
    home.well("verify", tmp_path / "old.tlog-proof", "--trust", tmp_path / "old.trust")
    home.well("log", "prove", "", "3", "-o", tmp_path / "new.tlog-proof", "--trust", tmp_path / "new.trust")
    home.well("verify", tmp_path / "new.tlog-proof", "--trust", tmp_path / "new.trust")
    assert home("verify", tmp_path / "old.tlog-proof", "--trust", tmp_path / "new.trust").code == 7


def test_show_says_the_witness_key_where_there_is_one(home: Home) -> None:
    (home.path / "keys" / "witness.key").unlink(missing_ok=True)
    assert shown(home)["witness"] == ""
    home.well("log", "rebuild")  # whatever opens the node makes one
    assert shown(home)["witness"].startswith(f"folkmoot/{shown(home)['log']}/witness+")
    assert "2 of 3 sheets, generation 0" in home.well("key", "show").out


def test_the_old_key_is_kept_aside_or_destroyed_as_asked(home: Home) -> None:
    ran = home.well("key", "rotate", *sheet(home, 1, 2))
    (kept,) = (home.path / "keys").glob("removed-*")
    assert str(kept) in ran.err
    assert kept.stat().st_mode & 0o777 == 0o600
    home.well("key", "rotate", *sheet(home, 1, 2), "--destroy-old")
    assert list((home.path / "keys").glob("*-*")) == [kept]


def test_holders_who_live_apart_sign_one_after_the_other(home: Home, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "amendment.json"
    ran = home.well("key", "amend", "--endpoint", "https://new.example/", "--name", "New Moot", "--out", file, "--json")
    assert (ran.json["state"], ran.json["missing"]) == ("prepared", 2)
    for number, secret_bytes in enumerate(sheet(home, 1, 2)[1::2]):
        assert read_sheet(Path(str(secret_bytes))).secret.hex() not in file.read_text(), number
    refused = home("key", "apply", file)
    assert refused.code == 1
    assert "2 more of the holders" in refused.err
    # A holder's machine has no node.
    away = ("--data-dir", tmp_path / "nowhere")
    ran = run(*away, "key", "sign", file, "--yes", *sheet(home, 3))
    assert ran.code == 0
    assert "https://new.example/" in ran.err
    assert "New Moot" in ran.err
    again = run(*away, "key", "sign", file, "--yes", *sheet(home, 3))
    assert again.code == 1
    assert "signed already" in again.err
    assert home("key", "apply", file).code == 1
    assert shown(home)["kseq"] == 0
    assert run(*away, "key", "sign", file, "--yes", *sheet(home, 2)).code == 0
    assert home.well("key", "apply", file, "--json").json["state"] == "signed"
    assert (shown(home)["endpoints"], shown(home)["kseq"]) == (["https://new.example/"], 1)
    late = home("key", "apply", file)
    assert late.code == 1
    assert "another charter" in late.err


def test_copies_that_were_signed_apart_are_applied_together(home: Home, tmp_path: Path) -> None:
    file, copy = tmp_path / "amendment.json", tmp_path / "copy.json"
    home.well("key", "amend", "--territory", "Lille", "--out", file)
    copy.write_bytes(file.read_bytes())
    home.well("key", "sign", file, "--yes", *sheet(home, 1))
    home.well("key", "sign", copy, "--yes", *sheet(home, 3))
    assert home("key", "apply", copy).code == 1
    other = tmp_path / "other.json"
    home.well("key", "amend", "--territory", "Roubaix", "--out", other)
    assert "another amendment" in home("key", "apply", file, other).err
    assert home.well("key", "apply", file, copy, "--json").json["state"] == "signed"


def test_what_is_wrong_with_a_charter_is_told_by_field(home: Home) -> None:
    ran = home("key", "amend", "--endpoint", "ftp://x", "--quorum", 3, "--turnout", "2", *sheet(home, 1, 2))
    assert ran.code == 1
    assert "endpoints: Not an address" in ran.err
    assert "quorum: A whole number" in ran.err
    assert "turnout: A part of the whole" in ran.err


def test_an_amendment_is_not_signed_without_a_yes(
    home: Home, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "amendment.json"
    home.well("key", "server", "https://new.example/", "--out", file)
    before = file.read_bytes()
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert run("key", "sign", file, *sheet(home, 1)).code == 130
    assert file.read_bytes() == before


def test_wrong_sheets_and_files_are_refused_in_words(home: Home, run: Run, tmp_path: Path) -> None:
    other = Home(tmp_path / "other", run)
    other.well("init", "--name", "Other", "--kind", "coop")
    (other.path / "folkmoot.toml").write_text('admission = "open"\n')
    for wrong, text in (
        ((*sheet(home, 1), *sheet(other, 1)), "not one of the recovery sheets"),
        (sheet(home, 1), "1 more sheets"),
        ((*sheet(home, 1), *sheet(home, 1)), "signed already"),
        (("--sheet", home.path / "folkmoot.toml"), "recovery"),
    ):
        ran = home("key", "rotate", *wrong)
        assert ran.code == 1
        assert text in ran.err
    assert [path.name for path in (home.path / "keys").glob("operating*")] == ["operating.key"]
    home.well("key", "server", "https://new.example/", "--out", tmp_path / "a.json")
    changed = json.loads((tmp_path / "a.json").read_text())
    changed["signatures"][0][1] = "00" * 64
    (tmp_path / "forged.json").write_text(json.dumps(changed))
    (tmp_path / "empty.json").write_text("{}")
    for file, text in (("forged.json", "does not hold"), ("empty.json", "not an amendment")):
        ran = run("key", "sign", tmp_path / file, "--yes", *sheet(home, 1))
        assert ran.code == 1
        assert text in ran.err
    ran = other("key", "apply", tmp_path / "a.json")
    assert ran.code == 1
    assert shown(home)["kseq"] == shown(other)["kseq"] == 0


def test_secrets_are_typed_at_a_prompt(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = [show_secret(read_sheet(Path(str(path))).secret) for path in sheet(home, 2, 3)[1::2]]
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{secret}\n" for secret in secrets)))
    ran = home.well("key", "server", "https://new.example/")
    assert not any(secret in ran.out + ran.err for secret in secrets)
    monkeypatch.setattr("sys.stdin", io.StringIO(secrets[0].replace("a", "b", 1).replace("c", "d", 1) + "\n"))
    wrong = home("key", "server", "https://newer.example/")
    assert wrong.code == 1
    assert "character of the recovery secret is wrong" in wrong.err


def test_whoever_lost_the_key_is_told_of_the_way_back(home: Home) -> None:
    (home.path / "keys" / "operating.key").unlink()
    assert "`folkmoot key recover`" in home("serve", "--no-mdns").err


def test_revoke_removes_a_key_for_ever(home: Home) -> None:
    first = shown(home)["operating"][0]["key"]
    assert home("key", "revoke", "ff" * 32, *sheet(home, 1, 2)).code == 4
    home.well("key", "revoke", first[:12], *sheet(home, 1, 2))
    after = shown(home)
    assert after["removed"] == [first]
    assert len(after["operating"]) == 1
    # Put back, it does not sign.
    (home.path / "keys" / "operating.key").unlink()
    (home.path / "keys" / f"removed-{first[:16]}.key").rename(home.path / "keys" / "operating.key")
    ran = home("log", "rebuild")
    assert ran.code == 6
    assert "removed by an amendment" in ran.err


def test_nothing_is_changed_while_the_node_runs(home: Home, served: Served) -> None:
    assert served.url
    ran = home("key", "rotate", *sheet(home, 1, 2))
    assert ran.code == 6
    assert "stop that process" in ran.err
    assert shown(home)["kseq"] == 0


def test_an_epoch_is_opened_with_the_proof_of_the_fork(home: Home, tmp_path: Path) -> None:
    fill(home, tmp_path, 1, 2)
    fill(home, tmp_path, 3)
    logs = home.well("log", "list", "--json").json["logs"]
    (tmp_path / "proof").write_bytes(b"a fork proof")
    ran = home("key", "epoch", "--proof", tmp_path / "proof", *sheet(home, 1, 2))
    assert (ran.code, "does not prove that this log has forked" in ran.err) == (1, True)
    with Ledger(DataDirectory(home.path)) as ledger:
        (tmp_path / "proof").write_bytes(two_histories(ledger.keys, ledger.key, str(ledger.own.origin)))
    too_many = home("key", "epoch", "--from", logs[0]["size"] + 1, *sheet(home, 1, 2))
    assert too_many.code == 1
    ran = home.well("key", "epoch", "--from", 5, "--proof", tmp_path / "proof", *sheet(home, 1, 2), "--json")
    assert (ran.json["epoch"], ran.json["position"], ran.json["state"]) == (2, 0, "signed")
    assert home.total() == 2
    logs = home.well("log", "list", "--json").json["logs"]
    assert [(log["epoch"], log["derived"], log["state"]) for log in logs] == [(1, 0, "healed"), (2, 5, "ok")]
    fill(home, tmp_path, 4)
    assert home.total() == 3
    assert "0 faults" in home.well("log", "audit").out
    home.well("log", "prove", "", "0", "-o", tmp_path / "p.tlog-proof", "--trust", tmp_path / "t")
    home.well("verify", tmp_path / "p.tlog-proof", "--trust", tmp_path / "t")


def test_a_stolen_machine_is_survived_from_a_backup_on_another(home: Home, run: Run, tmp_path: Path) -> None:
    fill(home, tmp_path, 1, 2)
    home.well("backup", tmp_path / "backup.db")
    log = shown(home)["log"]
    shutil.rmtree(home.path)
    new = Home(home.path.with_name("new"), run)
    assert new("key", "recover", *sheet(home, 1, 2)).code == 4
    ran = new.well("key", "recover", "--store", tmp_path / "backup.db", "--log", log[:8], *sheet(home, 1, 2), "--json")
    assert (ran.json["state"], ran.json["log"], ran.json["epoch"]) == ("queued", log, 1)
    assert "asks its witnesses and peers" in ran.err
    assert len(shown(new)["removed"]) == 1
    # Nobody can be asked: a new epoch, signed at once.
    ran = new.well("key", "recover", "--new-epoch", *sheet(home, 2, 3), "--json")
    assert (ran.json["state"], ran.json["epoch"]) == ("signed", 2)
    fill(new, tmp_path, 3)
    assert new.total() == 3
    assert len(shown(new)["removed"]) == 2
    assert "0 faults" in new.well("log", "audit").out


@pytest.mark.long
def test_a_peer_follows_a_change_of_keys_and_an_epoch(home: Home, run: Run, tmp_path: Path) -> None:
    fill(home, tmp_path, 1, 2)
    other = Home(tmp_path / "other", run)
    other.well("init", "--name", "Other", "--kind", "coop")
    (other.path / "folkmoot.toml").write_text('admission = "open"\n')

    def meet(epoch: int, size: int) -> None:
        peer = serve(other.path)
        home.well("peer", "add", peer.url)
        mine = serve(home.path)

        def caught_up() -> bool:
            logs = [log for log in other.well("log", "list", "--json").json["logs"] if not log["own"]]
            newest = [log for log in logs if log["epoch"] == epoch]
            return [(log["size"], log["derived"]) for log in newest] == [(size, size)]

        try:
            wait(caught_up, 20)
        finally:
            for node in (mine, peer):
                node.process.terminate()
                node.process.communicate(timeout=15)

    size = home.well("log", "list", "--json").json["logs"][0]["size"]
    meet(1, size)
    home.well("key", "rotate", *sheet(home, 1, 2))
    meet(1, size + 1)
    assert other.total() == 2
    home.well("key", "epoch", *sheet(home, 1, 2))
    fill(home, tmp_path, 3)
    size = next(log["size"] for log in home.well("log", "list", "--json").json["logs"] if log["epoch"] == 2)
    meet(2, size)
    assert other.total() == 3
    assert "0 faults" in other.well("log", "audit").out


MOOT = Organisation("Moot <&>", "a" * 52, "en", 3, 2)
SECRETS = [seeded(f"holder {number}") for number in range(3)]


def test_a_sheet_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "sheet"
    for number in (1, 2, 3):
        path.write_text(text_sheet(MOOT, number, SECRETS), "utf-8")
        read = read_sheet(path)
        assert read.secret == SECRETS[number - 1]
        assert {generation: len(keys) for generation, keys in read.public.items()} == {1: 3, 2: 3}
        path.write_text(show_secret(SECRETS[number - 1]))
        assert read_sheet(path).secret == SECRETS[number - 1]
        typed = show_secret(SECRETS[number - 1]) + "\n" + text_sheet(MOOT, number, SECRETS).split("secret.\n")[1]
        path.write_text(typed)
        assert read_sheet(path) == read


@pytest.mark.parametrize(("language", "word"), [("en", "Recovery key 2 of 3"), ("fr-BE", "Clé de secours 2 sur 3")])
def test_the_page_to_print_stands_alone_and_says_the_secret(language: str, word: str) -> None:
    page = html_sheet(MOOT._replace(language=language), 2, SECRETS)
    assert word in page
    assert f'<html lang="{language[:2]}">' in page
    assert "Moot &lt;&amp;&gt;" in page
    assert re.findall(r"</span>([a-z2-7]{4})</li>", page) == show_secret(SECRETS[1]).split(" ")
    assert re.findall("(?m)^(?:<pre>)?(public .*)$", page) == re.findall(
        "(?m)^public .*$", text_sheet(MOOT, 2, SECRETS)
    )
    assert not re.search(r"<(script|img|link)|https?:|url\(", page)


def test_at_most_seven_holders_can_be_needed(run: Run, tmp_path: Path) -> None:
    fields = ("--name", "A", "--kind", "city")
    few = run("--data-dir", tmp_path / "a", "init", *fields, "--recovery-keys", 9, "--threshold", 8)
    assert few.code == 2
    home = Home(tmp_path / "b", run)
    home.well("init", *fields, "--recovery-keys", 16)
    assert shown(home)["recovery"]["threshold"] == 7
    home.well("key", "rotate", *sheet(home, *range(10, 17)))
    assert DataDirectory(home.path).key.exists()


def test_the_rules_of_the_assembly_stand_in_the_charter(tmp_path: Path, run: Run) -> None:
    home = Home(tmp_path / "rules", run)
    home.well("init", "--name", "Moot", "--kind", "assembly", "--turnout", "30 %", "--majority", "2/3")
    assert home.well("key", "show", "--json").json["assembly"] == {"quorum": [3, 10], "majority": [2, 3]}
    assert home("init", "--name", "Moot", "--kind", "assembly", "--majority", "half").code == 1
    changed = home.well("key", "amend", "--turnout", "1/4", *sheet(home, 1, 2))
    assert "turnout 3/10, majority over 2/3  becomes  turnout 1/4, majority over 2/3" in changed.err
    assert shown(home)["assembly"] == {"quorum": [1, 4], "majority": [2, 3]}
