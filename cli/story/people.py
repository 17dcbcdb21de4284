# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names for a made-up mutual: whoever is called so in life is not meant."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random


@cache
def _words() -> dict[str, list[str]]:
    words: dict[str, list[str]] = json.loads(resources.files("cli.data").joinpath("people.json").read_text("utf-8"))
    return words


def names(chance: Random, count: int) -> list[str]:
    """So many different names of persons."""
    everybody = [f"{given} {family}" for given in _words()["given"] for family in _words()["family"]]
    return chance.sample(everybody, count)


def clients() -> list[str]:
    """The names of the 29 organisations that order work, beside the city."""
    return _words()["clients"]
