# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the codes of a record mean, beside them: for people who read the table. An import passes over it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ledger.directory.labels import category_labels, code_labels, label_in

LABEL_COLUMNS: Final = {
    "kind_label": "kind",
    "category_labels": "categories",
    "structure_labels": "structure",
    "membership_labels": "membership",
    "status_label": "status",
}
"""By the column of labels, the column after which it stands."""


def labelled(record: Mapping[str, Any], language: str, words: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """A record object with `code_labels` in a language (else in English), which `flat` shows as columns of their own.

    `words` are the labels of kinds and statuses in that language. A code whose meaning is not known stands for itself,
    so that labels and codes have the same order.
    """
    labels = {
        "kind_label": words["kind"].get(record["kind"], record["kind"]),
        "category_labels": [_text(category_labels(one), language, one) for one in record.get("categories", ())],
        "status_label": words["status"].get(record["status"], record["status"]),
    }
    for group in ("structure", "membership"):
        codes = record.get(group, ())
        labels[f"{group}_labels"] = [_text(code_labels(group, one), language, one) for one in codes]
    return {**record, "code_labels": labels}


def _text(labels: Mapping[str, str], language: str, code: str) -> str:
    return (label_in(labels, language) or code).replace(";", ",")
