# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an operator decides on the pages: peers, witnesses, logs; what is said of other logs; where each command is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pytest
import pytest_asyncio

from cli.main import cli
from ledger.data_directory import DataDirectory
from ledger.errors import NotFoundError
from ledger.held.scopes import find_log
from ledger.held.state import witnesses_of
from ledger.held.witness import verifier_of
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from node.steward.commands import COMMANDS, Command
from protocol.identity import show_log_id
from tests.builders import Log, found_organisation, seeded, signing_key
from tests.ledger.making import hold
from tests.node.browsing import serve
from tests.node.mutual import EVIL
from tests.node.steward.test_steward import fill, given_out, read, send, sign, sign_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiohttp.test_utils import TestClient

NOW = 1_790_000_000
PAGE = "/steward/federation"
OTHER = found_organisation("other", name={"en": EVIL})


@pytest.fixture
def ledger(tmp_path: Any) -> Iterator[Ledger]:
    directory = DataDirectory(tmp_path / "moot")
    fields = {"name": {"en": "Moot"}, "kind": "assembly", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [seeded("holder")], 1, NOW)
    with Ledger(directory, lambda: NOW) as opened:
        hold(opened.store, Log(OTHER))
        yield opened


@pytest_asyncio.fixture
async def steward(ledger: Ledger) -> AsyncIterator[TestClient[Any, Any]]:
    async for client in serve(ledger):
        await sign_in(client)
        yield client


async def decide(browser: TestClient[Any, Any], action: str, about: str, status: int = 200, **more: str) -> str:
    """Sends a form of the page; the page that comes of it."""
    given = given_out(await read(browser, PAGE))
    page = await send(browser, PAGE, {"csrf": given["csrf"], "action": action, "about": about, **more}, status)
    return page.text


async def test_logs_peers_witnesses_and_regions_are_decided_on(ledger: Ledger, steward: TestClient[Any, Any]) -> None:
    other = show_log_id(OTHER.log_id)
    shown = await decide(steward, "mirror", other)
    assert "mirrored for others" in shown
    assert "alert(1)" in shown
    await decide(steward, "region", "Hauts-de-France")
    await decide(steward, "peer-add", "http://127.0.0.1:9")
    key = str(verifier_of(OTHER.log_id, signing_key("their witness")))
    await decide(steward, "witness-add", key)
    with ledger.store.read() as reads:
        assert reads.choices() == {OTHER.log_id: "mirror"}
        assert reads.peers() == ["http://127.0.0.1:9"]
        assert reads.regions() == ["hauts de france"]
        assert [str(one.key) for one in witnesses_of(reads, reads.tree_numbered(ledger.own.tree)).chosen] == [key]
    for action, about in (("unfollow", other), ("unregion", "Hauts-de-France"), ("witness-remove", key)):
        await decide(steward, action, about)
    await decide(steward, "peer-remove", "http://127.0.0.1:9")
    with ledger.store.read() as reads:
        assert (reads.choices(), reads.peers(), reads.regions(), reads.witnesses()) == ({}, [], [], [])


async def test_what_cannot_be_decided_is_said(steward: TestClient[Any, Any], ledger: Ledger) -> None:
    for action, about in (
        ("follow", "zz"),
        ("follow", show_log_id(ledger.log_id)),
        ("peer-add", "ftp://x"),
        ("peer-remove", "http://nobody"),
        ("witness-add", "no key"),
        ("region", "!"),
        ("format-disk", "now"),
    ):
        assert "Nothing was changed." in await decide(steward, action, about, 422), action
    answer = await steward.post(PAGE, data={"csrf": "x", "action": "region", "about": "Lille"})
    assert answer.status == 403


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("vouch", {"note": EVIL}),
        ("label", {"label": EVIL, "record": "ab" * 16}),
        ("deny", {"reason": "spam"}),
        ("circle", {"name": "Neighbours"}),
    ],
)
async def test_what_is_said_of_other_logs_is_shown_then_signed(
    ledger: Ledger, steward: TestClient[Any, Any], form: str, fields: dict[str, str]
) -> None:
    filled: dict[str, Any] = {"log": show_log_id(OTHER.log_id)} | fields
    shown = await fill(steward, form, **filled)
    assert "What would be signed" in shown.text
    assert f"({show_log_id(OTHER.log_id)[:8]})" in shown.text
    before = ledger.own.size
    place = await sign(steward, form, shown)
    assert "saved: it will not be lost" in (await read(steward, place)).text
    assert ledger.own.size == before + 1
    with ledger.store.read() as reads:
        assert reads.verdicts(ledger.own.tree, 0, 100) == {}
    wrong = await fill(steward, form, 422, **filled | {"log": "qq"})
    assert "is not known here" in wrong.text


def paths_of(row: Command) -> list[tuple[str, ...]]:
    """The commands that a row names: of "folkmoot log admit, follow LOG" ("log", "admit") and ("log", "follow")."""
    words = [word for word in row.command.removeprefix("folkmoot ").split() if word != word.upper()]
    first = next((number for number, word in enumerate(words) if word.endswith(",")), len(words) - 1)
    return [(*words[:first], word.rstrip(",")) for word in words[first:]]


def leaves(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    """All commands that do something, by their words."""
    if not isinstance(command, click.Group):
        yield path
        return
    for name in command.list_commands(click.Context(command)):
        below = command.get_command(click.Context(command), name)
        assert below is not None
        yield from leaves(below, *path, name)


LOOKED_AT = {
    "account": "flows list open set show",
    "assembly": "decide enact list propose rules show vote",
    "booking": "add calendar cancel list promise",
    "claim": "add advance give-up list settle show",
    "collective": "add approve list request show",
    "contract": "carry-out dividend end explain list offer show sign template try",
    "dispute": "close list open",
    "duplicates": "different merge undo",
    "event": "ack add correct list show stock",
    "member": "add contributions fetch key link list profile rekey set show sign sign-in",
    "need": "ask list put show take-back vote",
    "neighbour": "accept add free list pay payments",
    "note": "add list",
    "peer": "add allow circle deny list net remove witness",
    "places": "set",
    "post": "add correct exchange list show",
    "principle": "declare dispute endorse list put review show take-back templates",
    "problem": "list put show solve take-back",
    "proposal": "accept answer count link list refuse show vote",
    "record": "check close image put renew show stale",
    "role": "end give list",
    "skill": "add list",
    "term": "export import list put show take-back",
    "unit": "add list",
}
"""What a row for a whole group was found to be true of. A new one is written here when its row has been looked at."""


def test_every_command_has_a_row_and_every_row_is_of_commands() -> None:
    every, named = set(leaves(cli)), [path for row in COMMANDS for path in paths_of(row)]
    for row in COMMANDS:
        assert bool(row.pages) or bool(row.why), row
        for path in paths_of(row):
            assert any(leaf[: len(path)] == path for leaf in every), f"{row.command}: there is no such command"
    assert len(named) == len(set(named)), "two rows for one command"
    lacking = {leaf for leaf in every if not any(leaf[: len(path)] == path for path in named)}
    assert lacking == set(), "give each a row in node/steward/commands.py: where it is on the pages, or why it is not"
    for (group,) in (path for path in named if len(path) == 1):
        below = {leaf[1] for leaf in every if leaf[0] == group and len(leaf) > 1}
        assert below == set(LOOKED_AT.get(group, "").split()), f"is the row of {group} true of all that it does?"


async def test_every_page_that_a_row_names_is_there(steward: TestClient[Any, Any]) -> None:
    page = await read(steward, "/steward/commands")
    for url in {url for row in COMMANDS for url, _ in row.pages}:
        assert url in page.links(), url
        path, _, anchor = url.partition("#")
        answer = await steward.get(path, headers={"Accept": "text/html"})
        assert answer.status == 200, url
        assert not anchor or f'id="{anchor}"' in await answer.text(), url
    assert "admission" in page.text


def test_a_log_is_found_by_the_beginning_of_its_id(ledger: Ledger) -> None:
    with ledger.store.read() as reads:
        assert find_log(reads, show_log_id(OTHER.log_id)[:12]) == OTHER.log_id
        with pytest.raises(NotFoundError):
            find_log(reads, "zz")
