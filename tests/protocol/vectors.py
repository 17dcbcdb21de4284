# SPDX-License-Identifier: AGPL-3.0-or-later
"""The cases of specs/vectors as test parameters, and the judgement whether the program agrees with one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from protocol.errors import Malformed

FOLDER = Path(__file__).parents[2] / "specs" / "vectors"

Case: TypeAlias = dict[str, Any]


@cache
def load(page: str) -> dict[str, list[Case]]:
    """The groups of a page's vector file, by name."""
    content = json.loads((FOLDER / f"{page}.json").read_text("ascii"))
    return {group["name"]: group["cases"] for group in content["groups"]}


def vectors(page: str, *groups: str, unlike: Callable[[Case], bool] = lambda _: False) -> pytest.MarkDecorator:
    """Runs a test with every `case` of these groups, but for those that `unlike` picks out."""
    cases = [(group, case) for group in groups for case in load(page)[group] if not unlike(case)]
    found = [pytest.param(case, id=case["name"]) for _, case in cases]
    assert found, f"no cases in {page}: {groups}"
    return pytest.mark.parametrize("case", found)


@contextmanager
def agreed(case: Case, *, by_reason: bool = True) -> Iterator[None]:
    """What is done inside must be refused, with the reason word of the case, exactly if the case is invalid."""
    if case["valid"]:
        yield
        return
    with pytest.raises(Malformed) as refusal:
        yield
    if by_reason:
        assert refusal.value.reason == case["reason"]


def join_runs(runs: list[list[Any]]) -> bytes:
    """The bytes of a field that ends in `_runs_hex`: pieces [hexadecimal, how many times]."""
    return b"".join(bytes.fromhex(piece) * count for piece, count in runs)


def bytes_of(texts: list[str]) -> list[bytes]:
    """A list of hexadecimal texts as bytes."""
    return [bytes.fromhex(text) for text in texts]


def hex_of(values: list[bytes] | tuple[bytes, ...]) -> list[str]:
    """A list of bytes as hexadecimal texts."""
    return [value.hex() for value in values]


def value_of(tagged: Case) -> Any:
    """The value of spec 01 that an object with one key stands for."""
    ((kind, content),) = tagged.items()
    match kind:
        case "integer":
            return int(content)
        case "bytes_hex":
            return bytes.fromhex(content)
        case "array":
            return [value_of(item) for item in content]
        case "map":
            return {_key_of(key): value_of(item) for key, item in content}
        case "nil":
            return None
    return content


def _key_of(key: str | Case) -> Any:
    return key if isinstance(key, str) else value_of(key)
