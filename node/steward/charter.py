# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a steward can do about the charter while the node runs: draft an amendment, gather signatures, put it in force.

What is drafted, and how it is applied, is decided in `ledger/`: the command line does the same.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import RefusedError
from ledger.own.amending import put_in_force, read_own
from ledger.own.charter_fields import HALF, Fault, changes_of
from ledger.own.charter_plans import change_fields, draft_planned, give_up, remove_key, renew_all, replace_key
from ledger.own.epoch import opening_of
from ledger.own.kept_amendment import drop_amendment, keep_amendment, kept_amendment
from ledger.own.operating import destroy_key
from ledger.showing.charter import amendment_changes, fingerprint, removed_keys
from ledger.showing.terms import rate_text
from node.keys import LEDGER
from node.restarting import RESTARTING
from node.steward.backups import BACKUPS
from node.web.words import message
from protocol.amendment import read_amendment
from protocol.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from ledger.data_directory import DataDirectory
    from ledger.own.amending import Own
    from ledger.own.charter_fields import Written
    from ledger.own.charter_plans import Plan
    from ledger.showing.charter import Change
    from node.web.words import Words
    from protocol.amendment import Amendment
    from protocol.charter import Charter, LogKeys

NAME = "name_"
REASONS = {
    "file": message("This is not the file of an amendment."),
    "other": message("This is another amendment than the one that waits here."),
    "signatures": message("It has all the signatures that it needs."),
    "bad_signature": message("A signature in it does not hold: it was changed on its way."),
    "kseq": message("It was made for another charter than the one in force."),
}
"""Why what a holder has sent is not taken in, by the reason of spec 04 §8; the rest is told as it is."""


class RefusedSaidError(RefusedError):
    """What cannot be done, said in a message of the pages."""


def said(error: Exception, words: Words) -> str:
    """Why something is refused, in the words of a reader where there are some."""
    if isinstance(error, RefusedSaidError):
        return words(str(error))
    if isinstance(error, Malformed):
        return words(REASONS[error.reason]) if error.reason in REASONS else error.text
    return str(error)


class Waiting(NamedTuple):
    """The amendment that waits: what it changes, whose keys have signed (fingerprints), how many are still lacking."""

    number: int
    changes: list[Change]
    signed: list[str]
    unsigned: list[str]
    lacking: int
    removes: bool


def waiting(directory: DataDirectory, keys: LogKeys) -> Waiting | None:
    """The amendment that is kept here, as it is shown."""
    amendment = kept_amendment(directory, keys)
    if amendment is None:
        return None
    changes = amendment_changes(amendment)
    signers, recovery = {key for key, _ in amendment.signatures}, keys.charter.recovery
    parts: dict[bool, list[str]] = {True: [], False: []}
    for key in recovery.keys:
        parts[key in signers].append(fingerprint(key))
    removes = any(change.what == "removed_key" for change in changes)
    lacking = max(amendment.lacking())
    return Waiting(amendment.charter.kseq, changes, parts[True], parts[False], lacking, removes)


def written_fields(charter: Charter, texts: dict[str, str]) -> Written:
    """What the form says, field by field."""
    rules = charter.assembly
    written: Written = {
        "name": {tag: texts[NAME + tag].strip() for tag in name_tags(charter) if NAME + tag in texts},
        "endpoints": texts.get("endpoints", "").split(),
        "witnesses": texts.get("witnesses", "").split(),
        "quorum": texts.get("quorum", "").strip(),
        "territory": " ".join(texts.get("territory", "").split()),
        "licence": texts.get("licence", "").strip(),
        "turnout": texts.get("turnout", "").strip() or rate_text(rules.quorum if rules else HALF),
        "majority": texts.get("majority", "").strip() or rate_text(rules.majority if rules else HALF),
    }
    return written


def field_values(charter: Charter) -> dict[str, str]:
    """The form as the charter in force fills it in."""
    rules = charter.assembly
    return {
        **{NAME + tag: charter.name.get(tag, "") for tag in name_tags(charter)},
        "endpoints": "\n".join(charter.endpoints),
        "witnesses": "\n".join(charter.witnesses),
        "quorum": str(charter.quorum),
        "territory": charter.territory,
        "licence": charter.licence,
        "turnout": rate_text(rules.quorum if rules else HALF),
        "majority": rate_text(rules.majority if rules else HALF),
    }


def name_tags(charter: Charter) -> list[str]:
    """The languages in which the organisation has a name, or works."""
    return list(dict.fromkeys((*charter.name, *charter.languages)))


def draft_fields(app: web.Application, texts: dict[str, str]) -> list[Fault]:
    """Drafts a change of what the charter says, and keeps it; or what is wrong with which field."""
    own = own_of(app)
    changes, faults = changes_of(own.keys.charter, written_fields(own.keys.charter, texts))
    if faults:
        return faults
    if not changes:
        raise RefusedSaidError(message("Nothing is different from what the charter says."))
    _keep_draft(app, own, lambda: change_fields(app[LEDGER].directory, own, changes))
    return []


def draft_keys(app: web.Application, action: str, texts: dict[str, str]) -> None:
    """Drafts a change of operating keys, or an epoch, and keeps it. Raises RefusedError."""
    own, directory = own_of(app), app[LEDGER].directory

    def plan() -> Plan:
        if action == "rotate":
            return replace_key(directory, own)
        if action == "revoke":
            return remove_key(directory, own, _key_named(own.keys.charter.keys, texts.get("about", "")))
        text = "".join(texts.get("size", "").split())
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise RefusedSaidError(message("Say how many entries are accepted, as a whole number."))
        with app[LEDGER].store.read() as reads:
            return renew_all(directory, opening_of(reads, own, int(text)))

    _keep_draft(app, own, plan)


def _keep_draft(app: web.Application, own: Own, plan: Callable[[], Plan]) -> None:
    directory = app[LEDGER].directory
    if kept_amendment(directory, own.keys) is not None:
        raise RefusedSaidError(message("An amendment waits for signatures already: put it in force or drop it first."))
    made = plan()
    amendment = draft_planned(directory, own, made, [], int(time.time()))
    try:
        keep_amendment(directory, own.keys, amendment)
    except BaseException:  # somebody else was faster, or the disk is full: no key is left lying about
        give_up(directory, made.author.public)
        raise


def _key_named(keys: list[bytes], text: str) -> bytes:
    found = next((key for key in keys if key.hex() == text), None)
    if found is None:
        raise RefusedSaidError(message("There is no such key any more: look at the page again."))
    return found


def own_of(app: web.Application) -> Own:
    """The own log as an amendment finds it."""
    with app[LEDGER].store.read() as reads:
        return read_own(reads)


def take_signed(app: web.Application, data: bytes) -> None:
    """Adds what a holder has signed to the amendment that waits. Raises RefusedError, Malformed."""
    amendment, own = read_amendment(data), own_of(app)
    if amendment.keys.log_id != own.keys.log_id:
        raise RefusedSaidError(message("This amendment is for another log."))
    keep_amendment(app[LEDGER].directory, own.keys, amendment)


def drop(app: web.Application) -> None:
    """Gives up the amendment that waits."""
    drop_amendment(app[LEDGER].directory, own_of(app).keys)


def ask_to_apply(app: web.Application, *, destroy: bool) -> None:
    """Has the node closed, the amendment applied, and the node started again. Raises RefusedError."""
    directory, own = app[LEDGER].directory, own_of(app)
    amendment = kept_amendment(directory, own.keys)
    if amendment is None:
        raise RefusedSaidError(message("No amendment waits here: look at the page again."))
    if any(amendment.lacking()):
        raise RefusedSaidError(message("Too few holders have signed."))
    if app[BACKUPS].running:
        raise RefusedSaidError(message("A backup is being made: wait until it has ended."))
    app[RESTARTING].ask(lambda: _apply(directory, amendment, destroy=destroy), amendment.charter.kseq)


def _apply(directory: DataDirectory, amendment: Amendment, *, destroy: bool) -> None:
    put_in_force(directory, amendment, int(time.time()), destroy=destroy)
    directory.amendment.unlink(missing_ok=True)


def keys_aside(directory: DataDirectory, keys: LogKeys) -> list[bytes]:
    """The removed operating keys whose files are still here."""
    return [key for key in removed_keys(keys) if directory.removed_key(key).exists()]


def destroy_aside(app: web.Application, text: str) -> None:
    """Destroys a removed key that was kept aside. Raises RefusedError."""
    directory, keys = app[LEDGER].directory, own_of(app).keys
    destroy_key(directory.removed_key(_key_named(keys_aside(directory, keys), text)))
