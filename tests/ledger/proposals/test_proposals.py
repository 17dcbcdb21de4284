# SPDX-License-Identifier: AGPL-3.0-or-later
"""What anybody proposes waits, is merged with what has changed since, and enters the log with the decision on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger.directory.present import record_object
from ledger.errors import NotFoundError, RefusedError, TooMuchError
from ledger.proposals import inbox
from ledger.proposals.deciding import Verdict, decide, decision_on, waiting
from ledger.proposals.inbox import invite, propose, take
from ledger.proposals.merging import merged
from ledger.proposals.present import proposal_object, proposals_object
from protocol.errors import Malformed
from protocol.proposal import decision_ids, state_digest
from tests.builders import seeded
from tests.ledger.proposals.proposing import MILL, SOMEBODY, correction, enter, report, sent

if TYPE_CHECKING:
    from ledger.ledger import Ledger


def mill(ledger: Ledger) -> dict[str, Any]:
    ledger.writer.settle()
    with ledger.store.read() as reads:
        return record_object(reads, reads.records_by_id(ledger.own.tree, [MILL["id"]])[MILL["id"]])


def size(ledger: Ledger) -> int:
    with ledger.store.read() as reads:
        return reads.tree_numbered(ledger.own.tree).size


def test_nothing_that_waits_is_in_the_log(ledger: Ledger) -> None:
    before = size(ledger)
    proposal_id = take(ledger, correction(ledger, name={"en": "The old mill"}))
    assert take(ledger, correction(ledger, name={"en": "The old mill"})) == proposal_id
    assert size(ledger) == before
    with ledger.store.read() as reads:
        told = proposals_object(reads, ledger.own.tree)
        (waits,) = told["waiting"]
        assert (waits["state"], waits["new"], waits["author"]) == ("waiting", False, SOMEBODY.public.hex())
        assert waits["record"]["name"] == {"en": "The old mill"}
        assert proposals_object(reads, ledger.own.tree, "00")["waiting"] == []


def test_what_is_accepted_counts_by_both_signatures(ledger: Ledger) -> None:
    proposal_id = take(ledger, correction(ledger, name={"en": "The old mill"}, note="its sign says so"))
    position = decide(ledger, proposal_id, Verdict("accepted", "I have been there"))
    assert mill(ledger)["name"] == {"en": "The old mill"}
    with ledger.store.read() as reads:
        assert reads.verdicts(ledger.own.tree, 0, 100) == {}
        decided = decision_on(reads, ledger.own.tree, proposal_id)
        assert decided is not None
        assert (decided.position, decided.body.outcome, decided.body.author) == (position, "accepted", SOMEBODY.public)
        assert decided.body.state == state_digest(MILL | {"name": {"en": "The old mill"}})
        assert list(reads.accepted(ledger.own.tree, [proposal_id])) == [proposal_id]
        assert proposal_object(reads, ledger.own.tree, proposal_id)["reason"] == "I have been there"
        with pytest.raises(NotFoundError):
            waiting(reads, ledger.own.tree, proposal_id)
    with pytest.raises(NotFoundError):
        decide(ledger, proposal_id, Verdict("refused"))
    with pytest.raises(RefusedError):
        take(ledger, correction(ledger, name={"en": "The old mill"}))


def test_what_has_changed_since_is_kept(ledger: Ledger) -> None:
    proposal_id = take(ledger, correction(ledger, name={"en": "The old mill", "fr": "Le moulin"}))
    enter(ledger, name={"en": "The mill", "fr": "Le vieux moulin"}, description={"en": "Bread and cake."})
    decide(ledger, proposal_id, Verdict("accepted"))
    told = mill(ledger)
    assert told["name"] == {"en": "The old mill", "fr": "Le vieux moulin"}
    assert told["description"] == {"en": "Bread and cake."}
    with ledger.store.read() as reads:
        assert proposal_object(reads, ledger.own.tree, proposal_id)["outcome"] == "edited"


def test_what_is_refused_can_be_held_back(ledger: Ledger) -> None:
    before = size(ledger)
    proposal_id = take(ledger, correction(ledger, name={"en": "Buy pills"}))
    decide(ledger, proposal_id, Verdict("refused", "spam", hold_back=True))
    assert size(ledger) == before + 1
    told = take(ledger, correction(ledger, "two", name={"en": "Buy more"}))
    decide(ledger, told, Verdict("refused", "spam"))
    assert mill(ledger)["name"] == MILL["name"]
    with ledger.store.read() as reads:
        assert reads.accepted(ledger.own.tree, [proposal_id]) == {}
        assert list(reads.accepted(ledger.own.tree, [told])) == [told]
        assert proposal_object(reads, ledger.own.tree, proposal_id)["outcome"] == "refused"


def test_something_new(ledger: Ledger) -> None:
    new = correction(ledger, id=seeded("new", 16), name={"en": "A tool library"}, checked_at=1_700_000_000)
    proposal_id = take(ledger, new)
    decide(ledger, proposal_id, Verdict("accepted"))
    ledger.writer.settle()
    with ledger.store.read() as reads:
        row = reads.records_by_id(ledger.own.tree, [seeded("new", 16)])[seeded("new", 16)]
        assert row.checked_at is None  # who proposes does not say when somebody last looked
        assert proposal_object(reads, ledger.own.tree, proposal_id)["outcome"] == "edited"


def test_contact_for_members_is_in_no_public_entry(ledger: Ledger) -> None:
    contact = {"email": "m@mill.example", "visibility": "members"}
    proposal_id = take(ledger, correction(ledger, contact=contact))
    with ledger.store.read() as reads:
        assert "contact" not in proposal_object(reads, ledger.own.tree, proposal_id)["record"]
        assert proposal_object(reads, ledger.own.tree, proposal_id, private=True)["record"]["contact"] == contact
    decide(ledger, proposal_id, Verdict("accepted"))
    assert "contact" not in mill(ledger)
    with ledger.store.read() as reads:
        private = reads.records_by_id(ledger.own.tree, [MILL["id"]], private=True)[MILL["id"]]
        assert record_object(reads, private)["contact"] == contact


def test_reports_are_answered(ledger: Ledger) -> None:
    done, closed = take(ledger, report(ledger)), take(ledger, report(ledger, "again", note="bricked up"))
    with pytest.raises(RefusedError):
        decide(ledger, done, Verdict("accepted"))
    decide(ledger, done, Verdict("nothing_to_do", "it stands there"))
    assert mill(ledger)["status"] == "active"
    decide(ledger, closed, Verdict("closed"))
    assert mill(ledger)["status"] == "closed"


def test_somebody_without_a_key_and_somebody_with_a_link(ledger: Ledger) -> None:
    token = invite(ledger, "Marie,  Fives", 7, 1)
    body: dict[str, Any] = {
        "subject": {"log": ledger.log_id, "id": MILL["id"]},
        "record": MILL | {"name": {"en": "Mill"}},
    }
    plain = propose(ledger, "claim.correct", body, seeded("plain", 16), inbox.Sent(b"", b""))
    assert propose(ledger, "claim.correct", body, seeded("plain", 16), inbox.Sent(b"", b"")) == plain
    named = propose(ledger, "claim.correct", body, seeded("named", 16), inbox.Sent(b"", b"", token))
    with pytest.raises(RefusedError):
        propose(ledger, "claim.correct", body, seeded("too many", 16), inbox.Sent(b"", b"", token))
    decide(ledger, named, Verdict("accepted"))
    with ledger.store.read() as reads:
        assert proposal_object(reads, ledger.own.tree, named)["through"] == "Marie, Fives"
        assert proposal_object(reads, ledger.own.tree, plain)["through"] is None


def test_what_does_not_do(ledger: Ledger) -> None:
    good = correction(ledger)
    wrong: list[tuple[type[Exception], inbox.Sent]] = [
        (Malformed, good._replace(signature=bytes(64))),
        (Malformed, good._replace(signature=b"")),
        (Malformed, good._replace(statement=b"")),
        (Malformed, sent(ledger, "claim.correct", {"subject": {}}, "no body")),
        (Malformed, sent(ledger, "record.put", {"record": MILL}, "another kind")),
        (Malformed, correction(ledger, note="a\u0007bell")),
        (Malformed, correction(ledger, colour="green")),
        (Malformed, correction(ledger, kind="vehicle")),
        (RefusedError, good._replace(link="no such link")),
    ]
    other: dict[str, Any] = {"subject": {"log": ledger.log_id, "id": seeded("other", 16)}, "record": MILL}
    wrong.append((Malformed, sent(ledger, "claim.correct", other, "another subject")))
    wrong.append((Malformed, sent(ledger, "claim.report", {"subject": {}}, "x", log_id=bytes(32))))
    for error, one in wrong:
        with pytest.raises(error):
            take(ledger, one)
    take(ledger, good)
    with pytest.raises(RefusedError):
        take(ledger, correction(ledger, name={"en": "The same id"}))
    taken = sent(ledger, "claim.report", {}, "taken")
    assert taken
    with pytest.raises(RefusedError):  # an id of the log's own statements
        ids = decision_ids(seeded("x", 16))
        ledger.writer.append([ledger.state("record.put", {"record": MILL}, ids.decided)]).result()
        take(ledger, correction(ledger, "x"))


def test_there_is_an_end_to_what_is_kept(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "FROM_ONE_MAX", 2)
    for number in range(2):
        take(ledger, correction(ledger, f"{number}")._replace(origin=b"one"))
    with pytest.raises(TooMuchError):
        take(ledger, correction(ledger, "3")._replace(origin=b"one"))
    take(ledger, correction(ledger, "3")._replace(origin=b"other"))
    monkeypatch.setattr(inbox, "WAITING_MAX", 3)
    with pytest.raises(TooMuchError):
        take(ledger, correction(ledger, "4"))
    monkeypatch.setattr(inbox, "WAITING_MAX", 10)
    monkeypatch.setattr(inbox, "WAITING_BYTES_MAX", 1_000)
    with pytest.raises(TooMuchError):
        take(ledger, correction(ledger, "4"))


def test_strangers_leave_room_for_whoever_was_given_a_link(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "FROM_AROUND_MAX", 2)
    monkeypatch.setattr(inbox, "STRANGERS_MAX", 3)
    token = inbox.invite(ledger, "Marie")
    for number in range(2):
        take(ledger, correction(ledger, f"{number}")._replace(origin=b"near-by" + bytes([0, number]) * 4))
    with pytest.raises(TooMuchError, match="from where you are"):
        take(ledger, correction(ledger, "2")._replace(origin=b"near-by" + bytes([0, 2]) * 4))
    take(ledger, correction(ledger, "2")._replace(origin=b"far away from it"))
    with pytest.raises(TooMuchError, match="come back"):
        take(ledger, correction(ledger, "3")._replace(origin=b"further and away"))
    take(ledger, correction(ledger, "3")._replace(origin=b"near-by" + bytes([0, 2]) * 4, link=token))
    monkeypatch.setattr(inbox, "STRANGERS_MAX", 9)
    monkeypatch.setattr(inbox, "STRANGERS_BYTES_MAX", 1_000)
    with pytest.raises(TooMuchError, match="come back"):
        take(ledger, correction(ledger, "4"))


def test_merging_takes_what_was_changed_and_leaves_the_rest() -> None:
    base: dict[str, Any] = {"id": b"i", "url": "a", "hours": "h", "name": {"en": "a", "fr": "b"}}
    proposed: dict[str, Any] = {"id": b"i", "url": "b", "name": {"en": "c", "nl": "d"}}
    present: dict[str, Any] = base | {"item": "x", "name": {"en": "a", "fr": "b", "de": "e"}, "checked_at": 5}
    assert merged(base, proposed, present) == {
        "id": b"i",
        "url": "b",
        "item": "x",
        "name": {"en": "c", "de": "e", "nl": "d"},
        "checked_at": 5,
    }
    assert merged(None, proposed | {"checked_at": 4}, None) == proposed
    assert merged(base, base, present) == present
