# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 20: statements and balance proofs made from a store, at whatever state the log has stated."""

from __future__ import annotations

import random

import msgspec
import pytest

from ledger.errors import NotFoundError, RefusedError
from ledger.held.tree import prove_many
from ledger.ledger import Ledger
from ledger.proofs.member_statement import MadeStatement, make_balance, make_member_statement
from ledger.proofs.stated import stated_state
from protocol.balance import judge_balance
from protocol.member_replay import MemberVerdict
from protocol.member_statement import parse_member_statement, write_member_statement
from protocol.member_verdict import MemberFinding, judge_member
from protocol.policy import parse_policy
from protocol.proof import Verdict
from protocol.statement import SCOPE_PRIVATE
from tests.ledger.organising import account, member, post, ready, say, unit


def make(ledger: Ledger, who: bytes, *, private: bool = True) -> MadeStatement:
    with ledger.store.read() as reads:
        return make_member_statement(reads, reads.tree_numbered(ledger.own.tree), who, private=private)


def judge(ledger: Ledger, who: bytes, *, private: bool = True) -> MemberFinding:
    return judge_member(make(ledger, who, private=private).data)


def amounts(finding: MemberFinding) -> dict[bytes, tuple[int, int]]:
    assert finding.verdict is MemberVerdict.TRUE, finding.why
    return {leaf.id: (leaf.posted, leaf.reserved) for leaf in finding.leaves if leaf.sort}


def test_a_member_has_everything_that_is_recorded_and_its_balances(ledger: Ledger) -> None:
    unit(ledger)
    ada, key = member(ledger, "Ada")
    bo, _ = member(ledger, "Bo")
    wallet, other, bank = account(ledger, ada), account(ledger, bo), account(ledger, type_="external")
    say(ledger, "post", post("opening", {bank: -900, wallet: 500, other: 400}))
    say(ledger, "post", post("transfer", {wallet: -120, other: 120}), key)
    ledger.writer.settle()
    made = make(ledger, ada)
    assert made.verdict is MemberVerdict.TRUE
    finding = judge_member(made.data)
    assert amounts(finding) == {wallet: (380, 0)}
    assert [told.statement.kind for told in finding.told if told.statement] == [
        "member.join", "account.open", "post", "post", "state",
    ]  # fmt: skip
    assert made.entries == 5
    assert amounts(judge(ledger, bo)) == {other: (520, 0)}


def test_before_anything_is_stated_there_is_no_statement(ledger: Ledger) -> None:
    with pytest.raises(RefusedError, match="has not stated its balances"):
        make(ledger, b"a" * 16)
    unit(ledger)
    ada, _ = member(ledger, "Ada")
    wallet = account(ledger, ada)
    ledger.writer.settle()
    with pytest.raises(NotFoundError, match="is not in the state"):
        make(ledger, b"a" * 16)
    with pytest.raises(NotFoundError, match="is an account"):
        make(ledger, wallet)


def test_words_stand_beside_and_private_ones_can_be_left_out(ledger: Ledger) -> None:
    unit(ledger)
    ada, key = member(ledger, "Ada")
    _, stranger = member(ledger, "Bo")
    for kind, body, signer in (
        ("member.profile", {"member": ada, "name": "Ada"}, key),
        ("note", {"about": ada, "text": "welcome"}, stranger),
    ):
        ledger.writer.append([ready(ledger, kind, body, signer)._replace(scope=SCOPE_PRIVATE)]).result()
    account(ledger, ada)
    ledger.writer.settle()
    kinds = [told.statement.kind for told in judge(ledger, ada).told if told.statement]
    assert {"member.profile", "note"} <= set(kinds)
    public = judge(ledger, ada, private=False)
    assert public.verdict is MemberVerdict.TRUE
    assert not {"member.profile", "note"} & {told.statement.kind for told in public.told if told.statement}


def test_a_profile_that_was_erased_is_gone_and_the_rest_holds(ledger: Ledger) -> None:
    unit(ledger)
    ada, key = member(ledger, "Ada")
    say(ledger, "member.profile", {"member": ada, "name": "Ada"}, key)
    account(ledger, ada)
    ledger.writer.settle()
    before = judge(ledger, ada)
    position = next(told.position for told in before.told if told.statement and told.statement.kind == "member.profile")
    ledger.writer.append([ledger.state("erase", {"position": position, "reason": "request"})]).result()
    ledger.writer.settle()
    after = judge(ledger, ada)
    assert after.verdict is MemberVerdict.TRUE
    assert position not in [told.position for told in after.told]


def test_what_came_after_the_state_is_taken_back(ledger: Ledger) -> None:
    """What is derived is newer than what the checkpoint covers: leaves are those of the state, not of now."""
    unit(ledger)
    ada, key = member(ledger, "Ada")
    wallet, bank = account(ledger, ada), account(ledger, type_="external")
    say(ledger, "post", post("opening", {bank: -900, wallet: 900}))
    ledger.writer.settle()
    then = make(ledger, ada).data
    with ledger.store.read() as reads:
        old = reads.tree_numbered(ledger.own.tree)
    say(ledger, "post", post("transfer", {wallet: -120, bank: 120}), key)
    say(ledger, "member.set", {"member": ada, "consent": 5}, key)
    account(ledger, ada, ceiling=7)
    member(ledger, "Cy")
    ledger.writer.settle()
    with ledger.store.read() as reads:
        again = make_member_statement(reads, old, ada).data
        now = stated_state(reads, reads.tree_numbered(ledger.own.tree))
    assert again == then
    assert len(now.leaves) == len(parse_member_statement(again).leaves) + 3
    assert amounts(judge(ledger, ada))[wallet] == (780, 0)


def test_a_balance_is_proved_by_itself(ledger: Ledger) -> None:
    unit(ledger)
    ada, _ = member(ledger, "Ada")
    wallet, bank = account(ledger, ada), account(ledger, type_="external")
    say(ledger, "post", post("opening", {bank: -900, wallet: 900}))
    ledger.writer.settle()
    with ledger.store.read() as reads:
        data = make_balance(reads, reads.tree_numbered(ledger.own.tree), wallet)
    trust = parse_policy(f"log {ledger.keys.verifier_keys(1)[0]}\nquorum none\n".encode())
    finding = judge_balance(data, trust)
    assert finding.verdict is Verdict.TRUE
    assert finding.leaf is not None
    assert (finding.leaf.id, finding.leaf.posted, finding.leaf.unit, finding.leaf.scale) == (wallet, 900, "EUR", 2)


@pytest.mark.parametrize("seed", range(3))
def test_the_statement_of_any_ledger_holds_and_not_with_one_entry_dropped(ledger: Ledger, seed: int) -> None:
    source = random.Random(seed)
    unit(ledger)
    people = [member(ledger, name) for name in ("Ada", "Bo", "Cy")]
    bank = account(ledger, type_="external")
    wallets = [account(ledger, one) for one, _ in people]
    say(ledger, "post", post("opening", {bank: -3_000, **dict.fromkeys(wallets, 1_000)}))
    group = []
    for number in range(60):
        (payer, key), (payee, _) = source.sample(people, 2)
        if source.random() < 0.5:
            legs = {wallets[[one for one, _ in people].index(payer)]: -number - 1}
            legs[wallets[[one for one, _ in people].index(payee)]] = number + 1
            body = post("transfer", legs)
        else:
            body = {
                "action": "work", "provider": payer, "receiver": payee, "on": number, "stream": "care",
                "expects": "none",
            }  # fmt: skip
        group.append(ready(ledger, "post" if "legs" in body else "event", body, key, label=f"{seed} {number}"))
    ledger.writer.append(group).result()
    ledger.writer.settle()
    for one, _ in people:
        made = make(ledger, one)
        assert made.verdict is MemberVerdict.TRUE
        statement = parse_member_statement(made.data)
        at = source.randrange(len(statement.entries) - 1)
        entries = statement.entries[:at] + statement.entries[at + 1 :]
        with ledger.store.read() as reads:
            hashes = prove_many(reads, ledger.own.tree, [position for position, *_ in entries], ledger.own.size)
        short = msgspec.structs.replace(statement, entries=entries, hashes=hashes)
        assert judge_member(write_member_statement(short)).verdict is MemberVerdict.CHAIN
