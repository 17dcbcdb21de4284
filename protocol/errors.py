# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be wrong with bytes: one exception, raised by every parser and checker of this package."""

from __future__ import annotations


class Malformed(ValueError):  # noqa: N818 - reads as the verdict that it is
    """Bytes or values that break a spec. The fault is the sender's, never ours.

    `reason` is the reason word of the spec page; the text says it in plain words.
    """

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(f"{text} [{reason}]")
        self.reason = reason
        self.text = text
