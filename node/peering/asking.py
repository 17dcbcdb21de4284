# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asks witnesses over HTTP which checkpoint of a log they cosigned last (spec 06 §5)."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING

from ledger.held.replica import verify_head
from node.peering.errors import UnreachableError
from node.peering.recovering import Said
from protocol.checkpoint import check_cosignature
from protocol.errors import Malformed
from protocol.note import parse_note

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from node.peering.client import Client
    from protocol.identity import Origin
    from protocol.note import VerifierKey

NOTE_BYTES_MAX = 65_536
ANSWER_S = 10.0


async def ask_witnesses(
    client: Client, places: Iterable[tuple[VerifierKey, str]], origin: Origin, charters: Sequence[bytes]
) -> list[Said]:
    """What those of the witnesses say that answer: (key, submission prefix) of each."""
    asked = [_ask(client, key, url, origin, charters) for key, url in places if url]
    return [said for said in await asyncio.gather(*asked) if said is not None]


async def _ask(client: Client, key: VerifierKey, url: str, origin: Origin, charters: Sequence[bytes]) -> Said | None:
    """What one witness says; whatever it cannot vouch for with its cosignature is no answer."""
    name = sha256(str(origin).encode()).hexdigest()
    try:
        status, body = await client.get_text(f"{url.rstrip('/')}/{name}/checkpoint", NOTE_BYTES_MAX, ANSWER_S)
        if status == 404:
            return Said(key.name, None)
        if status != 200:
            return None
        note = parse_note(body)
        for line in note.signatures:
            if (line.name, line.key_id) == (key.name, key.key_id):
                check_cosignature(note, line, key)
                return Said(key.name, verify_head(body, charters))
    except (UnreachableError, Malformed):
        pass
    return None
