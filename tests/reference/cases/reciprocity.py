# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 17: the reciprocity ledger."""

from tests.reference.cases import amounts
from tests.reference.vector import vector_file


def generate() -> bytes:
    """The file 17-reciprocity.json."""
    return vector_file("17", "Reciprocity", amounts.groups())
