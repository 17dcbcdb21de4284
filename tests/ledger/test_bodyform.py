# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bodies of the ledger from JSON and back: what is bytes is told by the types."""

from __future__ import annotations

import json

import pytest

from ledger.bodyform import body_from_json
from ledger.jsonform import to_json
from protocol.errors import Malformed
from protocol.kinds import check_body
from tests.builders import seeded

ID, OTHER, LOG = seeded("id", 16), seeded("other", 16), seeded("log")
BODIES = {
    "post": {"code": "settle", "legs": [[ID, -5], [OTHER, 5]], "on": 20_000, "basis": {"claim": ID, "contract": OTHER}},
    "member.set": {"member": ID, "delegate": b"", "key": seeded("key")},
    "account.open": {"owner": LOG, "unit": "EUR", "type": "connector", "peer": seeded("peer")},
    "contract.offer": {
        "parties": sorted([ID, LOG]),
        "from": 20_000,
        "title": {"fr": "Contrat"},
        "clauses": [
            {"kind": "gift", "ack": "wanted"},
            {
                "kind": "access",
                "resource": ID,
                "unit_price": 1,
                "unit": "EUR",
                "per": "use",
                "by_class": {"coop": [1, 2], "city": "deny"},
                "to": OTHER,
            },
        ],
    },
    "proposal": {"title": {"en": "?"}, "choices": ["a", "b"], "closes": 1, "acts": [["post", seeded("act")]]},
    "note": {"about": ID, "text": "00"},
}


@pytest.mark.parametrize("kind", BODIES)
def test_there_and_back(kind: str) -> None:
    read = body_from_json(kind, json.loads(json.dumps(to_json(BODIES[kind]))))
    assert read == BODIES[kind]
    check_body(kind, read)


def test_parties_of_a_private_note_are_logs() -> None:
    written = to_json({"parties": [LOG]})
    assert body_from_json("note", {"about": ID.hex(), "text": "x", **written})["parties"] == [LOG]


@pytest.mark.parametrize(
    "value", [{"about": "zz"}, {"about": "0"}, [], "text", None, {"about": ID.hex().upper()}], ids=repr
)
def test_what_is_not_spelled_as_it_should_is_refused(value: object) -> None:
    with pytest.raises(Malformed) as refused:
        body_from_json("note", value)
    assert refused.value.reason == "body"
