# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot role`: who writes in the organisation's name beside its own key, and what they may say."""

from __future__ import annotations

import os
import re

import click

from cli.output import json_option, plain, say, show_json, show_table, when

_KEY = re.compile(r"[0-9a-f]{64}")


class _Key(click.ParamType):  # type: ignore[type-arg] # not generic in older versions
    name = "key"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        if not _KEY.fullmatch(str(value)):
            self.fail("a public key is 64 hexadecimal digits", param, ctx)
        return bytes.fromhex(str(value))


@click.group("role", short_help="Who may write in the organisation's name, and what.")
def command() -> None:
    """Roles: an editor writes records, a moderator decides on proposals and reports too, a steward may say everything.

    Each signs with a key of their own; what a role does not cover has no effect anywhere.
    """


@command.command("list")
@json_option
@click.pass_obj
def list_roles(data_dir: str | None, *, as_json: bool) -> None:
    """Lists who was given a role, latest first."""
    from ledger.sqlite.store import SqliteStore
    from node.config import data_directory
    from node.upkeep.roles import role_objects

    with SqliteStore(data_directory(data_dir).store, writable=False).read() as reads:
        found = role_objects(reads)
    if as_json:
        show_json({"schema": "folkmoot.roles/1", "roles": found})
        return
    rows = [(one["role"], plain(one["name"]), one["key"], when(one["at"])[:10], one["position"]) for one in found]
    show_table(rows, ("role", "name", "key", "since", "entry"))
    if not rows:
        say("nobody has a role: only the organisation's own key writes")


@command.command("give")
@click.argument("key", type=_Key())
@click.argument("role", type=click.Choice(("editor", "moderator", "steward")))
@click.option("--name", default="", help="Whose key it is; everybody can read it.")
@json_option
@click.pass_obj
def give(data_dir: str | None, key: bytes, role: str, name: str, *, as_json: bool) -> None:
    """Gives the owner of a public KEY a role, instead of the one they had."""
    _appoint(data_dir, key, role, name, as_json=as_json)


@command.command("end")
@click.argument("key", type=_Key())
@json_option
@click.pass_obj
def end(data_dir: str | None, key: bytes, *, as_json: bool) -> None:
    """Ends the role of a KEY. What it said before stays."""
    _appoint(data_dir, key, "none", "", as_json=as_json)


def _appoint(data_dir: str | None, key: bytes, role: str, name: str, *, as_json: bool) -> None:
    from cli.target import open_target
    from ledger.importing.plan import Statement
    from node.config import data_directory
    from protocol.encoding import Value
    from protocol.kinds import check_body

    body: dict[str, Value] = {"key": key, "role": role, **({"name": name} if name else {})}
    check_body("role", body)
    with open_target(data_directory(data_dir)) as target:
        position = target.write([Statement("role", body, os.urandom(16))])[0]
        target.settle()
        state = target.state_of(position)
    if as_json:
        show_json({"schema": "folkmoot.written/1", "position": position, "state": state})
        return
    say(f"{state}: {role} at position {position}")
