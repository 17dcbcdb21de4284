# SPDX-License-Identifier: AGPL-3.0-or-later
"""Labels of codes of proposals and reports (spec 21), in English."""

PROPOSAL_LABELS: dict[str, dict[str, str]] = {
    "report": {
        "not_there": "It is not there, or not any more",
        "wrong": "Something about it is wrong",
        "duplicate": "It stands here twice",
        "against_charter": "It does not belong in this directory",
    },
    "outcome_of_claim": {
        "accepted": "Accepted",
        "edited": "Accepted with changes",
        "refused": "Refused",
        "done": "Done",
        "nothing_to_do": "Nothing to be done",
        "closed": "The entry was closed",
    },
}
