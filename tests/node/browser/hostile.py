# SPDX-License-Identifier: AGPL-3.0-or-later
"""Text that wants to be more than text, in every field of every kind of record, and what sees whether it managed.

Whatever of it runs says so in `window.canary`, breaks the content policy, or asks another host.
"""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from ledger.proposals.inbox import Sent, propose
from protocol.record import DIRECTED_KINDS, KINDS
from tests.builders import START, seeded
from tests.node.browser.hostile_knowledge import evil_knowledge

ELSEWHERE = "https://canary.example"
TEXTS = (
    f'"><script>window.canary=1</script><img src="{ELSEWHERE}/a" onerror="window.canary=1">',
    "' onmouseover='window.canary=1' x='{{ 7*7 }}{% raw %}${7*7}</textarea></title></style>",
    "javascript:window.canary=1",
    "\u202etxet eht snrut\u2066\u200f שלום مرحبا\u200b",
    "W" * 300,
    normalize("NFC", "Z" + "\u0351\u0352\u0353\u0357\u035b\u0321" * 12 + "algo" + "\u0338" * 20),
    "👩‍👩‍👧‍👦🏳️‍🌈🇫🇷" * 6 + "<svg onload=window.canary=1>",
)
SUBJECT = {"log": b"\2" * 32, "id": b"\3" * 16}
WATCH = """
  window.broken = [];
  window.alert = () => { window.canary = 1; };
  addEventListener("securitypolicyviolation", (event) => window.broken.push(`${event.violatedDirective} broken`));
"""
"""Runs in a page before anything else does."""
NOTICED = """(() => {
  const ways = /^(https?:|mailto:|tel:|geo:|blob:|data:text\\/plain)/;
  const foreign = [...document.links].filter((link) => /^https?:/.test(link.href) && link.origin !== location.origin);
  return [
    ...(window.canary ? ["something ran"] : []),
    ...(window.broken ?? ["nobody watched"]),
    ...[...document.links].filter((link) => !ways.test(link.href)).map((link) => `leads to ${link.href.slice(0, 60)}`),
    ...foreign.filter((link) => !["nofollow", "noopener", "noreferrer"].every((way) => link.relList.contains(way)))
      .map((link) => `tells ${link.href.slice(0, 60)} who comes`),
    ...[...document.querySelectorAll("[onerror], [onload], [onmouseover], [style], iframe, object, base")]
      .filter((one) => !one.closest("#map")).map((one) => one.outerHTML.slice(0, 80)),
  ];
})()"""


class Texts:
    """Gives one hostile text after the other, each field of the same kind of record another one."""

    def __init__(self, begin: int) -> None:
        self._next = begin

    def __call__(self, most: int = 300) -> str:
        self._next += 1
        return TEXTS[self._next % len(TEXTS)][:most]

    def tight(self, most: int = 300) -> str:
        """The same where white space is refused when a record is read."""
        return "".join(self(most).split())


def evil_id(kind: str) -> bytes:
    """The id of the hostile record of a kind."""
    return seeded(f"evil {kind}", 16)


def evil_record(kind: str, begin: int) -> dict[str, Any]:
    """A record with all its fields, as a node that checks nothing could have signed it."""
    text = Texts(begin)
    record = {
        "id": evil_id(kind),
        "kind": kind,
        "name": {"en": TEXTS[begin % len(TEXTS)], "fr": text(), "xx": text()},
        "description": {"en": text() * 9, "x-y": text()},
        "url": f"https://x/{text.tight()}",
        "links": [f"mailto:{text.tight()}", f"tel:{text.tight()}", f"{ELSEWHERE}/{text.tight()}"],
        "point": {"lat": 506_333_910 + begin * 40_000, "lon": 30_639_781, "precision": begin, "method": text()},
        "address": {part: text(200) for part in ("street", "postcode", "locality", "region")} | {"country": "XX"},
        "categories": [f"x:{text(100)}", "osm:shop=bicycle"],
        "structure": [text(200)],
        "membership": [text(200)],
        "hours": text(),
        "hours_note": {"en": text()},
        "access": {"wheelchair": text(), "fee": text(), "conditions": {"en": text()}, "audience": {"en": text()}},
        "terms": [text(200)],
        "item": text(200),
        "valid_until": 2**40 - 1,
        "scope": text(),
        "images": [{"url": f"{ELSEWHERE}/{text.tight()}", "licence": text(100), "alt": {"en": text()}}],
        "contact": {"email": f"a@b?bcc={text(100)}", "phone": text(200), "visibility": "public"},
        "identifiers": [{"scheme": text(64), "id": text(200)}],
        "relations": [{"predicate": text(64), "object": SUBJECT}],
        "status": text(32),
        "licence": text(100),
        "sources": [{"set": text(64), "licence": text(100), "record": text(), "attribution": text()}],
        "checked_at": 2**40 - 1,
    }
    return record | ({"direction": "offer"} if kind in DIRECTED_KINDS else {})


def _lawful(name: str, text: Texts, **more: Any) -> dict[str, Any]:
    """A record as a node signs it, with hostile text wherever it lets text stand."""
    texts = {"name": {"en": text()}, "description": {"en": text()}, "hours": text(), "hours_note": {"en": text()}}
    address = {part: text(200) for part in ("street", "postcode", "locality", "region")}
    return {"id": evil_id(name), "kind": "place", "licence": "CC0-1.0", "address": address, **texts, **more}


def write_waiting(ledger: Ledger) -> None:
    """What waits for a steward: two records of one thing, one that is nowhere, a change and a report."""
    website, here = {"url": "https://twins.example/"}, {"lat": 506_370_000, "lon": 30_630_000}
    point = here | {"precision": 10, "method": "hand"}
    twins = [_lawful(name, Texts(3), **website, point=point) for name in ("first_twin", "other_twin")]
    records = [*twins, _lawful("adrift", Texts(1))]
    ledger.writer.append(
        [ledger.state("record.put", {"record": one}, seeded(f"waits {n}", 16)) for n, one in enumerate(records)]
    ).result()
    ledger.writer.settle()
    subject = {"log": ledger.log_id, "id": evil_id("first_twin")}
    changed: dict[str, Any] = {
        "subject": subject,
        "record": _lawful("first_twin", Texts(5), point=point),
        "note": TEXTS[0],
    }
    propose(ledger, "claim.correct", changed, evil_id("change"), Sent(b"", b""))
    told: dict[str, Any] = {"subject": subject, "type": "wrong", "note": TEXTS[1]}
    propose(ledger, "claim.report", told, evil_id("report"), Sent(b"", b""))


def found_hostile(directory: DataDirectory) -> None:
    """Founds an organisation whose very name is hostile."""
    names = {"en": TEXTS[0], "fr": TEXTS[4][:200]}
    fields = {"name": names, "kind": "assembly", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [seeded("evil holder")], 1, START)


def write_hostile(ledger: Ledger) -> None:
    """Writes a record of each kind, twice so that each has a history, claims about them, and the end of one."""
    said: list[tuple[str, dict[str, Any]]] = []
    for number, kind in enumerate((*KINDS, TEXTS[1][:32])):
        said += [("record.put", {"record": evil_record(kind, number + again)}) for again in (1, 0)]
        subject, note = {"log": ledger.log_id, "id": evil_id(kind)}, Texts(number)
        said += [
            ("claim.checked", {"subject": subject, "finding": "changed", "note": note(2000)}),
            ("claim.report", {"subject": subject, "type": "wrong", "note": note(2000)}),
            ("claim.endorse", {"subject": subject, "note": note(2000)}),
            ("claim.correct", {"subject": subject, "record": evil_record(kind, number + 3), "note": note(2000)}),
        ]
    place, person = ({"log": ledger.log_id, "id": evil_id(kind)} for kind in ("place", "person"))
    said.append(("claim.same", {"subject": place, "other": person}))
    said.append(("record.close", {"id": evil_id("resource"), "reason": "gone"}))
    said += evil_knowledge(ledger.log_id, Texts(3))
    ledger.writer.append(
        [ledger.state(kind, body, seeded(f"hostile {number}", 16)) for number, (kind, body) in enumerate(said)]
    ).result()
    ledger.writer.settle()
