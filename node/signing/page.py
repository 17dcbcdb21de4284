# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page on which a holder signs an amendment: whole in one file, with the amendment inside or not (spec 04 §8)."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from string import Template
from typing import TYPE_CHECKING

from node.signing.scripts import holder_script, holder_style, own_file
from node.signing.words import UNSCRIPTED
from node.translations import catalogue, own_names

if TYPE_CHECKING:
    from collections.abc import Sequence


def holder_policy() -> str:
    """The content security policy: it runs what stands in it, and can connect to nobody."""
    return (
        f"default-src 'none'; script-src {_source(holder_script())}; style-src {_source(holder_style())}; "
        "img-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'"
    )


def holder_page(file: bytes = b"", languages: Sequence[str] = (), chosen: str = "") -> str:
    """A document that signs the amendment inside it, or one that it is given, wherever it is opened.

    `languages` are those to be shown in where there are no words for the reader's own; `chosen` is the one that the
    reader has asked for.
    """
    names = own_names().items()
    options = [f'    <option value="{tag}" lang="{tag}">{escape(name)}</option>' for tag, name in names]
    told = [f'    <p lang="{tag}">{escape(catalogue(tag).gettext(UNSCRIPTED))}</p>' for tag, _ in names]
    return Template(own_file("page.html")).substitute(
        head=f'<meta http-equiv="Content-Security-Policy" content="{holder_policy()}">\n'
        f'<link rel="icon" href="data:,">\n<style>{holder_style()}</style>',
        options="\n".join(options),
        unscripted="\n".join(told),
        languages=escape(" ".join(languages)),
        chosen=escape(chosen),
        file=f'<script type="text/plain" id="file">{b64encode(file).decode()}</script>' if file else "",
        script=f"<script>{holder_script()}</script>",
    )


def _source(text: str) -> str:
    """The one text between two tags that a content security policy lets in."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
