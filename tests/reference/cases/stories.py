# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 17 §4 to §10: whole ledgers with the verdict on each statement and the root at the end."""

from itertools import pairwise

from tests.reference.cases.claim_yields import WAGE
from tests.reference.cases.story import DAY, TIME, Body, Story, check, post_body
from tests.reference.reciprocity.book import month_of
from tests.reference.seeded import seeded_bytes, signer
from tests.reference.vector import Group

VAN = b"a van".ljust(16)


def members_and_accounts(group: Group) -> None:
    """Units, keys, limits, ids that serve once."""
    story = Story("members and accounts")
    story.say("account.open", {"owner": story.log, "unit": "EUR", "type": "fund"}, expect="unknown_ref")
    story.unit()
    story.say(
        "unit.define", {"code": "EUR", "scale": 3, "sort": "money", "name": {"en": "E"}}, expect="already_resolved"
    )
    ada, bo = story.member(), story.member("for_profit")
    key, new = story.keys[ada], signer("another key")
    join: Body = {"key": new.public_key, "class": "user", "custody": "own"}
    story.say("member.join", join, expect="not_authorised")
    story.say("member.join", {**join, "key": key.public_key}, story.org, key, expect="already_resolved")
    story.say("member.set", {"member": ada, "key": new.public_key}, key, expect="not_authorised")
    story.say("member.set", {"member": ada, "key": new.public_key}, key, new)
    story.say("member.set", {"member": ada, "key": key.public_key}, key, new, expect="already_resolved")
    story.keys[ada] = new
    wallet, purse = story.account(ada, floor=-500, ceiling=2_000), story.account(bo)
    bank, reserve = story.account(type_="external"), story.account(type_="reserve")
    story.say("account.open", {"owner": bo, "unit": "EUR", "type": "reserve"}, expect="not_authorised")
    story.say("account.open", {"owner": bo, "unit": "EUR", "type": "member", "floor": -1}, expect="not_authorised")
    story.say("account.set", {"account": reserve, "floor": -1}, expect="bad_amount")
    story.post("opening", {bank: -2_001, wallet: 2_001}, expect="ceiling")
    opening = story.post("opening", {bank: -2_000, wallet: 1_500, purse: 500})
    story.post("transfer", {wallet: -2_001, purse: 2_001}, new, expect="floor")
    story.post("transfer", {wallet: -2_000, purse: 2_000}, story.keys[bo], expect="not_authorised")
    story.post("transfer", {wallet: -2_000, purse: 2_000}, new)
    story.post("transfer", {wallet: -1, purse: 2}, new, expect="unbalanced")
    story.post("transfer", {wallet: 0, purse: 0}, new, expect="bad_amount")
    story.say("post", post_body("opening", {bank: -9, purse: 9}), label="twice")
    story.say("post", post_body("opening", {bank: -9, purse: 9}), label="twice", expect="duplicate")
    story.say("post", post_body("opening", {bank: -8, purse: 8}), label="twice", expect="id_reused")
    story.say("account.set", {"account": purse, "state": "frozen"})
    story.post("transfer", {purse: -1, wallet: 1}, story.keys[bo], expect="frozen")
    story.say("account.set", {"account": purse, "state": "closed"}, expect="conflict")
    story.say("member.set", {"member": bo, "status": "paused"})
    story.say("member.set", {"member": bo, "consent": 5}, story.keys[bo], expect="not_authorised")
    story.post(
        "correction", {bank: 2_000, wallet: -1_500, purse: -500}, expect="not_authorised", basis={"post": opening}
    )
    assert story.balances(wallet, purse, bank) == [-500, 2_509, -2_009]
    state(story)
    story.enter(group)


def state(story: Story) -> None:
    """What follows is stated, and something else."""
    body: Body = {"size": story.position, "leaves": len(story.fold.book.leaves), "root": story.fold.book.root()}
    story.say("state", {**body, "root": bytes(32)}, expect="state_mismatch")
    story.say("state", {**body, "size": story.position}, expect="applied")


def mutual(name: str) -> tuple[Story, bytes, dict[str, bytes]]:
    """A labour mutual: its story so far, the contract, and the accounts and members by name."""
    story = Story(name)
    story.unit()
    things = {"worker": story.member(), "client": story.member("for_profit")}
    pledgers = [story.member() for _ in range(4)]
    things |= {"wages": story.account(things["worker"]), "bank": story.account(type_="external")}
    things |= {one: story.account(type_="pool") for one in ("services", "social", "tax")}
    things |= {"fund": story.account(type_="fund"), "reserve": story.account(type_="reserve")}
    pledges = sorted(story.account(one, floor=-100_000) for one in pledgers)
    things |= {f"pledge {number}": one for number, one in enumerate(pledges)}
    lines: list[Body] = [dict(line) for line in WAGE["lines"] if isinstance(line, dict)]
    for line, account in zip(lines[1:], (things["social"], things["social"], things["tax"]), strict=True):
        line["to"] = account
    shares = sorted([[things["services"], 50], [things["fund"], 10], [things["reserve"], 5]])
    clauses: list[Body] = [
        {"kind": "rate_contribution", "of": "claim", "rate": [65, 1000], "to": shares},
        {"kind": "guaranteed_payment", "days": 7, "calendar": "days", "fund": things["fund"], "cap": 200_000},
        {"kind": "wage_conversion", "lines": lines},
        {"kind": "mutual_guarantee", "pool": things["fund"], "pledges": [[one, 25_000] for one in pledges]},
    ]
    terms = story.contract(clauses, story.log, things["worker"], *pledgers)
    story.post("opening", {things["bank"]: -500_000, things["fund"]: 500_000})
    return story, terms, things


def invoice(story: Story, terms: bytes, things: dict[str, bytes], amount: int = 100_000) -> bytes:
    """A claim of the mutual for its worker."""
    body: Body = {"debtor": things["client"], "creditor": story.log, "for": things["worker"], "amount": amount}
    body |= {"unit": "EUR", "account": things["wages"], "ended": DAY, "contract": terms}
    return story.say("claim", body)


def labour_mutual(group: Group) -> None:
    """Advance, wage, payments in parts, a client who fails, a payment that bounces."""
    story, terms, things = mutual("labour mutual")
    fund, wages, bank = things["fund"], things["wages"], things["bank"]
    claim = invoice(story, terms, things)
    wage = {fund: -93_500, wages: 52_019, things["social"]: 28_476, things["tax"]: 13_005}
    of_wage: Body = {"contract": terms, "clause": 2, "claim": claim}
    story.post("wage", wage, expect="not_in_force", basis=of_wage)
    story.say("advance", {"claim": claim, "on": DAY})
    story.say("advance", {"claim": claim, "on": DAY}, expect="already_resolved")
    story.post("wage", {**wage, wages: 52_018, things["tax"]: 13_006}, expect="clause_mismatch", basis=of_wage)
    story.post("wage", wage, basis=of_wage)
    story.post("wage", wage, expect="already_resolved", basis=of_wage)
    paid: Body = {"contract": terms, "claim": claim}
    story.post("settle", {bank: -60_000, fund: 60_000}, basis=paid)
    rest = {bank: -40_000, fund: 34_500, things["services"]: 5_000, things["reserve"]: 500}
    last = story.post("settle", rest, basis=paid)
    assert story.balances(fund, things["services"], things["reserve"]) == [501_000, 5_000, 500]
    back = {account: -amount for account, amount in rest.items()}
    story.post("correction", back, expect="indivisible", basis={"post": last})
    undone = story.decided_post("correction", back, {"post": last})
    story.post("correction", rest, basis={"post": undone})
    large = invoice(story, terms, things, 300_000)
    story.say("advance", {"claim": large, "on": DAY}, expect="ceiling")
    for number, borne in enumerate((23_375, 1_625)):
        failed = invoice(story, terms, things)
        story.say("advance", {"claim": failed, "on": DAY})
        basis: Body = {"contract": terms, "clause": 3, "claim": failed}
        legs = {things[f"pledge {one}"]: -borne for one in range(4)} | {fund: 4 * borne}
        story.post("guarantee_call", legs, expect="not_authorised", basis=basis)
        story.decided_post("guarantee_call", legs, basis)
        assert story.balances(things["pledge 0"]) == [-25_000 if number else -23_375]
    lost = invoice(story, terms, things)
    story.decided_post("writeoff", {}, {"claim": lost})
    story.post("settle", {bank: -5, fund: 5}, expect="already_resolved", basis={"contract": terms, "claim": lost})
    state(story)
    story.enter(group)


def use_of_things(name: str) -> tuple[Story, bytes, dict[str, bytes]]:
    """Somebody lets a van, issues shares and hosts a group: the story so far, the contract, members and accounts."""
    story = Story(name)
    story.unit()
    story.unit("h", 2, "time")
    story.unit("part", 0, "share")
    coop, firm, group_ = story.member("coop"), story.member("for_profit"), story.member("nonprofit", group=True)
    purses = {one: story.account(one, floor=-100_000) for one in (coop, firm, group_)}
    upkeep, bank = story.account(type_="pool"), story.account(type_="external")
    held, issue = story.account(coop, unit="part"), story.account(type_="external", unit="part")
    rates: Body = {"coop": [1, 4], "for_profit": [3, 2], "nonprofit": "deny"}
    access: Body = {"kind": "access", "resource": VAN, "unit_price": 4_000, "unit": "EUR", "per": "day"}
    lease: Body = {"kind": "lease", "resource": VAN, "rent": 1_200, "from": purses[coop], "to": upkeep}
    share: Body = {"kind": "share", "shares": "part", "nominal": 5_000, "unit": "EUR", "min": 2, "notice_days": 9}
    clauses: list[Body] = [
        {**access, "by_class": rates, "to": upkeep},
        {**lease, "years": 99, "every": "year"},
        {**share, "refund": "nominal"},
        {"kind": "host_fee", "fund": purses[group_], "rate": [7, 100], "to": upkeep},
    ]
    terms = story.contract(clauses, story.log, coop, group_, accede=["for_profit"])
    things = {"coop": coop, "firm": firm, "group": group_, "upkeep": upkeep, "bank": bank, "held": held, "issue": issue}
    return story, terms, things | {f"purse of {one}": purses[things[one]] for one in ("coop", "firm", "group")}


def use(group: Group) -> None:
    """Access by class: bookings, events that are acknowledged, gifts."""
    story, terms, things = use_of_things("use")
    coop, firm, group_, upkeep = (things[one] for one in ("coop", "firm", "group", "upkeep"))
    purses = {things[one]: things[f"purse of {one}"] for one in ("coop", "firm", "group")}
    days = {"begin": TIME, "end": TIME + 3 * 86_400}
    booking: Body = {
        "action": "use",
        "provider": story.log,
        "receiver": firm,
        "resource": VAN,
        "contract": terms,
        **days,
    }
    story.say("commit", booking, story.keys[firm], expect="not_authorised")
    story.sign(terms, firm)
    booked = story.say("commit", booking, story.keys[firm])
    story.say("commit", {**booking, "receiver": coop}, expect="conflict")
    fee: Body = {"contract": terms, "clause": 0, "commit": booked}
    story.post("access_fee", {purses[firm]: -12_000, upkeep: 12_000}, expect="clause_mismatch", basis=fee)
    story.post("access_fee", {purses[firm]: -18_000, upkeep: 18_000}, basis=fee)
    story.post("access_fee", {purses[firm]: -18_000, upkeep: 18_000}, expect="already_resolved", basis=fee)
    used: Body = {"action": "use", "provider": story.log, "receiver": coop, "on": DAY, "resource": VAN}
    used |= {"stream": "livelihood", "expects": "reciprocity", "effort": {"amount": 4_801, "unit": "h"}}
    event = story.say("event", used)
    fee = {"contract": terms, "clause": 0, "event": event}
    story.post("access_fee", {purses[coop]: -3_000, upkeep: 3_000}, expect="not_authorised", basis=fee)
    story.say("ack", {"event": event, "says": "used"}, story.keys[coop])
    story.post("access_fee", {purses[coop]: -3_000, upkeep: 3_000}, basis=fee)
    denied = story.say("event", {**used, "receiver": group_})
    fee = {"contract": terms, "clause": 0, "event": denied}
    story.post("access_fee", {purses[group_]: -1, upkeep: 1}, expect="not_authorised", basis=fee)
    gift = story.say("event", {**used, "receiver": coop, "expects": "none"})
    fee = {"contract": terms, "clause": 0, "event": gift}
    story.post("access_fee", {purses[coop]: -3_000, upkeep: 3_000}, expect="clause_mismatch", basis=fee)
    state(story)
    story.enter(group)


def lease_shares_host(group: Group) -> None:
    """A lease, shares, a host's fee; a contract takes from nobody who is not a party of it."""
    story, terms, things = use_of_things("lease, shares, host")
    coop, upkeep, bank, held, issue = (things[one] for one in ("coop", "upkeep", "bank", "held", "issue"))
    purses = {things[one]: things[f"purse of {one}"] for one in ("coop", "group")}
    group_ = things["group"]
    rent = {purses[coop]: -1_200, upkeep: 1_200}
    for period, verdict in ((0, "applied"), (0, "already_resolved"), (2, "not_in_force"), (99, "clause_mismatch")):
        story.post("rent", rent, expect=verdict, basis={"contract": terms, "clause": 1, "period": period})
    bought = {issue: -3, held: 3, purses[coop]: -15_000, upkeep: 15_000}
    shares: Body = {"contract": terms, "clause": 2}
    story.post("share_in", bought, expect="not_authorised", basis=shares)
    story.post("share_in", bought, story.keys[coop], basis=shares)
    back = {issue: 1, held: -1, purses[coop]: 5_000, upkeep: -5_000}
    story.post("share_out", back, story.keys[coop], basis=shares)
    income = story.post("transfer", {bank: -12_345, purses[group_]: 12_345})
    host: Body = {"contract": terms, "clause": 3, "post": income}
    story.post("host_fee", {purses[group_]: -864, upkeep: 864}, basis=host)
    story.post("host_fee", {purses[group_]: -864, upkeep: 864}, expect="already_resolved", basis=host)
    stranger = {
        "kind": "lease",
        "resource": VAN,
        "years": 1,
        "rent": 5,
        "from": upkeep,
        "to": purses[coop],
        "every": "year",
    }
    other = story.contract([stranger], coop, group_)
    theft: Body = {"contract": other, "clause": 0, "period": 0}
    story.post("rent", {upkeep: -5, purses[coop]: 5}, story.keys[coop], expect="not_authorised", basis=theft)
    story.say("contract.end", {"contract": terms, "on": DAY - 2}, story.keys[coop], expect="late")
    story.say("contract.end", {"contract": terms, "on": DAY}, story.keys[coop])
    state(story)
    story.enter(group)


def agreement_and_dividend(group: Group) -> None:
    """A reinvestment partly in kind; a dividend by purchases and one by hours."""
    story = Story("agreement and dividend")
    story.unit()
    story.unit("h", 2, "time")
    firm, ada, bo = story.member("for_profit"), story.member(), story.member()
    till, first, second = (
        story.account(firm, floor=-(10**7)),
        story.account(ada, floor=-900),
        story.account(bo, floor=-900),
    )
    tools, reserve, commons = (story.account(type_=one) for one in ("pool", "reserve", "pool"))
    to = sorted([[tools, 50], [first, 30], [second, 20]])
    shared: Body = {"kind": "patronage", "unit": "EUR", "reserve": [3, 10], "reserve_to": reserve, "commons": [3, 100]}
    shared |= {"commons_to": commons, "min": 100}
    in_kind: Body = {"unit": "h", "price": 3_500, "cap": [2, 5]}
    clauses: list[Body] = [
        {"kind": "reinvest", "rate": [1, 20], "from": till, "to": to, "in_kind": in_kind},
        {**shared, "base": "purchases"},
        {**shared, "base": "hours", "unit": "h"},
    ]
    terms = story.contract(clauses, story.log, firm, ada)
    owed: Body = {
        "debtor": ada,
        "creditor": firm,
        "amount": 2_000_000,
        "unit": "EUR",
        "account": till,
        "contract": terms,
    }
    claim = story.say("claim", owed, story.keys[firm])
    work: Body = {"action": "work", "provider": firm, "receiver": story.log, "on": DAY, "contract": terms}
    work |= {"stream": "livelihood", "expects": "reciprocity", "effort": {"amount": 1_000, "unit": "h"}}
    done = story.say("event", work, story.keys[firm])
    basis: Body = {"contract": terms, "clause": 0, "claim": claim, "events": [done]}
    legs = {till: -65_000, tools: 32_500, first: 19_500, second: 13_000}
    story.post("reinvest", legs, story.keys[firm], expect="clause_mismatch", basis=basis)
    story.say("ack", {"event": done, "says": "confirmed"})
    story.post("reinvest", legs, story.keys[firm], basis=basis)
    story.say("correct", {"event": done}, story.keys[firm], expect="already_resolved")
    month = month_of(DAY)
    for account, member, amount in ((first, ada, 700), (second, bo, 300)):
        story.post("transfer", {account: -amount, tools: amount}, story.keys[member])
    story.post("transfer", {first: -99, second: 98, tools: 1}, story.keys[ada])
    declared: Body = {"contract": terms, "from": month, "until": month + 1, "surplus": 1_000, "pool": tools}
    for clause, found in ((1, {first: 469, second: 201}), (2, {till: 670})):
        body = {**declared, "clause": clause}
        dividend = story.say("dividend", {**body, "decision": story.decide("dividend", body)})
        post = {tools: -1_000, reserve: 300, commons: 30, **found}
        of: Body = {"contract": terms, "clause": clause, "dividend": dividend}
        story.post("dividend", {**post, commons: 31, reserve: 299}, expect="clause_mismatch", basis=of)
        story.post("dividend", post, basis=of)
        story.post("dividend", post, expect="already_resolved", basis=of)
    story.post("transfer", {reserve: -1, tools: 1}, expect="indivisible")
    story.decided_post("transfer", {reserve: -1, tools: 1})
    state(story)
    story.enter(group)


def assembly(group: Group) -> None:
    """Delegates, a vote that is still open, what a decision permits, what a dispute holds up."""
    story, terms, things = mutual("assembly and disputes")
    people = list(story.keys)
    voters = [one for one in people if one != things["client"]]
    for one, delegate in pairwise(voters[:3]):
        story.say("member.set", {"member": one, "delegate": delegate}, story.keys[one])
    asked = story.say(
        "proposal", {"title": {"en": "?"}, "choices": ["a", "b", "c"], "closes": DAY}, story.keys[voters[0]]
    )
    for voter, choice in ((voters[2], 1), (voters[3], 0), (voters[3], 2)):
        story.say("vote", {"proposal": asked, "member": voter, "choice": choice}, story.keys[voter])
    vote: Body = {"proposal": asked, "member": things["client"], "choice": 0}
    story.say("vote", vote, story.keys[things["client"]], expect="not_authorised")
    story.say("vote", {**vote, "member": voters[4], "choice": 3}, story.keys[voters[4]], expect="unknown_ref")
    outcome: Body = {"proposal": asked, "choice": 1, "counts": [0, 3, 1], "abstained": 1}
    story.say("decision", outcome, expect="not_in_force")
    story.at += 86_400
    story.say("vote", {**vote, "member": voters[4]}, story.keys[voters[4]], expect="late")
    story.say("decision", {**outcome, "counts": [0, 2, 1], "abstained": 2}, expect="clause_mismatch")
    story.say("decision", outcome)
    story.say("decision", outcome, expect="already_resolved")
    story.at -= 86_400
    claim = invoice(story, terms, things)
    paid: Body = {"contract": terms, "claim": claim}
    pay = {things["bank"]: -5, things["fund"]: 5}
    story.say("dispute.open", {"about": claim}, story.keys[voters[4]], expect="not_authorised")
    dispute = story.say("dispute.open", {"about": claim}, story.keys[things["client"]])
    story.post("settle", pay, expect="frozen", basis=paid)
    close: Body = {"dispute": dispute, "outcome": "withdrawn"}
    story.say("dispute.close", close, expect="not_authorised")
    story.say("dispute.close", {**close, "decision": seeded_bytes("no decision", 16)}, expect="unknown_ref")
    ended: Body = {"dispute": dispute, "outcome": "upheld"}
    story.say("dispute.close", {**ended, "decision": story.decide("dispute.close", ended)})
    story.say("dispute.open", {"about": claim}, story.keys[things["client"]], expect="already_resolved")
    story.post("settle", pay, basis=paid)
    held = story.say("dispute.open", {"about": terms}, story.keys[voters[1]])
    story.post("settle", pay, expect="frozen", basis=paid)
    story.say("dispute.close", {"dispute": held, "outcome": "settled"}, story.keys[voters[1]])
    act = post_body("transfer", {things["fund"]: -7, things["tax"]: 7})
    decision = story.decide("post", act)
    wrong = post_body("transfer", {things["fund"]: -8, things["tax"]: 8}, {"decision": decision})
    story.say("post", wrong, expect="not_authorised")
    story.say("post", {**act, "basis": {"decision": decision}})
    story.say("post", {**act, "basis": {"decision": decision}}, expect="already_resolved")
    state(story)
    story.enter(group)


def ledgers() -> Group:
    """All stories."""
    group = Group(
        "ledger",
        "Fold the statements of `said`, one after the other, in the log log_hex with the operating keys operators_hex."
        " Each has its position, the entry's time `at`, and signers_hex: keys whose signatures hold. Gives the verdict"
        " on each, and the leaves and the root of the state at the end.",
        check,
    )
    for story in (members_and_accounts, labour_mutual, use, lease_shares_host, agreement_and_dividend, assembly):
        story(group)
    return group
