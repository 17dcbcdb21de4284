# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be changed in the own charter, and the amendment drafted from it: the same for commands and pages (spec 04).

A new operating key is made here and lies beside the present one until an amendment that names it is applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.errors import RefusedError
from ledger.own.amending import draft
from ledger.own.keys import read_key
from ledger.own.operating import make_coming_key, operating_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.data_directory import DataDirectory
    from ledger.own.amending import Own
    from protocol.amendment import Amendment
    from protocol.charter import Opens
    from protocol.signature import SigningKey


class Plan(NamedTuple):
    """Fields of the charter that are to change, and the operating key that says so first."""

    changes: dict[str, Any]
    author: SigningKey


def change_fields(directory: DataDirectory, own: Own, changes: dict[str, Any]) -> Plan:
    """Other fields than keys change (ledger.own.charter_fields)."""
    return Plan(changes, operating_key(directory, own.keys))


def replace_key(directory: DataDirectory, own: Own) -> Plan:
    """A new operating key comes in the place of the one in use."""
    present = read_key(directory.key).public
    new = make_coming_key(directory)
    return Plan({"keys": [*(key for key in own.keys.charter.keys if key != present), new.public]}, new)


def remove_key(directory: DataDirectory, own: Own, public: bytes) -> Plan:
    """An operating key is removed for ever; if it is the one in use, a new one comes in its place."""
    if public not in own.keys.charter.keys:
        raise RefusedError("that is not an operating key of the charter in force")
    keys = [key for key in own.keys.charter.keys if key != public]
    author = operating_key(directory, own.keys)
    if author.public == public:
        author = make_coming_key(directory)
        keys.append(author.public)
    return Plan({"keys": keys}, author)


def renew_all(directory: DataDirectory, opens: Opens | None = None) -> Plan:
    """All operating keys are removed, a new one is made; with it, an epoch may be opened."""
    new = make_coming_key(directory)
    return Plan({"keys": [new.public]} | ({"opens": opens} if opens else {}), new)


def draft_planned(directory: DataDirectory, own: Own, plan: Plan, secrets: Sequence[bytes], now: int) -> Amendment:
    """The amendment of a plan, signed by its author alone; if it cannot be made, no key is left lying about.

    `secrets` as in `draft`. Raises RefusedError, Malformed.
    """
    try:
        return draft(own, plan.changes, plan.author, secrets, now)
    except BaseException:
        give_up(directory, plan.author.public)
        raise


def give_up(directory: DataDirectory, public: bytes) -> None:
    """Removes the operating key that was made for an amendment which is not to be."""
    directory.coming_key(public).unlink(missing_ok=True)
