# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot verify`: checks proofs and member statements with no network, no node and no database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.failure import CANNOT_VERIFY, FALSE, CommandError
from cli.output import json_option, plain, show, show_json, when

if TYPE_CHECKING:
    from protocol.policy import Policy
    from protocol.proof import Finding

_TRUST = click.Path(path_type=Path, dir_okay=False)


@click.command("verify", short_help="Check a proof or a member statement, offline.")
@click.argument("files", nargs=-1, required=True, metavar="FILE")
@click.option("--trust", type=_TRUST, help="Trust file: whose keys and witnesses you believe.")
@json_option
def command(files: tuple[str, ...], trust: Path | None, *, as_json: bool) -> int:
    """Checks a .tlog-proof or .member-statement file against a trust file: no network, no node, no clock.

    FILE may also be what the QR codes of a short proof say, one text each, in any order.

    A member statement carries a trust file of its own, which decides if you name none: then compare the log's id with
    what the organisation told you. A .fork-proof file, which says that a log signed two histories, can be checked
    without a trust file too: then the charters in it say whose key is the log's.

    Exits with 0 if it is true, 3 if it is false, 7 if that cannot be told because a key or a part is missing.
    """
    from protocol.balance import is_balance
    from protocol.fork import HEADER as FORK_HEADER
    from protocol.member_statement import HEADER as MEMBER_HEADER

    data = _data(files)
    policy = _policy(trust) if trust else None
    if data.startswith(FORK_HEADER):
        return _verify_fork(data, policy, as_json=as_json)
    if data.startswith(MEMBER_HEADER):
        return _verify_member(data, policy, as_json=as_json)
    if policy is None:
        raise CommandError(
            "no trust file: say with --trust whose keys you believe. Without one nothing can be told.", CANNOT_VERIFY
        )
    verify = _verify_balance if is_balance(data) else _verify_proof
    return verify(data, policy, as_json=as_json)


def _data(files: tuple[str, ...]) -> bytes:
    """The file that is named, or the one that the texts of QR codes, given as they are or in a file, stand for."""
    from protocol.digits import is_part
    from protocol.member_statement import MEMBER_STATEMENT_BYTES_MAX

    if all(map(is_part, files)):
        return _unpack(list(files))
    if len(files) > 1:
        raise CommandError("one file at a time, or all texts of the QR codes of one proof", 2)
    with Path(files[0]).open("rb") as file:
        data = file.read(MEMBER_STATEMENT_BYTES_MAX + 1)
    texts = data[:65_536].decode("ascii", "replace").split()
    return _unpack(texts) if texts and all(map(is_part, texts)) else data


def _unpack(texts: list[str]) -> bytes:
    from protocol.digits import join_parts
    from protocol.errors import Malformed
    from protocol.short import unpack

    try:
        packed = join_parts(texts)
    except Malformed as error:
        raise CommandError(f"the QR codes cannot be put together: {error.text}", CANNOT_VERIFY) from None
    try:
        return unpack(packed)
    except Malformed as error:
        raise CommandError(f"FALSE: what the QR codes say is no proof: {error.text}", FALSE) from None


def _policy(trust: Path) -> Policy:
    from protocol.errors import Malformed
    from protocol.policy import POLICY_BYTES_MAX, parse_policy

    with trust.open("rb") as file:
        data = file.read(POLICY_BYTES_MAX + 1)
    try:
        return parse_policy(data)
    except Malformed as error:
        raise CommandError(f"the trust file {trust} cannot be used: {error}", CANNOT_VERIFY) from None


def _verify_fork(data: bytes, policy: Policy | None, *, as_json: bool) -> int:
    """Says whether a log has forked, as a fork proof claims (spec 12)."""
    from cli.forking import fork_object, show_fork
    from protocol.fork import judge_fork

    finding = judge_fork(data, trusted=policy.logs if policy else None)
    if as_json:
        show_json(fork_object(finding, data))
    else:
        show_fork(finding)
    return finding.verdict.exit_code


def _verify_member(data: bytes, policy: Policy | None, *, as_json: bool) -> int:
    """Says whether a member statement is complete and adds up (spec 20)."""
    from cli.member_text import member_object, show_member
    from protocol.member_verdict import judge_member

    finding = judge_member(data, policy)
    if as_json:
        show_json(member_object(finding))
    else:
        show_member(finding)
    return finding.verdict.exit_code


def _verify_balance(data: bytes, policy: Policy, *, as_json: bool) -> int:
    """Says whether a log states a balance (spec 20 §3)."""
    from cli.member_text import balance_object, show_balance
    from protocol.balance import judge_balance

    finding = judge_balance(data, policy)
    if as_json:
        show_json(balance_object(finding))
    else:
        show_balance(finding)
    return finding.verdict.exit_code


def _verify_proof(data: bytes, policy: Policy, *, as_json: bool) -> int:
    """Says whether an entry stands in a log (spec 08)."""
    from protocol.proof import judge

    finding = judge(data, policy)
    if as_json:
        show_json(_finding_object(finding))
    else:
        _show(finding)
    return finding.verdict.exit_code


def _show(finding: Finding) -> None:
    from cli.member_text import WORD, show_witnesses
    from protocol.identity import Origin
    from protocol.statement import Statement

    code = finding.verdict.exit_code
    show(f"{WORD[code]}: {finding.why}" if code else "TRUE: this entry stands in the log and says what is shown here.")
    checkpoint = finding.checkpoint
    if checkpoint is not None:
        origin = Origin.parse(checkpoint.origin)
        show(f"  log         {checkpoint.origin.split('/')[1]} (epoch {origin.epoch})")
        show(f"  position    {finding.position} of {checkpoint.size}")
    if finding.entry is not None and not code:
        show(f"  taken in    {when(finding.entry.at)} by the log's own clock")
    if finding.opened is not None and isinstance(finding.opened.statement, Statement):
        statement = finding.opened.statement
        show(f"  statement   {statement.kind}, signed by {statement.author.hex()[:16]}")
        for line in _describe(statement):
            show(f"              {line}")
    if not code:
        show(
            "  checked     the log's signature, the way from the entry to the signed root, the payload's hash, "
            "and every"
        )
        show("              signature on the statement. Nobody was asked; no clock was read.")
        show_witnesses(finding.witnesses)


def _describe(statement: Any) -> list[str]:  # noqa: ANN401 - a Statement
    """The record's name, or the fields of the body, in few lines."""
    from ledger.jsonform import to_json

    body = statement.read_body()
    record = body.get("record")
    if isinstance(record, dict):
        names = record.get("name", {})
        lines = [f"{record.get('kind')}: {plain(name)} ({tag})" for tag, name in names.items()]
        return [*lines, f"licence {plain(record.get('licence'))}"]
    return [f"{key}: {plain(value)[:90]}" for key, value in to_json(body).items()]


def _finding_object(finding: Finding) -> dict[str, Any]:
    from ledger.jsonform import to_json
    from protocol.statement import Statement

    value: dict[str, Any] = {
        "schema": "folkmoot.verdict/1",
        "verdict": finding.verdict.word,
        "exit": finding.verdict.exit_code,
        "why": finding.why,
        "position": finding.position,
    }
    if finding.checkpoint is not None:
        value["origin"], value["size"] = finding.checkpoint.origin, finding.checkpoint.size
    value["witnesses"] = [{"name": name, "time": time} for name, time in finding.witnesses]
    if finding.opened is not None and isinstance(finding.opened.statement, Statement):
        statement = finding.opened.statement
        value["statement"] = {
            "kind": statement.kind,
            "at": statement.at,
            "author": statement.author.hex(),
            "body": to_json(statement.read_body()),
        }
    return value
