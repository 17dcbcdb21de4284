# SPDX-License-Identifier: AGPL-3.0-or-later
"""The scripts of the verifier, joined in the order in which they need one another."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

SCRIPTS = (
    "bytes",
    "integer",
    "sha2",
    "field",
    "scalar",
    "curve",
    "ed25519",
    "encoding",
    "merkle",
    "identity",
    "note",
    "trust",
    "statement",
    "charter",
    "shapes",
    "clauses",
    "bodies",
    "proof",
    "balance",
    "member-statement",
    "member-replay",
    "member-verdict",
    "short-proof",
)


@cache
def joined() -> str:
    """All scripts as one, with nothing of it left in the page's own names."""
    texts = [(files("node") / "verifier" / f"{name}.js").read_text("utf-8") for name in SCRIPTS]
    return "\n".join(['"use strict";', "(function () {", *texts, "})();", ""])


def inner() -> str:
    """The same without what closes it off: for whoever puts more in."""
    return joined().split("\n", 2)[2].rpartition("})();")[0]
