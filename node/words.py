# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of the pages, in the language of the reader.

Messages are written in English where they are used; other languages are tables from message to message (node/french.py). Values that come from people
are put into messages, never used as messages: an unknown code is shown as it is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from node.french import FRENCH
from node.languages import primary

if TYPE_CHECKING:
    from collections.abc import Sequence

TRANSLATIONS: dict[str, dict[str, str]] = {"en": {}, "fr": FRENCH}

LABELS: dict[str, dict[str, str]] = {
    "kind": {
        "organisation": "Organisation",
        "place": "Place",
        "resource": "Resource",
        "service": "Service",
        "offer": "Offer",
        "need": "Need",
        "person": "Person",
    },
    "organisation": {
        "assembly": "commons assembly",
        "coop": "co-operative",
        "union": "union",
        "city": "city",
        "association": "association",
        "firm": "firm",
        "federation": "federation",
    },
    "facet": {
        "kind": "Kind",
        "category": "Category",
        "country": "Country",
        "licence": "Licence",
        "status": "Status",
    },
    "status": {"active": "Active", "planned": "Planned", "paused": "Paused", "closed": "Closed"},
    "direction": {"offer": "Offered", "want": "Wanted"},
    "terms": {
        "give": "to give",
        "lend": "to lend",
        "rent": "to rent",
        "sell": "to sell",
        "time": "for time",
        "mutual": "mutual aid",
    },
    "scope": {"local": "Local", "regional": "Regional", "national": "National", "international": "International"},
    "wheelchair": {"yes": "Accessible", "limited": "Accessible in part", "no": "Not accessible"},
    "fee": {"yes": "Yes", "no": "No"},
    "method": {
        "source": "as the source gives it",
        "address": "found from the address",
        "town": "the middle of the town",
        "hand": "set by hand",
        "gps": "measured on the spot",
    },
    "statement": {"record.put": "Changed", "record.close": "Closed", "claim.checked": "Checked and found right"},
    "reason": {
        "closed": "it has closed",
        "duplicate": "it was a duplicate",
        "mistake": "it was a mistake",
        "gone": "left out of a newer edition of its source",
        "undone": "an import was undone",
    },
    "month": dict(
        enumerate_months := {
            "1": "January",
            "2": "February",
            "3": "March",
            "4": "April",
            "5": "May",
            "6": "June",
            "7": "July",
            "8": "August",
            "9": "September",
            "10": "October",
            "11": "November",
            "12": "December",
        }
    ),
}
"""Codes of closed lists (spec 10 §2, spec 04 §2) in English, by group."""
