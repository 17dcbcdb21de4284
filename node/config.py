# SPDX-License-Identifier: AGPL-3.0-or-later
"""Configuration: `folkmoot.toml` in the data directory, overridden by environment variables."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from ledger.data_directory import DataDirectory
from ledger.directory.expiry import DAYS
from ledger.errors import RefusedError
from ledger.held.scopes import Policy
from node.peering.way import parse_way
from protocol.errors import Malformed
from protocol.note import TYPE_ED25519, VerifierKey

if TYPE_CHECKING:
    from collections.abc import Mapping

PORT = 7450
PEER_URL_MAX = 2_000
_PEER_URL = re.compile(r"https?://(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#\[\]@:]+)(?::[0-9]{1,5})?(?:/[^\s?#]*)?")


@dataclass(frozen=True)
class Config:
    """What an operator may set.

    Every name is a key of `folkmoot.toml` and, as FOLKMOOT_NAME, an environment variable. `witness_logs` stands in the
    file as `logs` in the table `[witness]`.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    public_url: str = ""
    network: str = "folkmoot"
    mdns: bool = True
    seeds: tuple[str, ...] = ()
    tls: bool = False
    relay: bool = False
    language: str = "en"
    map_tiles: str = ""
    map_attribution: str = ""
    offer_days: int = DAYS
    zone: str = "UTC"
    admission: str = "vouched"
    scope: str = "admitted"
    log_bytes: int = 2_000_000_000
    total_bytes: int = 50_000_000_000
    proposals: str = "open"
    backup_folder: str = ""
    witness_logs: tuple[str, ...] = ()

    @property
    def policy(self) -> Policy:
        """What is admitted, held whole, and how much of it."""
        return Policy(self.admission == "open", self.scope == "admitted", self.log_bytes, self.total_bytes)


_CHOICES = {
    "admission": ("vouched", "open"),
    "scope": ("admitted", "followed"),
    "proposals": ("open", "links", "closed"),
}

TEMPLATE = """\
# Settings of this node. Environment variables override them: FOLKMOOT_HOST, FOLKMOOT_PORT and so on.

# Where to listen. 127.0.0.1 is this machine only; 0.0.0.0 is everybody who can reach it.
# host = "127.0.0.1"
# port = 7450

# The address under which others know this node, if it has one.
# public_url = "https://commons.example.org"

# Serve https with a certificate that the node makes itself: other nodes see whose it is, browsers ask.
# tls = true

# A ground for the map other than the coasts, borders and towns that every node has: a .pmtiles file of pictures in this
# folder, or an address that every reader's browser then asks. Say whose map it is.
# map_tiles = "region.pmtiles"
# map_attribution = "© OpenStreetMap contributors"

# The language of the pages for whoever's browser names none that they are written in.
# language = "en"

# The time zone of what can be booked here, such as "Europe/Brussels": calendars of resources are in its time.
# zone = "UTC"

# How many days an offer or need is shown if whoever makes it says nothing; four times as many for what is lent, rented
# out or done for time or mutual credit. 0: until somebody ends it.
# offer_days = 90

# Find other nodes on the local network, and be found.
# mdns = true

# Carry sessions between two peers of this node that cannot reach each other.
# relay = true

# Whose logs are taken in: "vouched" takes those of peers named here or met on the local network, of logs that are
# followed, and what they vouch for; all others wait for `folkmoot log admit`. "open" takes every log it hears of.
# admission = "vouched"

# Which of them are held whole: all that are "admitted", or only those "followed", mirrored or of followed regions.
# scope = "admitted"

# How much is taken in at most, in bytes of entries and payloads: of one log, and of all. 0 is no limit.
# log_bytes = 2_000_000_000
# total_bytes = 50_000_000_000

# Who may propose records and changes on the pages, and report: "open" is everybody, "links" whoever has a link of a
# steward, "closed" nobody. What is proposed waits for a decision in any case.
# proposals = "open"

# Where backups go that are made on the steward's pages: an absolute path, best on another disk.
# backup_folder = "/media/backups"

# Nodes to connect to beyond the local network. `folkmoot peer add URL` does the same.
# seeds = ["https://folkmoot.example.org"]

# This node cosigns the checkpoints of every log that it follows. It can do so for other transparency logs as well
# (C2SP tlog-witness): name their verifier keys.
# [witness]
# logs = ["log.example.org+1c3d4e5f+AY..."]
"""


def parse_peer_url(text: str) -> str:
    """The base URL of a peer's node, without a slash at its end, or a way through another. Raises Malformed."""
    if way := parse_way(text):
        return str(way)
    if len(text) > PEER_URL_MAX or not _PEER_URL.fullmatch(text):
        raise Malformed("url", f"not the http or https URL of a node: {text[:80]!r}")
    return text.rstrip("/")


def data_directory(named: str | None) -> DataDirectory:
    """The data directory: --data-dir, else FOLKMOOT_DATA_DIR, else the XDG data directory."""
    path = named or os.environ.get("FOLKMOOT_DATA_DIR")
    if path:
        return DataDirectory(Path(path).expanduser().absolute())
    from platformdirs import user_data_path  # noqa: PLC0415 - rarely needed, and --help must be instant

    return DataDirectory(user_data_path("folkmoot"))


def load_config(directory: DataDirectory, environment: Mapping[str, str] = os.environ) -> Config:
    """The settings in force. Raises RefusedError naming what is wrong and where."""
    config, path = Config(), directory.configuration
    if path.exists():
        try:
            values = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise RefusedError(f"{path} is not TOML: {error}") from None
        for name, value in values.items():
            inner = value if name == "witness" and isinstance(value, dict) else {"": value}
            for key, item in inner.items():
                config = _set(config, f"{name}_{key}".rstrip("_"), item, f"{path}: {name} {key}".rstrip())
    for field in fields(Config):
        text = environment.get(f"FOLKMOOT_{field.name.upper()}")
        if text is not None:
            config = _set(config, field.name, _parse(field.name, text), f"FOLKMOOT_{field.name.upper()}")
    witnessed_logs(config)
    return config


def witnessed_logs(config: Config) -> list[VerifierKey]:
    """The verifier keys of the third-party logs that this node is a witness for. Raises RefusedError."""
    keys = []
    for text in config.witness_logs:
        try:
            key = VerifierKey.parse(text)
        except Malformed as error:
            raise RefusedError(f"the logs to witness: {error.text}") from None
        if key.type != TYPE_ED25519:
            raise RefusedError(f"the logs to witness: {key.name} is not the key of a log (type 1)")
        keys.append(key)
    return keys


def _parse(name: str, text: str) -> object:
    default = getattr(Config, name)
    if isinstance(default, bool):
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(text.lower(), text)
    if isinstance(default, int):
        return int(text) if text.isascii() and text.isdigit() else text
    if isinstance(default, tuple):
        return text.split()
    return text


def _set(config: Config, name: str, value: object, where: str) -> Config:
    known = {field.name: getattr(Config, field.name) for field in fields(Config)}
    if name not in known:
        raise RefusedError(f"{where}: there is no such setting; there are {', '.join(known)}")
    default = known[name]
    if isinstance(default, tuple):
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise RefusedError(f"{where}: a list of texts is expected")
        value = tuple(value)
    elif type(value) is not type(default):
        raise RefusedError(
            f"{where}: {value!r} is not {'a number' if type(default) is int else type(default).__name__}"
        )
    if name in _CHOICES and value not in _CHOICES[name]:
        raise RefusedError(f"{where}: one of {', '.join(_CHOICES[name])}")
    if name in {"log_bytes", "total_bytes"} and int(str(value)) < 0:
        raise RefusedError(f"{where}: a number of bytes, or 0 for no limit")
    if name == "zone" and value not in available_timezones():
        raise RefusedError(f"{where}: {str(value)[:40]!r} is no time zone known here; write one like Europe/Brussels")
    if name == "offer_days" and not 0 <= int(str(value)) <= 3_660:
        raise RefusedError(f"{where}: a number of days up to 3660, or 0 for no end")
    if name == "port" and not 0 <= int(str(value)) <= 65_535:
        raise RefusedError(f"{where}: a port is a number up to 65535")
    return replace(config, **{name: value})  # type: ignore[arg-type] # checked against the default's type


def settings_in_words(config: Config) -> list[tuple[str, str]]:
    """Each setting as it stands in `folkmoot.toml`, with its value in force."""
    found = []
    for field in fields(Config):
        value = getattr(config, field.name)
        text = str(value).lower() if isinstance(value, bool) else " ".join(value) if isinstance(value, tuple) else value
        found.append((field.name, str(text)))
    return found
