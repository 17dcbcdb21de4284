# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole in Chromium, without a shell: rules changed by two of three sheets, then the key; a peer follows both."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession

from cli.sheet import Organisation, text_sheet
from ledger.held.charters import known_charters
from ledger.own.keys import read_key, show_secret
from node import restarting
from node.web.session import COOKIE
from protocol.charter import establish
from protocol.identity import show_log_id
from protocol.note import parse_note, verified_by
from tests.node.browser.reading import axe, comes_true, faults, read_as
from tests.node.running import WAIT_S, RunningNode, record, until
from tests.node.running import found as found_peer
from tests.node.signing.holding import give
from tests.node.steward.amending import SECRETS, Served, found, serving

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.data_directory import DataDirectory
    from tests.node.verifier.browser import Tab

pytestmark = pytest.mark.long
PAGE = "/steward/charter"


async def goes(tab: Tab, script: str) -> None:
    """Does something that leads to another page, and waits for that."""
    tab._loaded.clear()
    await tab.run(script)
    await tab._loaded.wait()


async def press(tab: Tab, action: str, **texts: str) -> None:
    """Fills in a form of the page and sends it."""
    form = f"document.querySelector('input[name=action][value={action}]').form"
    for name, text in texts.items():
        await tab.run(f"{form}.elements[{name!r}].value = {json.dumps(text)}")
    await goes(tab, f"{form}.requestSubmit()")


async def signed(tab: Tab) -> str:
    """The text that a holder is given once they have signed."""
    await comes_true(tab, "!document.getElementById('done').hidden")
    assert await tab.run("document.getElementById('secret').value") == ""
    return str(await tab.run("document.getElementById('signed-text').value"))


async def asked(served: Served, path: str, **options: Any) -> Any:
    """What the API answers."""
    token = served.node.restarting.token
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "once"}
    async with (
        ClientSession() as client,
        client.request(options.pop("method", "GET"), served.url + path, headers=headers, **options) as answer,
    ):
        return await answer.json(content_type=None)


async def amended(tab: Tab, served: Served, folder: Path, log: bytes) -> None:
    """Two holders sign what waits: one in a page that was saved, offline; the other on the node's page with a file."""
    async with ClientSession(cookies={COOKIE: COOKIES[0]}) as client:
        async with client.get(f"{served.url}{PAGE}/sign?save") as answer:
            saved = folder / "amendment.html"
            saved.write_bytes(await answer.read())
        async with client.get(f"{served.url}{PAGE}/amendment.json") as answer:
            file = await answer.read()
    await tab.open(saved.as_uri())
    await tab.run(f"document.getElementById('secret').value = {show_secret(SECRETS[0])!r}")
    await tab.run("document.getElementById('sign').click()")
    first = await signed(tab)
    await tab.open(f"{served.url}/sign-amendment")
    await give(tab, "choose-file", file)
    await comes_true(tab, "!document.getElementById('holder').hidden")
    sheet = text_sheet(Organisation("Moot", show_log_id(log), "en", 3, 2), 3, SECRETS)
    await give(tab, "choose-sheet", sheet.encode())
    second = await signed(tab)
    secrets = (*map(show_secret, SECRETS), *(secret.hex() for secret in SECRETS))
    assert not any(secret in first + second for secret in secrets)
    for text in (first, second):
        await tab.open(f"{served.url}{PAGE}")
        await press(tab, "merge", text=text)


COOKIES: list[str] = []


async def test_rules_and_keys_are_changed_in_the_browser_and_a_peer_follows(
    tmp_path: Path, tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restarting, "ANSWER_S", 0.05)
    directory = found(tmp_path / "moot")
    async with serving(directory) as served:
        peer = await RunningNode(found_peer(tmp_path / "peer", "Peer"), seeds=(served.url,)).start()
        try:
            await story(tab, served, directory, peer, tmp_path)
        finally:
            await peer.stop()


async def story(tab: Tab, served: Served, directory: DataDirectory, peer: RunningNode, folder: Path) -> None:
    log, old = served.node.ledger.log_id, read_key(directory.key).public
    COOKIES[:] = [served.node.restarting.sessions.begin()]
    await read_as(tab)
    await tab.ask("Network.setCookie", name=COOKIE, value=COOKIES[0], url=served.url)
    await tab.open(f"{served.url}{PAGE}")
    await press(tab, "amend", turnout="25 %", majority="2/3")
    await amended(tab, served, folder, log)
    assert await faults(tab, axe()) == []
    await press(tab, "apply")
    await until_charter(tab, 1)
    assert (await asked(served, "/v1/charter"))["assembly"] == {"quorum": [1, 4], "majority": [2, 3]}

    await press(tab, "rotate")
    await amended(tab, served, folder, log)
    await tab.run("document.getElementById('destroy').checked = true")
    await press(tab, "apply")
    await until_charter(tab, 2)
    told = await asked(served, "/v1/charter")
    new = read_key(directory.key).public
    assert (told["operating"], told["removed"]) == ([new.hex()], [old.hex()])
    assert [path.name for path in directory.key.parent.glob("*-*.key")] == []
    assert not directory.amendment.exists()

    body = {"entries": [{"kind": "record.put", "body": {"record": record(1) | {"id": record(1)["id"].hex()}}}]}
    written = await asked(served, "/v1/entries", method="POST", json=body)
    assert written["state"] in {"saved", "queued"}, written  # after a start it waits for what its peer has seen
    await until(lambda: peer.holds(log, 4), "the peer's copy")
    tree = peer.tree(log)
    assert tree is not None
    with peer.ledger.store.read() as reads:
        keys = establish(known_charters(reads, log))
    assert (keys.charter.kseq, keys.charter.keys) == (2, [new])
    assert verified_by(parse_note(tree.checkpoint), keys.verifier_keys(1))[0].public == new
    assert tab.complaints == []
    assert [url for url in tab.requests if not url.startswith((served.url, "file:", "data:", "blob:"))] == []


async def until_charter(tab: Tab, number: int) -> None:
    """Waits until the page has come back by itself, with the steward still signed in."""
    there = f"document.body.textContent.includes('Charter number {number} is in force.')"
    shown = f"performance.timing.loadEventEnd > 0 && {there}"
    async with asyncio.timeout(WAIT_S):
        while True:
            with suppress(AssertionError):  # between two pages there is none to be asked
                await comes_true(tab, shown)
                return
