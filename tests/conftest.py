# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hypothesis draws the same examples in every run, and a slow machine fails nothing."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "folkmoot",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("folkmoot")
