# SPDX-License-Identifier: AGPL-3.0-or-later
"""The script that signs proposals in the browser: behind what signs."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from node.signing.scripts import ARITHMETIC, SIGNING, own
from node.verifier.scripts import join


@cache
def signing_script() -> str:
    """The whole script; it leaves no names of its own behind."""
    parts = [(files("node") / "static" / name).read_text("utf-8") for name in ("sign.js", "role.js")]
    whole = [join(ARITHMETIC), own(*SIGNING), *parts]
    return "\n".join(['"use strict";', "(function () {", *whole, "startSigning();", "})();", ""])
