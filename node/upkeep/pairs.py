# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two records side by side, prepared for the page: what differs, and why they are taken for one; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.duplicates.merging import FIELDS
from ledger.places.geography import distance_m
from node.directory.listing import Checked, checked, record_url
from node.upkeep.labels import UPKEEP_LABELS
from node.upkeep.telling import SHOWN, field_text
from node.web.languages import Text, choose
from node.web.words import message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.duplicates.compare import Comparison
    from node.directory.listing import Reader
    from node.web.words import Words

LETTERS = ("A", "B")
_LIKELY = (
    (85, message("almost certainly one and the same")),
    (50, message("probably one and the same")),
    (0, message("perhaps one and the same")),
)
"""Down to which score, and the words for it."""
_TELLS = 0.4
"""How strong a signal is that is told of."""
_COVERED = {"exact": {"whole", "within"}, "whole": {"within"}, "website here": {"website"}, "elsewhere": {"far"}}
"""What need not be said beside another signal."""


class Side(NamedTuple):
    """One of two records."""

    letter: str
    name: Text
    url: str
    kind: str
    status: str
    log_name: str
    own: bool
    checked: Checked
    locality: str


class Row(NamedTuple):
    """A field of both: their texts, whether they differ, whether one can choose between them."""

    field: str
    texts: tuple[str, str]
    differs: bool
    chosen: str


class Why(NamedTuple):
    """Why two records are taken for one: in words, what speaks for it and against it."""

    likely: str
    alike: list[str]
    unlike: list[str]


def side(record: Mapping[str, Any], letter: str, log_name: str, reader: Reader, *, own: bool) -> Side:
    """A record object (ledger.directory.present) as one side."""
    words = reader.words
    return Side(
        letter,
        choose(record["name"], reader.languages),
        record_url(record["log"], record["id"]),
        words.label("kind", record["kind"]),
        "" if record["status"] == "active" else words.label("status", record["status"]),
        log_name,
        own,
        checked(record.get("checked_at"), reader),
        record.get("address", {}).get("locality", ""),
    )


def rows(records: Sequence[Mapping[str, Any]], kept: int, words: Words) -> list[Row]:
    """The fields that either record has; of each that can be taken, the one that is chosen until told otherwise.

    That is what the record has that would be kept, or else what the other has.
    """
    made = []
    for field in SHOWN:
        values = [record.get(field) for record in records]
        texts = field_text(field, values[0], words), field_text(field, values[1], words)
        if any(texts):
            differs = values[0] != values[1]
            side_of = kept if texts[kept] else 1 - kept
            may_choose = differs and field in FIELDS
            made.append(Row(field, texts, differs, LETTERS[side_of] if may_choose else ""))
    return sorted(made, key=lambda row: not row.differs)


def why(comparison: Comparison, words: Words) -> Why:
    """A comparison in words."""
    likely = next(text for score, text in _LIKELY if comparison.score >= score)
    strong = {name for name, value in comparison.signals.items() if value >= _TELLS}
    strong -= {covered for name, some in _COVERED.items() if name in strong for covered in some}

    def told(group: str) -> list[str]:
        return [words.label(group, name) for name in UPKEEP_LABELS[group] if name in strong]

    return Why(words(likely), told("alike"), told("unlike"))


def apart(records: Sequence[Mapping[str, Any]]) -> int | None:
    """Metres between two records, or None where one has no point."""
    points = [record["point"] for record in records if "point" in record]
    if len(points) < 2:
        return None
    e7 = [round(point[axis] * 1e7) for point in points for axis in ("lat", "lon")]
    return distance_m(e7[0], e7[1], e7[2], e7[3])


def better_kept(records: Sequence[Mapping[str, Any]], own_log: str) -> int:
    """Which record to propose for keeping: an open one of the own log, checked last, with more in it, older."""

    def worth(number: int) -> tuple[bool, bool, int, int, int]:
        record = records[number]
        return (
            record["status"] != "closed",
            record["log"] == own_log,
            record.get("checked_at", 0),
            len(record),
            -record["entry"]["position"],
        )

    return max((0, 1), key=worth)
