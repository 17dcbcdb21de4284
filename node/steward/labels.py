# SPDX-License-Identifier: AGPL-3.0-or-later
"""Labels of what becomes of bundles, in English."""

from __future__ import annotations

STEWARD_LABELS: dict[str, dict[str, str]] = {
    "bundle_phase": {"taking": "It is being checked and taken in", "done": "done", "stopped": "stopped"},
    "bundle_state": {"taken": "taken in", "held": "held already", "refused": "refused"},
}
