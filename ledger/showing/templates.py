# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the names in an edited contract template are in this ledger."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ledger.errors import NotFoundError
from ledger.reciprocity.state import Unit
from ledger.reciprocity.template import ORGANISATION, Names
from ledger.showing.naming import find_account, find_party, find_resource

if TYPE_CHECKING:
    from ledger.reciprocity.template import Template
    from ledger.showing.view import LedgerView


def template_names(view: LedgerView, template: Template) -> Names:
    """What the names in a template are here: by what stands behind them, or else by themselves."""
    found: dict[str, dict[str, bytes]] = {}
    finders = {"parties": find_party, "accounts": find_account, "resources": find_resource}
    for section, find in finders.items():
        found[section] = {}
        for name, said in template.section(section).items():
            for text in (str(said), name.replace("_", " ")):
                with suppress(NotFoundError):
                    found[section].setdefault(name, find(view, text))
    if ORGANISATION in template.section("parties"):
        found["parties"].setdefault(ORGANISATION, view.log_id)
    scales = {key.decode(): unit.scale for key, unit in view.book.scan(Unit)}
    return Names(found["parties"], found["accounts"], found["resources"], scales)
