# SPDX-License-Identifier: AGPL-3.0-or-later
"""The wheel holds what the program needs and nothing else, and runs where it is installed."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

from protocol import __version__

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[1]
PACKAGES = ("protocol", "ledger", "node", "cli")
DATA = {".sql", ".html", ".css", ".svg", ".js", ".json", ".gz", ".toml", ".txt", ".tsv", ".po"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the source."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in (*PACKAGES, "tests", "specs"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return next(folder.glob("*.whl"))


def test_it_holds_the_program_with_all_its_data(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.suffix in DATA | {".py"} and "__pycache__" not in path.parts
    }
    assert wanted - names == set()
    for needed in ("ledger/sqlite/migrations/0001_log.sql", "ledger/data/places.tsv.gz", "cli/data/territory.json"):
        assert needed in names
    assert "ledger/reciprocity/templates/labour-mutual.toml" in names
    assert any(name.startswith("node/templates/") for name in names)
    assert any(name.startswith("node/static/") for name in names)


def test_it_holds_nothing_else(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {*PACKAGES, f"folkmoot-{__version__}.dist-info"}
    assert not [name for name in names if "test" in Path(name).name or name.endswith((".pyc", ".db", ".key"))]
    metadata = ZipFile(wheel).read(f"folkmoot-{__version__}.dist-info/METADATA").decode()
    assert f"Version: {__version__}\n" in metadata
    assert "License-Expression: AGPL-3.0-or-later" in metadata


def test_it_runs_where_it_is_installed(wheel: Path, tmp_path: Path) -> None:
    """In an environment of its own, which finds the libraries where they are here."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet", wheel], check=True, capture_output=True
    )
    libraries = [path for path in (*site.getsitepackages(), site.getusersitepackages()) if Path(path).is_dir()]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FOLKMOOT")}
    environment |= {"PYTHONPATH": os.pathsep.join(libraries), "FOLKMOOT_DATA_DIR": str(tmp_path / "data")}

    def run(*arguments: str) -> str:
        program = tmp_path / "venv" / "bin" / "folkmoot"
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
        )
        assert done.returncode == 0, done
        return done.stdout

    assert run("--version").strip() == f"folkmoot, version {__version__}"
    where = "import cli.main, node.server; print(cli.main.__file__)"
    done = subprocess.run(
        [python, "-c", where], capture_output=True, text=True, check=True, cwd=tmp_path, env=environment
    )
    run("init", "--name", "Moot", "--kind", "coop")
    assert "0 found" not in run("search", "--near", "Lille", "--json")
    assert '"ok":true' in run("doctor", "--json")
    assert done.stdout.strip()
