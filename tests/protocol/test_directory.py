# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 10 §1, 03 §5, 04 §5: the bodies of the directory's statements."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.directory import BODIES, Body, ClaimCorrect, RecordPut, check_body, parties_of, read_body
from protocol.encoding import Value, encode
from protocol.errors import Malformed
from protocol.statement import Statement, make_statement, parse_statement
from tests.builders import seeded
from tests.drawing import draws
from tests.protocol.strategies import damaged, hostile
from tests.protocol.vectors import Case, agreed, vectors

SUBJECT: dict[str, Value] = {"log": seeded("log"), "id": seeded("subject", 16)}
RECORD: dict[str, Value] = {"id": seeded("record", 16), "kind": "place", "name": {"en": "Mill"}, "licence": "CC0-1.0"}
IMPORT = seeded("import", 16)
EXAMPLES: dict[str, dict[str, Value]] = {
    "record.put": {"record": RECORD, "import": IMPORT},
    "record.close": {"id": seeded("record", 16), "reason": "gone", "import": IMPORT},
    "claim.checked": {"subject": SUBJECT, "finding": "right", "note": "open"},
    "claim.same": {"subject": SUBJECT, "other": SUBJECT},
    "claim.different": {"subject": SUBJECT, "other": SUBJECT},
    "claim.report": {"subject": SUBJECT, "type": "wrong", "note": "moved"},
    "claim.endorse": {"subject": SUBJECT, "note": "good people"},
    "claim.correct": {"subject": SUBJECT, "record": RECORD, "note": "so"},
    "claim.decided": {
        "claim": seeded("claim", 16),
        "author": seeded("somebody"),
        "subject": SUBJECT,
        "outcome": "accepted",
        "state": seeded("state"),
        "reason": "seen it",
        "through": "Marie, Fives",
        "decision": seeded("decision", 16),
    },
    "import.start": {"id": IMPORT, "set": "farms", "file": seeded("f"), "name": "Farms", "licence": "CC0-1.0"},
    "import.done": {"id": IMPORT, "added": 1, "updated": 2, "closed": 3, "kept": 4, "refused": 5},
    "import.undo": {"id": IMPORT},
    "role": {"key": seeded("steward"), "role": "steward", "name": "Sam"},
    "circle": {"log": seeded("neighbour"), "member": True, "name": "Neighbours"},
    "vouch": {"log": SUBJECT["log"], "vouched": True, "note": "neighbours"},
    "deny": {"log": SUBJECT["log"], "denied": True, "reason": "spam", "id": SUBJECT["id"], "note": "sells pills"},
    "label": {"subject": SUBJECT, "label": "adults only", "set": True, "note": "a bar"},
    "erase": {"position": 3, "reason": "law"},
    "receipt": {"log": seeded("neighbour"), "epoch": 2, "positions": [3, 5]},
    "override": {"size": 12, "root": seeded("root"), "reason": "the old machine has burnt"},
}


def receive(kind: str, body: bytes) -> Body | None:
    """What a statement of somebody else says."""
    statement = parse_statement(make_statement(bytes(32), kind, bytes(16), 0, bytes(32), {})[:-1] + body)
    assert isinstance(statement, Statement)
    return read_body(statement)


@vectors("16-peers", "body")
def test_bodies_about_logs(case: Case) -> None:
    with agreed(case, by_reason=False):
        assert isinstance(receive(case["kind"], bytes.fromhex(case["body_hex"])), BODIES[case["kind"]])


@vectors("10-directory", "body")
def test_body_vectors(case: Case) -> None:
    # As for the reason word `malformed`: it is the verdict on the entry (§3), and the ledger's to say.
    with agreed(case, by_reason=False):
        assert isinstance(receive(case["kind"], bytes.fromhex(case["body_hex"])), BODIES[case["kind"]])


@vectors("03-statement", "erase_body")
def test_erase_vectors(case: Case) -> None:
    with agreed(case, by_reason=False):
        assert isinstance(receive("erase", bytes.fromhex(case["body_hex"])), BODIES["erase"])


@vectors("03-statement", "override_body")
def test_override_vectors(case: Case) -> None:
    with agreed(case, by_reason=False):
        assert isinstance(receive("override", bytes.fromhex(case["body_hex"])), BODIES["override"])


def test_every_kind_has_an_example() -> None:
    assert set(EXAMPLES) == set(BODIES)


@pytest.mark.parametrize("kind", BODIES)
def test_bodies_come_back(kind: str) -> None:
    body = check_body(kind, EXAMPLES[kind])
    assert receive(kind, encode(EXAMPLES[kind])) == body
    assert msgspec.to_builtins(body, builtin_types=(bytes,)) == EXAMPLES[kind]


@pytest.mark.parametrize("kind", BODIES)
def test_every_field_without_which_a_body_says_nothing_is_required(kind: str) -> None:
    for field in EXAMPLES[kind]:
        rest = {key: value for key, value in EXAMPLES[kind].items() if key != field}
        optional = field in {"note", "name", "import"} and kind != "import.start"
        of_decision = kind == "claim.decided" and field in {"reason", "through", "decision"}
        if optional or of_decision or (kind, field) == ("deny", "id"):
            assert check_body(kind, rest) == receive(kind, encode(rest))
            continue
        with pytest.raises(Malformed):
            check_body(kind, rest)
        with pytest.raises(Malformed):
            receive(kind, encode(rest))


@pytest.mark.parametrize("kind", BODIES)
def test_unknown_fields_are_kept_from_signing_but_let_in(kind: str) -> None:
    extra = EXAMPLES[kind] | {"zz": [1]}
    with pytest.raises(Malformed, match="no field zz"):
        check_body(kind, extra)
    assert receive(kind, encode(extra)) == check_body(kind, EXAMPLES[kind])


@draws(200)
@given(st.sampled_from(sorted(BODIES)), st.data())
def test_any_bytes_are_refused_or_a_body(kind: str, data: st.DataObject) -> None:
    body = data.draw(damaged(st.just(encode(EXAMPLES[kind]))) | hostile)
    with suppress(Malformed):
        assert isinstance(receive(kind, body), BODIES[kind])


@given(st.sampled_from(sorted(BODIES)), st.sampled_from([0, -1, True, "text", b"bytes", [], {}, 2**63 - 1]), st.data())
def test_a_value_of_another_type_is_refused_or_the_same_to_both_readers(kind: str, value: Any, data: Any) -> None:
    field = data.draw(st.sampled_from(sorted(EXAMPLES[kind])))
    body = EXAMPLES[kind] | {field: value}
    found: list[Body | None] = []
    readers: list[Callable[[], Body | None]] = [lambda: check_body(kind, body), lambda: receive(kind, encode(body))]
    for read in readers:
        try:
            found.append(read())
        except Malformed:
            found.append(None)
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "respelled", [(b"\xa5added\x01", b"\xa5added\xcc\x01"), (b"\xa5added\x01", b"\xd9\x05added\x01")]
)
def test_a_body_in_a_second_spelling_is_refused(respelled: tuple[bytes, bytes]) -> None:
    data = encode(EXAMPLES["import.done"])
    assert receive("import.done", data)
    with pytest.raises(Malformed) as refusal:
        receive("import.done", data.replace(*respelled))
    assert refusal.value.reason == "statement_form"


def test_an_unknown_kind_is_not_read_and_not_signed() -> None:
    assert receive("claim.dreamt", encode({"a": 1})) is None
    with pytest.raises(Malformed, match="no statement kind"):
        check_body("claim.dreamt", {"a": 1})


@pytest.mark.parametrize("name", ["", "Farms", "a" * 65, "farms\n", "fa rms", "f\u00e4rms", "\nfarms"])
def test_a_set_has_a_short_name(name: str) -> None:
    body = EXAMPLES["import.start"] | {"set": name}
    with pytest.raises(Malformed):
        check_body("import.start", body)
    with pytest.raises(Malformed):
        receive("import.start", encode(body))


@pytest.mark.parametrize("kind", ["record.put", "claim.correct"])
def test_a_record_in_a_body_is_checked_as_one(kind: str) -> None:
    nowhere: Value = RECORD | {"point": {"lat": 0, "lon": 0, "precision": 0, "method": "hand"}}
    with pytest.raises(Malformed, match="point"):
        check_body(kind, EXAMPLES[kind] | {"record": nowhere})
    with pytest.raises(Malformed, match="point"):
        receive(kind, encode(EXAMPLES[kind] | {"record": nowhere}))
    with pytest.raises(Malformed, match="kind"):
        check_body(kind, EXAMPLES[kind] | {"record": RECORD | {"kind": "dream"}})
    assert receive(kind, encode(EXAMPLES[kind] | {"record": RECORD | {"kind": "dream"}}))


_awkward = st.text(
    st.sampled_from('an<\n"\\\x7f/\u00e9\u0301\u0303\u0323\u0338\u1100\u1161\u212b\ud7a3\U0001d15e'), max_size=6
)
_parts: dict[str, st.SearchStrategy[Any]] = {
    "name": st.dictionaries(st.just("en") | _awkward, _awkward, max_size=2),
    "description": st.dictionaries(st.just("en"), _awkward),
    "hours": _awkward,
    "kind": st.just("place") | _awkward,
    "address": st.fixed_dictionaries({}, optional={"street": _awkward, "locality": _awkward, "zz": _awkward}),
    "sources": st.lists(st.fixed_dictionaries({"set": _awkward, "licence": _awkward}), max_size=2),
    "point": st.just({"lat": 1, "lon": 2, "precision": 3}).flatmap(lambda p: _awkward.map(lambda m: p | {"method": m})),
    "checked_at": st.sampled_from([0, 1, 2**40, -1, None, 1.0, True]),
    "status": st.just("active") | _awkward,
    "unknown": _awkward | st.none() | st.floats(0, 1),
}


@draws(300)
@given(st.fixed_dictionaries({}, optional=_parts), st.data())
def test_a_record_reads_the_same_by_the_short_way_and_by_the_long_one(parts: dict[str, Any], data: Any) -> None:
    """What puts a record is read in a way of its own; a correction of it is not."""
    raw = msgspec.msgpack.Encoder(order="deterministic")
    encoded = raw.encode(RECORD | parts)
    encoded = data.draw(st.just(encoded) | damaged(st.just(encoded)))
    found: list[object] = []
    for kind, before in (("record.put", b"\x81\xa6record"), ("claim.correct", b"\x82\xa6record")):
        after = b"" if kind == "record.put" else b"\xa7subject" + raw.encode(SUBJECT)
        try:
            body = receive(kind, before + encoded + after)
        except Malformed:
            found.append(None)
        else:
            assert isinstance(body, RecordPut | ClaimCorrect)
            found.append(body.record)
    assert found[0] == found[1]


def test_parties_are_named_in_order_each_once_or_not_at_all() -> None:
    one, other = sorted([seeded("one"), seeded("other")])
    body: dict[str, Any] = EXAMPLES["record.put"]
    bad: Any
    for good in ([one], [one, other], [bytes([n]) * 32 for n in range(16)]):
        check_body("record.put", body | {"parties": good})
        assert parties_of(statement_of("record.put", body | {"parties": good})) == set(good)
    for bad in ([], [other, one], [one, one], [one[:-1]], ["one"], one, [bytes([n]) * 32 for n in range(17)]):
        with pytest.raises(Malformed):
            check_body("record.put", body | {"parties": bad})
        assert parties_of(statement_of("record.put", body | {"parties": bad})) == set()
    assert parties_of(statement_of("record.put", body)) == set()


def statement_of(kind: str, body: dict[str, Value]) -> Statement:
    """A statement of somebody else."""
    statement = parse_statement(make_statement(bytes(32), kind, bytes(16), 0, bytes(32), body))
    assert isinstance(statement, Statement)
    return statement
