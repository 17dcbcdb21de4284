# SPDX-License-Identifier: AGPL-3.0-or-later
"""Amendments on the command line: drafting, collecting signatures, applying; and saying in words what changes."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from cli.failure import CommandError
from cli.output import plain, say, show, show_json
from cli.sheet import read_sheet
from ledger.errors import RefusedError
from protocol.errors import Malformed
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.data_directory import DataDirectory
    from ledger.own.amending import Applied, Own
    from ledger.own.charter_plans import Plan
    from ledger.showing.charter import Change
    from protocol.amendment import Amendment

_Result = TypeVar("_Result")


def in_words(amendment: Amendment) -> list[str]:
    """What an amendment changes, a line for each change."""
    from ledger.showing.charter import amendment_changes

    lines = [_line(amendment, change) for change in amendment_changes(amendment)]
    return lines or ["nothing but the number of the charter and the recovery keys"]


def _line(amendment: Amendment, change: Change) -> str:
    what, before, after = change
    if what == "new_key":
        return f"new operating key    {after[0]}"
    if what == "removed_key":
        return f"REMOVED for ever     {before[0]}"
    if what == "epoch":
        return (
            f"EPOCH {after[0]} is opened: of epoch {int(after[0]) - 1} the first {int(after[1]):,} entries "
            "are accepted, and nothing after them"
        )
    if what == "assembly":
        before, after = (
            [str(one.assembly)] if one.assembly else [] for one in (amendment.keys.charter, amendment.charter)
        )
    old, new = (plain(", ".join(texts)) or "none" for texts in (before, after))
    return f"{what:<20} {old}  becomes  {new}"


def show_amendment(amendment: Amendment) -> None:
    """Says what is about to be signed, on stderr."""
    keys = amendment.keys
    say(f"An amendment of the charter of {plain(keys.charter.title())}")
    say(f"  log      {show_log_id(keys.log_id)}")
    say(f"  number   {amendment.charter.kseq}")
    for line in in_words(amendment):
        say(f"  {line}")


def directory_of(data_dir: str | None) -> DataDirectory:
    """The data directory that a command works on."""
    from node.config import data_directory

    return data_directory(data_dir)


def own_of(directory: DataDirectory) -> Own:
    """The own log of a data directory, as an amendment finds it."""
    from ledger.own.amending import read_own
    from ledger.sqlite.store import SqliteStore

    if not directory.exists():
        raise CommandError(f"no node at {directory.path}: name the right --data-dir", 4)
    store = SqliteStore(directory.store, writable=False)
    try:
        with store.read() as reads:
            return read_own(reads)
    finally:
        store.close()


def carry_out(
    directory: DataDirectory,
    plan: Plan,
    sheets: Sequence[Path],
    out: Path | None,
    *,
    destroy: bool,
    as_json: bool,
) -> None:
    """Drafts an amendment and writes it to a file, or has it signed here and applies it."""
    from ledger.own.charter_plans import give_up

    try:
        amendment = prepare(directory, plan, sheets, to_file=out is not None)
    except BaseException:  # a key that nothing names is not left lying about
        give_up(directory, plan.author.public)
        raise
    if out is None:
        finish(directory, amendment, destroy=destroy, as_json=as_json)
        return
    write_out(out, amendment)
    say("Send it to the holders of recovery sheets: folkmoot key sign FILE. Then here: folkmoot key apply FILE.")
    report(amendment, None, out, as_json=as_json)


def prepare(directory: DataDirectory, plan: Plan, sheets: Sequence[Path], *, to_file: bool) -> Amendment:
    """An amendment with the signatures that can be had here: by the sheets, or else by secrets that are typed in."""
    from ledger.own.amending import with_known
    from ledger.own.charter_plans import draft_planned

    own = own_of(directory)
    read = [read_sheet(path) for path in sheets]
    for sheet in read:
        own = with_known(own, sheet.public)
    amendment = refused(lambda: draft_planned(directory, own, plan, [sheet.secret for sheet in read], int(time.time())))
    show_amendment(amendment)
    for sheet in read:
        if any(amendment.lacking()):
            amendment = add(amendment, sheet.secret)
    if not sheets and not to_file:
        return ask(amendment)
    if not to_file and any(amendment.lacking()):
        raise CommandError(f"too few signatures: {max(amendment.lacking())} more sheets are needed")
    return amendment


def ask(amendment: Amendment) -> Amendment:
    """Has the secrets typed in, one holder after the other, until there are enough."""
    while any(amendment.lacking()):
        need = max(amendment.lacking())
        try:
            amendment = add(amendment, ask_secret(f"{need} more needed"))
        except (CommandError, RefusedError) as error:
            if not sys.stdin.isatty():
                raise
            say(str(error))
    return amendment


def ask_secret(about: str) -> bytes:
    """A secret as somebody types it from their sheet. Raises RefusedError if a character is wrong."""
    from ledger.own.keys import read_secret

    hidden = sys.stdin.isatty()
    return read_secret(click.prompt(f"Recovery secret ({about}; it is not shown)", hide_input=hidden, err=True))


def add(amendment: Amendment, secret: bytes) -> Amendment:
    """With one more holder's signatures. Raises CommandError if the sheet does not fit."""
    signed = refused(lambda: amendment.sign(secret))
    if len(signed.signatures) == len(amendment.signatures):
        raise CommandError("this holder has signed already: the sheet of another one is needed")
    return signed


def finish(directory: DataDirectory, amendment: Amendment, *, destroy: bool, as_json: bool) -> None:
    """Applies an amendment that has enough signatures."""
    from ledger.own.amending import put_in_force

    applied, kept = put_in_force(directory, amendment, int(time.time()), destroy=destroy)
    report(amendment, applied, None, as_json=as_json)
    for path in kept:
        say(f"The removed key is kept aside: {path}. Nothing needs it; --destroy-old removes it.")


def report(amendment: Amendment, applied: Applied | None, out: Path | None, *, as_json: bool) -> None:
    """What became of an amendment."""
    old, new = amendment.lacking()
    state = ("signed" if applied.signed else "queued") if applied else "prepared"
    if as_json:
        show_json(
            {
                "schema": "folkmoot.amended/1",
                "state": state,
                "log": show_log_id(amendment.keys.log_id),
                "kseq": amendment.charter.kseq,
                "changes": in_words(amendment),
                "keys": [key.hex() for key in amendment.charter.keys],
                "missing": max(old, new),
                **({"epoch": applied.epoch, "position": applied.position} if applied else {}),
                **({"file": str(out)} if out else {}),
            }
        )
    elif applied is None:
        show(f"written: {out}; {max(old, new)} more must sign it" if max(old, new) else f"written: {out}; complete")
    else:
        show(
            f"in force: charter {amendment.charter.kseq}, at position {applied.position} of epoch {applied.epoch}; "
            + ("signed" if applied.signed else "queued: it is signed when this node may sign again")
        )


def write_out(path: Path, amendment: Amendment) -> None:
    """Writes an amendment to a new file."""
    from protocol.amendment import write_amendment

    with path.open("xb") as file:
        file.write(write_amendment(amendment))


def refused(work: Callable[[], _Result]) -> _Result:
    """Does something; what is malformed is said as the refusal of a command."""
    try:
        return work()
    except Malformed as error:
        raise CommandError(error.text) from None
