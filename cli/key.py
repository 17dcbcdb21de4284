# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot key`: the keys of the organisation; replacing, revoking and recovering them; opening an epoch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.failure import CommandError
from cli.output import json_option, plain, say, show, show_json
from cli.rules import with_rules
from cli.signing import (
    add,
    ask_secret,
    carry_out,
    directory_of,
    finish,
    own_of,
    refused,
    report,
    show_amendment,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.data_directory import DataDirectory
    from ledger.own.amending import Own
    from ledger.own.charter_plans import Plan
    from protocol.charter import Opens

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group("key", short_help="Show, replace and revoke keys; recover after loss or theft; open an epoch.")
def command() -> None:
    """The keys of this organisation.

    Operating keys lie on the node and sign what it writes. They are changed by amendments of the charter, which only
    the holders of recovery sheets can sign. Stop the node first, or do it in the browser: /steward/charter. Where the
    holders live apart: write the amendment with --out FILE, have each of them run `folkmoot key sign FILE`, and run
    `folkmoot key apply FILE` here.
    """


def _amending(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that makes an amendment."""
    for option in (
        json_option,
        click.option("--destroy-old", "destroy", is_flag=True, help="Destroy a removed key, do not keep it aside."),
        click.option(
            "--out",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Write the amendment to this file for the holders to sign, and change nothing yet.",
        ),
        click.option(
            "--sheet",
            "sheets",
            type=_FILE,
            multiple=True,
            help="File of a recovery sheet; repeat it. Without any, the secrets are asked for.",
        ),
    ):
        function = option(function)
    return function


@command.command("show")
@json_option
@click.pass_obj
def show_keys(data_dir: str | None, *, as_json: bool) -> None:
    """Shows who can sign for this organisation, and who can change that."""
    from ledger.own.keys import read_key
    from ledger.showing.charter import fingerprint, removed_keys, rules_object

    directory = directory_of(data_dir)
    own = own_of(directory)
    charter = own.keys.charter
    here = read_key(directory.key).public if directory.key.exists() else b""
    removed = removed_keys(own.keys)
    witness = _witness(directory)
    if as_json:
        show_json(
            {
                "schema": "folkmoot.keys/1",
                "log": _log(own.keys.log_id),
                "epoch": own.keys.epoch,
                "kseq": charter.kseq,
                "operating": [{"key": key.hex(), "here": key == here} for key in charter.keys],
                "removed": [key.hex() for key in removed],
                "recovery": {"keys": [key.hex() for key in charter.recovery.keys]}
                | {"threshold": charter.recovery.threshold, "generation": charter.kseq},
                "witness": witness,
                "endpoints": charter.endpoints,
                "assembly": rules_object(charter.assembly),
            }
        )
        return
    show(f"{plain(charter.title())}: charter {charter.kseq}, epoch {own.keys.epoch}")
    show(f"  log        {_log(own.keys.log_id)}")
    for key in charter.keys:
        show(f"  operating  {fingerprint(key)}  {'on this machine' if key == here else 'elsewhere'}")
    for key in removed:
        show(f"  removed    {fingerprint(key)}")
    show(f"  recovery   {charter.recovery.threshold} of {len(charter.recovery.keys)} sheets, generation {charter.kseq}")
    show(f"  assembly   {charter.assembly or 'turnout 1/2, majority over 1/2'}")
    if witness:
        show(f"  witness    {witness}")


@command.command("rotate")
@_amending
@click.pass_obj
def rotate(data_dir: str | None, sheets: tuple[Path, ...], out: Path | None, *, destroy: bool, as_json: bool) -> None:
    """Puts a new operating key, made here, in the place of the one in use."""
    from ledger.own.charter_plans import replace_key

    directory = _closed(data_dir)
    plan = replace_key(directory, own_of(directory))
    carry_out(directory, plan, sheets, out, destroy=destroy, as_json=as_json)


@command.command("recover")
@click.option(
    "--store",
    type=click.Path(path_type=Path, exists=True),
    help="A backup of this node, or a peer's store: for an empty data directory.",
)
@click.option("--log", help="The beginning of the log's id, with --store.")
@click.option(
    "--new-epoch", is_flag=True, help="Open an epoch as well: when the history is lost, or a thief has signed another."
)
@_amending
@click.pass_obj
def recover(  # noqa: PLR0913 - what may be at hand after a loss
    data_dir: str | None,
    store: Path | None,
    log: str | None,
    sheets: tuple[Path, ...],
    out: Path | None,
    *,
    new_epoch: bool,
    destroy: bool,
    as_json: bool,
) -> None:
    """After loss or theft: a new operating key is made here, and all earlier ones are revoked.

    Works on the data directory, on one restored from a backup, or on an empty one with --store.
    """
    from ledger.keeping.backup import STORE
    from ledger.keeping.recovering import take_store
    from ledger.own.charter_plans import renew_all
    from node.config import TEMPLATE

    if store is not None:
        if not log:
            raise click.UsageError("with --store, name the log: --log")
        take_store(directory_of(data_dir), store / STORE if store.is_dir() else store, log)
        directory_of(data_dir).configuration.write_text(TEMPLATE)
    directory = _closed(data_dir)
    if not directory.head.exists():
        say("This store is a copy. If keys were changed after it was made, take a newer one, such as a peer's, with")
        say("--store: of two amendments with one number the others keep the one that they knew first.")
    own_of(directory)  # no key for a place that has no node
    plan = renew_all(directory, _opening(directory, None, None) if new_epoch else None)
    carry_out(directory, plan, sheets, out, destroy=destroy, as_json=as_json)
    if not new_epoch and out is None:
        say("Start the node: it asks its witnesses and peers what they last saw before it signs.")
        say("If a thief has signed another history with the stolen key: folkmoot key epoch.")


@command.command("revoke")
@click.argument("key")
@_amending
@click.pass_obj
def revoke(
    data_dir: str | None, key: str, sheets: tuple[Path, ...], out: Path | None, *, destroy: bool, as_json: bool
) -> None:
    """Removes an operating key for ever: KEY is the beginning of it in hexadecimal, as `key show` prints it."""
    from ledger.own.charter_plans import remove_key

    directory = _closed(data_dir)
    own = own_of(directory)
    digits = "".join(key.split()).lower()
    found = [one for one in own.keys.charter.keys if digits and one.hex().startswith(digits)]
    if len(found) != 1:
        raise CommandError(f"{len(found)} operating keys begin with {digits[:64]!r}; see `folkmoot key show`", 4)
    plan = remove_key(directory, own, found[0])
    carry_out(directory, plan, sheets, out, destroy=destroy, as_json=as_json)


@command.command("amend")
@click.option("--name", help="Name of the organisation, in its first language.")
@click.option("--territory", help="Where it works, in its own words.")
@click.option("--licence", help="Default licence of the data, SPDX.")
@click.option("--endpoint", "endpoints", multiple=True, help="URL of the node; repeat it. Replaces all.")
@click.option(
    "--witness",
    "witnesses",
    multiple=True,
    help="Verifier key of a witness; repeat it. Replaces all.",
)
@click.option("--quorum", type=click.IntRange(0, 16), help="How many witnesses make a checkpoint `published`.")
@with_rules
@_amending
@click.pass_obj
def amend(  # noqa: PLR0913, PLR0917 - the parts of a charter
    data_dir: str | None,
    name: str | None,
    territory: str | None,
    licence: str | None,
    endpoints: tuple[str, ...],
    witnesses: tuple[str, ...],
    quorum: int | None,
    sheets: tuple[Path, ...],
    out: Path | None,
    *,
    rules: tuple[str | None, str | None],
    destroy: bool,
    as_json: bool,
) -> None:
    """Changes what the charter says: name, addresses, witnesses, the rules of the assembly."""
    directory = _closed(data_dir)
    own = own_of(directory)
    turnout, majority = rules
    given: dict[str, Any] = {"territory": territory, "licence": licence, "turnout": turnout, "majority": majority}
    given |= {"quorum": None if quorum is None else str(quorum), "endpoints": endpoints or None}
    given |= {"witnesses": witnesses or None, "name": name and {own.keys.charter.languages[0]: name}}
    written = {field: value for field, value in given.items() if value is not None}
    if not written:
        raise click.UsageError("nothing is to be changed")
    carry_out(directory, _plan_fields(directory, own, written), sheets, out, destroy=destroy, as_json=as_json)


@command.command("server")
@click.argument("endpoints", nargs=-1, required=True, metavar="URL...")
@_amending
@click.pass_obj
def server(
    data_dir: str | None,
    endpoints: tuple[str, ...],
    sheets: tuple[Path, ...],
    out: Path | None,
    *,
    destroy: bool,
    as_json: bool,
) -> None:
    """Says where the node is reached from now on: after a move to a new server."""
    directory = _closed(data_dir)
    plan = _plan_fields(directory, own_of(directory), {"endpoints": endpoints})
    carry_out(directory, plan, sheets, out, destroy=destroy, as_json=as_json)


@command.command("epoch")
@click.option("--from", "size", type=click.IntRange(1), help="How many entries are accepted; else all that are held.")
@click.option("--proof", type=_FILE, help="The fork proof that is the reason; else the one held here.")
@_amending
@click.pass_obj
def epoch(
    data_dir: str | None,
    size: int | None,
    proof: Path | None,
    sheets: tuple[Path, ...],
    out: Path | None,
    *,
    destroy: bool,
    as_json: bool,
) -> None:
    """Opens a new epoch of the log, after a fork or when the history is lost beyond repair.

    The entries that are accepted are entered again in a new tree, with a new operating key. The old tree stays
    readable.
    """
    from ledger.own.charter_plans import renew_all

    directory = _closed(data_dir)
    plan = renew_all(directory, _opening(directory, size, proof))
    carry_out(directory, plan, sheets, out, destroy=destroy, as_json=as_json)


@command.command("sign")
@click.argument("file", type=_FILE)
@click.option("--sheet", "sheets", type=_FILE, multiple=True, help="File of a recovery sheet; else it is asked for.")
@click.option("--yes", is_flag=True, help="Do not ask whether this is what you want to sign.")
@json_option
def sign(file: Path, sheets: tuple[Path, ...], *, yes: bool, as_json: bool) -> None:
    """Adds a holder's signatures to the amendment in FILE, after saying what it changes. Needs no node.

    Sign one amendment for each number. One that you signed and that is not used after all should be destroyed.
    """
    from cli.sheet import read_sheet
    from protocol.amendment import read_amendment, write_amendment

    amendment = refused(lambda: read_amendment(file.read_bytes()))
    show_amendment(amendment)
    if not yes:
        click.confirm("Is this what you want to sign?", abort=True, err=True)
    secrets = [read_sheet(path).secret for path in sheets] or [ask_secret("all groups")]
    for secret in secrets:
        amendment = add(amendment, secret)
    part = file.with_name(file.name + ".part")
    part.write_bytes(write_amendment(amendment))
    part.replace(file)
    report(amendment, None, file, as_json=as_json)


@command.command("apply")
@click.argument("files", type=_FILE, nargs=-1, required=True, metavar="FILE...")
@click.option("--destroy-old", "destroy", is_flag=True, help="Destroy a removed key, do not keep it aside.")
@json_option
@click.pass_obj
def apply_file(data_dir: str | None, files: tuple[Path, ...], *, destroy: bool, as_json: bool) -> None:
    """Checks the signed amendment in FILE and puts it in force on this node.

    Of an amendment that was signed in several copies, name all of them.
    """
    from functools import reduce

    from protocol.amendment import Amendment, read_amendment

    copies = refused(lambda: [read_amendment(file.read_bytes()) for file in files])
    amendment = refused(lambda: reduce(Amendment.joined, copies))
    show_amendment(amendment)
    finish(_closed(data_dir), amendment, destroy=destroy, as_json=as_json)


def _closed(data_dir: str | None) -> DataDirectory:
    """The data directory, while no node runs on it. Raises StoreLockedError."""
    directory = directory_of(data_dir)
    if directory.exists():
        with directory.locked():
            pass
    return directory


def _plan_fields(directory: DataDirectory, own: Own, written: Any) -> Plan:  # noqa: ANN401 - what was typed, unchecked
    """The plan to change what the charter says. Raises CommandError with all that is wrong."""
    from ledger.own.charter_fields import changes_of
    from ledger.own.charter_plans import change_fields
    from ledger.showing.charter import FAULTS

    changes, faults = changes_of(own.keys.charter, written)
    if faults:
        raise CommandError(
            "; ".join(f"{one.field}: {plain(FAULTS[one.code].format(value=one.value))}" for one in faults)
        )
    return change_fields(directory, own, changes)


def _opening(directory: DataDirectory, size: int | None, proof: Path | None) -> Opens:
    """What the charter says of the epoch that it opens."""
    from ledger.own.epoch import opening_of
    from ledger.sqlite.store import SqliteStore

    own = own_of(directory)
    reason = _checked_proof(proof, own) if proof else b""
    store = SqliteStore(directory.store, writable=False)
    try:
        with store.read() as reads:
            return opening_of(reads, own, size, reason)
    finally:
        store.close()


def _checked_proof(path: Path, own: Own) -> bytes:
    """A file that proves the fork of the epoch that is to be closed."""
    from protocol.fork import ForkVerdict, judge_fork

    data = path.read_bytes()
    finding = judge_fork(data, charters=own.keys.payloads)
    if finding.verdict is not ForkVerdict.TRUE or finding.proof is None:
        raise CommandError(f"{path} does not prove that this log has forked: {finding.why}")
    if finding.proof.first.origin != str(own.tree.origin):
        raise CommandError(f"{path} proves a fork of {finding.proof.first.origin}, and not of {own.tree.origin}")
    return data


def _witness(directory: DataDirectory) -> str:
    """The key by which this node witnesses other logs, if it has one."""
    from protocol.identity import witness_name
    from protocol.note import TYPE_COSIGNATURE, VerifierKey
    from protocol.signature import SigningKey

    path = directory.key.with_name("witness.key")
    if not path.exists():
        return ""
    public = SigningKey.from_seed(bytes.fromhex(path.read_text("ascii").split("\n")[1])).public
    return str(VerifierKey(witness_name(own_of(directory).keys.log_id), TYPE_COSIGNATURE, public))


def _log(log_id: bytes) -> str:
    from protocol.identity import show_log_id

    return show_log_id(log_id)
