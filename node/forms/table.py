# SPDX-License-Identifier: AGPL-3.0-or-later
"""All forms by name."""

from __future__ import annotations

from node.forms import (
    accounts,
    assembly,
    claims,
    collectives,
    contracts,
    federation,
    knowledge,
    members,
    others,
    principles,
    trading,
    work,
)
from node.forms.form import Form

SECTIONS = (
    "members",
    "accounts",
    "work",
    "contracts",
    "claims",
    "assembly",
    "collectives",
    "neighbours",
    "knowledge",
    "federation",
    "others",
)
FORMS: dict[str, Form] = {
    form.name: form
    for module in (
        members,
        accounts,
        trading,
        work,
        contracts,
        claims,
        assembly,
        collectives,
        knowledge,
        principles,
        federation,
        others,
    )
    for form in module.FORMS
}
