# SPDX-License-Identifier: AGPL-3.0-or-later
"""A charter as people and programs are shown it, and what an amendment changes in it (spec 04)."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.showing.terms import message, rate_text
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from protocol.amendment import Amendment
    from protocol.charter import Assembly, Charter, LogKeys

CHARTER_SCHEMA = "folkmoot.charter/1"
_FINGERPRINT_DIGITS = 20

FAULTS = {
    "no_name": message("The organisation needs a name in one language at least."),
    "long": message("More than 200 characters."),
    "licence": message("Not the name of a licence as SPDX has it, such as CC-BY-4.0 or CC0-1.0: {value}"),
    "endpoint": message("Not an address that begins with http:// or https:// : {value}"),
    "endpoints": message("More than {value} addresses."),
    "witness": message("Not the key of a witness: {value}"),
    "witnesses": message("More than {value} witnesses, or one twice."),
    "quorum": message("A whole number from 0 to the number of witnesses, {value}."),
    "rate": message("A part of the whole, such as 1/3 or 40 %, and not {value}"),
}
"""What can be wrong with what somebody wants in a charter (`ledger.own.charter_fields`), by code."""

PLAIN_FIELDS = ("name", "kind", "languages", "territory", "endpoints", "witnesses", "quorum", "licence")
"""The fields whose values are texts as they stand, in the order in which they are told."""


class Change(NamedTuple):
    """What becomes different: a field, or `new_key`, `removed_key`, `threshold`, `epoch`; before and after as texts.

    Of `assembly` these are the turnout and the majority, or nothing; of `epoch` its number and what it accepts.
    """

    what: str
    before: list[str]
    after: list[str]


def fingerprint(key: bytes) -> str:
    """A key as people compare it."""
    text = key.hex()[:_FINGERPRINT_DIGITS]
    return " ".join(text[n : n + 4] for n in range(0, len(text), 4))


def amendment_changes(amendment: Amendment) -> list[Change]:
    """What an amendment changes; nothing where it renews no more than the recovery keys."""
    old, new = amendment.keys.charter, amendment.charter
    found = [Change("new_key", [], [fingerprint(key)]) for key in new.keys if key not in old.keys]
    found += [Change("removed_key", [fingerprint(key)], []) for key in old.keys if key not in new.keys]
    pairs = [(name, field_texts(old, name), field_texts(new, name)) for name in PLAIN_FIELDS]
    pairs.append(("assembly", _rules(old.assembly), _rules(new.assembly)))
    pairs.append(("threshold", [str(old.recovery.threshold)], [str(new.recovery.threshold)]))
    found += [Change(*pair) for pair in pairs if pair[1] != pair[2]]
    if new.opens:
        found.append(Change("epoch", [], [str(new.opens.epoch), str(new.opens.size)]))
    return found


def field_texts(charter: Charter, name: str) -> list[str]:
    """What a charter says in one of the plain fields, as texts."""
    value = getattr(charter, name)
    if isinstance(value, dict):
        return [f"{tag}: {text}" for tag, text in value.items()]
    return list(value) if isinstance(value, list) else [str(value)] if value != "" else []


def _rules(rules: Assembly | None) -> list[str]:
    return [rate_text(rules.quorum), rate_text(rules.majority)] if rules else []


def removed_keys(keys: LogKeys) -> list[bytes]:
    """The operating keys that were removed, in the order in which they came."""
    return list(dict.fromkeys(key for before in keys.charters for key in before.keys if key not in keys.charter.keys))


def rules_object(assembly: Assembly | None) -> dict[str, list[int]]:
    """The rules of the assembly as JSON; those that hold where the charter names none are the same for all."""
    return {
        "quorum": list(assembly.quorum) if assembly else [1, 2],
        "majority": list(assembly.majority) if assembly else [1, 2],
    }


def charter_object(keys: LogKeys) -> dict[str, Any]:
    """The charter in force as JSON, with the payloads that prove it, each in base64."""
    charter = keys.charter
    return {
        "schema": CHARTER_SCHEMA,
        "log": show_log_id(keys.log_id),
        "epoch": keys.epoch,
        "kseq": charter.kseq,
        "name": charter.name,
        "kind": charter.kind,
        "languages": charter.languages,
        "territory": charter.territory,
        "operating": [key.hex() for key in charter.keys],
        "removed": [key.hex() for key in removed_keys(keys)],
        "recovery": {"keys": [key.hex() for key in charter.recovery.keys], "threshold": charter.recovery.threshold},
        "witnesses": charter.witnesses,
        "quorum": charter.quorum,
        "endpoints": charter.endpoints,
        "licence": charter.licence,
        "assembly": rules_object(charter.assembly),
        "charters": [b64encode(payload).decode() for payload in keys.payloads],
    }
