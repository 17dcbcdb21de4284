# SPDX-License-Identifier: AGPL-3.0-or-later
"""The scripts of the verifier hold together, and old browsers can read them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

import node.verifier
from node.verifier.scripts import SCRIPTS, inner, joined

FOLDER = Path(node.verifier.__file__).parent
FILES = sorted(FOLDER.glob("*.js"))
LINES_MAX, WIDTH_MAX = 400, 120
_DEFINED = re.compile(r"^(?:async )?(?:function|class|const|let) (?:(\w+)|[\[{]([\w, ]+)[\]}])", re.MULTILINE)
_TOO_NEW = {
    "BigInt": r"\bBigInt\b|\b[0-9]+n\b",
    "?. and ??": r"\?\.[a-zA-Z_(\[]|\?\?",
    "catch without a name": r"catch \{",
    "spread objects": r"[{,] \.\.\.\w+[^\])]*\}",
    "flat, fromEntries, replaceAll, at, globalThis": r"\.flat\w*\(|fromEntries|replaceAll|\.at\(|globalThis|matchAll",
    "modules": r"^(?:import|export) ",
    "private members": r"[ .]#[a-z]",
}


def test_every_script_is_joined_once() -> None:
    assert sorted(SCRIPTS) == [path.stem for path in FILES]
    assert joined().count("SPDX-License-Identifier") == len(FILES)


def test_every_name_is_defined_once() -> None:
    """They are one script in the end."""
    names = Counter(name for one, several in _DEFINED.findall(inner()) for name in [one, *several.split(", ")] if name)
    assert [name for name, times in names.items() if times > 1] == []
    assert names["sha256"] == names["judgeProof"] == 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scripts_are_short_and_of_2017(path: Path) -> None:
    text = path.read_text("utf-8")
    lines = text.split("\n")
    assert len(lines) <= LINES_MAX
    assert max(map(len, lines)) <= WIDTH_MAX
    code = re.sub(r"//.*", "", text)
    assert {what for what, pattern in _TOO_NEW.items() if re.search(pattern, code, re.MULTILINE)} == set()
