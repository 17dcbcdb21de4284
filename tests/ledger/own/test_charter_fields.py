# SPDX-License-Identifier: AGPL-3.0-or-later
"""What somebody writes into the fields of a charter: what would change, and what is wrong with which of them."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.held.witness import verifier_of
from ledger.own.charter_fields import Fault, changes_of
from ledger.showing.charter import FAULTS
from protocol.charter import Assembly
from tests.builders import make_charter, seeded, signing_key

CHARTER = make_charter("moot", 0, name={"en": "Moot", "fr": "Assemblée"})
WITNESS = str(verifier_of(seeded("other log"), signing_key("their witness")))


@pytest.mark.parametrize(
    ("written", "changes"),
    [
        ({}, {}),
        ({"name": {"en": "Moot"}, "licence": CHARTER.licence, "quorum": "0", "turnout": "50 %"}, {}),
        ({"name": {"fr": "Les communs"}}, {"name": {"en": "Moot", "fr": "Les communs"}}),
        ({"name": {"fr": ""}}, {"name": {"en": "Moot"}}),
        ({"territory": "Lille", "licence": "CC-BY-4.0"}, {"territory": "Lille", "licence": "CC-BY-4.0"}),
        ({"endpoints": ("https://a.example",)}, {"endpoints": ["https://a.example"]}),
        ({"witnesses": (WITNESS,), "quorum": "1"}, {"witnesses": [WITNESS], "quorum": 1}),
        ({"turnout": "1/3"}, {"assembly": Assembly((1, 3), (1, 2))}),
        ({"turnout": "2/4", "majority": "66.67 %"}, {"assembly": Assembly((1, 2), (6667, 10000))}),
    ],
)
def test_what_would_change(written: Any, changes: dict[str, Any]) -> None:
    assert changes_of(CHARTER, written) == (changes, [])


@pytest.mark.parametrize(
    ("written", "faults"),
    [
        ({"name": {"en": "", "fr": ""}}, [Fault("name", "no_name")]),
        ({"name": {"en": "x" * 201}}, [Fault("name", "long", "x" * 201)]),
        ({"territory": "x" * 201}, [Fault("territory", "long", "x" * 201)]),
        ({"licence": "whatever you like!"}, [Fault("licence", "licence", "whatever you like!")]),
        ({"licence": ""}, [Fault("licence", "licence", "")]),
        (
            {"endpoints": ["ftp://a", "https://b", "x"]},
            [Fault("endpoints", "endpoint", "ftp://a"), Fault("endpoints", "endpoint", "x")],
        ),
        ({"endpoints": ["https://b"] * 9}, [Fault("endpoints", "endpoints", "8")]),
        ({"witnesses": ["me"]}, [Fault("witnesses", "witness", "me")]),
        ({"witnesses": [WITNESS, WITNESS]}, [Fault("witnesses", "witnesses", "16")]),
        *(({"quorum": text}, [Fault("quorum", "quorum", "0")]) for text in ("1", "-1", "", "x", "²", "9" * 99)),
        *(
            ({name: text}, [Fault(name, "rate", text)])
            for name in ("turnout", "majority")
            for text in ("2", "half", "", "1/0", "101 %")
        ),
        (
            {"territory": "x" * 201, "quorum": "7"},
            [Fault("territory", "long", "x" * 201), Fault("quorum", "quorum", "0")],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_of_its_field(written: Any, faults: list[Fault]) -> None:
    assert changes_of(CHARTER, written) == ({}, faults)
    assert {fault.code for fault in faults} <= set(FAULTS)
