# SPDX-License-Identifier: AGPL-3.0-or-later
"""What codes of offers, work and calendars mean, in English."""

from __future__ import annotations

EXCHANGE_LABELS: dict[str, dict[str, str]] = {
    "category": {"work": "work"},
    "per": {"hour": "hour", "day": "day", "piece": "piece of work"},
    "weekday": {"0": "Mon", "1": "Tue", "2": "Wed", "3": "Thu", "4": "Fri", "5": "Sat", "6": "Sun"},
}
"""By group, as in `node.web.words.LABELS`."""
