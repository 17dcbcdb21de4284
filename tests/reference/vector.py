# SPDX-License-Identifier: AGPL-3.0-or-later
"""A vector file: groups of cases, each case run through the reference before it is written down."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.reference.messagepack import Value
from tests.reference.rejection import RejectionError

Fields = dict[str, Any]
# Takes the inputs of a case; gives its outputs, or refuses.
Check = Callable[[Fields], Fields]


@dataclass
class Group:
    """One group of cases; `check` computes the outputs of a valid case and refuses an invalid one."""

    name: str
    about: str
    check: Check
    cases: list[Fields] = field(default_factory=list)

    def valid(self, name: str, **inputs: Any) -> Fields:
        """Add a case that must be accepted; its outputs come from the reference. Gives the whole case."""
        case = {"name": name, "valid": True, **inputs, **self.check(inputs)}
        self.add(case)
        return case

    def invalid(self, name: str, reason: str, **inputs: Any) -> None:
        """Add a case that must be refused with this reason; the reference must agree."""
        found = "accepted"
        try:
            self.check(inputs)
        except RejectionError as error:
            found = error.reason
        assert found == reason, f"{self.name}/{name}: {found}, not {reason}"
        self.add({"name": name, "valid": False, "reason": reason, **inputs})

    def add(self, case: Fields) -> None:
        """Add a case whose name is not taken."""
        assert all(case["name"] != other["name"] for other in self.cases), f"{self.name}/{case['name']} twice"
        self.cases.append(case)


def vector_file(spec: str, title: str, groups: Iterator[Group]) -> bytes:
    """The bytes of a vector file, in the shape of specs/README.md. ASCII, so that no editor can alter it."""
    made = [{"name": group.name, "about": group.about, "cases": group.cases} for group in groups]
    content = {"spec": spec, "title": title, "groups": made}
    return (json.dumps(content, indent=1, ensure_ascii=True) + "\n").encode("ascii")


def tagged(value: Value) -> Fields:
    """A value of spec 01 in JSON, with its type beside it; integers as decimal text, as JSON numbers lose bits."""
    if isinstance(value, bool):
        return {"boolean": value}
    if isinstance(value, int):
        return {"integer": str(value)}
    if isinstance(value, bytes):
        return {"bytes_hex": value.hex()}
    if isinstance(value, str):
        return {"text": value}
    if isinstance(value, list):
        return {"array": [tagged(element) for element in value]}
    return {"map": [[key, tagged(element)] for key, element in value.items()]}


def hexes(values: list[bytes]) -> list[str]:
    """Each as hexadecimal."""
    return [value.hex() for value in values]


def join_runs(runs: list[list[Any]]) -> bytes:
    """The bytes of a field ending in `_runs_hex`: each piece [hexadecimal, how many times], joined."""
    return b"".join(bytes.fromhex(piece) * count for piece, count in runs)


def split_runs(data: bytes, filler: bytes) -> list[list[Any]]:
    """The same bytes as pieces: what is before the longest run of the filler byte, the run, what is behind."""
    run = max(re.findall(re.escape(filler) + b"+", data), key=len)
    before, behind = data.split(run, 1)
    return [[before.hex(), 1], [filler.hex(), len(run)], [behind.hex(), 1]]
