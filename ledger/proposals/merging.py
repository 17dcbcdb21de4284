# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a record comes to if a proposal is accepted: its changes, on the record as it is by now. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocol.encoding import Value

_IN_LANGUAGES = frozenset({"name", "description", "hours_note"})
_NOT_PROPOSED = frozenset({"checked_at"})
"""What whoever proposes cannot say: when somebody last looked is said by those who looked."""


def merged(
    base: Mapping[str, Value] | None, proposed: Mapping[str, Value], present: Mapping[str, Value] | None
) -> dict[str, Value]:
    """The record to be put: what the proposal changed of `base`, the rest as it is in `present`.

    Where both have changed one field, the proposal's word is taken: whoever decides is shown the difference.
    """
    begun, now = base or {}, present or {}
    made = dict(now)
    for field in {*proposed, *begun} - _NOT_PROPOSED:
        before, wanted = begun.get(field), proposed.get(field)
        if before == wanted and present is not None:
            continue
        if field in _IN_LANGUAGES:
            wanted = _texts(before, wanted, now.get(field))
        if wanted is None:
            made.pop(field, None)
        else:
            made[field] = wanted
    return made


def _texts(before: Value | None, wanted: Value | None, now: Value | None) -> Value | None:
    """The same, language by language."""
    old, new, there = (one if isinstance(one, dict) else {} for one in (before, wanted, now))
    kept = {tag: text for tag, text in there.items() if new.get(tag) == old.get(tag)}
    changed = {tag: text for tag, text in new.items() if text != old.get(tag)}
    made: dict[str, Value] = dict(sorted((kept | changed).items())[:32])
    return made or None
