# SPDX-License-Identifier: AGPL-3.0-or-later
"""The content security policy of pages: nothing is loaded, run, sent or framed that is not of this node."""

from __future__ import annotations


def content_policy(*, framed: bool = False, images: str = "") -> str:
    """The policy. `framed`: any site may show the page in itself; `images`: an origin where pictures may come from."""
    pictures = f"'self' data: {images}".rstrip()
    frames = "*" if framed else "'none'"
    return (
        f"default-src 'none'; style-src 'self'; img-src {pictures}; font-src 'self'; script-src 'self'; "
        f"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {frames}"
    )
