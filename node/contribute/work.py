# SPDX-License-Identifier: AGPL-3.0-or-later
"""Work that somebody offers or seeks, from the form to the record and back (spec 10 §2). Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from node.web.words import message
from protocol.amounts import parse_day, show_amount, show_day
from protocol.errors import Malformed
from protocol.record import DIRECTED_KINDS, PER, is_web_url

if TYPE_CHECKING:
    from collections.abc import Mapping

SKILLS_MAX = 32
_SKILL_MAX, _BY_MAX, _URL_MAX = 100, 200, 2_000
_AMOUNT = re.compile(r"([0-9]{1,9})(?:[.,]([0-9]{1,4}))?", re.ASCII)
_UNIT = re.compile(r"[A-Za-z0-9_.-]{1,12}")
_TEXT_FIELDS = ("work_skills", "work_rate", "work_unit", "work_per", "work_by", "work_table", "work_from", "work_until")
_LONG = message("That is too long.")


def work_texts(work: Mapping[str, Any]) -> dict[str, str]:
    """The texts of the fields for the work of a record; all empty where it has none."""
    texts = dict.fromkeys(_TEXT_FIELDS, "") | {"work_skills": "\n".join(work.get("skills", ()))}
    if rate := work.get("rate"):
        texts |= {"work_rate": show_amount(rate["amount"], rate["scale"]), "work_unit": rate["unit"]}
        texts |= {"work_per": rate["per"], "work_by": rate.get("by", ""), "work_table": rate.get("table", "")}
    texts |= {f"work_{name}": show_day(work[name]) for name in ("from", "until") if name in work}
    return texts | ({"work_remote": "yes"} if work.get("remote") else {})


def read_work(texts: Mapping[str, str], base: Mapping[str, Any], kind: str, faults: dict[str, str]) -> dict[str, Any]:
    """The work that somebody wrote down; empty where they wrote nothing. `base` is that of the record as it is.

    What of its rate the form has no field for, its contract, stays as long as the rate does.
    """
    given = {name: texts.get(name, "").strip() for name in _TEXT_FIELDS}
    made: dict[str, Any] = {}
    skills = [" ".join(line.split()) for line in re.split(r"[\n;]", given["work_skills"]) if line.strip()]
    if len(skills) > SKILLS_MAX or any(len(one) > _SKILL_MAX for one in skills):
        faults["work_skills"] = message("At most 32 skills, each on a line of its own, in a few words.")
    made["skills"] = [*dict.fromkeys(skills)]
    made["rate"] = _rate(given, base.get("rate", {}), faults)
    for name in ("from", "until"):
        if given[f"work_{name}"]:
            try:
                made[name] = parse_day(given[f"work_{name}"])
            except Malformed:
                faults[f"work_{name}"] = message("Write a day like 2026-03-02.")
    if made.get("from", 0) > made.get("until", made.get("from", 0)):
        faults["work_until"] = message("It ends before it begins.")
    made["remote"] = bool(texts.get("work_remote"))
    made = {name: value for name, value in made.items() if value or name in {"from", "until"}}
    if made and kind not in DIRECTED_KINDS:
        faults["kind"] = message("Work stands in an offer or a need: choose one of these, or leave its fields empty.")
    return made


def _rate(given: Mapping[str, str], base: Mapping[str, Any], faults: dict[str, str]) -> dict[str, Any]:
    if not given["work_rate"]:
        if given["work_by"] or given["work_table"]:
            faults["work_rate"] = message("This is needed.")
        return {}
    amount = _AMOUNT.fullmatch(given["work_rate"].replace("\N{NO-BREAK SPACE}", "").replace(" ", ""))
    if amount is None:
        faults["work_rate"] = message("Such as 25 or 24.50.")
        return {}
    if not _UNIT.fullmatch(given["work_unit"]):
        faults["work_unit"] = message("Such as EUR, h, kWh.")
    if len(given["work_by"]) > _BY_MAX:
        faults["work_by"] = _LONG
    if given["work_table"] and (not is_web_url(given["work_table"]) or len(given["work_table"]) > _URL_MAX):
        faults["work_table"] = message("An address like https://example.org.")
    decimals = amount[2] or ""
    scale = max(2, len(decimals)) if decimals else 0
    rate: dict[str, Any] = {"amount": int(amount[1] + decimals.ljust(scale, "0")), "scale": scale}
    rate |= {"unit": given["work_unit"], "per": given["work_per"] if given["work_per"] in PER else "hour"}
    same = base and (show_amount(base["amount"], base["scale"]), base["unit"], base["per"]) == tuple(
        given[name] for name in ("work_rate", "work_unit", "work_per")
    )
    if same:
        rate = {name: base[name] for name in base if name not in {"by", "table"}}
    return rate | {name: given[f"work_{name}"] for name in ("by", "table") if given[f"work_{name}"]}
