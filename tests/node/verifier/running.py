# SPDX-License-Identifier: AGPL-3.0-or-later
"""The scripts of the verifier, run outside of a page: in node.js."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from node.verifier.scripts import inner

HERE = Path(__file__).parent
VECTORS = HERE.parents[2] / "specs" / "vectors"

_ASKING = """
const asked = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));
Promise.resolve((%s)(asked)).then((answer) => process.stdout.write(JSON.stringify(answer)));
"""


def program(*more: str) -> str:
    """The verifier with scripts of the tests behind it, open to whoever asks."""
    return "\n".join(['"use strict";', inner(), *((HERE / name).read_text("utf-8") for name in more)])


def ask_node(folder: Path, function: str, asked: object, *scripts: str) -> Any:
    """What a function of the scripts makes of a value. Skips the test where node.js is not installed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node.js is not installed")
    code, data = folder / "program.js", folder / "asked.json"
    code.write_text(program(*scripts) + _ASKING % function, "utf-8")
    data.write_text(json.dumps(asked), "utf-8")
    done = subprocess.run([node, code, data], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def vector_files() -> dict[str, Any]:
    """All files of vectors, by page."""
    return {path.stem: json.loads(path.read_text("ascii")) for path in sorted(VECTORS.glob("*.json"))}
