# SPDX-License-Identifier: AGPL-3.0-or-later
"""Labels of the states that imports and uploads are in, in English."""

from __future__ import annotations

IMPORT_LABELS: dict[str, dict[str, str]] = {
    "import_phase": {
        "reading": "The file is being read",
        "unreadable": "cannot be read",
        "mapping": "waits for you to say which column goes where",
        "checking": "What would happen is being worked out",
        "checked": "waits for you to say whether to import it",
        "writing": "It is being imported",
        "done": "imported",
        "undoing": "It is being taken back",
        "undone": "taken back",
        "stopped": "stopped",
    },
    "import_state": {"done": "imported", "undone": "taken back", "interrupted": "interrupted"},
}
