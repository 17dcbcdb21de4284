# SPDX-License-Identifier: AGPL-3.0-or-later
"""The address of a node that is reached through another one."""

from __future__ import annotations

from typing import NamedTuple

from protocol.identity import parse_log_id, show_log_id

_SCHEME = "via:"


class Way(NamedTuple):
    """A way to a node through another one; written `via:RELAY/TARGET`, with the ids of their logs."""

    relay: bytes
    target: bytes

    def __str__(self) -> str:
        """How people write it."""
        return f"{_SCHEME}{show_log_id(self.relay)}/{show_log_id(self.target)}"


def parse_way(text: str) -> Way | None:
    """The way that an address is, or None for one of another sort. Raises Malformed."""
    if not text.startswith(_SCHEME):
        return None
    relay, _, target = text.removeprefix(_SCHEME).partition("/")
    return Way(parse_log_id(relay), parse_log_id(target))
