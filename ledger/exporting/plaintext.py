# SPDX-License-Identifier: AGPL-3.0-or-later
"""Plain-text accounting: the ledger as a beancount or an hledger file. Pure.

Every leg stands at its unit's full scale, and every account is checked at the end to hold exactly what the ledger says.
A positive amount on a member's account is owed to the member. Ids are kept, so that nothing is told of persons.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ledger.exporting.journal import balances
from protocol.amounts import show_day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.exporting.journal import Journal, Movement

_ROOTS = {
    "member": "Liabilities:Members",
    "pool": "Equity:Pools",
    "fund": "Equity:Funds",
    "reserve": "Equity:Reserves",
    "connector": "Assets:Neighbours",
    "external": "Assets:External",
}
_COMMODITY = re.compile(r"[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]")
_FIRST_DAY = -1
"""Accounts are opened on the day before the first movement."""


def beancount(journal: Journal) -> Iterator[str]:
    """The lines of a beancount file."""
    names, commodities = account_names(journal), commodity_names(journal)
    first, last = _span(journal)
    yield f'option "title" "{_quoted(journal.name)}"'
    yield f"; The ledger of {journal.log}. A positive amount on a member's account is owed to the member."
    for code, commodity in commodities.items():
        yield f"{first} commodity {commodity}"
        yield f'  code: "{code}"'
    for account, name in names.items():
        yield f"{first} open {name} {commodities[journal.accounts[account].unit]}"
        yield f'  id: "{account.hex()}"'
    for movement in journal.movements:
        yield ""
        yield f'{show_day(movement.on)} * "{movement.code}"'
        yield f'  id: "{movement.id.hex()}"'
        yield f"  position: {movement.position}"
        for account, amount in movement.legs:
            commodity = commodities[journal.accounts[account].unit]
            yield f"  {names[account]}  {journal.amount(account, amount)} {commodity}"
    yield ""
    for account, amount in balances(journal).items():
        commodity = commodities[journal.accounts[account].unit]
        yield f"{last} balance {names[account]}  {journal.amount(account, amount)} ~ 0 {commodity}"


def hledger(journal: Journal) -> Iterator[str]:
    """The lines of an hledger journal."""
    names, commodities = account_names(journal), commodity_names(journal)
    _, last = _span(journal)
    yield f"; {journal.name}: the ledger of {journal.log}."
    yield "; A positive amount on a member's account is owed to the member."
    yield "decimal-mark ."
    for code, commodity in commodities.items():
        scale = journal.units[code].scale
        yield f'commodity 1.{"0" * scale} "{commodity}"'
    for account, name in names.items():
        yield f"account {name}  ; id:{account.hex()}"
    for movement in journal.movements:
        yield ""
        yield f"{show_day(movement.on)} * ({movement.position}) {movement.code}  ; id:{movement.id.hex()}"
        yield from _hledger_legs(journal, movement, names, commodities)
    yield ""
    yield f"{last} * what the ledger holds"
    for account, amount in balances(journal).items():
        commodity = commodities[journal.accounts[account].unit]
        zero, held = journal.amount(account, 0), journal.amount(account, amount)
        yield f'    {names[account]}  {zero} "{commodity}" = {held} "{commodity}"'


def _hledger_legs(
    journal: Journal, movement: Movement, names: dict[bytes, str], commodities: dict[str, str]
) -> Iterator[str]:
    for account, amount in movement.legs:
        commodity = commodities[journal.accounts[account].unit]
        yield f'    {names[account]}  {journal.amount(account, amount)} "{commodity}"'


def account_names(journal: Journal) -> dict[bytes, str]:
    """A name for each account that both programs read: its type, and its id."""
    return {key: f"{_ROOTS[account.type]}:A-{key.hex()}" for key, account in sorted(journal.accounts.items())}


def commodity_names(journal: Journal) -> dict[str, str]:
    """A name for each unit that both programs read: its code where that will do."""
    names: dict[str, str] = {}
    for code in sorted(journal.units):
        name = code.upper()
        if not _COMMODITY.fullmatch(name) or name in names.values():
            name = f"U-{code.encode().hex().upper()}"
        names[code] = name
    return names


def _span(journal: Journal) -> tuple[str, str]:
    """The day before the first movement, and that after the last."""
    days = [movement.on for movement in journal.movements] or [0]
    return show_day(min(days) + _FIRST_DAY), show_day(max(days) + 1)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
