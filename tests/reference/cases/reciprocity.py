# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 17: the reciprocity ledger."""

from collections.abc import Iterator

from tests.reference.cases import amounts, carried, ledger_bodies, reader, stories
from tests.reference.vector import Group, vector_file


def generate() -> bytes:
    """The file 17-reciprocity.json."""
    return vector_file("17", "Reciprocity", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    yield from amounts.groups()
    yield from carried.groups()
    yield from reader.groups()
    about = "The body of a statement of this kind, page 17 §3; an invalid one breaks one rule."
    yield ledger_bodies.bodies(Group("body", about, ledger_bodies.check), transfers=False)
    yield stories.ledgers()
