# SPDX-License-Identifier: AGPL-3.0-or-later
"""What bodies of the reciprocity ledger keep to beside the types of their fields (specs 17 §3, §7, 19)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from protocol.clauses import check_together
from protocol.errors import Malformed
from protocol.reciprocity_bodies import (
    AccountOpen,
    AccountSet,
    Basis,
    Claim,
    Commit,
    ContractOffer,
    ContractSign,
    Event,
    MemberJoin,
    MemberProfile,
    MemberSet,
    Post,
    Proposal,
    ReciprocityBody,
    Remark,
    TransferVoid,
    UnitDefine,
)
from protocol.record import is_language_tag, is_plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

BOOKING_S_MAX = 400 * 86_400
_PARTY_BYTES = frozenset({16, 32})


class BasisForm(NamedTuple):
    """Which ids the basis of a post has beside `decision`: all of these, none of others, and one of `either`."""

    needs: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    either: frozenset[str] = frozenset()


_CLAUSE = frozenset({"contract", "clause"})
_NO_BASIS = BasisForm()
BASES = {
    "opening": _NO_BASIS,
    "transfer": _NO_BASIS,
    "contribution": _NO_BASIS,
    "exchange": _NO_BASIS,
    "demurrage": _NO_BASIS,
    "share_in": BasisForm(may=_CLAUSE),
    "share_out": BasisForm(may=_CLAUSE),
    "settle": BasisForm(frozenset({"claim"}), frozenset({"contract"})),
    "wage": BasisForm(_CLAUSE | {"claim"}),
    "guarantee_call": BasisForm(_CLAUSE | {"claim"}),
    "writeoff": BasisForm(frozenset({"claim"})),
    "reinvest": BasisForm(_CLAUSE | {"claim"}, frozenset({"events"})),
    "access_fee": BasisForm(_CLAUSE, either=frozenset({"event", "commit"})),
    "dividend": BasisForm(_CLAUSE | {"dividend"}),
    "rent": BasisForm(_CLAUSE | {"period"}),
    "host_fee": BasisForm(_CLAUSE | {"post"}),
    "correction": BasisForm(frozenset({"post"})),
}
"""The table of spec 17 §7."""


def check_form(kind: str, body: ReciprocityBody) -> None:
    """Raises Malformed (`malformed`)."""
    check = _FORMS.get(type(body))
    if check is not None:
        fault = check(body)
        if fault:
            raise Malformed("malformed", f"{kind}: {fault}")


def _post(body: Post) -> str:
    before = b""
    for account, _ in body.legs:
        if account <= before:
            return "the legs are not in ascending order of account, or one stands twice"
        before = account
    form, basis = BASES[body.code], body.basis
    if basis is None:
        return "" if not form.needs and not form.either else _lacking(body.code, form)
    return _basis(body.code, form, basis)


def _basis(code: str, form: BasisForm, basis: Basis) -> str:
    named = {name for name in Basis.__struct_fields__ if getattr(basis, name) is not None} - {"decision"}
    if not form.needs <= named or (form.either and len(named & form.either) != 1):
        return _lacking(code, form)
    more = named - form.needs - form.may - form.either
    if more:
        return f"the basis of a {code} names no {', '.join(sorted(more))}"
    if "clause" in form.may and len(named & _CLAUSE) == 1:
        return f"the basis of a {code} names a contract and a clause of it, or neither"
    if basis.events and not _ascends(basis.events):
        return "the events of the basis are not in ascending order, or one stands twice"
    return ""


def _lacking(code: str, form: BasisForm) -> str:
    wanted = [*sorted(form.needs), *([" or ".join(sorted(form.either))] if form.either else [])]
    return f"the basis of a {code} names its {', '.join(wanted)}"


def _member_join(body: MemberJoin) -> str:
    return "a group has no vote" if body.group and body.votes else ""


def _member_set(body: MemberSet) -> str:
    if body.delegate is not None and len(body.delegate) not in {0, 16}:
        return "a delegate is a member (16 bytes), or nobody (0 bytes)"
    said = (body.key, body.custody, body.class_, body.status, body.votes, body.delegate, body.consent)
    return "" if any(one is not None for one in said) else "it sets nothing"


def _account_open(body: AccountOpen) -> str:
    if (body.type == "connector") != (body.peer is not None):
        return "an account of type connector has a peer, and no other has"
    return _party(body.owner) or _names(body.title or {})


def _account_set(body: AccountSet) -> str:
    said = (body.floor, body.ceiling, body.state)
    return "" if any(one is not None for one in said) else "it sets nothing"


def _contract_offer(body: ContractOffer) -> str:
    if not _ascends(body.parties):
        return "the parties are not in ascending order, or one stands twice"
    if body.until is not None and body.until < body.from_:
        return "it ends before it begins"
    check_together(body.clauses)
    return _party(*body.parties) or _names(body.title)


def _commit(body: Commit) -> str:
    if (body.begin is None) != (body.end is None):
        return "begin and end stand together"
    if body.begin is not None and body.end is not None and not body.begin < body.end <= body.begin + BOOKING_S_MAX:
        return "it ends before it begins, or after more than 400 days"
    return _party(body.provider, body.receiver)


def _proposal(body: Proposal) -> str:
    return _names(body.title) or _texts(*body.choices, body.rule)


def _profile(body: MemberProfile) -> str:
    if not all(map(is_language_tag, body.languages)):
        return "a language that is not a language tag"
    return _texts(body.name, body.contact, body.about)


def _void(body: TransferVoid) -> str:
    return "either a proof or a decision" if (body.proof is None) == (body.decision is None) else ""


_FORMS: dict[type[ReciprocityBody], Callable[[Any], str]] = {
    Post: _post,
    Event: lambda body: _party(body.provider, body.receiver),
    Claim: lambda body: _party(body.debtor, body.creditor, body.for_),
    Commit: _commit,
    UnitDefine: lambda body: _names(body.name),
    MemberJoin: _member_join,
    MemberSet: _member_set,
    MemberProfile: _profile,
    AccountOpen: _account_open,
    AccountSet: _account_set,
    ContractOffer: _contract_offer,
    ContractSign: lambda body: _party(body.party),
    Proposal: _proposal,
    Remark: lambda body: _texts(body.text, body.shows),
    TransferVoid: _void,
}
"""What is wrong with a body of each type; empty if nothing is."""


def _party(*parties: bytes | None) -> str:
    if all(party is None or len(party) in _PARTY_BYTES for party in parties):
        return ""
    return "a party is a member (16 bytes) or the organisation (32 bytes)"


def _names(names: dict[str, str]) -> str:
    if not all(map(is_language_tag, names)):
        return "a name without a language tag"
    return _texts(*names.values())


def _texts(*texts: str) -> str:
    return "" if all(map(is_plain_text, texts)) else "a text with control characters"


def _ascends(ids: Sequence[bytes]) -> bool:
    return all(one < next_one for one, next_one in pairwise(ids))


def fields_of(shape: type[msgspec.Struct]) -> Iterable[str]:
    """The keys of the map that a type is encoded as."""
    return (field.encode_name for field in msgspec.structs.fields(shape))
