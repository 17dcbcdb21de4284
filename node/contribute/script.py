# SPDX-License-Identifier: AGPL-3.0-or-later
"""The script that signs in the browser: behind those parts of the verifier that reckon for it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from node.verifier.scripts import join

_ARITHMETIC = ("bytes", "integer", "sha2", "field", "scalar", "curve")


@cache
def signing_script() -> str:
    """The whole script; it leaves no names of its own behind."""
    parts = [(files("node") / "static" / name).read_text("utf-8") for name in ("sign.js", "role.js")]
    return "\n".join(['"use strict";', "(function () {", join(_ARITHMETIC), *parts, "startSigning();", "})();", ""])
