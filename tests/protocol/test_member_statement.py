# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 20 §2: the member statement and the verdict on it; every tampering is refused with what differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.encoding import Value, decode, encode
from protocol.errors import Malformed
from protocol.member_replay import MemberVerdict
from protocol.member_statement import HEADER, MemberStatement, parse_member_statement, write_member_statement
from protocol.member_verdict import MemberFinding, judge_member
from protocol.policy import Policy, parse_policy
from tests.builders import Log, amend, found_organisation, make_charter, signing_key, witness_key
from tests.drawing import draws
from tests.ledgers import Ledger, year
from tests.protocol.strategies import damaged, hostile, refused_or_same
from tests.protocol.vectors import Case, vectors

YEAR, ANA = year()
STATEMENT = YEAR.statement(ANA)
FILE = write_member_statement(STATEMENT)
TOLD = len(STATEMENT.entries)


def trust(*lines: str, quorum: str = "none", log: str = str(YEAR.organisation.verifier_key)) -> Policy:
    return parse_policy("\n".join([f"log {log}", *lines, f"quorum {quorum}\n"]).encode())


def judge(statement: MemberStatement, policy: Policy | None = None) -> MemberFinding:
    return judge_member(write_member_statement(statement), policy)


def changed(**changes: Any) -> MemberFinding:
    return judge(msgspec.structs.replace(STATEMENT, **changes))


@vectors("20-member-statement", "verdict")
def test_verdict_vectors(case: Case) -> None:
    policy = parse_policy(case["trust"].encode()) if "trust" in case else None
    finding = judge_member(bytes.fromhex(case["statement_hex"]), policy)
    assert (finding.verdict.word, finding.verdict.exit_code) == (case["verdict"], case["exit"]), finding.why


def test_a_statement_is_true() -> None:
    finding = judge_member(FILE, trust())
    assert (finding.verdict, finding.why) == (MemberVerdict.TRUE, "everything holds")
    assert finding.own_trust
    assert not judge_member(FILE).own_trust
    assert judge_member(FILE).verdict is MemberVerdict.TRUE
    amounts = {(leaf.posted, leaf.reserved) for leaf in finding.leaves if leaf.sort}
    assert amounts == {(4_000 - 1_250 - 200 - 300, 70), (1_250 + 45, 0)}
    assert [told.position for told in finding.told] == [position for position, *_ in STATEMENT.entries]


def test_a_member_without_an_account_has_a_statement_too() -> None:
    ledger = Ledger()
    ana = ledger.join("ana")
    ledger.state()
    assert judge(ledger.statement(ana)).verdict is MemberVerdict.TRUE


def test_any_state_will_do_and_what_came_later_is_not_said() -> None:
    ledger, ana = Ledger(), b""
    ana = ledger.join("ana")
    purse, fund = ledger.open(ana, "purse"), ledger.open(ledger.log_id, "fund")
    ledger.state()
    ledger.post((purse, 5), (fund, -5))
    ledger.state()
    ledger.note(ana)
    assert judge(ledger.statement(ana)).verdict is MemberVerdict.TRUE


def without(items: list[Any], at: int) -> list[Any]:
    return items[:at] + items[at + 1 :]


def replaced(items: list[Any], at: int, other: Any) -> list[Any]:
    return [*items[:at], other, *items[at + 1 :]]


@pytest.mark.parametrize("at", range(TOLD))
def test_no_entry_can_be_left_out(at: int) -> None:
    entries = without(STATEMENT.entries, at)
    assert changed(entries=entries).verdict is MemberVerdict.INCLUSION
    honest = msgspec.structs.replace(
        STATEMENT, entries=entries, hashes=YEAR.log.prove_many([position for position, *_ in entries])
    )
    finding = judge(honest)
    if not STATEMENT.entries[at][3] and at < TOLD - 1:
        assert finding.verdict is MemberVerdict.TRUE  # words beside may be left out
    else:
        assert finding.verdict is (MemberVerdict.STATE if at == TOLD - 1 else MemberVerdict.CHAIN)
        assert "left out" in finding.why or "last one" in finding.why


@pytest.mark.parametrize("at", range(TOLD))
def test_no_entry_can_be_altered_or_exchanged(at: int) -> None:
    position, entry, payload, concerns = STATEMENT.entries[at]
    other = YEAR.log.entries[position - 1]
    exchanged = changed(entries=replaced(STATEMENT.entries, at, (position, *other, concerns)))
    assert exchanged.verdict is MemberVerdict.INCLUSION
    foreign = changed(entries=replaced(STATEMENT.entries, at, (position, entry, other[1], concerns)))
    assert foreign.verdict is MemberVerdict.COMMITMENT
    assert f"entry {position}" in foreign.why
    altered = payload[:-1] + bytes([payload[-1] ^ 1])
    assert changed(entries=replaced(STATEMENT.entries, at, (position, entry, altered, concerns))).verdict is (
        MemberVerdict.COMMITMENT
    )


@pytest.mark.parametrize("at", range(TOLD))
def test_what_is_not_shown_cannot_be_told(at: int) -> None:
    position, entry, _, concerns = STATEMENT.entries[at]
    finding = changed(entries=replaced(STATEMENT.entries, at, (position, entry, b"", concerns)))
    if concerns or at == TOLD - 1:
        assert finding.verdict is MemberVerdict.NO_PAYLOAD
        assert str(position) in finding.why
    else:
        assert finding.verdict is MemberVerdict.CHAIN


def test_no_entry_can_be_added() -> None:
    spare = next(position for position in range(1, YEAR.stated) if position not in {at for at, *_ in STATEMENT.entries})
    for concerns, said in (([0], "added"), ([], "concerns nobody")):
        entries = sorted([*STATEMENT.entries, (spare, *YEAR.log.entries[spare], concerns)])
        finding = changed(entries=entries, hashes=YEAR.log.prove_many([position for position, *_ in entries]))
        assert finding.verdict is MemberVerdict.CHAIN
        assert said in finding.why


def test_entries_cannot_change_their_places() -> None:
    (first, *one), (second, *two) = STATEMENT.entries[3:5]
    entries = replaced(replaced(STATEMENT.entries, 3, (first, *two)), 4, (second, *one))
    assert changed(entries=entries).verdict is MemberVerdict.INCLUSION
    assert changed(entries=STATEMENT.entries[::-1]).verdict is MemberVerdict.MALFORMED


def test_nothing_can_be_said_to_concern_others_than_it_does() -> None:
    for at, (position, entry, payload, concerns) in enumerate(STATEMENT.entries[:-1]):
        for other in ([0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2], []):
            if other != concerns:
                finding = changed(entries=replaced(STATEMENT.entries, at, (position, entry, payload, other)))
                assert finding.verdict is MemberVerdict.CHAIN


def test_another_balance_is_not_in_the_state() -> None:
    for at, (index, data) in enumerate(STATEMENT.leaves):
        leaf: list[Any] = decode(data)  # type: ignore[assignment] # a leaf is an array
        for field, other in ((2, leaf[2] + 1), (3, bytes(32)), (4, leaf[4] + 1), (5, leaf[5] + 1), (6, "XYZ"), (7, 0)):
            if leaf[1] == 0 and field > 3:
                continue
            forged = encode([*leaf[:field], other, *leaf[field + 1 :]])
            assert changed(leaves=replaced(STATEMENT.leaves, at, (index, forged))).verdict is MemberVerdict.STATE
        assert changed(leaves=without(STATEMENT.leaves, at)).verdict is MemberVerdict.MALFORMED


def restated(**changes: Any) -> MemberFinding:
    """What comes of a log whose operator states something false."""
    ledger, ana = year()
    ledger.things[ana].positions.extend(changes.pop("more", []))
    for thing in ledger.things.values():
        for name, by in changes.items():
            setattr(thing, name, getattr(thing, name) + by if thing.owner == ana else getattr(thing, name))
    ledger.state()
    return judge(ledger.statement(ana))


def test_an_operator_who_states_another_balance_is_found_out() -> None:
    assert restated().verdict is MemberVerdict.TRUE
    for name in ("posted", "reserved"):
        finding = restated(**{name: 1})
        assert finding.verdict is MemberVerdict.BALANCE
        assert "the state says" in finding.why


def test_an_account_cannot_be_kept_back() -> None:
    ledger, ana = year()
    statement = ledger.statement(ana)
    account = next(one for one, thing in ledger.things.items() if thing.owner == ana)
    ledger.things[account].owner = b"somebody else's"
    short = ledger.statement(ana)
    finding = judge(short)
    assert finding.verdict is MemberVerdict.CHAIN
    assert f"{account.hex()} of the member was left out" in finding.why
    assert len(short.leaves) == len(statement.leaves) - 1


def test_an_account_of_others_is_not_the_members() -> None:
    ledger, ana = year()
    account = next(one for one, thing in ledger.things.items() if thing.sort and thing.owner != ana)
    ledger.things[account].owner = ana
    finding = judge(ledger.statement(ana))
    assert finding.verdict is MemberVerdict.CHAIN
    assert "never opened" in finding.why


def test_an_operator_cannot_leave_out_whom_an_entry_moves() -> None:
    ledger = Ledger()
    ana = ledger.join("ana")
    purse, fund = ledger.open(ana, "purse"), ledger.open(ledger.log_id, "fund")
    legs: list[Value] = [list(leg) for leg in sorted([(purse, 5), (fund, -5)])]
    ledger.say("post", {"code": "transfer", "legs": legs, "on": 1}, {ana, fund})
    ledger.state()
    finding = judge(ledger.statement(ana))
    assert finding.verdict is MemberVerdict.CHAIN
    assert "said not to concern it" in finding.why


def test_an_answer_to_a_payment_that_was_never_made_moves_nothing_that_is_known() -> None:
    ledger = Ledger()
    ana = ledger.join("ana")
    purse, connector = ledger.open(ana, "purse"), ledger.open(ledger.log_id, "connector")
    ledger.pay(bytes(16), purse, connector, 5, 0)
    ledger.state()
    finding = judge(ledger.statement(ana))
    assert finding.verdict is MemberVerdict.BALANCE
    assert "never reserved" in finding.why


def test_a_kind_of_which_nothing_is_known_cannot_be_told() -> None:
    for kind, body in (("post.later", {}), ("post", {"code": "later", "legs": [], "on": 1})):
        ledger = Ledger()
        ana = ledger.join("ana")
        ledger.say(kind, body, {ana})  # type: ignore[arg-type] # bodies
        ledger.state()
        assert judge(ledger.statement(ana)).verdict is MemberVerdict.NO_PAYLOAD


def test_only_who_may_writes_a_profile() -> None:
    for signers, verdict in (
        ([], MemberVerdict.TRUE),
        ([signing_key("ana")], MemberVerdict.TRUE),
        ([signing_key("bo")], MemberVerdict.CHAIN),
        ([signing_key("bo"), signing_key("ana")], MemberVerdict.TRUE),
    ):
        ledger = Ledger()
        ana = ledger.join("ana")
        ledger.profile(ana, *signers)
        ledger.state()
        assert judge(ledger.statement(ana)).verdict is verdict


@pytest.mark.parametrize("changes", [{"size": 3}, {"leaves": 4}, {"root": bytes(32)}])
def test_a_state_that_is_not_the_one_of_its_place_is_false(changes: dict[str, Value]) -> None:
    ledger, ana = year()
    ledger.state(**changes)
    assert judge(ledger.statement(ana)).verdict is MemberVerdict.STATE


def test_only_the_organisation_states_a_state() -> None:
    ledger, ana = year()
    leaves = ledger.leaves()
    ledger.state()
    ledger.stated = ledger.log.size
    body: dict[str, Value] = {"size": ledger.stated, "leaves": len(leaves), "root": bytes(32)}
    ledger.say("state", body, set(), signing_key("steward"), ledger.organisation.key)
    finding = judge(ledger.statement(ana))
    assert finding.verdict is MemberVerdict.STATE
    assert "operating key" in finding.why


OTHER = found_organisation("other")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"log": OTHER.log_id}, MemberVerdict.CHARTERS),
        ({"charters": [OTHER.payload]}, MemberVerdict.CHARTERS),
        ({"charters": [YEAR.organisation.payload, OTHER.payload]}, MemberVerdict.CHARTERS),
        ({"charters": [YEAR.organisation.payload[:-1] + b"\0"]}, MemberVerdict.CHARTERS),
        ({"epoch": 2}, MemberVerdict.CHARTERS),
        ({"note": bytes(Log(OTHER).grow(40).note())}, MemberVerdict.CHARTERS),
        ({"note": bytes(Log(YEAR.organisation).grow(40).note())}, MemberVerdict.INCLUSION),
        ({"note": STATEMENT.note.replace(b"\n", b"\n\n", 1)}, MemberVerdict.MALFORMED),
        ({"member": bytes(16)}, MemberVerdict.STATE),
        ({"trust": b"quorum none\n"}, MemberVerdict.UNKNOWN_LOG),
        ({"trust": b"quorum some\n"}, MemberVerdict.MALFORMED),
        ({"hashes": STATEMENT.hashes[1:]}, MemberVerdict.INCLUSION),
        ({"hashes": [*STATEMENT.hashes, bytes(32)]}, MemberVerdict.INCLUSION),
        ({"path": [*STATEMENT.path, bytes(32)]}, MemberVerdict.STATE),
        ({"path": []}, MemberVerdict.STATE),
    ],
)
def test_what_it_rests_on_cannot_be_exchanged(changes: dict[str, Any], verdict: MemberVerdict) -> None:
    assert changed(**changes).verdict is verdict


def test_a_key_that_no_charter_names_is_not_the_logs_whatever_the_trust_file_says() -> None:
    thief = signing_key("thief")
    forged = YEAR.organisation._replace(key=thief)
    log = Log(forged)
    log.entries.clear()
    note = bytes(log.note())
    policy = parse_policy(f"log {forged.verifier_key}\nquorum none\n".encode())
    finding = judge(msgspec.structs.replace(STATEMENT, note=note), policy)
    assert finding.verdict is MemberVerdict.CHARTERS
    assert "in none of the charters" in finding.why


def test_a_missing_key_or_cosignature_is_not_false_but_cannot_be_told() -> None:
    north, south = (f"witness {name} {witness_key(name)}" for name in ("north", "south"))
    both = trust(north, south, "group both all north south", quorum="both")
    statement = YEAR.statement(ANA, ("north", "south"))
    finding = judge(statement, both)
    assert finding.verdict is MemberVerdict.TRUE
    assert [name for name, _ in finding.witnesses] == ["north", "south"]
    for witnesses in (("north",), ("south",), ()):
        assert judge(YEAR.statement(ANA, witnesses), both).verdict is MemberVerdict.NOT_WITNESSED
    assert judge(statement, trust(log=str(OTHER.verifier_key))).verdict is MemberVerdict.UNKNOWN_LOG
    broken = statement.note.rstrip(b"\n=")[:-4] + b"AAA=\n"
    assert judge(msgspec.structs.replace(statement, note=broken), both).verdict in {
        MemberVerdict.SIGNATURE, MemberVerdict.MALFORMED,
    }  # fmt: skip


def test_after_a_change_of_keys_the_new_charter_speaks() -> None:
    ledger, ana = year()
    old = ledger.organisation
    charter = make_charter("moot", 1, keys=[signing_key("new").public])
    amendment = amend(old, charter)
    ledger.log.append(amendment)
    ledger.organisation = old._replace(key=signing_key("new"))
    ledger.log.organisation = ledger.organisation
    ledger.state()
    statement = ledger.statement(ana)
    chain = [old.payload, amendment]
    assert judge(msgspec.structs.replace(statement, charters=chain)).verdict is MemberVerdict.TRUE
    assert judge(statement).verdict is MemberVerdict.CHARTERS
    ledger.organisation = old
    ledger.state()  # by the key that was removed
    late = msgspec.structs.replace(ledger.statement(ana), charters=chain, trust=statement.trust)
    assert judge(late).verdict is MemberVerdict.STATE


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    """Three members with accounts, and anything that can happen between them."""
    ledger = Ledger()
    fund, connector = ledger.open(ledger.log_id, "fund"), ledger.open(ledger.log_id, "connector")
    members = [ledger.join(label) for label in ("ana", "bo", "cy")]
    accounts = [ledger.open(member, f"{number}") for number, member in enumerate([*members, members[0]])]
    open_payments: list[tuple[bytes, bytes, int]] = []
    for step in draw(st.lists(st.integers(0, 5), max_size=14)):
        account, member = draw(st.sampled_from(accounts)), draw(st.sampled_from(members))
        amount = draw(st.integers(1, 10_000))
        if step == 0:
            ledger.post((account, -amount), (fund, amount))
        elif step == 1:
            ledger.event(member, draw(st.sampled_from([*members, ledger.log_id])))
        elif step == 2:
            open_payments.append((ledger.reserve(account, connector, amount), account, amount))
        elif step == 3 and open_payments:
            transfer, account, amount = open_payments.pop()
            ledger.void(transfer, account, connector, amount)
        elif step == 4 and open_payments:
            transfer, account, amount = open_payments.pop(0)
            ledger.pay(transfer, account, connector, amount, amount)
        else:
            ledger.accept(account, connector, amount)
    return ledger


@draws(25)
@given(ledgers(), st.data())
def test_the_statement_of_any_ledger_holds_and_not_with_one_entry_less_or_another(
    ledger: Ledger, data: st.DataObject
) -> None:
    ledger.state()
    member = data.draw(st.sampled_from([one for one, thing in ledger.things.items() if not thing.sort]))
    statement = ledger.statement(member)
    assert judge(statement).verdict is MemberVerdict.TRUE
    at = data.draw(st.integers(0, len(statement.entries) - 2))
    position, _, _, concerns = statement.entries[at]
    dropped = without(statement.entries, at)
    hashes = ledger.log.prove_many([position for position, *_ in dropped])
    assert judge(msgspec.structs.replace(statement, entries=dropped, hashes=hashes)).verdict is MemberVerdict.CHAIN
    # The operator writes the log anew with another entry in that place, or two in each other's, and signs it.
    order = list(range(ledger.log.size))
    other = data.draw(st.sampled_from([one for one in range(1, ledger.stated) if one != position]))
    if data.draw(st.booleans()):
        order[position], order[other] = other, position
    else:
        order[position] = other
    anew = Log(ledger.organisation)
    for number in order[1:]:
        anew.add(*ledger.log.entries[number])
    entries = [(told, *anew.entries[told], also) for told, *_, also in statement.entries]
    proof = anew.prove_many([told for told, *_ in entries])
    forged = msgspec.structs.replace(statement, entries=entries, hashes=proof, note=bytes(anew.note()))
    assert concerns
    assert judge(forged).verdict is MemberVerdict.CHAIN


@draws(100)
@given(hostile | damaged(st.just(FILE)))
def test_any_bytes_are_a_verdict_and_no_other_bytes_are_true(data: bytes) -> None:
    finding = judge_member(data, trust())
    if finding.verdict is MemberVerdict.TRUE and data != FILE:
        assert finding.statement is not None
        # What may differ: the statement's trust file, which the reader's replaced; signatures by unknown keys; salts of
        # charters, which are established by what they say.
        same = {"trust": STATEMENT.trust, "note": STATEMENT.note, "charters": STATEMENT.charters}
        assert msgspec.structs.replace(finding.statement, **same) == STATEMENT


@draws(60)
@given(hostile.map(lambda data: HEADER + data) | damaged(st.just(FILE)))
def test_a_file_has_one_spelling(data: bytes) -> None:
    refused_or_same(parse_member_statement, write_member_statement, data)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: b"x" + data,
        lambda data: data.replace(b"statement/1", b"statement/2"),
        lambda data: data.replace(b"\xa4path", b"\xa4pith"),
        lambda data: data + bytes(8_388_608),
    ],
)
def test_what_is_not_of_the_form_is_refused(spoil: Callable[[bytes], bytes]) -> None:
    assert judge_member(spoil(FILE)).verdict is MemberVerdict.MALFORMED
    with pytest.raises(Malformed):
        parse_member_statement(spoil(FILE))


def test_an_entry_of_a_later_version_cannot_be_told() -> None:
    ledger = Ledger()
    ana = ledger.join("ana")
    ledger.concern(ledger.log.add(b"\x92\x02\x00", b""), {ana})
    ledger.state()
    assert judge(ledger.statement(ana)).verdict is MemberVerdict.NO_PAYLOAD
