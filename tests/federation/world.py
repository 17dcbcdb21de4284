# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small world of machines: network namespaces, wires between them, routers, and the nodes that run there."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.request import Request

from cli.running import node_opener
from ledger.data_directory import DataDirectory
from ledger.sqlite.store import SqliteStore
from protocol.identity import Origin, parse_log_id
from tests.federation import netfilter

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.values import Tree

ROOT = Path(__file__).parents[2]
PORT = 7450
WAIT_S = 60.0
"""More than an idle machine ever needs; these tests share theirs with others."""

_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("FOLKMOOT", "XDG_"))}
_CLONE_NEWNET = 0x40000000
_Result = TypeVar("_Result")


def why_not_here() -> str:
    """Why this machine cannot hold such a world; empty if it can."""
    if os.geteuid() != 0:
        return "network namespaces take root"
    if shutil.which("ip") is None:
        return "the program ip (iproute2) is missing"
    try:
        with World() as world:
            hub, router = world.link("hub"), world.machine("router")
            world.wire(router, "lan0", hub, "10.0.0.1/24")
            router.inside(lambda: netfilter.masquerade("lan0"))
    except (OSError, subprocess.CalledProcessError) as error:
        detail = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
        return f"no network namespaces, bridges or packet rules here: {detail}"
    return ""


def until(condition: Callable[[], object], what: str = "that", seconds: float = WAIT_S) -> None:
    """Waits for something that processes bring about."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} has not come about in {seconds} s")
        time.sleep(0.1)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


class Machine:
    """A network namespace."""

    def __init__(self, name: str, full_name: str) -> None:
        self.name = name
        self.full_name = full_name
        _ip("netns", "add", full_name)
        self.ip("link", "set", "lo", "up")

    def ip(self, *arguments: str) -> None:
        """Runs `ip` in it."""
        _ip("-n", self.full_name, *arguments)

    def inside(self, work: Callable[[], _Result]) -> _Result:
        """Does something in a thread that is on this machine."""
        result: list[_Result] = []
        failure: list[BaseException] = []

        def run() -> None:
            try:
                with Path("/run/netns", self.full_name).open("rb") as namespace:
                    libc = ctypes.CDLL(None, use_errno=True)
                    if libc.setns(namespace.fileno(), _CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), f"cannot enter {self.full_name}")
                result.append(work())
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                failure.append(error)

        thread = threading.Thread(target=run, name=self.full_name)
        thread.start()
        thread.join()
        if failure:
            raise failure[0]
        return result[0]

    def remove(self) -> None:
        """Takes it away, with its ends of all wires."""
        _ip("netns", "delete", self.full_name)


class Node(Machine):
    """A machine on which a node runs."""

    def __init__(self, name: str, full_name: str, folder: Path) -> None:
        super().__init__(name, full_name)
        self.directory = DataDirectory(folder / name)
        self._output = folder / f"{name}.out"
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str, code: int = 0, text: str = "") -> str:
        """Runs a `folkmoot` command on this machine; what it shows and says."""
        ran = subprocess.run(
            self._command(*arguments), check=False, cwd=ROOT, env=_ENVIRONMENT, input=text, capture_output=True,
            text=True, timeout=120,
        )  # fmt: skip
        assert ran.returncode == code, (arguments, ran)
        return ran.stdout if "--json" in arguments else ran.stdout + ran.stderr

    def _command(self, *arguments: str) -> list[str]:
        command = [sys.executable, "-m", "cli.main", "--data-dir", str(self.directory.path), *arguments]
        return ["ip", "netns", "exec", self.full_name, *command]

    def found(self, **settings: object) -> Self:
        """Founds its organisation, and sets what `folkmoot.toml` shall say.

        It takes in every log, also those of nodes that found it and that it did not name: what is tested is the way.
        """
        self.run("init", "--name", self.name.title(), "--kind", "coop", "--recovery-keys", "1")
        settings = {"host": "0.0.0.0", "port": PORT, "admission": "open"} | settings
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
        self.directory.configuration.write_text("".join(lines))
        return self

    def start(self, *options: str) -> Self:
        """Starts the node; it listens when this returns."""
        with self._output.open("ab") as output:
            command = self._command("serve", *options)
            self._process = subprocess.Popen(command, cwd=ROOT, env=_ENVIRONMENT, stdout=output, stderr=output)
        until(lambda: self.directory.url.exists() or self._process is None or self._process.poll() is not None)
        assert self._process.poll() is None, self.said
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stops the node, if it runs; what it ended with."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        ended = process.wait(30)
        self.directory.url.unlink(missing_ok=True)
        return ended

    @property
    def said(self) -> str:
        """What the node said since it was founded."""
        return self._output.read_text() if self._output.exists() else ""

    @property
    def log(self) -> str:
        """The id of its log, as people write it."""
        with SqliteStore(self.directory.store, writable=False).read() as reads:
            return str(reads.tree_numbered(int(reads.fact("own") or 0)).origin).split("/")[1]

    def tree(self, log: str) -> Tree | None:
        """What it holds of a log."""
        with SqliteStore(self.directory.store, writable=False).read() as reads:
            return reads.tree(Origin(parse_log_id(log), 1))

    def holds(self, *others: Node) -> bool:
        """Whether it holds the present logs of others, and has made them searchable."""
        for other in others:
            here, there = self.tree(other.log), other.tree(other.log)
            if here is None or there is None or there.checkpoint_size < there.size:
                return False
            if here.checkpoint != there.checkpoint or here.derived < there.size:
                return False
        return True

    def ask(self, path: str, value: object = None) -> Any:
        """The JSON answer of its node's API, as a steward on this machine is given it."""
        headers = {"Authorization": f"Bearer {self.directory.token.read_text().strip()}"}
        body = None
        if value is not None:
            headers["Content-Type"], body = "application/json", json.dumps(value).encode()
        request = Request(self.directory.url.read_text().strip() + path, body, headers)

        def open_() -> Any:
            with node_opener(self.directory).open(request, timeout=30) as answer:
                return json.load(answer)

        return self.inside(open_)

    def peers(self) -> dict[str, dict[str, Any]]:
        """Its open connections by the peers' names."""
        return {peer["name"].lower(): peer for peer in self.ask("/v1/peers")["peers"]}

    def write(self, number: int) -> None:
        """Writes that many records into its log, through its API."""
        for begin in range(0, number, 100):
            records = [
                {"kind": "place", "name": {"en": f"{self.name} {n}"}, "licence": "CC0-1.0"}
                for n in range(begin, min(number, begin + 100))
            ]
            entries = [
                {"kind": "record.put", "body": {"record": record}, "id": os.urandom(16).hex()} for record in records
            ]
            self.ask("/v1/entries", {"entries": entries})


class World:
    """The machines of one test. Leaving it ends all processes and takes everything away."""

    _numbers = count()

    def __init__(self, folder: Path = Path()) -> None:
        self._folder = folder
        self._prefix = f"moot{os.getpid()}x{next(self._numbers)}"
        self._machines: list[Machine] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for machine in self._machines:
            if isinstance(machine, Node):
                machine.stop(signal.SIGKILL)
                if kind is not None:
                    print(f"--- {machine.name}\n{machine.said}")
        for machine in self._machines:
            machine.remove()

    def machine(self, name: str) -> Machine:
        """A machine on which no node runs."""
        machine = Machine(name, f"{self._prefix}-{name}")
        self._machines.append(machine)
        return machine

    def node(self, name: str) -> Node:
        """A machine for a node."""
        node = Node(name, f"{self._prefix}-{name}", self._folder)
        self._machines.append(node)
        return node

    def link(self, name: str) -> Machine:
        """A link to which machines can be wired: a bridge on a machine of its own."""
        switch = self.machine(name)
        switch.ip("link", "add", "bridge", "type", "bridge", "mcast_snooping", "0")
        switch.ip("link", "set", "bridge", "up")
        return switch

    def wire(self, machine: Machine, interface: str, link: Machine, address: str) -> None:
        """Wires an interface of a machine to a link."""
        end = f"port{next(self._numbers)}"
        machine.ip("link", "add", interface, "type", "veth", "peer", "name", end, "netns", link.full_name)
        link.ip("link", "set", end, "master", "bridge", "up")
        machine.ip("address", "add", address, "dev", interface)
        machine.ip("link", "set", interface, "up")

    def router(self, name: str, inside: Machine, within: str, outside: Machine, without: str) -> Machine:
        """A router as in a home: its inside is seen from outside under one address, and nobody comes in."""
        router = self.machine(name)
        self.wire(router, "lan0", inside, within)
        self.wire(router, "wan0", outside, without)
        router.inside(lambda: Path("/proc/sys/net/ipv4/ip_forward").write_text("1"))
        router.inside(lambda: netfilter.masquerade("wan0"))
        return router
