# SPDX-License-Identifier: AGPL-3.0-or-later
"""What browsers may do with what a node answers: nothing on pages that is not of this node; open data for any page."""

from __future__ import annotations

FOR_EVERYBODY = {"Access-Control-Allow-Origin": "*"}
"""Public data may be read by the scripts of any page, which can do nothing else with it."""


def content_policy(*, framed: bool = False, images: str = "") -> str:
    """The policy. `framed`: any site may show the page in itself; `images`: an origin where pictures may come from."""
    pictures = f"'self' data: {images}".rstrip()
    frames = "*" if framed else "'none'"
    return (
        f"default-src 'none'; style-src 'self'; img-src {pictures}; font-src 'self'; script-src 'self'; "
        f"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {frames}"
    )
