# SPDX-License-Identifier: AGPL-3.0-or-later
"""A member's key file, as commands open it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from protocol.signature import SigningKey


def open_key(path: Path) -> SigningKey:
    """The key in a member's key file; its passphrase is asked for."""
    from ledger.own.member_keys import read_member_key

    return read_member_key(path, lambda: str(click.prompt(f"Passphrase of {path}", hide_input=True, err=True)))
