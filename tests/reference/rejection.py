# SPDX-License-Identifier: AGPL-3.0-or-later
"""A rejection: an input that a spec page refuses, with the reason word that the page gives."""

from typing import NoReturn


class RejectionError(Exception):
    """An input that is refused; `reason` is one of the reason words of a spec page."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def reject(reason: str) -> NoReturn:
    """Refuse the input with this reason word."""
    raise RejectionError(reason)


def require(condition: object, reason: str) -> None:
    """Refuse the input with this reason word unless the condition holds."""
    if not condition:
        reject(reason)
