# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rules of the assembly, as options of the commands that make a charter or change it (spec 17 §8)."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

HALF = "1/2"


def with_rules(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options; they come in as `rules`: (turnout, majority), None where nothing was said."""

    @click.option("--turnout", help="Assembly: how many of its members have to vote, such as 1/3 or 40 %.")
    @click.option("--majority", help="Assembly: more than that part of the votes decides, such as 1/2 or 2/3.")
    @functools.wraps(command)
    def run(*arguments: Any, turnout: str | None, majority: str | None, **options: Any) -> Any:  # noqa: ANN401 - click's
        return command(*arguments, rules=(turnout, majority), **options)

    return run


def rules_fields(rules: tuple[str | None, str | None]) -> dict[str, Any]:
    """The field of a new charter that says so; what was not said is one half."""
    from protocol.amounts import parse_rate
    from protocol.charter import Assembly

    if rules == (None, None):
        return {}
    quorum, majority = (parse_rate(text or HALF) for text in rules)
    try:
        return {"assembly": Assembly(quorum, majority)}
    except ValueError as error:
        raise click.UsageError(str(error)) from None
