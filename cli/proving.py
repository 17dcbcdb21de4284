# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot log prove`, `balance` and `fork-proof`: files, and QR codes, that anybody can check offline."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cli.output import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree

_PATH = click.Path(path_type=Path)
_OPTIONS = (
    click.option("--trust", type=_PATH, help="Write a trust file for the log and its witnesses, too."),
    click.option("--page", type=_PATH, help="Write a page, too, that checks the proof in any browser, offline."),
    click.option("--qr", metavar="FILE", help="Write QR codes instead: to a .svg or .png file, or `terminal`."),
    click.option("--url", help="Address in the QR codes; the page of the log's own node that reads them if not given."),
    click.pass_obj,
)


class Targets(NamedTuple):
    """What is written where: `output` is the proof file, `-` stdout; `qr` codes with `url` in them."""

    output: Path | None
    trust: Path | None
    page: Path | None
    qr: str | None
    url: str | None


def _options(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.command("prove")
@click.argument("log")
@click.argument("position", type=click.IntRange(0))
@click.option("--output", "-o", type=_PATH, help="Proof file; LOG-POSITION.tlog-proof if not given; - is stdout.")
@_options
def prove(
    data_dir: str | None,
    log: str,
    position: int,
    **targets: Any,  # noqa: ANN401 - what the options name
) -> None:
    """Writes a proof file that anybody can check offline.

    The entry with its payload, and the way to the signed root.
    """
    from ledger.proofs.proving import prove_entry

    def made(reads: Snapshot, tree: Tree) -> tuple[str, bytes]:
        return str(position), prove_entry(reads, tree, position)

    _write(data_dir, log, made, Targets(**targets))


@click.command("balance")
@click.argument("log")
@click.argument("account")
@click.option("--output", "-o", type=_PATH, help="Proof file; LOG-ACCOUNT.tlog-proof if not given; - is stdout.")
@_options
def balance(
    data_dir: str | None,
    log: str,
    account: str,
    **targets: Any,  # noqa: ANN401 - what the options name
) -> None:
    """Writes the proof of one balance: ACCOUNT is an id, the beginning of one, a title, or the owner's name.

    It is what the log's last signed state says. That it adds up, the owner's `folkmoot statement` shows.
    """
    from ledger.proofs.member_statement import make_balance
    from ledger.showing.naming import find_account
    from ledger.showing.view import LedgerView

    def made(reads: Snapshot, tree: Tree) -> tuple[str, bytes]:
        one = find_account(LedgerView(reads, tree, private=True), account)
        return one.hex()[:8], make_balance(reads, tree, one)

    _write(data_dir, log, made, Targets(**targets))


def _write(
    data_dir: str | None,
    log: str,
    make: Callable[[Snapshot, Tree], tuple[str, bytes]],
    targets: Targets,
) -> None:
    """Writes a proof of a log as a file, or as QR codes, and what else is asked for."""
    from ledger.keeping.audit import find_tree
    from ledger.proofs.proving import trust_file
    from ledger.sqlite.store import SqliteStore
    from node.config import data_directory
    from protocol.charter import establish
    from protocol.identity import short_log_id

    directory = data_directory(data_dir)
    with SqliteStore(directory.store, writable=False).read() as reads:
        tree = find_tree(reads, log)
        name, proof = make(reads, tree)
        trusted = trust_file(reads, tree)
        own = tree.tree == int(reads.fact("own") or 0)
        charter = establish(reads.charters(tree.tree)).charter
    if targets.qr:
        from cli.qr import url_for, write_codes
        from node.config import load_config
        from node.web.codes import make_codes

        public_url = load_config(directory).public_url if own else ""
        write_codes(make_codes(proof, url_for(targets.url, charter.endpoints, public_url)), targets.qr)
    if str(targets.output) == "-":
        sys.stdout.buffer.write(proof)
    elif targets.output or not targets.qr:
        path = targets.output or Path(f"{short_log_id(tree.origin.log_id)}-{name}.tlog-proof")
        path.write_bytes(proof)
        say(f"written: {path}")
    if targets.page:
        from node.verifier.page import verifier_page

        targets.page.write_text(verifier_page(proof, charter.languages, trusted), "utf-8")
        say(f"written: {targets.page}; open it in a browser, on any machine")
    if targets.trust:
        targets.trust.write_bytes(trusted)
        say(f"written: {targets.trust}; compare the log ids in it with what the organisations told you themselves")


@click.command("fork-proof")
@click.argument("log")
@click.option("--output", "-o", type=_PATH, help="File; LOG.fork-proof if not given; - is stdout.")
@click.pass_obj
def write_fork_proof(data_dir: str | None, log: str, output: Path | None) -> None:
    """Writes the proof that a log has forked: `folkmoot verify` checks it anywhere, offline."""
    from ledger.keeping.audit import find_tree
    from ledger.proofs.proving import newest_fork_proof
    from ledger.sqlite.store import SqliteStore
    from node.config import data_directory
    from protocol.identity import short_log_id

    with SqliteStore(data_directory(data_dir).store, writable=False).read() as reads:
        log_id = find_tree(reads, log).origin.log_id
        proof = newest_fork_proof(reads, log_id)
    if str(output) == "-":
        sys.stdout.buffer.write(proof)
        return
    path = output or Path(f"{short_log_id(log_id)}.fork-proof")
    path.write_bytes(proof)
    say(f"written: {path}; anybody can check it with `folkmoot verify`")


PROOF_COMMANDS = (prove, balance, write_fork_proof)
