# SPDX-License-Identifier: AGPL-3.0-or-later
"""The scripts that sign, joined behind those parts of the verifier that reckon and read for them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from node.signing.words import words_script
from node.verifier.scripts import join, read

ARITHMETIC = ("bytes", "integer", "sha2", "field", "scalar", "curve")
READING = (*ARITHMETIC, "ed25519", "encoding", "identity", "note", "statement", "charter")
SIGNING = ("sign-ed25519",)
AMENDING = (*SIGNING, "sheet", "amendment")


def own(*names: str) -> str:
    """Scripts of this folder as one text."""
    return "\n".join(own_file(f"{name}.js") for name in names)


@cache
def own_file(name: str) -> str:
    """A file of this folder."""
    return (files("node") / "signing" / name).read_text("utf-8")


@cache
def holder_script() -> str:
    """The whole program of the page of a holder; it leaves no names of its own behind."""
    shown = [join(("page-words",)), words_script(), join(("page-elements",)), own("page-sign")]
    return "\n".join(
        ['"use strict";', "(function () {", join(READING), own(*AMENDING), *shown, "start();", "})();", ""]
    )


@cache
def holder_style() -> str:
    """The style of the page: the verifier's, and what is its own."""
    return read("page.css") + own_file("page.css")
