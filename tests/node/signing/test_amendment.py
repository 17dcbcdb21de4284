# SPDX-License-Identifier: AGPL-3.0-or-later
"""A holder's browser reads, checks and signs an amendment as the program does (spec 04 §3, §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger.errors import RefusedError
from ledger.own.keys import read_secret, show_secret
from ledger.showing.charter import amendment_changes
from protocol.amendment import parse_charter_statement, read_amendment, write_amendment
from protocol.charter import establish
from protocol.encoding import decode, encode
from tests.builders import seeded
from tests.node.signing.holding import MOOT, ask, drafted, many_changes, text
from tests.node.verifier.running import vector_files

if TYPE_CHECKING:
    from pathlib import Path

READ = "(files) => files.map((file) => outcome(() => toldOf(readAmendment(bytesOf(file)))))"
SIGN = """(cases) => cases.map(([file, ...texts]) => outcome(() => texts.reduce((amendment, secret) => (
  signAmendment(amendment, readSecret(secret))), readAmendment(bytesOf(file)))) ).map((one) => (
  one.gives ? { gives: writeAmendment(one.gives) } : one))"""


def vectors(group: str) -> list[dict[str, Any]]:
    return next(one["cases"] for one in vector_files()["04-charter"]["groups"] if one["name"] == group)


def test_every_vector_of_an_amendment_has_the_same_verdict(tmp_path: Path) -> None:
    cases = vectors("amendment")
    for case, found in zip(cases, ask(tmp_path, READ, [case["file"] for case in cases]), strict=True):
        if case["valid"]:
            assert {name: found["gives"][name] for name in ("log_id_hex", "kseq", "signers_hex")} == {
                name: case[name] for name in ("log_id_hex", "kseq", "signers_hex")
            }, case["name"]
        else:
            assert found == {"reason": case["reason"]}, case["name"]
    assert len(cases) > 20


def test_every_vector_of_a_recovery_key_is_the_same(tmp_path: Path) -> None:
    cases = vectors("recovery_key")
    function = """(cases) => cases.map(([secret, generation]) => {
      const seed = recoverySeed(fromHex(secret), generation);
      return [toHex(seed), toHex(expandSeed(seed).public)];
    })"""
    found = ask(tmp_path, function, [[case["secret_hex"], case["generation"]] for case in cases])
    assert found == [[case["seed_hex"], case["public_key_hex"]] for case in cases]


def test_what_a_browser_has_signed_is_put_in_force(tmp_path: Path) -> None:
    amendment, secrets = many_changes("Moot"), [show_secret(secret) for secret in MOOT.secrets]
    (one, two, typed) = ask(
        tmp_path, SIGN,
        [[text(amendment), secrets[0]], [text(amendment), secrets[2], secrets[1]],
         [text(amendment), secrets[1].replace(" ", "").upper()]],
    )  # fmt: skip
    assert one["gives"].encode() == write_amendment(amendment.sign(MOOT.secrets[0]))
    assert typed["gives"].encode() == write_amendment(amendment.sign(MOOT.secrets[1]))
    complete = read_amendment(two["gives"].encode())
    assert complete.lacking() == (0, 0)
    keys = establish([MOOT.payload, complete.payload(seeded("salt"))])
    assert keys.charter.territory == "Moot"
    joined = read_amendment(one["gives"].encode()).joined(read_amendment(typed["gives"].encode()))
    assert joined.lacking() == (0, 0)


def test_the_same_changes_are_told(tmp_path: Path) -> None:
    amendments = [drafted(), many_changes("Name, <b>")]
    for amendment, found in zip(amendments, ask(tmp_path, READ, [text(one) for one in amendments]), strict=True):
        assert found["gives"]["changes"] == [change._asdict() for change in amendment_changes(amendment)]
        assert found["gives"]["lacking"] == 2


def test_what_must_not_sign_does_not(tmp_path: Path) -> None:
    amendment, secrets = drafted(), [show_secret(secret) for secret in MOOT.secrets]
    once = text(amendment.sign(MOOT.secrets[0]))
    cases = {
        "sheet_other": [text(amendment), show_secret(seeded("somebody else"))],
        "signed_already": [once, secrets[0]],
    }
    found = ask(tmp_path, SIGN, list(cases.values()))
    assert [one["fault"] for one in found] == list(cases)


def test_a_charter_that_says_what_no_spec_names_is_not_signed(tmp_path: Path) -> None:
    amendment = drafted()
    old = bytes(parse_charter_statement(amendment.statement).body)
    for changes in ({"colour": "red"}, {"recovery": {"colour": 1}}):
        body: Any = decode(old)
        for name, value in changes.items():
            body[name] = body[name] | value if isinstance(value, dict) else value
        statement = amendment.statement.replace(old, encode(body))
        strange = amendment._replace(statement=statement, signatures=())
        (found,) = ask(tmp_path, SIGN, [[text(strange), show_secret(MOOT.secrets[0])]])
        assert found == {"reason": "body"}
        with pytest.raises(ValueError, match="colour"):
            strange.sign(MOOT.secrets[0])
        assert read_amendment(write_amendment(strange)).statement == strange.statement


def test_a_secret_is_read_as_the_program_reads_it(tmp_path: Path) -> None:
    groups = show_secret(MOOT.secrets[0]).split()
    right = " ".join(groups)
    turned = " ".join([groups[1], groups[0], *groups[2:]])
    typed = [
        right, right.replace(" ", "\n"), right.upper(), right[:-1], right + "a", turned, "", "0" + right[1:],
        " ".join([*groups[:3], "a1b8", *groups[4:]]), "é" * 56, "\u212a" + right[1:],
    ]  # fmt: skip
    function = "(texts) => texts.map((text) => outcome(() => toHex(readSecret(text))))"
    for written, found in zip(typed, ask(tmp_path, function, typed), strict=True):
        read, refused = programs(written)
        assert found.get("gives") == read, written
        assert ("in group 4" in refused) == (found.get("values", {}).get("groups") == "4"), written


def programs(written: str) -> tuple[str | None, str]:
    """What the program reads, or why it does not."""
    try:
        return read_secret(written).hex(), ""
    except RefusedError as error:
        return None, str(error)


def test_the_file_of_a_sheet_is_read_as_the_program_reads_it(tmp_path: Path) -> None:
    from cli.sheet import Organisation, html_sheet, text_sheet  # noqa: PLC0415 - the node itself knows no command

    moot = Organisation("Moot", "a" * 52, "en", 3, 2)
    sheet = text_sheet(moot, 2, MOOT.secrets)
    bare, typed = show_secret(MOOT.secrets[1]), show_secret(MOOT.secrets[1]) + "\n" + sheet[sheet.index("public 1") :]
    files = [sheet, sheet.replace("\n", "\r\n"), bare, typed, html_sheet(moot, 2, MOOT.secrets), "x" * 2000]
    function = """(texts) => texts.map((text) => outcome(() => {
      const { secret, log } = readSheet(text);
      return [toHex(secret), log];
    }))"""
    found = ask(tmp_path, function, files)
    secret = MOOT.secrets[1].hex()
    assert [one.get("gives") for one in found[:4]] == [[secret, "a" * 52]] * 2 + [[secret, ""]] * 2
    assert [one.get("fault") for one in found[4:]] == ["no_sheet"] * 2
