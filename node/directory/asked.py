# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a reader of the directory asked for, as the address of a page: every view has one, and only one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from ledger.directory.query import PARAMETERS, join_values, split_values

if TYPE_CHECKING:
    from collections.abc import Iterable

SEVERAL = frozenset({"kind", "category", "status", "licence", "country", "direction", "terms", "set", "log"})
"""Parameters that take several values, with commas between them."""

_NOT_FILTERS = frozenset({"limit", "cursor", "radius", "lon"})


class Asked(NamedTuple):
    """The search parameters of a page; `values` are never empty."""

    values: dict[str, str]

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]]) -> Asked:
        """The parameters among a URL's pairs: empty fields of the form and what is no search parameter left out."""
        found: dict[str, list[str]] = {}
        for name, value in pairs:
            if name in PARAMETERS:
                parts = split_values(value) if name in SEVERAL else [value]
                kept = [part.strip() for part in parts if part.strip()]
                found[name] = [*found.get(name, []), *kept] if name in SEVERAL else kept
        values = {name: _joined(name, parts) for name, parts in found.items() if parts}
        if "near" in values:
            values = {name: value for name, value in values.items() if name not in {"lat", "lon"}}
        elif "lat" not in values and "lon" not in values:
            values.pop("radius", None)  # the form always sends one
        return cls(values)

    def parameters(self) -> dict[str, list[str]]:
        """As a query is parsed from (ledger.directory.query)."""
        return {name: [value] for name, value in self.values.items()}

    def get(self, name: str) -> str:
        """The value of a parameter, or nothing."""
        return self.values.get(name, "")

    def chosen(self, name: str) -> tuple[str, ...]:
        """The values of a parameter that takes several."""
        value = self.values.get(name, "")
        return tuple(split_values(value)) if value else ()

    def filters(self) -> tuple[str, ...]:
        """The parameters that narrow the view; a circle is one."""
        return tuple(name for name in self.values if name not in _NOT_FILTERS)

    def url(self) -> str:
        """The address of the view."""
        return "/?" + urlencode(self.values) if self.values else "/"

    def with_value(self, name: str, value: str) -> Asked:
        """The view with one parameter set, from its first page."""
        return Asked({**self._first_page(), name: value})

    def with_filter(self, name: str, value: str) -> Asked:
        """The view with one more value of a parameter that takes several."""
        return self.with_value(name, join_values(dict.fromkeys((*self.chosen(name), value))))

    def without(self, name: str, value: str = "") -> Asked:
        """The view without a parameter, or without one value of it."""
        left = [other for other in self.chosen(name) if other != value] if value else []
        dropped = {"near": {"near", "radius"}, "lat": {"lat", "lon", "radius"}}.get(name, {name})
        values = {key: text for key, text in self._first_page().items() if key not in dropped}
        return Asked(values | {name: join_values(left)} if left else values)

    def at(self, cursor: str) -> Asked:
        """The view from a cursor on."""
        return Asked({**self.values, "cursor": cursor})

    def first_page(self) -> Asked:
        """The view from its beginning."""
        return Asked(self._first_page())

    def _first_page(self) -> dict[str, str]:
        return {name: value for name, value in self.values.items() if name != "cursor"}


def _joined(name: str, parts: Iterable[str]) -> str:
    return join_values(dict.fromkeys(parts)) if name in SEVERAL else ",".join(dict.fromkeys(parts))
