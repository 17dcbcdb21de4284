# SPDX-License-Identifier: AGPL-3.0-or-later
"""Records with a picture more or one less; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.directory.licences import licence_meant
from protocol.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

IMAGES_MAX = 16
LICENCES = ("CC-BY-4.0", "CC-BY-SA-4.0", "CC0-1.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "LAL-1.3")
"""Those that are common for pictures, as SPDX names them."""


def with_image(body: Mapping[str, Any], path: str, alt: Mapping[str, str], licence: str) -> dict[str, Any]:
    """A record that has this picture; the one that it has under that path is described anew. Raises Malformed."""
    told = {tag: text for tag, text in alt.items() if text}
    if not told:
        raise Malformed("image", "say in at least one language what the picture shows")
    if not licence_meant(licence):
        raise Malformed("image", "name the licence of the picture, such as CC-BY-4.0")
    image = {"url": path, "licence": licence_meant(licence), "alt": told}
    images = list(body.get("images", ()))
    there = next((number for number, one in enumerate(images) if one["url"] == path), len(images))
    images[there : there + 1] = [image]
    if len(images) > IMAGES_MAX:
        raise Malformed("image", f"a record has at most {IMAGES_MAX} pictures: remove one first")
    return {**body, "images": images}


def without_image(body: Mapping[str, Any], url: str) -> dict[str, Any]:
    """A record without the picture of that address. Raises Malformed."""
    images = [one for one in body.get("images", ()) if one["url"] != url]
    if len(images) == len(body.get("images", ())):
        raise Malformed("image", "the record has no such picture")
    made = {key: value for key, value in body.items() if key != "images"}
    return {**made, "images": images} if images else made
