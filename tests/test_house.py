# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules of the house that no other tool checks: licences, left-overs, sizes, the index of specs, dead files, names."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PACKAGES = ("protocol", "ledger", "node", "cli")
CODE_LICENCE, SPEC_LICENCE = "AGPL-3.0-or-later", "CC0-1.0"
LICENSED = {".py", ".sql", ".sh", ".html", ".css", ".toml", ".js"}
WITHOUT_LICENCE = {
    f"node/templates/{name}.html": "the first line of a template is the first line of a page"
    for name in ("base", "directory", "error", "logs", "moderation", "peers", "record", "tree")
} | {
    f"node/templates/{path.name}": "the same"
    for pattern in ("ledger*.html", "steward*.html", "record*.html")
    for path in (ROOT / "node" / "templates").glob(pattern)
}

FILE_LINES_MAX, FUNCTION_LINES_MAX = 400, 70
LONG_FILES = {
    "protocol/reciprocity_bodies.py": "one type for each body of a table of the spec",
    "tests/ledger/store_suite.py": "one suite that every back end of the store passes",
    "tests/ledger/deriving/test_derive.py": "one test for each effect of each kind of statement",
    "tests/ledger/held/test_replica.py": "one test for each way in which a range can be wrong",
    "tests/cli/test_contract.py": "one test for each clause of the operator's contract",
    "tests/node/api/test_api.py": "one test for each route, and a table of bodies",
    "tests/node/peering/test_hostile.py": "one test for each lie that a peer can tell",
    "tests/node/directory/test_pages.py": "one test for each promise of the pages",
    "tests/protocol/test_member_statement.py": "one test for each way to tamper with a statement",
}
LONG_FUNCTIONS: dict[str, str] = {}
ENTRY_POINTS = {
    "cli/main.py": "the program itself",
}


def _files(*suffixes: str, folders: tuple[str, ...] = (*PACKAGES, "tests", "specs")) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in suffixes]
    return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _python(*folders: str) -> list[Path]:
    return _files(".py", folders=folders or (*PACKAGES, "tests"))


def test_every_source_file_names_its_licence() -> None:
    for path in _files(*LICENSED):
        head = path.read_text("utf-8")[:300].split("\n")[:3]
        licence = SPEC_LICENCE if path.is_relative_to(ROOT / "specs") else CODE_LICENCE
        named = any(f"SPDX-License-Identifier: {licence}" in line for line in head)
        assert named or _name(path) in WITHOUT_LICENCE, path


def test_specs_and_scripts_name_their_licence() -> None:
    for path in (ROOT / "specs").glob("*.md"):
        assert f"SPDX-License-Identifier: {SPEC_LICENCE}" in path.read_text("utf-8")[:100], path.name
    assert "CC0" in (ROOT / "specs" / "LICENSE").read_text("utf-8")
    assert "GNU AFFERO" in (ROOT / "LICENSE").read_text("utf-8").upper()
    for script in ("folkmoot", "pyproject.toml"):
        assert f"SPDX-License-Identifier: {CODE_LICENCE}" in (ROOT / script).read_text("utf-8")[:200], script


def test_nothing_is_left_over() -> None:
    left = re.compile(
        r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK", "breakpoint" + r"\(\)"]) + r")\b"
    )
    found = [
        f"{_name(path)}:{number}"
        for path in _files(".py", ".sql", ".html", ".css", ".md", ".js")
        for number, line in enumerate(path.read_text("utf-8").split("\n"), 1)
        if left.search(line)
    ]
    assert found == []


def test_files_are_short() -> None:
    long = {_name(path) for path in _python() if path.read_text("utf-8").count("\n") > FILE_LINES_MAX}
    assert long - set(LONG_FILES) == set(), "split them, or give a reason here"


@cache
def _parsed(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text("utf-8"))))


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for item in _parsed(path):
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{_name(path)}:{item.name}", (item.end_lineno or 0) - item.lineno + 1


def test_functions_are_short() -> None:
    long = {name for path in _python() for name, lines in _functions(path) if lines > FUNCTION_LINES_MAX}
    assert long - set(LONG_FUNCTIONS) == set(), "split them, or give a reason here"
    assert set(LONG_FUNCTIONS) <= long, "take away what is short by now"


def _spec_pages() -> dict[str, str]:
    """The text of each numbered page."""
    return {path.name[:2]: path.read_text("utf-8") for path in (ROOT / "specs").glob("[0-9][0-9]-*.md")}


def test_the_index_of_specs_is_complete() -> None:
    index = (ROOT / "specs" / "README.md").read_text("utf-8")
    linked = set(re.findall(r"\(((?:[0-9]{2})-[a-z-]+\.md)\)", index))
    assert linked == {path.name for path in (ROOT / "specs").glob("[0-9][0-9]-*.md")}
    vectors = set(re.findall(r"vectors/([0-9a-z-]+\.json)", index))
    assert vectors == {path.name for path in (ROOT / "specs" / "vectors").glob("*.json")}
    for number, text in _spec_pages().items():
        assert re.search(rf"^# {number} ", text, re.MULTILINE), f"page {number} begins with its number"


def test_the_index_of_vectors_names_every_group() -> None:
    index = (ROOT / "specs" / "vectors" / "README.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| ([0-9]{2}-[a-z-]+) \| (.*) \|$", index, re.MULTILINE))
    groups = {
        path.stem: {group["name"] for group in json.loads(path.read_text("ascii"))["groups"]}
        for path in (ROOT / "specs" / "vectors").glob("*.json")
    }
    assert {name: set(re.findall(r"`([a-z_]+)`", row)) & groups[name] for name, row in rows.items()} == groups


CITATION = re.compile(r"\bspecs? ([0-9]{2})((?: ?(?:,|and|to|-)? ?§[0-9]+(?:\.[0-9]+)?)*)")


def test_every_section_that_is_cited_exists() -> None:
    pages = _spec_pages()
    headings = {number: set(re.findall(r"^## §([0-9]+)", text, re.MULTILINE)) for number, text in pages.items()}
    missing, cited = [], 0
    for path in _files(".py", ".sql", ".md"):
        for page, sections in CITATION.findall(path.read_text("utf-8")):
            for section in re.findall(r"§([0-9]+)", sections) or [""]:
                cited += 1
                if page not in pages or (section and section not in headings[page]):
                    missing.append(f"{_name(path)}: spec {page} §{section}")
    assert missing == []
    assert cited > 50


def test_every_section_of_a_page_is_numbered_in_order() -> None:
    for number, text in _spec_pages().items():
        sections = [int(section) for section in re.findall(r"^## §([0-9]+)", text, re.MULTILINE)]
        assert sections == list(range(1, len(sections) + 1)), number


def _modules_named(path: Path) -> Iterator[str]:
    """What a file imports, also by name in a table (`"cli.init"`) or a relative resource."""
    for item in _parsed(path):
        if isinstance(item, ast.Import):
            yield from (name.name for name in item.names)
        elif isinstance(item, ast.ImportFrom) and item.module:
            yield item.module
            yield from (f"{item.module}.{name.name}" for name in item.names)
        elif (
            isinstance(item, ast.Constant)
            and isinstance(item.value, str)
            and re.fullmatch(r"[a-z]+(\.[a-z_]+)+", item.value)
        ):
            yield item.value


def test_there_are_no_dead_files() -> None:
    """Every module is imported by another one of the program: what only tests use is not part of it."""
    named = {
        name
        for path in _python(*PACKAGES)
        for name in _modules_named(path)
        if _name(path)[:-3].replace("/", ".") != name
    }
    dead = [
        _name(path)
        for path in _python(*PACKAGES)
        if path.name != "__init__.py"
        and _name(path) not in ENTRY_POINTS
        and _name(path)[:-3].replace("/", ".") not in named
    ]
    assert dead == []


def test_every_folder_of_code_is_a_package() -> None:
    folders = {path.parent for path in _python()}
    assert [_name(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_the_top_level_names_belong_to_nobody_else() -> None:
    """They are imported as they stand: another distribution with one of them would break both."""
    owners = packages_distributions()
    assert {name: set(owners.get(name, [])) - {"folkmoot"} for name in PACKAGES} == {name: set() for name in PACKAGES}


def _imports(path: Path) -> Iterator[str]:
    for part in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(part, ast.Import):
            yield from (name.name.partition(".")[0] for name in part.names)
        elif isinstance(part, ast.ImportFrom) and not part.level:
            yield (part.module or "").partition(".")[0]


def test_what_the_program_imports_is_installed_with_it() -> None:
    """Tests have more libraries than who runs the program: what only they install would be missing there."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    installed = {re.split(r"[<>=!~\[; ]", line)[0].lower().replace("-", "_") for line in named}
    owners = packages_distributions()
    missing = {
        f"{_name(path)}: {name}"
        for path in _python(*PACKAGES)
        for name in set(_imports(path)) - set(sys.stdlib_module_names) - set(PACKAGES)
        if not installed & {owner.lower().replace("-", "_") for owner in owners.get(name, [])}
    }
    assert missing == set()


SILENCED = re.compile(r"#\s*(noqa|type: ignore|pragma: no cover)")
REASON = re.compile(r"#\s*(noqa: [A-Z0-9, ]+ - \S|type: ignore\[[a-z-, ]+\] +# \S|pragma: no cover - \S)")


def test_a_silenced_check_has_its_reason_on_its_line() -> None:
    lines = [
        f"{_name(path)}:{number}"
        for path in _python()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if SILENCED.search(line) and not REASON.search(line) and "re.compile" not in line
    ]
    assert lines == []
