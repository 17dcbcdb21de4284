# SPDX-License-Identifier: AGPL-3.0-or-later
"""The scripts of the verifier hold together, and old browsers can read them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

import node.verifier
from node.verifier.scripts import CORE, PAGE, join, verifier_script

FOLDER = Path(node.verifier.__file__).parent
FILES = sorted(FOLDER.rglob("*.js"))
LINES_MAX, WIDTH_MAX = 400, 120
_DEFINED = re.compile(r"^(?:async )?(?:function|class|const|let) (?:(\w+)|[\[{]([\w, ]+)[\]}])", re.MULTILINE)
_TOO_NEW = {
    "BigInt": r"\bBigInt\b|\b[0-9]+n\b",
    "?. and ??": r"\?\.[a-zA-Z_(\[]|\?\?",
    "catch without a name": r"catch \{",
    "spread objects": r"\{ \.\.\.|, \.\.\.[\w.]+ \}",
    "flat, fromEntries, replaceAll, at, globalThis": r"\.flat\w*\(|fromEntries|replaceAll|\.at\(|globalThis|matchAll",
    "modules": r"^(?:import|export) ",
    "private members": r"[ .]#[a-z]",
}


def test_every_script_is_joined_once() -> None:
    assert {f"{name}.js" for name in (*CORE, *PAGE)} == {path.relative_to(FOLDER).as_posix() for path in FILES}
    assert verifier_script().count("SPDX-License-Identifier") == len(FILES) == len((*CORE, *PAGE))
    assert "</script" not in verifier_script().lower()


def test_every_name_is_defined_once() -> None:
    """They are one script in the end."""
    names = Counter(
        name for one, several in _DEFINED.findall(join((*CORE, *PAGE))) for name in [one, *several.split(", ")] if name
    )
    assert [name for name, times in names.items() if times > 1] == []
    assert names["sha256"] == names["judgeProof"] == 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scripts_are_short_and_of_2017(path: Path) -> None:
    text = path.read_text("utf-8")
    lines = text.split("\n")
    assert len(lines) <= LINES_MAX
    if path.parent == FOLDER:  # sentences of the words may be longer
        assert max(map(len, lines)) <= WIDTH_MAX
    code = re.sub(r"//.*", "", text)
    assert {what for what, pattern in _TOO_NEW.items() if re.search(pattern, code, re.MULTILINE)} == set()
