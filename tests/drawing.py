# SPDX-License-Identifier: AGPL-3.0-or-later
"""How many examples are drawn for a property: a third of them while only the short tests run, otherwise all.

The same ones in every run, and no machine is too slow for them.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

EXAMPLES, SHORT_EXAMPLES_MIN, SHORT_SHARE = 40, 12, 3

_short = False


def choose_profile(*, short: bool) -> None:
    """Sets how much is drawn; to be called before any test is read."""
    global _short  # noqa: PLW0603 - what is asked for on the command line holds for the whole run
    _short = short
    settings.register_profile(
        "folkmoot",
        deadline=None,
        derandomize=True,
        database=None,
        max_examples=_share(EXAMPLES),
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("folkmoot")


def draws(number: int = EXAMPLES, *, on_one_fixture: bool = False) -> settings:
    """The settings of a property for which that many examples are drawn.

    `on_one_fixture`: what a fixture made for the test serves all of them, which is meant.
    """
    allowed = [HealthCheck.too_slow, *([HealthCheck.function_scoped_fixture] if on_one_fixture else [])]
    return settings(max_examples=_share(number), suppress_health_check=allowed)


def _share(number: int) -> int:
    return min(number, max(SHORT_EXAMPLES_MIN, number // SHORT_SHARE)) if _short else number
