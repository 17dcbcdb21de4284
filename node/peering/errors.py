# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can go wrong with peers."""

from __future__ import annotations


class UnreachableError(Exception):
    """A peer that was dialled does not answer, or must not be dialled."""
