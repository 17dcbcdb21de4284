# SPDX-License-Identifier: AGPL-3.0-or-later
"""The contract templates that come with the program: files that people copy and edit."""

from __future__ import annotations

from importlib.resources import files

from ledger.errors import NotFoundError

NAMES = (
    "labour-mutual",
    "reciprocity-agreement",
    "tool-library",
    "shared-vehicles",
    "lease-99-years",
    "energy-coop-shares",
    "time-bank",
    "buying-group",
)


def template_text(name: str) -> str:
    """The text of a template. Raises NotFoundError for a name that is not one of `NAMES`."""
    if name not in NAMES:
        raise NotFoundError(f"no template {name!r}; there are {', '.join(NAMES)}")
    return (files("ledger.reciprocity") / "templates" / f"{name}.toml").read_text("utf-8")
