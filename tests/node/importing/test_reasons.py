# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is wrong with a row or a file is told in the reader's language: no reason is forgotten, no value a message."""

from __future__ import annotations

import ast
import inspect
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from ledger.importing import convert, delimited, fields, geojson, mapping, murmurations, points, sheet, work
from ledger.importing.problem import MappingError
from node.importing.mapping_form import FIELDS
from node.importing.reasons import FILE_REASONS, ROW_REASONS, field_text, is_known, reason_text
from node.web.words import words_in

if TYPE_CHECKING:
    from collections.abc import Iterator


def _said(tree: ast.AST) -> Iterator[str]:
    """The texts of a module that are sentences, with something put in wherever a value goes."""
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "7" for one in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts | docs:
            yield node.value


@pytest.mark.parametrize("module", [fields, convert, points, murmurations, work])
def test_no_reason_of_a_row_is_forgotten(module: ModuleType) -> None:
    tree = ast.parse(inspect.getsource(module))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    raised = {text for call in calls for text in _said(call)}
    told = [text for text in _said(tree) if len(text) > 25 and text.rstrip()[-1:] in ".?" and " " in text]
    unknown = [text for text in told if not is_known(text) and text not in raised]
    # One reason is put together of two pieces there.
    assert [text for text in unknown if "whether it is open" not in text and not text.startswith("7 The")] == []
    assert told


@pytest.mark.parametrize("module", [delimited, geojson, sheet])
def test_what_is_wrong_with_a_file_is_mostly_known(module: ModuleType) -> None:
    told = [text for text in _said(ast.parse(inspect.getsource(module))) if len(text) > 40 and text.endswith(".")]
    assert sum(map(is_known, told)) * 3 >= len(told)


def test_gaps_of_a_mapping_are_known() -> None:
    assert all(map(is_known, mapping.Mapping().gaps()))


@pytest.mark.parametrize(
    "wrong",
    [
        {"set": "My list"},
        {"language": "français"},
        {"licence": "free for all"},
        {"precision": -1},
        {"latitude": "lat"},
        {"identifiers": (mapping.CodeColumn("siret"),)},
    ],
)
def test_what_is_wrong_with_a_mapping_is_known(wrong: dict[str, Any]) -> None:
    with pytest.raises(MappingError) as found:
        mapping.Mapping(**wrong)
    assert is_known(str(found.value))


@pytest.mark.parametrize("template", [*ROW_REASONS, *FILE_REASONS])
def test_each_is_told_with_its_values(template: str) -> None:
    filled = template.format_map({name: f"<{name}>" for name in _gaps(template)})
    told = reason_text(filled, words_in("fr"))
    assert told != filled
    assert all(f"<{name}>" in told for name in _gaps(template))
    assert reason_text(filled, words_in("en")) == filled


def _gaps(template: str) -> set[str]:
    import string  # noqa: PLC0415 - of this function only

    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_values_are_put_in_as_they_are_and_strange_reasons_left() -> None:
    words = words_in("fr")
    assert "{0} {column} <b>" in reason_text("No name: fill in the column {0} {column} <b>, or remove the row.", words)
    assert reason_text("Nobody has ever said this.", words) == "Nobody has ever said this."
    long = f"No name: fill in the column {'x' * 100_000}, or remove the row."
    assert reason_text(long, words) == long
    nowhere = "Not two numbers of decimal degrees, such as 53.488061 and -2.237449. Correct the coordinates."
    assert reason_text(f"{nowhere} The record has no point.", words).endswith("La fiche n'a pas de point.")


def test_fields_have_names() -> None:
    words = words_in("nl")
    assert field_text("address.postcode", words) == "Postcode"
    assert field_text("point", words) == "Punt"
    assert field_text("{strange}", words) == "{strange}"
    assert all(field_text(name, words) != name or name == "kind" for name in FIELDS)
