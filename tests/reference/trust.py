# SPDX-License-Identifier: AGPL-3.0-or-later
"""Trust files and their quorum, spec 08 §2."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.reference.rejection import require
from tests.reference.verifier_key import LOG_TYPE, WITNESS_TYPE, VerifierKey, parse_verifier_key


@dataclass
class Trust:
    """What a trust file says. A group is (how many, of which members); the quorum is a name, or none."""

    logs: list[VerifierKey] = field(default_factory=list)
    witnesses: dict[str, VerifierKey] = field(default_factory=dict)
    groups: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    quorums: list[str] = field(default_factory=list)
    members: set[str] = field(default_factory=set)

    @property
    def quorum(self) -> str:
        """A witness, a group, or the word none."""
        return self.quorums[0]

    def is_satisfied(self, cosigners: set[str]) -> bool:
        """Whether these witnesses, by their names in the file, are a quorum."""
        return self.quorum == "none" or self.has(self.quorum, cosigners)

    def has(self, name: str, cosigners: set[str]) -> bool:
        """Whether a witness has cosigned, or a group as many of its members as it asks for."""
        if name in self.witnesses:
            return name in cosigners
        threshold, members = self.groups[name]
        return sum(self.has(member, cosigners) for member in members) >= threshold


def parse_trust(data: bytes) -> Trust:
    """The trust file, or one of the reasons of spec 08 §2."""
    require(all(byte in b"\t\n" or 0x20 <= byte <= 0x7E or byte >= 0x80 for byte in data), "character")
    require(len(data) <= 262_144, "line")
    text = data.decode("latin-1") if not is_utf8(data) else data.decode()
    *lines, rest = text.split("\n")
    require(rest == "", "line")
    trust, counts = Trust(), dict.fromkeys(READERS, 0)
    for line in lines:
        if line.strip(" \t") == "" or line.lstrip(" \t").startswith("#"):
            continue
        keyword, *items = [item for item in re.split(r"[ \t]+", line) if item]
        require(keyword in READERS, "line")
        counts[keyword] += 1
        require(counts[keyword] <= 1024, "line")
        READERS[keyword](trust, items)
    require(len(trust.quorums) == 1, "quorum")
    return trust


def is_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8; they need not be."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def read_log(trust: Trust, items: list[str]) -> None:
    """log <vkey> [<url>]."""
    require(1 <= len(items) <= 2, "line")
    key = parse_verifier_key(items[0])
    require(key.type == LOG_TYPE, "key_type")
    require(key.public_key not in [other.public_key for other in trust.logs], "duplicate")
    trust.logs.append(key)


def read_witness(trust: Trust, items: list[str]) -> None:
    """witness <name> <vkey> [<url>]."""
    require(2 <= len(items) <= 3, "line")
    key = parse_verifier_key(items[1])
    require(key.type == WITNESS_TYPE, "key_type")
    require(key.public_key not in [other.public_key for other in trust.witnesses.values()], "duplicate")
    require_new(trust, items[0])
    trust.witnesses[items[0]] = key


def read_group(trust: Trust, items: list[str]) -> None:
    """group <name> all|any|<k> <member>..."""
    require(len(items) >= 3, "line")
    name, how_many, *members = items
    require_new(trust, name)
    for member in members:
        require(is_defined(trust, member), "name")
        require(member not in trust.members, "member")
        trust.members.add(member)
    number = {"all": str(len(members)), "any": "1"}.get(how_many, how_many)
    require(re.fullmatch(r"[1-9][0-9]{0,4}", number) and int(number) <= len(members), "threshold")
    trust.groups[name] = (int(number), members)


def read_quorum(trust: Trust, items: list[str]) -> None:
    """quorum <name>|none."""
    require(len(items) == 1, "line")
    require(not trust.quorums, "quorum")
    require(items[0] == "none" or is_defined(trust, items[0]), "name")
    trust.quorums.append(items[0])


def is_defined(trust: Trust, name: str) -> bool:
    """Whether a witness or group has this name."""
    return name in trust.witnesses or name in trust.groups


def require_new(trust: Trust, name: str) -> None:
    """Refuse a name that is taken, or `none`."""
    require(name != "none" and not is_defined(trust, name), "name")


READERS: dict[str, Callable[[Trust, list[str]], None]] = {
    "log": read_log,
    "witness": read_witness,
    "group": read_group,
    "quorum": read_quorum,
}
