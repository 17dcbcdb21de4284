# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of the verifier: whole in one file, with what it checks inside; or empty, on a node."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from string import Template
from typing import TYPE_CHECKING, NamedTuple

from node.verifier.scripts import read, verifier_script

if TYPE_CHECKING:
    from collections.abc import Sequence


def verifier_page(file: bytes, languages: Sequence[str] = (), trust: bytes = b"") -> str:
    """A document that checks the member statement or proof inside it, wherever it is opened, and asks nobody.

    `languages` are those to be shown in where there are no words for the reader's own. A proof needs the `trust` file
    that it is judged by, until the reader gives one; a member statement has one inside.
    """
    script, style = verifier_script(), read("page.css")
    policy = (
        f"default-src 'none'; script-src {_source(script)}; style-src {_source(style)}; img-src data:; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'"
    )
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<link rel="icon" href="data:,">\n<style>{style}</style>'
    )
    return _page(
        head=head,
        languages=languages,
        file="\n".join([_inside("file", file), *([_inside("trust", trust)] if trust else [])]),
        script=f"<script>{script}</script>",
    )


class Addresses(NamedTuple):
    """Where a page that is not whole in itself finds the rest; `trust` is the trust file it begins with."""

    script: str
    style: str
    icon: str
    trust: str


def empty_page(addresses: Addresses, languages: Sequence[str], home: str) -> str:
    """The page without a file, as a node shows it; `home` is the name of the node, where it leads back."""
    return _page(
        head=f'<link rel="icon" type="image/svg+xml" href="{escape(addresses.icon)}">\n'
        f'<link rel="stylesheet" href="{escape(addresses.style)}">',
        languages=languages,
        home=f'<a class="home" href="/"><bdi dir="auto">{escape(home)}</bdi></a>',
        trust_url=addresses.trust,
        script=f'<script src="{escape(addresses.script)}"></script>',
    )


def _page(
    *, head: str, languages: Sequence[str], script: str, file: str = "", home: str = "", trust_url: str = ""
) -> str:
    return Template(read("page.html")).substitute(
        head=head,
        languages=escape(" ".join(languages)),
        home=home,
        trust_url=escape(trust_url),
        file=file,
        script=script,
    )


def _inside(name: str, content: bytes) -> str:
    """Bytes in the page as text that no browser runs."""
    return f'<script type="text/plain" id="{name}">{b64encode(content).decode()}</script>'


def _source(text: str) -> str:
    """The one text between two tags that a content security policy lets in."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
