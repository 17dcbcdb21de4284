# SPDX-License-Identifier: AGPL-3.0-or-later
"""The scripts of the verifier, joined in the order in which they need one another."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

CORE = (
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
"""What reads and judges: it asks nothing of a page."""

LANGUAGES = ("en", "fr", "nl", "de", "es", "ca", "it")
PAGE = (
    "page-words",
    *(f"words/{language}" for language in LANGUAGES),
    "page-elements",
    "page-chart",
    "page-member",
    "page-verdict",
    "page-parts",
    "page-start",
)
"""What shows it to a reader."""


def join(names: tuple[str, ...]) -> str:
    """Scripts as one text, open to whatever comes behind it."""
    return "\n".join(read(f"{name}.js") for name in names)


@cache
def verifier_script() -> str:
    """The whole program of the page; it leaves no names of its own behind."""
    return "\n".join(['"use strict";', "(function () {", join(CORE), join(PAGE), "start();", "})();", ""])


@cache
def read(name: str) -> str:
    """A file of this folder."""
    return (files("node") / "verifier" / name).read_text("utf-8")
