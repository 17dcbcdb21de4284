# SPDX-License-Identifier: AGPL-3.0-or-later
"""The verdict on each entry (spec 10 §3, spec 03 §4): every word of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger.deriving.fold import Authority, Judged, judge, read_entry
from protocol.directory import Role
from protocol.encoding import encode
from protocol.signature import SigningKey
from protocol.statement import (
    commit,
    make_entry,
    make_payload,
    make_statement,
    parse_payload,
    parse_statement,
    sign_statement,
)
from tests.builders import START, amend, found_organisation, make_charter, seeded, signing_key
from tests.ledger.making import record
from tests.protocol.vectors import Case, vectors

if TYPE_CHECKING:
    from protocol.encoding import Value

MOOT = found_organisation()
STEWARD, STRANGER = signing_key("steward"), signing_key("stranger")


class Court:
    """Judges statements one after the other, as the entries of one log."""

    def __init__(self, *, founded: bool = True) -> None:
        self.authority = Authority(MOOT.log_id)
        self.authors: list[bytes | None] = []
        self.judge_payload(MOOT.payload if founded else None)

    def judge_payload(self, payload: bytes | None, entry: bytes | None = None) -> Judged:
        position = len(self.authors)
        entry = entry or make_entry(START, 0, commit(payload or b""))
        reading = read_entry(MOOT.log_id, position, entry, payload)
        self.authors.append(reading.statement.author if reading.statement else None)
        return judge(self.authority, position, reading, lambda at: self.authors[at])

    def judge(self, kind: str, body: dict[str, Any], *signers: SigningKey) -> str:
        return self.judge_payload(payload_of(kind, body, *signers)).verdict


def payload_of(kind: str, body: dict[str, Any], *signers: SigningKey, log_id: bytes = MOOT.log_id) -> bytes:
    keys = signers or (MOOT.key,)
    statement = make_statement(log_id, kind, seeded("id", 16), START, keys[0].public, body)
    return make_payload(seeded("salt"), statement, [sign_statement(statement, key) for key in keys])


def role(key: SigningKey, name: str = "steward") -> dict[str, Any]:
    return {"key": key.public, "role": name}


PUT = {"record": record(1, "bakery")}


def test_an_operating_key_may_speak() -> None:
    judged = Court().judge_payload(payload_of("record.put", PUT))
    assert judged.verdict == "applied"
    assert judged.statement is not None
    assert judged.body is not None


def test_a_charter_is_applied_and_a_second_first_one_is_not() -> None:
    court = Court()
    assert court.authority.keys is not None
    # A charter at another place names no log: it was made for the first place.
    assert court.judge_payload(MOOT.payload).verdict == "wrong_log"


def test_an_amendment_changes_who_may_speak() -> None:
    court, new_key = Court(), signing_key("new key")
    assert court.judge("record.put", PUT, new_key) == "not_authorised"
    assert court.judge_payload(amend(MOOT, make_charter("moot", 1, keys=[new_key.public]))).verdict == "applied"
    assert court.judge("record.put", PUT, new_key) == "applied"
    assert court.judge("record.put", PUT) == "not_authorised"


def test_an_amendment_that_is_not_valid_changes_nothing() -> None:
    court = Court()
    charter = make_charter("moot", 2, keys=[STRANGER.public])
    assert court.judge_payload(amend(MOOT, charter)).verdict == "not_authorised"
    assert court.judge("record.put", PUT) == "applied"


def test_without_a_first_charter_there_is_nothing_to_amend() -> None:
    court = Court(founded=False)
    judged = court.judge_payload(amend(MOOT, make_charter("moot", 1)))
    assert judged == Judged("not_authorised")
    assert court.judge("record.put", PUT) == "not_authorised"


def test_stewards_come_and_go_by_word_of_an_operating_key() -> None:
    court = Court()
    assert court.judge("record.put", PUT, STEWARD) == "not_authorised"
    assert court.judge("role", role(STEWARD), STEWARD) == "not_authorised"
    assert court.judge("role", role(STEWARD)) == "applied"
    assert court.judge("record.put", PUT, STEWARD) == "applied"
    assert court.judge("role", role(STRANGER), STEWARD) == "not_authorised"
    assert court.judge("record.put", PUT, STRANGER) == "not_authorised"
    assert court.judge("role", role(STEWARD, "none")) == "applied"
    assert court.judge("record.put", PUT, STEWARD) == "not_authorised"


def test_an_erasure_is_for_operating_keys_and_authors() -> None:
    court = Court()
    court.judge("role", role(STEWARD))
    court.judge("record.put", PUT, STEWARD)
    court.judge("record.put", PUT)
    court.judge("record.put", PUT, STRANGER)
    erase: dict[int, dict[str, Any]] = {at: {"position": at, "reason": "law"} for at in range(1, 5)}
    assert court.judge("erase", erase[2], STRANGER) == "not_authorised"
    assert court.judge("erase", erase[3], STEWARD) == "not_authorised"
    assert court.judge("erase", erase[2], STEWARD) == "applied"
    assert court.judge("erase", erase[4], STRANGER) == "applied"
    assert court.judge("erase", erase[2]) == "applied"


@pytest.mark.parametrize("position", [0, 1, 2, 2**62])
def test_an_erasure_names_an_earlier_entry_but_the_charter(position: int) -> None:
    assert Court().judge("erase", {"position": position, "reason": "law"}) == "unknown_ref"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("record.put", {}),
        ("record.put", {"record": {**record(1, "bakery"), "url": "ftp://example.org"}}),
        (
            "record.put",
            {"record": {**record(1, "bakery"), "point": {"lat": 0, "lon": 0, "precision": 1, "method": "gps"}}},
        ),
        ("record.close", {"id": bytes(15), "reason": "closed"}),
        ("record.close", {"id": bytes(16), "reason": "because"}),
        ("claim.checked", {"subject": {"log": bytes(32), "id": bytes(16)}, "finding": 1}),
        ("erase", {"position": -1, "reason": "law"}),
        ("role", {"key": STEWARD.public, "role": "king"}),
    ],
)
def test_malformed_bodies(kind: str, body: dict[str, Any]) -> None:
    assert Court().judge(kind, body) == "malformed"


def test_what_is_not_known_is_opaque() -> None:
    court = Court()
    assert court.judge("pledge.make", {"a": 1}) == "opaque"
    assert court.judge_payload(b"anything", encode([2, 7, [1, 2]])).verdict == "opaque"
    statement = encode([2, MOOT.log_id, "something else"])
    payload = make_payload(seeded("salt"), statement, [(MOOT.key.public, bytes(64))])
    assert court.judge_payload(payload).verdict == "opaque"
    # A new field of a known kind is kept and does not disturb.
    assert court.judge("record.put", {"record": {**record(1, "bakery"), "colour": "blue"}}) == "applied"


def _payload(statement: bytes, *signatures: tuple[bytes, bytes]) -> bytes:
    return encode([seeded("salt"), statement, [list(pair) for pair in signatures]])


def test_faulty_entries_and_payloads() -> None:
    good = payload_of("record.put", PUT)
    statement = parse_payload(good).statement
    mine, others = sign_statement(statement, MOOT.key), sign_statement(statement, STRANGER)
    third = sign_statement(statement, STEWARD)
    later = sorted((others, third), reverse=True)
    found = {
        "entry_form": Court().judge_payload(good, b"\x94nonsense").verdict,
        "scope": Court().judge_payload(good, make_entry(START, 3, commit(good))).verdict,
        "withheld": Court().judge_payload(None).verdict,
        "commitment": Court().judge_payload(good, make_entry(START, 0, commit(b"other"))).verdict,
        "payload_form": Court().judge_payload(b"nonsense").verdict,
        "statement_form": Court().judge_payload(_payload(b"nonsense", mine)).verdict,
        "wrong_log": Court().judge_payload(payload_of("record.put", PUT, log_id=seeded("other log"))).verdict,
        "author_signature": Court().judge_payload(_payload(statement, others)).verdict,
        "signature_order": Court().judge_payload(_payload(statement, mine, *later)).verdict,
    }
    assert found == {verdict: verdict for verdict in found}


@vectors("04-charter", "role")
def test_a_role_covers_what_it_covers(case: Case) -> None:
    key, log_id = seeded("somebody"), seeded("log")
    subject: dict[str, Value] = {"log": log_id, "id": bytes(16)}
    record: dict[str, Value] = {"id": bytes(16), "kind": "place", "name": {"en": "A"}, "licence": "CC0-1.0"}
    bodies: dict[str, dict[str, Value]] = {
        "record.put": {"record": record},
        "record.close": {"id": bytes(16), "reason": "closed"},
        "import.undo": {"id": bytes(16)},
        "claim.checked": {"subject": subject, "finding": "right"},
        "claim.same": {"subject": subject, "other": subject},
        "claim.correct": {"subject": subject, "record": record},
        "claim.report": {"subject": subject, "type": "wrong"},
        "claim.decided": {"claim": bytes(16), "author": key, "subject": subject, "outcome": "refused"},
        "label": {"subject": subject, "label": "old", "set": True},
        "deny": {"log": log_id, "denied": True, "reason": "spam"},
        "vouch": {"log": log_id, "vouched": True},
        "role": {"key": key, "role": "steward"},
        "circle": {"log": log_id, "member": True},
    }
    authority = Authority(log_id)
    authority.appoint(Role(key, "steward"))
    authority.appoint(Role(key, case["role"]))
    statement = make_statement(log_id, case["kind"], bytes(16), START, key, bodies[case["kind"]])
    payload = make_payload(seeded("salt"), statement, [(key, bytes(64))])
    reading = read_entry(log_id, 7, make_entry(START, 0, commit(payload)), payload)
    assert judge(authority, 7, reading, lambda _: None).verdict == case["verdict"]


@vectors("21-proposals", "verdict")
def test_anybody_proposes_what_somebody_who_may_write_signs_as_well(case: Case) -> None:
    statement = bytes.fromhex(case["statement_hex"])
    author, *others = map(bytes.fromhex, case["signers_hex"])
    log_id = parse_statement(statement).log_id  # type: ignore[union-attr] # of the present version
    payload = make_payload(seeded("salt"), statement, [(key, bytes(64)) for key in (author, *others)])
    authority = Authority(log_id)
    for writer in map(bytes.fromhex, case["writers_hex"]):
        authority.stewards[writer] = "a steward"
    reading = read_entry(log_id, 7, make_entry(START, 0, commit(payload)), payload)
    assert judge(authority, 7, reading, lambda _: None).verdict == case["verdict"]
