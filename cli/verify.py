# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot verify`: checks a proof file or a fork proof with no network, no node and no database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.failure import CANNOT_VERIFY, CommandError
from cli.output import json_option, plain, show, show_json, when

if TYPE_CHECKING:
    from protocol.policy import Policy
    from protocol.proof import Finding

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("verify", short_help="Check a proof file, offline.")
@click.argument("file", type=_FILE)
@click.option("--trust", type=_FILE, help="Trust file: whose keys and witnesses you believe.")
@json_option
def command(file: Path, trust: Path | None, *, as_json: bool) -> int:
    """Checks a .tlog-proof file against a trust file: no network, no node, no clock.

    A .fork-proof file, which says that a log signed two histories, can be checked without a trust file too: then the
    charters in it say whose key is the log's.

    Exits with 0 if it is true, 3 if it is false, 7 if that cannot be told because a key or a part is missing.
    """
    from protocol.errors import Malformed
    from protocol.fork import HEADER
    from protocol.policy import POLICY_BYTES_MAX, parse_policy
    from protocol.proof import PROOF_BYTES_MAX, judge

    data = _read(file, PROOF_BYTES_MAX)
    is_fork = data.startswith(HEADER)
    if trust is None and is_fork:
        return _verify_fork(data, None, as_json=as_json)
    if trust is None:
        raise CommandError(
            "no trust file: say with --trust whose keys you believe. Without one nothing can be told.", CANNOT_VERIFY
        )
    try:
        policy = parse_policy(_read(trust, POLICY_BYTES_MAX))
    except Malformed as error:
        raise CommandError(f"the trust file {trust} cannot be used: {error}", CANNOT_VERIFY) from None
    if is_fork:
        return _verify_fork(data, policy, as_json=as_json)
    finding = judge(data, policy)
    if as_json:
        show_json(_finding_object(finding))
    else:
        _show(finding)
    return finding.verdict.exit_code


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        return file.read(limit + 1)


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


def _show(finding: Finding) -> None:
    from protocol.identity import Origin
    from protocol.statement import Statement

    code = finding.verdict.exit_code
    word = {0: "TRUE", 3: "FALSE", 7: "CANNOT TELL"}[code]
    show(f"{word}: {finding.why}" if code else "TRUE: this entry stands in the log and says what is shown here.")
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
        if finding.witnesses:
            for name, time in finding.witnesses:
                show(f"  witness     {plain(name)} saw this log at {when(time)}")
        else:
            show(
                "  witnesses   none asked for by your trust file: a log that shows others something else is not "
                "excluded."
            )


def _describe(statement: Any) -> list[str]:  # noqa: ANN401 - a Statement
    """The record's name, or the fields of the body, in few lines."""
    body = statement.read_body()
    record = body.get("record")
    if isinstance(record, dict):
        names = record.get("name", {})
        lines = [f"{record.get('kind')}: {plain(name)} ({tag})" for tag, name in names.items()]
        return [*lines, f"licence {plain(record.get('licence'))}"]
    return [f"{key}: {plain(value.hex() if isinstance(value, bytes) else value)[:90]}" for key, value in body.items()]


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
