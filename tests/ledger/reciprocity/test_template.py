# SPDX-License-Identifier: AGPL-3.0-or-later
"""Contracts as files: what comes with the program works, and every mistake is named with its line."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import NotFoundError
from ledger.reciprocity import template
from ledger.reciprocity.contract_templates import NAMES, template_text
from ledger.reciprocity.last_year import rehearse_template
from ledger.reciprocity.template import Names, TemplateError, clauses_of, lacking, offer_of, read_template
from protocol.encoding import decode, encode
from protocol.identity import show_log_id
from protocol.reciprocity import check_reciprocity
from tests.builders import seeded

FOLDER = Path(template.__file__).parent / "templates"
ORGANISATION = seeded("organisation")

TOOLS = """\
title.en = "Tools"
from = 2026-03-01
unit = "EUR"

[units]
EUR = 2
h = 2

[parties]
organisation = "the library"

[accounts]
upkeep = "repairs"
"next tool" = "savings"

[resources]
mixer = "a mixer"

[[clause]]
kind = "access"
resource = "mixer"
unit_price = "40.00"
per = "day"
by_class = { coop = "1/4", city = "deny" }
to = "upkeep"

[[clause]]
kind = "rate_contribution"
rate = "6.5 %"
to = { upkeep = 1, "next tool" = 2 }

[[last_year.use]]
on = 2025-05-01
resource = "mixer"
class = "coop"
days = 2
"""


def ids_of(text: str) -> Names:
    read = read_template(text)
    parties, accounts, resources = (
        {name: seeded(f"{section}/{name}", 16) for name in read.section(section)}
        for section in ("parties", "accounts", "resources")
    )
    return Names(parties | {"organisation": ORGANISATION}, accounts, resources, {})


@pytest.mark.parametrize("name", NAMES)
def test_every_template_makes_an_offer_that_can_be_signed(name: str) -> None:
    text = template_text(name)
    body = offer_of(read_template(text), ids_of(text))
    assert decode(encode(body)) == body
    check_reciprocity("contract.offer", body)
    assert len(body["title"]) == 2  # type: ignore[arg-type] # titles are a map


@pytest.mark.parametrize("name", NAMES)
def test_every_template_can_be_tried_out_as_it_is(name: str) -> None:
    rehearsal = rehearse_template(read_template(template_text(name)))
    assert rehearsal.owed
    assert all(line.account in {b"", *rehearsal.names} for one in rehearsal.owed for line in one.lines)


def test_no_template_is_forgotten() -> None:
    assert sorted(NAMES) == sorted(path.stem for path in FOLDER.glob("*.toml"))
    with pytest.raises(NotFoundError, match="there are labour-mutual"):
        template_text("../template")


@pytest.mark.parametrize("name", NAMES)
def test_templates_speak_two_languages(name: str) -> None:
    text = template_text(name)
    assert "How to use it / Mode d'emploi" in text
    assert set(read_template(text).tables["title"]) == {"en", "fr"}
    assert all(len(line) <= 120 for line in text.split("\n"))


def test_names_become_ids_and_texts_become_numbers() -> None:
    names = ids_of(TOOLS)
    access, contribution = clauses_of(read_template(TOOLS), names)
    assert access == {
        "kind": "access",
        "resource": names.resources["mixer"],
        "unit_price": 4_000,
        "unit": "EUR",
        "per": "day",
        "by_class": {"coop": [1, 4], "city": "deny"},
        "to": names.accounts["upkeep"],
    }
    assert contribution["rate"] == [13, 200]
    assert contribution["of"] == "claim"
    assert contribution["to"] == sorted([[names.accounts["upkeep"], 1], [names.accounts["next tool"], 2]])
    body = offer_of(read_template(TOOLS), names)
    assert (body["from"], body["parties"], "until" in body) == (20_513, [ORGANISATION], False)


def test_ids_may_stand_in_the_file() -> None:
    account, resource, log = seeded("a", 16), seeded("r", 16), seeded("log")
    text = TOOLS.replace('"repairs"', f'"{account.hex()}"').replace('"a mixer"', f'"{resource.hex()}"')
    text = text.replace('"the library"', f'"{show_log_id(log)}"')
    assert lacking(read_template(text), Names()) == ["accounts.next tool"]
    body = offer_of(read_template(text), Names(accounts={"next tool": seeded("n", 16)}))
    clauses: Any = body["clauses"]
    assert (body["parties"], clauses[0]["to"], clauses[0]["resource"]) == ([log], account, resource)


def test_who_has_no_id_yet_is_named() -> None:
    with pytest.raises(TemplateError, match=r"line 10, parties.organisation: no id is known for parties"):
        offer_of(read_template(TOOLS), Names())


def test_a_log_that_counts_otherwise_is_told_apart() -> None:
    names = ids_of(TOOLS)._replace(scales={"EUR": 3})
    with pytest.raises(TemplateError, match=r"line 6, units.EUR: this log counts EUR with 3 decimals, not 2"):
        offer_of(read_template(TOOLS), names)


def test_what_stands_only_in_an_offer() -> None:
    head = f'accede = ["coop"]\nuntil = "2027-03-01"\nsupersedes = "{seeded("old", 16).hex()}"\n'
    body = offer_of(read_template(head + TOOLS), ids_of(TOOLS))
    assert (body["accede"], body["until"], body["supersedes"]) == (["coop"], 20_878, seeded("old", 16))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"40.00"', '"40.0"', "line 22, clause 1, unit_price: '40.0': this unit has exactly 2 decimals"),
        ('"40.00"', '"40,00"', "line 22, clause 1, unit_price: '40,00' is not an amount: write it like 12.50"),
        ('"40.00"', "40", 'line 22, clause 1, unit_price: this is an amount of EUR: write it like "12.50"'),
        ('unit_price = "40.00"', "", "line 19, clause 1: unit_price is missing; there are resource"),
        ('"access"', '"acces"', "line 20, clause 1, kind: 'acces' is no kind of clause; there are rate_contribution"),
        ("per =", "pro =", "line 23, clause 1, pro: there is no such key here; there are resource, unit_price"),
        ('"day"', '"week"', "line 23, clause 1, per: 'week' is not one of day, hour, use"),
        ('to = "upkeep"', 'to = "upkep"', "line 25, clause 1, to: no account 'upkep' stands under .accounts."),
        ('resource = "mixer"\nunit', 'resource = "van"\nunit', "line 21, clause 1, resource: no resource 'van' stands"),
        ('coop = "1/4"', 'coop = "a lot"', "line 24, clause 1, by_class.coop: 'a lot' is not a rate"),
        ('coop = "1/4"', 'coop = "1/0"', "line 24, clause 1, by_class.coop: '1/0' is not a rate"),
        ('coop = "1/4"', 'co = "1/4"', "line 24, clause 1, by_class.co: there is no such key here; there are worker"),
        ('"6.5 %"', '"6,5 %"', 'line 29, clause 2, rate: .6,5 %. is not a rate: write it like "6.5 %" or "13/200"'),
        ('"6.5 %"', "0.065", "line 29, clause 2, rate: '0.065' is not a rate"),
        ('"6.5 %"', '"101 %"', "line 27, clause 2: rate: 101/100 is more than the whole"),
        ('"6.5 %"', '"9999999999/9999999998"', "is too fine"),
        ('"next tool" = 2', '"next tool" = "2"', "line 30, clause 2, to.next tool: this is a whole number"),
        ('{ upkeep = 1, "next tool" = 2 }', '"upkeep"', "line 30, clause 2, to: this is a table of accounts"),
        (
            'unit = "EUR"',
            'unit = "USD"',
            "line 19, clause 1, unit: no unit 'USD' stands under .units.; there are EUR, h",
        ),
        ('unit = "EUR"', "unit = 3", "line 3, unit: this is the code of a unit"),
        ("EUR = 2", 'EUR = "2"', "line 6, units.EUR: behind a unit stands how many decimals"),
        ("EUR = 2", "EUR = 10", "line 6, units.EUR: behind a unit stands how many decimals"),
        (
            'upkeep = "repairs"',
            "upkeep = 7",
            "line 13, accounts.upkeep: behind a name stands its id, or what it is for",
        ),
        ('title.en = "Tools"', "", "title: the title stands here in each language"),
        ("from = 2026-03-01", "", "from: from which day the contract is in force"),
        ("from = 2026-03-01", "from = 2026", "line 2, from: this is a day like 2026-03-02, not 2026"),
        ("from = 2026-03-01", 'from = "1 March"', "line 2, from: '1 March' is not a day"),
        ("from = 2026-03-01", "from = 2026-03-01T10:00:00", "line 2, from: this is a day like"),
        ('unit = "EUR"', 'unti = "EUR"', "line 3, unti: there is no such key here; there are title, from"),
        ('unit = "EUR"', 'unit = "EUR', "this is not TOML: .*line 3"),
        ('unit = "EUR"', 'unit = "EUR"\naccede = "coop"', "line 4, accede: this is a list of classes"),
        ('unit = "EUR"', 'unit = "EUR"\naccede = ["pirates"]', "Invalid enum value 'pirates'"),
        ('unit = "EUR"', 'unit = "EUR"\nsupersedes = "x"', "line 4, supersedes: this is the id of the contract"),
        ("days = 2", "weeks = 2", "line 36, last_year.use 1, weeks: there is no such key here; there are on"),
        ("days = 2", "days = 2.5", "line 36, last_year.use 1, days: this is a whole number"),
        ('class = "coop"', "", "line 32, last_year.use 1: class is missing; there are on"),
        ("[[last_year.use]]", "[last_year.use]", r"line 32, last_year.use: there are the sections \[\[last_year.claim"),
        ("[[last_year.use]]", "[[last_year.lent]]", r"line 32, last_year.lent: there are the sections"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_to_do(old: str, new: str, says: str) -> None:
    assert old in TOOLS
    text = TOOLS.replace(old, new, 1)
    with pytest.raises(TemplateError, match=says):
        _both(text)


def _both(text: str) -> None:
    """Whatever can be done with a template."""
    read = read_template(text)
    rehearse_template(read)
    offer_of(read, ids_of(text))


def test_a_contract_has_clauses_and_not_too_much_text() -> None:
    with pytest.raises(TemplateError, match=r"at least one section \[\[clause\]\]"):
        read_template(TOOLS[: TOOLS.index("[[clause]]")])
    with pytest.raises(TemplateError, match="at most 65536 characters"):
        read_template(TOOLS + "#" * 65_536)
    with pytest.raises(TemplateError):
        read_template(TOOLS + "x = " + "[" * 5_000)
    twice = '[[clause]]\nkind = "guaranteed_payment"\ndays = 1\ncalendar = "days"\nfund = "upkeep"\n'
    with pytest.raises(TemplateError, match="at most one guaranteed_payment"):
        _both(TOOLS + twice + twice)


lines = st.sampled_from("\n".join(template_text(name) for name in NAMES).split("\n"))


@given(st.sampled_from([TOOLS, *map(template_text, NAMES)]), st.data())
def test_a_template_with_a_line_put_in_or_left_out_is_refused_in_words_or_works(text: str, data: st.DataObject) -> None:
    pieces = text.split("\n")
    place = data.draw(st.integers(0, len(pieces) - 1))
    pieces[place : place + data.draw(st.integers(0, 2))] = data.draw(st.lists(lines, max_size=1))
    with suppress(TemplateError):
        _both("\n".join(pieces))
