# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules of an assembly that a charter cannot have, spec 04 §2."""

from tests.reference.messagepack import Value

RULES: dict[str, Value] = {"quorum": [1, 2], "majority": [1, 2]}


def bad_rules() -> dict[str, Value]:
    """By what is wrong with them."""
    return {
        "is a rate": [1, 2],
        "without a majority": {"quorum": [1, 2]},
        "with a quorum of more than all": RULES | {"quorum": [3, 2]},
        "with a majority of nothing": RULES | {"majority": [1, 0]},
        "with three numbers": RULES | {"majority": [1, 2, 3]},
        "with a rate that is too fine": RULES | {"majority": [1, 10**9 + 1]},
    }
