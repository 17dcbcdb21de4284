# SPDX-License-Identifier: AGPL-3.0-or-later
"""The scripts of the verifier, run outside of a page: in node.js."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from node.verifier.scripts import CORE, LANGUAGES, join

HERE = Path(__file__).parent
VECTORS = HERE.parents[2] / "specs" / "vectors"

_ASKING = """
const asked = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));
Promise.resolve((%s)(asked)).then((answer) => process.stdout.write(JSON.stringify(answer)));
"""


def program(*more: str) -> str:
    """The verifier with scripts of the tests behind it, open to whoever asks."""
    return "\n".join(['"use strict";', join(CORE), *((HERE / name).read_text("utf-8") for name in more)])


def ask_node(folder: Path, function: str, asked: object, *scripts: str) -> Any:
    """What a function of the scripts makes of a value. Skips the test where node.js is not installed."""
    return run_program(folder, program(*scripts), function, asked)


def run_program(folder: Path, code: str, function: str, asked: object) -> Any:
    """What a function makes of a value, behind any scripts. Skips the test where node.js is not installed."""
    (folder / "asked.json").write_text(json.dumps(asked), "utf-8")
    return _run(folder, code + _ASKING % function)


def _run(folder: Path, code: str) -> Any:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node.js is not installed")
    (folder / "program.js").write_text(code, "utf-8")
    command = [node, str(folder / "program.js"), str(folder / "asked.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def word_tables(folder: Path) -> dict[str, dict[str, dict[str, str]]]:
    """What the page says: by language, group and name."""
    code = join((*CORE, "page-words", *(f"words/{language}" for language in LANGUAGES)))
    tables: dict[str, dict[str, dict[str, str]]] = _run(folder, f"{code}\nprocess.stdout.write(JSON.stringify(WORDS))")
    return tables


def vector_files() -> dict[str, Any]:
    """All files of vectors, by page."""
    return {path.stem: json.loads(path.read_text("ascii")) for path in sorted(VECTORS.glob("*.json"))}
