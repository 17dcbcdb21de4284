# SPDX-License-Identifier: AGPL-3.0-or-later
"""Statement bodies as JSON, and back."""

from __future__ import annotations

import json

from ledger.jsonform import from_json, to_json
from tests.builders import seeded


def test_a_body_comes_back_as_it_was() -> None:
    record = {"id": seeded("id", 16), "name": {"en": "Between two"}, "identifiers": [{"scheme": "osm", "id": "n1"}]}
    body = {"record": record, "parties": [seeded("one"), seeded("other")], "log": seeded("log")}
    assert from_json(json.loads(json.dumps(to_json(body)))) == body
