# SPDX-License-Identifier: AGPL-3.0-or-later
"""A good statement, and encodings of it with one thing changed."""

from tests.reference import messagepack, world
from tests.reference.messagepack import Value


def changed(index: int, value: Value, template: list[Value]) -> str:
    """The template with one element changed, encoded."""
    return messagepack.encode([*template[:index], value, *template[index + 1 :]]).hex()


def statement_template() -> list[Value]:
    """A good statement as an array."""
    return list(messagepack.decode(world.make_statement("template").encode()))
