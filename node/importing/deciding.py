# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a steward decides about an upload, from a page or from a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from node.importing.jobs import Jobs
    from node.importing.uploads import Phase, Upload

CHOICES = ("propose", "apart", "leave_out")
"""What is done with rows that are likely to be here: brought in, and the queue of duplicates shows them; brought in and
said to be different; left out."""


def check(jobs: Jobs, upload: Upload, mapping: str, *, close: bool) -> Upload:
    """Has worked out what a mapping (TOML) would do."""
    changed = jobs.uploads.change(upload.id, phase="checking", mapping=mapping, close=close, lost=(), fault="")
    jobs.start(changed)
    return changed


def start(jobs: Jobs, upload: Upload, *, seen: str, close_many: bool, likely: str, single: dict[str, str]) -> Upload:
    """Has an import carried out, if it is still what was `seen`."""
    changed = jobs.uploads.change(
        upload.id, phase="writing", seen=seen, close_many=close_many, likely=likely, single=single
    )
    jobs.start(changed)
    return changed


def again(jobs: Jobs, upload: Upload) -> None:
    """Tries again what stopped."""
    phase: Phase = "undoing" if not upload.digest else "checking" if upload.mapping else "reading"
    jobs.start(jobs.uploads.change(upload.id, phase=phase, fault="", resumed=0))
