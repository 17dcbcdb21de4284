# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures that are kept under a path (spec 10), by whole addresses, as other programs need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.record import is_image_path

if TYPE_CHECKING:
    from collections.abc import Mapping


def with_addresses(record: Mapping[str, Any], base: str, own: str) -> Mapping[str, Any]:
    """A record object; `base` is the address of the node, `own` its log.

    Of another log's record a picture under a path is left out: it is not at this address.
    """
    if not any(is_image_path(image["url"]) for image in record.get("images", ())):
        return record
    images = [
        {**image, "url": base + image["url"]} if is_image_path(image["url"]) else image
        for image in record["images"]
        if record["log"] == own or not is_image_path(image["url"])
    ]
    return {**record, "images": images}
