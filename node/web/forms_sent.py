# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a form of a page has sent."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from protocol.errors import Malformed

if TYPE_CHECKING:
    from aiohttp import web

FORM_FIELDS_MAX = 100


async def read_form(request: web.Request, fields_max: int = FORM_FIELDS_MAX) -> dict[str, str]:
    """What a form of ours has sent. Raises Malformed."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise Malformed("content_type", "a form is sent as application/x-www-form-urlencoded")
    try:
        pairs = parse_qsl(
            (await request.read()).decode(),
            keep_blank_values=True,
            strict_parsing=False,
            max_num_fields=fields_max,
            errors="strict",
        )
    except (ValueError, UnicodeDecodeError):
        raise Malformed("form", "this is no form that was given out here") from None
    texts = dict(pairs)
    if len(texts) != len(pairs):
        raise Malformed("form", "a field stands there twice")
    return {name: text.replace("\r\n", "\n").replace("\0", "") for name, text in texts.items()}
