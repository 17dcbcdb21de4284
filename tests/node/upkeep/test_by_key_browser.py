# SPDX-License-Identifier: AGPL-3.0-or-later
"""An editor and a moderator in Chromium: a key made there, a role, what they sign; another node has it from them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from ledger.directory.query import ARCHIVED_S
from ledger.proposals.inbox import Sent, propose
from node.web.session import ROLE_COOKIE, ROLE_SESSIONS
from protocol.identity import show_log_id
from protocol.signature import SigningKey
from protocol.statement import Statement, parse_payload, parse_statement
from tests.builders import seeded
from tests.node.browser.everybody import check_for_everybody, for_each_reader
from tests.node.browser.reading import axe, comes_true, faults, open_ready, press, read_as
from tests.node.helping import KEY_PAGE, ZOE, give_role
from tests.node.running import RunningNode, found, until
from tests.node.stewarding import EVIL, follow, form_of, point, put, record, record_path, twins

if TYPE_CHECKING:
    from pathlib import Path

    from tests.node.browser.everybody import Reader
    from tests.node.stewarding import Steward
    from tests.node.verifier.browser import Tab

pytestmark = pytest.mark.long
SIGNABLE = "document.querySelector('button[value=sign]').getClientRects().length > 0"
SEED = "localStorage.getItem('folkmoot-proposer')"


def waits(node: RunningNode, **more: Any) -> str:
    """The id of a change of the mill that somebody without a key proposes."""
    subject = {"log": node.log_id, "id": seeded("mill", 16)}
    body: dict[str, Any] = {"subject": subject, "record": record("mill", **more)}
    return propose(node.ledger, "claim.correct", body, seeded("a", 16), Sent(b"", b"")).hex()


async def sign_in_by_key(tab: Tab, node: RunningNode) -> str:
    """Opens the page and signs in with the browser's key; where that leads."""
    await tab.open(node.url + KEY_PAGE)
    await comes_true(tab, "document.getElementById('key-public').textContent.length === 64")
    await follow(tab, "button.scripted")
    return str(await tab.run("location.pathname"))


async def key_of(tab: Tab) -> SigningKey:
    """The key that the browser keeps."""
    return SigningKey.from_seed(bytes.fromhex(str(await tab.run(SEED))))


async def sign(tab: Tab) -> None:
    """Signs what is shown."""
    assert "Signed in this browser, with your key" in await told(tab)
    assert "takes JavaScript" not in await told(tab)
    assert await tab.run(SIGNABLE)
    await follow(tab, "button[value=sign]")


async def told(tab: Tab) -> str:
    return str(await tab.run("document.querySelector('main').innerText"))


async def become_editor(tab: Tab, node: RunningNode, steward: Steward) -> SigningKey:
    """Makes a key, has a steward give it a role by the link that is shown, and signs in."""
    assert await sign_in_by_key(tab, node) == KEY_PAGE
    assert "This key has no role here yet" in await told(tab)
    tab.complaints.clear()  # that answer is an error, as it should be
    editor = await key_of(tab)
    link = str(await tab.run("document.getElementById('shown-link').getAttribute('href')"))
    form = form_of(await steward.read(link.removeprefix(node.url)), "/steward/roles")
    assert form["key"] == editor.public.hex()
    await steward.confirm("/steward/roles", form | {"role": "editor", "name": "Zoé"})
    assert await sign_in_by_key(tab, node) == "/steward"
    assert "Zoé" in await told(tab)
    return editor


async def become_moderator(tab: Tab, node: RunningNode) -> SigningKey:
    """The same in another browser."""
    await tab.ask("Network.clearBrowserCookies")
    await tab.run("localStorage.clear()")
    assert await sign_in_by_key(tab, node) == KEY_PAGE
    tab.complaints.clear()
    moderator = await key_of(tab)
    give_role(node, moderator, "moderator", "Max")
    assert await sign_in_by_key(tab, node) == "/steward"
    return moderator


async def test_an_editor_and_a_moderator_work_and_another_node_has_it_from_them(
    node: RunningNode, tab: Tab, steward: Steward, tmp_path: Path
) -> None:
    nowhere = record("nowhere", address={"locality": "Lille", "country": "FR"})
    put(node.ledger, record("mill", point=point(50.6, 3.0)), nowhere, *twins())
    await read_as(tab)
    editor = await become_editor(tab, node, steward)
    begin = node.ledger.own.size

    await open_ready(tab, f"{node.url}/steward/places/{nowhere['id'].hex()}")
    await tab.run("document.getElementById('lat').value = '50.63'; document.getElementById('lon').value = '3.06'")
    await follow(tab, "main form button")
    await sign(tab)
    assert "nowhere is on the map now." in await told(tab)
    await open_ready(tab, f"{node.url}/steward/duplicates/{record_path(node, *twins())}")
    await follow(tab, "main form button")
    await sign(tab)
    assert "They are one record now" in await told(tab)
    claim = waits(node, hours="Mo 09:00-12:00")
    await tab.open(f"{node.url}/proposals/{claim}")
    assert "Moderators and stewards decide on proposals." in await told(tab)
    assert not await tab.run("document.querySelector('button[value=accepted]')")
    middle = node.ledger.own.size

    moderator = await become_moderator(tab, node)
    await tab.open(f"{node.url}/proposals/{claim}")
    await follow(tab, "button[value=accepted]")
    assert "What was proposed, as it was sent" in await told(tab)
    await sign(tab)
    assert "decided by Max" in await told(tab)
    assert tab.complaints == []
    assert [one for one in tab.requests if not one.startswith((node.url, "data:"))] == []

    said = await held_elsewhere(node, tmp_path / "other")
    edited = said[begin:middle]
    assert {kind for kind, _, _ in edited} == {"record.put", "record.close", "claim.same"}
    assert all((author, keys) == (editor.public, {editor.public}) for _, author, keys in edited)
    unnamed = node.ledger.key.public  # who proposed it has shown no key
    assert said[-3:] == [
        ("claim.correct", unnamed, {unnamed, moderator.public}),
        ("record.put", moderator.public, {moderator.public}),
        ("claim.decided", moderator.public, {moderator.public}),
    ]


async def held_elsewhere(node: RunningNode, folder: Path) -> list[tuple[str, bytes, set[bytes]]]:
    """The log of a node as another one has it, all of it in force: (kind, author, keys that have signed it)."""
    other = await RunningNode(found(folder, "Other"), seeds=(node.url,)).start()
    try:
        await until(lambda: other.holds(node.log_id, node.ledger.own.size), "the neighbour has it")
        other.ledger.writer.settle()
        tree = other.tree(node.log_id)
        assert tree is not None
        with other.ledger.store.read() as reads:
            assert reads.verdicts(tree.tree, 0, tree.size) == {}
            payloads = [parse_payload(one.payload or b"") for one in reads.entries(tree.tree, 0, tree.size)]
        _, page = await other.get("/v1/records?q=mill")
        assert page["records"][0]["hours"] == "Mo 09:00-12:00"
    finally:
        await other.stop()
    made = []
    for payload in payloads:
        statement = parse_statement(payload.statement)
        assert isinstance(statement, Statement)
        made.append((statement.kind, statement.author, {part.key for part in payload.signatures}))
    return made


async def session_of_zoe(tab: Tab, node: RunningNode) -> None:
    """Gives the browser Zoé's key and the cookie of her session."""
    cookie = node.running._runner.app[ROLE_SESSIONS].begin(key=ZOE.public)  # type: ignore[union-attr] # it runs
    await tab.open(node.url + "/verify")
    await tab.run(f"localStorage.setItem('folkmoot-proposer', '{ZOE.seed.hex()}')")
    await tab.ask("Network.enable")
    await tab.ask("Network.setCookie", name=ROLE_COOKIE, value=cookie, url=node.url)


@pytest_asyncio.fixture
async def paths(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages of a moderator, over records and proposals of which some are hostile."""
    monkeypatch.setattr(node.ledger, "clock", lambda: time.time() - ARCHIVED_S - 86_400)
    put(node.ledger, record("mill", name={"en": EVIL}, address={"locality": EVIL[:100]}, hours=EVIL))
    monkeypatch.setattr(node.ledger, "clock", time.time)
    give_role(node, ZOE, "moderator", EVIL)
    claim = waits(node, name={"en": EVIL * 2}, description={"en": EVIL}, point=point(50.6, 3.0))
    return [
        "/steward",
        "/steward/checks",
        f"/steward/looked/{seeded('mill', 16).hex()}",
        "/steward/do/deny",
        f"/proposals/{claim}",
        "/proposals",
        "/moderation",
        f"/record/{show_log_id(node.log_id)}/{seeded('mill', 16).hex()}",
        "/steward/roles",
        KEY_PAGE,
    ]


@for_each_reader
async def test_every_page_is_for_everybody(
    node: RunningNode, tab: Tab, paths: list[str], monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    await session_of_zoe(tab, node)
    await check_for_everybody(node, tab, monkeypatch, reader, paths, excused="403")


@for_each_reader
async def test_what_is_shown_before_it_is_signed_is_for_everybody(
    node: RunningNode, tab: Tab, paths: list[str], monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    """The answers to forms: what would be signed, and a key that has no role."""
    await session_of_zoe(tab, node)

    async def noticed() -> list[str]:
        return [] if await tab.run("!!document.querySelector('h1')") else ["nothing"]

    await read_as(tab, language=reader.language, dark=reader.dark, width=reader.width)
    await check_for_everybody(node, tab, monkeypatch, reader, [paths[4]], noticed=noticed)
    await follow(tab, "button[value=accepted]")
    assert await tab.run("document.querySelectorAll('[data-statement]').length") == 3
    await whole(tab, reader)
    await tab.run("localStorage.clear()")
    await tab.ask("Network.clearBrowserCookies")
    await sign_in_by_key(tab, node)
    assert await tab.run("!!document.querySelector('.qr')")
    await whole(tab, reader)


async def whole(tab: Tab, reader: Reader) -> None:
    """Asserts that axe finds nothing, and all fits."""
    assert await faults(tab, axe()) == []
    assert await tab.run("document.scrollingElement.scrollWidth <= innerWidth"), reader


async def test_whose_key_is_not_there_signs_nothing(node: RunningNode, tab: Tab, paths: list[str]) -> None:
    await session_of_zoe(tab, node)
    await read_as(tab)
    await tab.run("localStorage.clear()")
    await tab.open(node.url + paths[4])
    await follow(tab, "button[value=accepted]")
    assert "The key of this session is not in this browser any more" in await told(tab)
    assert not await tab.run(SIGNABLE)


async def test_without_scripts_it_is_said_why_nothing_can_be_signed(
    node: RunningNode, tab: Tab, paths: list[str]
) -> None:
    await session_of_zoe(tab, node)
    await tab.ask("Emulation.setScriptExecutionDisabled", value=True)
    await read_as(tab, width=320)
    await tab.open(node.url + paths[4])
    await tab.ask("Emulation.setScriptExecutionDisabled", value=False)
    await tab.run("document.querySelector('button[value=accepted]').focus()")
    await tab.ask("Emulation.setScriptExecutionDisabled", value=True)
    tab._loaded.clear()
    await press(tab, "Enter")
    await tab._loaded.wait()
    await tab.ask("Emulation.setScriptExecutionDisabled", value=False)
    assert "To sign it takes JavaScript" in await told(tab)
    assert not await tab.run(SIGNABLE)
