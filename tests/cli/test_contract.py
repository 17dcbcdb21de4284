# SPDX-License-Identifier: AGPL-3.0-or-later
"""The operator's contract: streams, --json, exit codes, instant help, nothing that drives the terminal."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli.failure import explain
from cli.main import COMMANDS
from cli.output import plain
from ledger.errors import IdReusedError, LedgerError, NotFoundError, NotSigningError, RefusedError, StoreFullError
from protocol import __version__
from tests.builders import Log, found_organisation
from tests.cli.conftest import ENVIRONMENT, Home, Served, row, serve, spawn, wait, write_csv

if TYPE_CHECKING:
    from tests.cli.conftest import Run

PLACE = {"kind": "place", "name": {"en": "Orchard"}, "licence": "CC0-1.0"}
HEAVY = ("aiohttp", "zeroconf", "numpy", "nacl", "sqlite3", "msgspec", "jinja2", "rich", "prometheus_client")


def _put(home: Home, folder: Path, **more: object) -> str:
    file = folder / "record.json"
    file.write_text(json.dumps({**PLACE, **more}), "utf-8")
    return str(home.well("record", "put", "--json", file).json["id"])


# Exit codes, each by a real case.


def test_0_ok(run: Run) -> None:
    ran = run("--version")
    assert (ran.code, ran.out.strip()) == (0, f"folkmoot, version {__version__}")


def test_1_failed(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "copy"
    home.well("backup", file)
    ran = home("backup", file)
    assert (ran.code, ran.out) == (1, "")
    assert "exists already" in ran.err


USAGE = (
    ["nothing"],
    ["--nothing"],
    ["init"],
    ["init", "--name", "X", "--kind", "kingdom"],
    ["init", "--name", "X\x1b[31m", "--kind", "coop"],
    ["init", "--name", "X", "--kind", "coop", "--threshold", "4"],
    ["import"],
    ["search", "--limit", "0"],
    ["search", "--near", "Nowhereville"],
    ["search", "--bbox", "1,2,3"],
    ["record", "show", "zz"],
    ["log", "show", "a", "-1"],
    ["serve", "--port", "99999"],
    ["peer", "add", "nonsense"],
    ["peer", "add", "http://"],
    ["completion", "tcsh"],
    ["test"],
)


def test_2_usage(home: Home) -> None:
    for arguments in USAGE:
        ran = home(*arguments)
        assert (ran.code, ran.out) == (2, ""), arguments
        assert "Error" in ran.err or "folkmoot:" in ran.err, arguments


@pytest.fixture
def proof(tmp_path: Path) -> tuple[Path, Path]:
    """A proof file and a trust file that go together."""
    log = Log(found_organisation("moot")).grow(9)
    proof, trust = tmp_path / "a.tlog-proof", tmp_path / "trust.txt"
    proof.write_bytes(log.proof_file(4))
    trust.write_text(f"log {log.organisation.verifier_key}\nquorum none\n")
    return proof, trust


def test_verify_says_true_false_or_cannot_tell(run: Run, proof: tuple[Path, Path], tmp_path: Path) -> None:
    """0, 3 and 7."""
    file, trust = proof
    ran = run("verify", file, "--trust", trust)
    assert (ran.code, ran.out.split(":")[0]) == (0, "TRUE")
    value = run("verify", file, "--trust", trust, "--json").json
    assert (value["verdict"], value["exit"], value["position"], value["size"]) == ("true", 0, 4, 9)
    assert value["statement"]["kind"] == "claim.endorse"

    lines = file.read_bytes().split(b"\n")
    lines[3] = (b"A" if lines[3][:1] != b"A" else b"B") + lines[3][1:]
    false = tmp_path / "false.tlog-proof"
    false.write_bytes(b"\n".join(lines))
    ran = run("verify", false, "--trust", trust)
    assert (ran.code, ran.out.split(":")[0]) == (3, "FALSE")
    assert run("verify", false, "--trust", trust, "--json").json["exit"] == 3

    stranger = tmp_path / "stranger.txt"
    stranger.write_text(f"log {found_organisation('stranger').verifier_key}\nquorum none\n")
    ran = run("verify", file, "--trust", stranger)
    assert (ran.code, ran.out.split(":")[0]) == (7, "CANNOT TELL")
    assert run("verify", file, "--trust", stranger, "--json").json["exit"] == 7
    assert run("verify", file).code == 7
    assert run("verify", file, "--trust", file).code == 7
    assert run("verify", tmp_path / "nothing", "--trust", trust).code == 4


def test_3_an_audit_that_finds_something_false(home: Home, tmp_path: Path) -> None:
    _put(home, tmp_path)
    store = sqlite3.connect(home.path / "store" / "ledger.db")
    payload = store.execute("SELECT payload FROM entry WHERE position = 1").fetchone()[0]
    store.execute("UPDATE entry SET payload = ? WHERE position = 1", (payload[:-1] + bytes([payload[-1] ^ 1]),))
    store.commit()
    store.close()
    ran = home("log", "audit")
    assert ran.code == 3
    assert "FALSE" in ran.out
    value = home("log", "audit", "--json")
    assert (value.code, len(value.json["faults"])) == (3, 1)


def test_4_not_found(home: Home, tmp_path: Path) -> None:
    not_there: list[list[Any]] = [
        ["record", "show", "00"],
        ["record", "close", "00"],
        ["record", "put", tmp_path / "nothing.json"],
        ["log", "show", "zz", "0"],
        ["log", "show", "", "7"],
        ["log", "prove", "", "7"],
        ["log", "erase", "7", "--reason", "law"],
        ["import", tmp_path / "nothing.csv"],
        ["import", "--undo", "abc"],
        ["peer", "remove", "http://nobody.example"],
    ]
    for arguments in not_there:
        ran = home(*arguments)
        assert (ran.code, ran.out) == (4, ""), arguments
        assert ran.err.startswith("folkmoot: "), arguments


def test_5_network(home: Home) -> None:
    (home.path / "instance" / "url").write_text("http://127.0.0.1:1\n")
    ran = home("peer", "list")
    assert (ran.code, ran.out) == (5, "")
    assert "does not answer" in ran.err


def test_6_store(home: Home, run: Run, tmp_path: Path) -> None:
    assert run("--data-dir", tmp_path / "nothing", "search", "x").code == 6
    assert run("--data-dir", tmp_path / "nothing", "serve").code == 6
    (home.path / "keys" / "operating.key").rename(tmp_path / "key")
    ran = home("log", "rebuild")
    assert ran.code == 6
    assert "key" in ran.err
    (tmp_path / "key").rename(home.path / "keys" / "operating.key")
    (home.path / "instance" / "head.db").unlink()
    file = tmp_path / "record.json"
    file.write_text(json.dumps(PLACE))
    ran = home("record", "put", file)
    assert (ran.code, ran.out.split(":")[0]) == (0, "queued")
    assert "Nothing is signed" in ran.err
    for name in (home.path / "store").iterdir():
        name.write_bytes(b"\xff" * 5000)
    assert home("search", "x").code == 6


def test_errors_have_their_codes() -> None:
    assert explain(NotFoundError("x")) == ("x", 4)
    assert explain(NotSigningError("x")) == ("x", 6)
    assert explain(StoreFullError("x")) == ("x", 6)
    for error in (LedgerError("x"), IdReusedError("x"), RefusedError("x"), ValueError("x")):
        assert explain(error) == ("x", 1)
    assert explain(OSError(28, "No space left on device", "f")) == ("f: No space left on device", 6)
    assert explain(OSError(2, "No such file or directory", "f"))[1] == 4
    text, code = explain(RuntimeError("y" * 10_000))
    assert code == 1
    assert "FOLKMOOT_DEBUG" in text
    assert len(text) < 500


# Streams and --json.


def test_json_is_one_object_with_a_schema(home: Home, tmp_path: Path) -> None:
    record_id = _put(home, tmp_path)
    csv = write_csv(tmp_path / "some.csv", row(1), row(2))
    commands: list[list[Any]] = [
        ["search", "orchard"],
        ["record", "show", record_id],
        ["record", "put", tmp_path / "record.json"],
        ["record", "check", record_id],
        ["record", "close", record_id],
        ["log", "list"],
        ["log", "show", "", "1"],
        ["log", "audit"],
        ["log", "rebuild"],
        ["log", "erase", "1", "--reason", "request"],
        ["peer", "add", "http://127.0.0.1:1"],
        ["peer", "list"],
        ["peer", "remove", "http://127.0.0.1:1/"],
        ["import", csv, "--licence", "CC0-1.0"],
        ["import", "--list"],
        ["doctor"],
        ["backup", tmp_path / "copy"],
    ]
    schemas = set()
    for command in commands:
        ran = home.well(*command, "--json")
        assert ran.out.count("\n") == 1, command
        schemas.add(ran.json["schema"])
    imported = home.well("import", "--list", "--json").json["imports"][0]["id"]
    schemas.add(home.well("import", "--undo", imported, "--json").json["schema"])
    assert all(schema.startswith("folkmoot.") and schema[-2:] in {"/1", "/2"} for schema in schemas)
    assert len(schemas) >= 14


def test_init_tells_where_everything_is(run: Run, tmp_path: Path) -> None:
    ran = run("--data-dir", tmp_path / "a", "init", "--name", "A", "--kind", "city", "--json")
    assert ran.json["schema"] == "folkmoot.init/1"
    assert len(ran.json["log"]) == 52
    sheets = sorted((tmp_path / "a-recovery").iterdir())
    assert [sheet.name for sheet in sheets] == [f"recovery-{n}.{kind}" for n in (1, 2, 3) for kind in ("html", "txt")]
    assert all(sheet.stat().st_mode & 0o777 == 0o600 for sheet in sheets)
    assert all(ran.json["log"] in sheet.read_text() for sheet in sheets)
    assert (tmp_path / "a" / "keys" / "operating.key").stat().st_mode & 0o777 == 0o600


def test_data_go_to_stdout_and_the_rest_to_stderr(home: Home, tmp_path: Path) -> None:
    _put(home, tmp_path)
    ran = home.well("search", "orchard")
    assert ran.out.startswith("Orchard\n")
    assert ran.err == "1 found\n"
    ran = home.well("import", write_csv(tmp_path / "some.csv", row(1)), "--licence", "CC0-1.0")
    assert ran.out.startswith("1 added")
    assert "1 rows read" in ran.err
    ran = home.well("log", "prove", "", "1", "--output", "-")
    assert ran.out.startswith("c2sp.org/tlog-proof@v1\n")
    assert ran.err == ""


# init refuses and loses nothing.


def test_init_refuses_a_used_directory(home: Home, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in home.path.rglob("*") if path.is_file()}
    for more in ([], ["--recovery-dir", tmp_path / "elsewhere"]):
        ran = home("init", "--name", "Other", "--kind", "coop", *more)
        assert ran.code == 1
        assert "holds a node already" in ran.err
    assert not (tmp_path / "elsewhere").exists()
    assert {path: path.read_bytes() for path in home.path.rglob("*") if path.is_file()} == before


def test_init_founds_nothing_if_the_recovery_sheets_cannot_be_written(run: Run, tmp_path: Path) -> None:
    """An organisation without recovery keys would be lost with its operating key."""
    (tmp_path / "file").write_text("in the way")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        ran = run("--data-dir", tmp_path / "a", "init", "--name", "A", "--kind", "coop", "--recovery-dir", place)
        assert ran.code in {1, 2}
        assert not (tmp_path / "a").exists()
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "recovery-1.txt").write_text("of another organisation")
    ran = run("--data-dir", tmp_path / "a", "init", "--name", "A", "--kind", "coop", "--recovery-dir", kept)
    assert ran.code == 1
    assert not (tmp_path / "a").exists()
    assert (kept / "recovery-1.txt").read_text() == "of another organisation"


def test_init_leaves_no_empty_sheets_if_the_charter_is_refused(run: Run, tmp_path: Path) -> None:
    ran = run("--data-dir", tmp_path / "a", "init", "--name", "A" * 300, "--kind", "coop")
    assert ran.code == 1
    assert not (tmp_path / "a" / "store").exists()
    assert list((tmp_path / "a-recovery").iterdir()) == []
    assert run("--data-dir", tmp_path / "a", "init", "--name", "A", "--kind", "coop").code == 0


@pytest.mark.parametrize(("language", "pages"), [("fr-BE", "fr"), ("en", "en"), ("br", "en")])
def test_the_pages_speak_the_language_of_the_organisation(run: Run, tmp_path: Path, language: str, pages: str) -> None:
    run("--data-dir", tmp_path / "a", "init", "--name", "A", "--kind", "assembly", "--language", language)
    assert tomllib.loads((tmp_path / "a" / "folkmoot.toml").read_text("utf-8")).get("language", "en") == pages


def test_init_keeps_settings_that_were_there_before(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "folkmoot.toml").write_text("port = 1234\n")
    assert run("--data-dir", tmp_path / "a", "init", "--name", "A", "--kind", "coop").code == 0
    assert (tmp_path / "a" / "folkmoot.toml").read_text() == "port = 1234\n"


# Where the data are, and settings.


def test_the_data_directory_is_named_by_option_environment_or_xdg(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert run("init", "--name", "A", "--kind", "coop").code == 0
    assert (tmp_path / "xdg" / "folkmoot" / "store").exists()
    monkeypatch.setenv("FOLKMOOT_DATA_DIR", str(tmp_path / "env"))
    assert run("init", "--name", "B", "--kind", "coop").code == 0
    assert (tmp_path / "env" / "store").exists()
    assert run("--data-dir", tmp_path / "option", "init", "--name", "C", "--kind", "coop").code == 0
    assert (tmp_path / "option" / "store").exists()


def test_settings_that_are_wrong_are_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for text, word in (
        ("port = 'x'", "port"),
        ("port = true", "port"),
        ("port = 70000", "65535"),
        ("colour = 1", "colour"),
        ("seeds = 'x'", "list"),
        ("port =", "TOML"),
        ("\udcff", "TOML"),
    ):
        (home.path / "folkmoot.toml").write_text(text, "utf-8", errors="surrogateescape")
        ran = home("serve")
        assert ran.code == 1
        assert word in ran.err
        assert "folkmoot.toml" in ran.err
        finding = next(f for f in home("doctor", "--json").json["findings"] if f["what"] == "configuration")
        assert finding["state"] == "bad"
    (home.path / "folkmoot.toml").write_text("")
    monkeypatch.setenv("FOLKMOOT_PORT", "http")
    ran = home("serve")
    assert (ran.code, "FOLKMOOT_PORT" in ran.err) == (1, True)


# Help, completion, terminal.


@pytest.mark.parametrize(
    "arguments", [["--help"], ["-h"], ["--version"], *([name, "--help"] for name in COMMANDS)], ids=" ".join
)
def test_help_is_there(run: Run, arguments: list[str]) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from cli.main import main\n"
        "for command in ('', 'import', 'serve', 'demo', 'log audit', 'record put', 'peer list'):\n"
        "    sys.argv = ['folkmoot', *command.split(), '--help']\n"
        "    try:\n"
        "        main()\n"
        "    except SystemExit as ended:\n"
        "        assert not ended.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run: Run, shell: str) -> None:
    ran = run("completion", shell)
    assert ran.code == 0
    assert "_FOLKMOOT_COMPLETE" in ran.out
    if shell == "bash" and Path("/bin/bash").exists():
        subprocess.run(["/bin/bash", "-n"], input=ran.out, text=True, check=True)


def test_completion_knows_the_commands() -> None:
    environment = ENVIRONMENT | {"_FOLKMOOT_COMPLETE": "bash_complete", "COMP_WORDS": "folkmoot se", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "cli.main"], capture_output=True, text=True, check=False, env=environment
    )
    assert {line.partition(",")[2] for line in done.stdout.split()} in ({"search", "serve"}, set())


EVIL = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202eevil\u2066\r\x00"


DRIVING = set("\x1b\x07\x9b\u202e\u2066\r\x00")


def test_nothing_from_others_drives_the_terminal(home: Home, tmp_path: Path) -> None:
    """Records cannot hold control characters but overrides of direction; names of charters and files can hold both."""
    record_id = _put(home, tmp_path, name={"en": "Orch\u202eard \u2066x", "fr": "a\nb"}, description={"en": "x\ny"})
    for command in (
        ["search"],
        ["record", "show", record_id],
        ["log", "list"],
        ["log", "show", "", "1"],
        ["import", "--list"],
    ):
        shown = home.well(*command).out
        assert not set(shown) & DRIVING, command
    csv = write_csv(
        tmp_path / "evil.csv", row(1, f'"{EVIL.replace(chr(0), "")}"'), f'"2{EVIL[:5]}",,,,,,{EVIL[5:]},,\n'
    )
    ran = home("import", csv, "--licence", "CC0-1.0")
    assert not (set(ran.out) | set(ran.err)) & DRIVING, ran
    (tmp_path / "strange.csv").write_text(f"{EVIL.replace(chr(0), '')},b\n1,2\n")
    for options in ([], ["--licence", "CC0-1.0"], ["--licence", EVIL[:5]], ["--kind", EVIL[:5]]):
        ran = home("import", tmp_path / "strange.csv", *options)
        assert ran.code
        assert not (set(ran.out) | set(ran.err)) & DRIVING, ran
    assert plain(EVIL) == "�[2J�]0;owned��31m�evil���"


def test_a_proof_file_does_not_drive_the_terminal(run: Run, tmp_path: Path) -> None:
    log = Log(found_organisation("moot", name={"en": EVIL}))
    file, trust = tmp_path / "a.tlog-proof", tmp_path / "trust.txt"
    file.write_bytes(log.proof_file(0))
    trust.write_text(f"log {log.organisation.verifier_key}\nquorum none\n")
    ran = run("verify", file, "--trust", trust)
    assert ran.code == 0, ran
    assert not set(ran.out) & DRIVING


def _on_a_terminal(home: Home, **environment: str) -> str:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "cli.main", "--data-dir", str(home.path), "log", "list"]
    subprocess.run(
        command, stdout=theirs, stderr=subprocess.DEVNULL, check=True, env=ENVIRONMENT | {"TERM": "xterm"} | environment
    )
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    return shown


def test_colours_only_on_a_terminal_and_not_with_no_color(home: Home) -> None:
    assert "\x1b[" in _on_a_terminal(home)
    assert "\x1b[" not in _on_a_terminal(home, NO_COLOR="1")
    assert "\x1b[" not in home.well("log", "list").out


def test_a_pipe_that_closes_early_is_no_fault(home: Home, tmp_path: Path) -> None:
    home.well("import", write_csv(tmp_path / "some.csv", *map(row, range(1, 101))), "--licence", "CC0-1.0")
    process = spawn(home.path, "search", "--limit", "100")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(10) in {0, 1}
    assert "Traceback" not in said


# The running node.


def test_a_running_node_and_the_commands_beside_it(home: Home, served: Served, tmp_path: Path) -> None:
    assert served.get("/readyz")["ready"]
    ran = home("serve", "--port", "0")
    assert (ran.code, ran.out) == (6, "")
    assert str(served.process.pid) in ran.err
    assert home("log", "rebuild").code == 6
    assert home("peer", "remove", "http://x").code == 4

    _put(home, tmp_path)
    assert served.get("/v1/records?q=orchard")["total"] == 1
    home.well("import", write_csv(tmp_path / "some.csv", *map(row, range(1, 301))), "--licence", "CC0-1.0")
    assert served.get("/v1/records?q=commons")["total"] == home.total("commons") == 300
    assert home.well("search", "--json", "commons", "--limit", "3").json == served.get("/v1/records?q=commons&limit=3")
    again = home.well("import", tmp_path / "some.csv", "--licence", "CC0-1.0", "--json").json
    assert again["counts"]["kept"] == 300
    imported = home.well("import", "--list", "--json").json["imports"][0]
    assert (imported["state"], imported["changed"]) == ("done", 300)
    home.well("import", "--undo", imported["id"][:12])
    assert served.get("/v1/records?q=commons")["total"] == 0
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps({**PLACE, "colour": "red"}))
    ran = home("record", "put", bad)
    assert (ran.code, "colour" in ran.err) == (1, True)

    home.well("peer", "add", "http://127.0.0.1:1/")
    listed = home.well("peer", "list")
    assert "http://127.0.0.1:1" in listed.out
    wait(lambda: "http://127.0.0.1:1" in home.well("peer", "list", "--json").json["problems"])
    states = {finding["what"]: finding["state"] for finding in home.well("doctor", "--json").json["findings"]}
    assert states["node"] == "ok"
    home.well("log", "prove", "", "1", "-o", tmp_path / "p", "--trust", tmp_path / "t")
    home.well("verify", tmp_path / "p", "--trust", tmp_path / "t")
    home.well("backup", tmp_path / "copy")


HALF_BODY = b"POST /v1/entries HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n"


@pytest.mark.long
@pytest.mark.parametrize("half", [b"", pytest.param(HALF_BODY, marks=pytest.mark.long)], ids=["idle", "half"])
def test_it_stops_on_sigterm_with_connections_open(home: Home, half: bytes) -> None:
    node = serve(home.path)
    port = int(node.url.rpartition(":")[2])
    upgrade = (
        b"GET /gossip HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Protocol: folkmoot.1\r\n\r\n"
    )
    begun = (
        b"",
        b"GET / HT",
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        half,
    )
    connections = []
    for data in (*begun, upgrade, upgrade):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(data)
        connections.append(connection)
    assert connections[-1].recv(12) == b"HTTP/1.1 101"
    asked = time.monotonic()
    node.process.send_signal(signal.SIGTERM)
    _, err = node.process.communicate(timeout=10)
    assert time.monotonic() - asked < 10
    assert node.process.returncode == 0, err
    assert err.splitlines()[-1] == "stopping"
    assert not (home.path / "instance" / "url").exists()
    for connection in connections:
        connection.close()


def test_a_port_that_is_taken_is_named_and_nothing_else_said(served: Served, run: Run, tmp_path: Path) -> None:
    other = Home(tmp_path / "other", run)
    other.well("init", "--name", "Other", "--kind", "coop")
    process = spawn(other.path, "serve", "--no-mdns", "--port", served.url.rpartition(":")[2])
    out, err = process.communicate(timeout=15)
    assert (process.returncode, out) == (1, "")
    assert err.count("\n") == 1
    assert "cannot listen on 127.0.0.1" in err
    other.well("log", "rebuild")


def test_a_node_whose_name_no_label_can_hold_starts(run: Run, tmp_path: Path) -> None:
    home = Home(tmp_path / "a", run)
    home.well("init", "--name", "Les Amis. " + "é" * 150, "--kind", "coop")
    process = spawn(home.path, "serve", "--port", "0", "--mdns")
    assert process.stdout is not None
    assert "http://127.0.0.1" in process.stdout.readline()
    process.terminate()
    process.communicate(timeout=15)
    assert process.returncode == 0
