# SPDX-License-Identifier: AGPL-3.0-or-later
"""The trust file, a C2SP tlog-policy: which logs and witnesses a verifier believes (spec 08 §2)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from protocol.errors import Malformed
from protocol.note import TYPE_COSIGNATURE, TYPE_ED25519, VerifierKey

POLICY_BYTES_MAX = 262_144
LINES_MAX = 1_024
_ALLOWED = re.compile(rb"[\t\n\x20-\x7e\x80-\xff]*")


class Group(NamedTuple):
    """A witness group: it has witnessed if at least `threshold` of its members have."""

    threshold: int
    members: tuple[str, ...]


class Policy(NamedTuple):
    """A parsed trust file. `quorum` is the name of a witness or group, or None."""

    logs: tuple[VerifierKey, ...]
    witnesses: dict[str, VerifierKey]
    groups: dict[str, Group]
    quorum: str | None

    def reached(self, witnessed: Collection[str]) -> bool:
        """Whether cosignatures by the witnesses of these names satisfy the quorum."""
        return self.quorum is None or self._witnessed(self.quorum, witnessed)

    def _witnessed(self, name: str, witnessed: Collection[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in witnessed
        return sum(self._witnessed(member, witnessed) for member in group.members) >= group.threshold


class _Reader:
    """Collects the lines of a trust file; names are opaque octets, kept as Latin-1 text."""

    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[str, VerifierKey] = {}
        self.groups: dict[str, Group] = {}
        self.members: set[str] = set()
        self.quorums: list[str | None] = []

    def read(self, items: list[str]) -> None:
        match items:
            case ["log", key] | ["log", key, _]:
                self._log(key)
            case ["witness", name, key] | ["witness", name, key, _]:
                self._witness(name, key)
            case ["group", name, threshold, first, *rest]:
                self._group(name, threshold, (first, *rest))
            case ["quorum", name]:
                self._quorum(name)
            case _:
                raise Malformed("line", f"not a line of a trust file: {' '.join(items)[:100]!r}")

    def _log(self, text: str) -> None:
        key = _key(text, TYPE_ED25519)
        if any(key.public == other.public for other in self.logs):
            raise Malformed("duplicate", f"the key of {key.name} stands twice among the logs")
        self.logs.append(key)

    def _witness(self, name: str, text: str) -> None:
        key = _key(text, TYPE_COSIGNATURE)
        self._define(name)
        if any(key.public == other.public for other in self.witnesses.values()):
            raise Malformed("duplicate", f"the key of witness {name} stands twice")
        self.witnesses[name] = key

    def _group(self, name: str, text: str, members: tuple[str, ...]) -> None:
        self._define(name)
        for member in members:
            if member not in self.witnesses and member not in self.groups:
                raise Malformed("name", f"{member!r} is not defined before it is used")
            if member in self.members:
                raise Malformed("member", f"{member!r} is a member twice")
            self.members.add(member)
        named = {"all": len(members), "any": 1}
        threshold = named.get(text, int(text) if re.fullmatch(r"[1-9][0-9]{0,3}", text) else 0)
        if not 1 <= threshold <= len(members):
            raise Malformed("threshold", f"group {name}: {text!r} of {len(members)} members")
        self.groups[name] = Group(threshold, members)

    def _quorum(self, name: str) -> None:
        if name != "none" and name not in self.witnesses and name not in self.groups:
            raise Malformed("name", f"the quorum {name!r} is not defined before it is used")
        self.quorums.append(None if name == "none" else name)

    def _define(self, name: str) -> None:
        if name == "none" or name in self.witnesses or name in self.groups:
            raise Malformed("name", f"the name {name!r} is taken")
        if max(len(self.witnesses), len(self.groups)) >= LINES_MAX:
            raise Malformed("line", f"more than {LINES_MAX} lines of one sort")


def parse_policy(data: bytes) -> Policy:
    """The trust file in these bytes. Raises Malformed with the reason of spec 08 §2."""
    if len(data) > POLICY_BYTES_MAX or not _ALLOWED.fullmatch(data):
        raise Malformed("character", "a trust file that is too long or holds control characters")
    if data and not data.endswith(b"\n"):
        raise Malformed("line", "a last line that does not end in a newline")
    reader = _Reader()
    for line in data.decode("latin-1").split("\n"):
        items = re.findall(r"[^ \t]+", line)
        if items and not items[0].startswith("#"):
            reader.read(items)
    if len(reader.quorums) != 1:
        raise Malformed("quorum", f"a trust file has one quorum line, not {len(reader.quorums)}")
    if len(reader.logs) > LINES_MAX:
        raise Malformed("line", f"more than {LINES_MAX} logs")
    return Policy(tuple(reader.logs), reader.witnesses, reader.groups, reader.quorums[0])


def _key(text: str, kind: int) -> VerifierKey:
    try:
        key = VerifierKey.parse(text.encode("latin-1").decode())
    except UnicodeDecodeError:
        raise Malformed("verifier_key", f"a key name that is not UTF-8: {text[:60]!r}") from None
    if key.type != kind:
        raise Malformed("key_type", f"{key.name}: a key of type {key.type} where type {kind} belongs")
    return key
