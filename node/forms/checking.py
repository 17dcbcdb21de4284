# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a form that was filled in to what would be signed, tried on the ledger; and then written."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from ledger.bodyform import body_to_json
from ledger.held.denying import title_of
from ledger.own.member_keys import keep_member_key
from ledger.own.spoken import speak
from ledger.own.submitting import check_scope, try_ledger
from ledger.own.trial import REASONS, Trial, wait_until_folded
from ledger.reciprocity.state import Holder
from ledger.showing.carrying import terms_lines
from ledger.showing.wording import statement_lines
from ledger.territory.wording import knowledge_lines
from node.forms.field import Unfit
from node.forms.form import fill
from node.reciprocity.spelling import PageSpelling
from node.web.words import message
from protocol.carried import write_carried
from protocol.encoding import encode
from protocol.errors import Malformed
from protocol.identity import show_log_id
from protocol.knowledge import KNOWLEDGE_BODIES, read_knowledge
from protocol.reciprocity import RECIPROCITY_BODIES, read_reciprocity

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from ledger.own.spoken import Draft, Spoken
    from ledger.showing.view import LedgerView
    from node.forms.form import Form
    from node.web.words import Words
    from protocol.encoding import Value


class Shown(NamedTuple):
    """A statement as it is shown before it is signed: its kind, lines of (field, text), all of it as JSON.

    `signs` are who signs here, `lacking` who has to sign elsewhere; `text` is what is carried there. `new_key`: this
    node makes a key and keeps it.
    """

    kind: str
    lines: list[tuple[str, str]]
    body: str
    public: bool
    signs: list[str]
    lacking: list[str]
    text: str
    new_key: bool


class Checked(NamedTuple):
    """What would be said: ready to be signed if there are no faults. `seen` is the digest of what is shown."""

    drafts: list[Draft]
    spoken: list[Spoken]
    shown: list[Shown]
    seen: str
    faults: list[Unfit]

    @property
    def complete(self) -> bool:
        """Whether nobody has to sign elsewhere."""
        return not any(one.lacking for one in self.spoken)


def check(ledger: Ledger, view: LedgerView, form: Form, texts: dict[str, str], nonce: str, words: Words) -> Checked:
    """Reads a form, makes the statements, signs them for a trial and tries them. Nothing is written."""
    now = int(ledger.clock())
    filled = fill(form, view, now // 86_400, texts, nonce)
    if filled.faults:
        return Checked([], [], [], "", filled.faults)
    spoken = []
    try:
        for draft in filled.drafts:
            check_scope(draft.kind, draft.body, draft.scope)
            spoken.append(speak(ledger, view, draft))
    except Malformed as error:
        return _refused(Unfit("", message("It cannot be written so: {why}"), why=error.text))
    fault = None if form.by_assembly else _try(view, form, spoken, now)
    if fault is not None:
        return _refused(fault)
    shown = [_shown(view, draft, said, words) for draft, said in zip(filled.drafts, spoken, strict=True)]
    return Checked(filled.drafts, spoken, shown, _digest(filled.drafts), [])


def _refused(fault: Unfit) -> Checked:
    return Checked([], [], [], "", [fault])


def _try(view: LedgerView, form: Form, spoken: list[Spoken], now: int) -> Unfit | None:
    """The first verdict by which it would have no effect, as if everybody had signed who has to."""
    trial = Trial(view.reads, view.tree.tree)
    for one in spoken:
        said = one.carried.said
        if said.kind not in RECIPROCITY_BODIES:
            continue
        signers = frozenset({key for key, _ in one.carried.signatures} | {*one.lacking})
        verdict = trial.verdict_on(said, signers, now)
        if verdict not in {"applied", "duplicate"}:
            return Unfit(form.blame.get(verdict, ""), REASONS[verdict])
    return None


_GROWS = frozenset({"charters", "hashes", "note"})
"""What a proof says of the log around what it proves, which goes on while somebody reads."""


def _digest(drafts: list[Draft]) -> str:
    """Of what was shown: a key that is made anew each time is left out, and of a proof all but what it proves."""
    bare: list[Value] = []
    for one in drafts:
        body: dict[str, Value] = {
            name: {part: said for part, said in value.items() if part not in _GROWS}
            if name == "proof" and isinstance(value, dict)
            else value
            for name, value in one.body.items()
            if name != "key" or not one.also
        }
        bare.append([one.kind, body, [*one.parties], one.scope])
    return sha256(encode(bare)).hexdigest()


def _shown(view: LedgerView, draft: Draft, spoken: Spoken, words: Words) -> Shown:
    carried = spoken.carried
    said, spelling = carried.said, PageSpelling(view, words, with_ids=True)
    if said.kind in RECIPROCITY_BODIES:
        lines = statement_lines(read_reciprocity(said), view, spelling)
    elif said.kind in KNOWLEDGE_BODIES:
        lines = knowledge_lines(read_knowledge(said), view.reads)
    else:
        lines = _plain_lines(draft.body, view)
    if draft.terms:
        lines += terms_lines(draft.terms, view, spelling)
    new_key = bool(draft.also) and "key" in draft.body
    made = {key.public for key in draft.also} if new_key else set()
    signed = [key for key, _ in carried.signatures if key not in made]
    lines = [line for line in lines if not (new_key and line[0] == "key")]
    body = json.dumps(body_to_json(said.read_body()), ensure_ascii=False, indent=1)
    return Shown(
        said.kind,
        lines,
        "" if new_key else body,
        carried.scope == 0,
        [_name_of(view, key) for key in signed],
        [_name_of(view, key) for key in spoken.lacking],
        write_carried(carried),
        new_key,
    )


def _plain_lines(body: dict[str, Value], view: LedgerView) -> list[tuple[str, str]]:
    """What is said beside the ledger, in lines: a log by its name."""
    lines = []
    for name, value in body.items():
        if isinstance(value, dict):
            lines += _plain_lines(value, view)
        elif name == "log" and isinstance(value, bytes):
            title = title_of(view.reads, value)
            lines.append((name, f"{title} ({show_log_id(value)[:8]})" if title else show_log_id(value)))
        else:
            lines.append((name, value.hex() if isinstance(value, bytes) else str(value)))
    return lines


def _name_of(view: LedgerView, key: bytes) -> str:
    """Whose key it is: the organisation's, a member's, or nobody's who is known yet."""
    holder = view.book.get(Holder, key)
    if holder is not None and holder.member:
        return view.name(holder.member)
    return view.organisation if key in view.charter.keys else key.hex()[:16]


def write(ledger: Ledger, checked: Checked) -> int:
    """Signs and writes what was checked, with keys that are made kept first; the position of the last. Blocks.

    Raises RefusedError if it has no effect any more; then nothing was written.
    """
    for key in {key.public: key for draft in checked.drafts for key in draft.also}.values():
        keep_member_key(ledger.directory, key)
    group = [one.submission() for one in checked.spoken]
    try_ledger(ledger, group)
    receipts = ledger.writer.append(group).result()
    wait_until_folded(ledger.store, ledger.own.tree)
    return receipts[0].position
