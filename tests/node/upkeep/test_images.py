# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures of records, sent and signed by a steward without scripts, and as everybody sees them."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from ledger.directory.images import BYTES_MAX, Images
from ledger.errors import NotFoundError
from node.directory.image_files import settle
from protocol.identity import show_log_id
from tests.node.stewarding import EVIL, HTML, form_of, put, record
from tests.pictures import bomb, drawn, with_position

if TYPE_CHECKING:
    from tests.node.running import RunningNode
    from tests.node.stewarding import Steward

MILL = record("mill")
PAGE = f"/steward/images/{MILL['id'].hex()}"
START = "/steward/images"


async def send_file(
    node: RunningNode, steward: Steward, content: bytes, fields: dict[str, str] | None = None
) -> tuple[int, str]:
    """Status of what came of a file, and where it led or what it said."""
    form = aiohttp.FormData(quote_fields=False)
    for name, text in (form_of(await steward.read(PAGE), START) if fields is None else fields).items():
        if name != "file":
            form.add_field(name, text)
    form.add_field("file", BytesIO(content), filename="a.png", content_type="image/png")
    async with node.client.post(node.url + START, data=form, headers=steward.headers, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", "") or await answer.text()


async def described(node: RunningNode, steward: Steward, content: bytes, **more: str) -> str:
    """A picture is sent, described and signed; its path."""
    status, where = await send_file(node, steward, content)
    assert status == 303, where
    fields = form_of(await steward.read(where), PAGE) | {"alt_en": "The wheel", "licence": "CC-BY-4.0"} | more
    _, led = await steward.confirm(PAGE, fields)
    assert led == PAGE
    return fields["picture"]


async def pictures(node: RunningNode) -> list[dict[str, Any]]:
    _, told = await node.get("/v1/records?q=mill")
    return list(told["records"][0].get("images", []))


async def test_a_picture_is_sent_described_and_signed(node: RunningNode, steward: Steward) -> None:
    put(node.ledger, MILL)
    assert "There is no picture yet" in (await steward.read(PAGE)).text
    path = await described(node, steward, with_position(), alt_fr="La roue")
    assert await pictures(node) == [{"url": path, "licence": "CC-BY-4.0", "alt": {"en": "The wheel", "fr": "La roue"}}]
    async with node.client.get(node.url + path) as answer:
        content = await answer.read()
        assert (answer.status, answer.headers["Content-Type"]) == (200, "image/webp")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert b"Ada" not in content
    where = f"/record/{show_log_id(node.log_id)}/{MILL['id'].hex()}"
    page = await steward.read(where, language="fr")
    (shown,) = [a for tag, a in page.elements if tag == "img"]
    assert (shown["src"], shown["alt"], shown["width"], shown["height"], shown["loading"]) == (
        path, "La roue", "40", "60", "lazy",
    )  # fmt: skip
    assert PAGE in page.links()
    async with node.client.get(node.url + where, headers=HTML) as answer:
        assert PAGE not in await answer.text()


async def test_other_programs_get_its_whole_address(node: RunningNode, steward: Steward) -> None:
    put(node.ledger, MILL)
    path = await described(node, steward, drawn())
    for form in ("records.csv", "records.geojson", f"records/{show_log_id(node.log_id)}/{MILL['id'].hex()}/jsonld"):
        async with node.client.get(f"{node.url}/v1/{form}") as answer:
            assert node.url + path in await answer.text(), form


async def test_it_is_removed_and_gone(node: RunningNode, steward: Steward) -> None:
    put(node.ledger, MILL)
    path = await described(node, steward, drawn())
    await steward.confirm(PAGE, form_of(await steward.read(PAGE), PAGE))
    assert await pictures(node) == []
    async with node.client.get(node.url + path) as answer:
        assert answer.status == 404


async def test_nobody_sees_it_before_it_is_signed(node: RunningNode, steward: Steward) -> None:
    put(node.ledger, MILL)
    _, where = await send_file(node, steward, drawn())
    path = form_of(await steward.read(where), PAGE)["picture"]
    async with node.client.get(node.url + path) as answer:
        assert answer.status == 404
    assert await pictures(node) == []


async def test_a_kill_after_signing_loses_no_picture(
    node: RunningNode, steward: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(node.ledger, MILL)
    kept = Images(node.ledger.directory.images)
    with monkeypatch.context() as patch:
        patch.setattr(Images, "publish", lambda *_: None)
        path = await described(node, steward, drawn())
    assert [image["url"] for image in await pictures(node)] == [path]
    with pytest.raises(NotFoundError):
        kept.read(path)
    settle(kept, node.ledger)
    assert kept.read(path)
    with monkeypatch.context() as patch:
        patch.setattr(Images, "retire", lambda *_: None)
        await steward.confirm(PAGE, form_of(await steward.read(PAGE), PAGE))
    assert kept.read(path)
    settle(kept, node.ledger)
    with pytest.raises(NotFoundError):
        kept.read(path)


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 422, "Choose a picture first"),
        (b"<svg onload=alert(1)>", 422, "no JPEG, PNG or WebP"),
        (bomb(), 422, "more than 40 megapixels"),
        (drawn("JPEG", (600, 400))[:900], 422, "damaged or was cut off"),
        (bytes(BYTES_MAX + 1), 422, "larger than 8 MiB"),
    ],
)
async def test_what_is_no_picture_is_told(
    node: RunningNode, steward: Steward, content: bytes, status: int, said: str
) -> None:
    put(node.ledger, MILL)
    found, text = await send_file(node, steward, content)
    assert (found, said in text) == (status, True), text


async def test_only_a_steward_by_a_form_of_this_session_sends_one(node: RunningNode, steward: Steward) -> None:
    put(node.ledger, MILL)
    status, text = await send_file(node, steward, drawn(), {"csrf": "0" * 32, "id": MILL["id"].hex()})
    assert (status, "too old" in text) == (400, True)
    good = form_of(await steward.read(PAGE), START)
    assert (await send_file(node, steward, drawn(), good | {"id": "0" * 32}))[0] == 404
    steward.headers = HTML
    assert await send_file(node, steward, drawn(), good) == (303, "/steward/sign-in")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"licence": "CC-BY-4.0"}, "at least one language"),
        ({"alt_en": "a" * 501, "licence": "CC-BY-4.0"}, "at least one language"),
        ({"alt_en": "The wheel"}, "Choose the licence"),
        ({"alt_en": "The wheel", "other": "<b>"}, "Choose the licence"),
    ],
)
async def test_what_is_missing_is_told_beside_the_picture(
    node: RunningNode, steward: Steward, more: dict[str, str], said: str
) -> None:
    put(node.ledger, MILL)
    _, where = await send_file(node, steward, drawn())
    page = await steward.send(PAGE, form_of(await steward.read(where), PAGE) | more, 422)
    assert said in page.text
    (preview,) = [a["src"] for tag, a in page.elements if tag == "img"]
    async with node.client.get(node.url + preview, headers=steward.headers) as answer:
        assert (answer.status, answer.content_type) == (200, "image/webp")
    async with node.client.get(node.url + preview, headers=HTML, allow_redirects=False) as answer:
        assert answer.status == 303


async def test_hostile_words_stay_words(node: RunningNode, steward: Steward) -> None:
    put(node.ledger, MILL)
    await described(node, steward, drawn(), alt_en=EVIL)
    await steward.read(PAGE)
    await steward.read(f"/record/{show_log_id(node.log_id)}/{MILL['id'].hex()}")


@pytest.mark.parametrize("name", ["..%2f..%2fkeys%2foperating.key", "a.webp", "0" * 64, f"{'0' * 64}.webp", "waiting"])
async def test_only_pictures_are_served(node: RunningNode, name: str) -> None:
    async with node.client.get(f"{node.url}/images/{name}") as answer:
        assert answer.status == 404


async def test_a_picture_elsewhere_stays_a_link(node: RunningNode, steward: Steward) -> None:
    far = "https://images.example.org/a.jpg"
    put(node.ledger, MILL | {"images": [{"url": far, "licence": "CC0-1.0", "alt": {"en": "The wheel"}}]})
    for path in (PAGE, f"/record/{show_log_id(node.log_id)}/{MILL['id'].hex()}"):
        page = await steward.read(path)
        assert not [tag for tag, _ in page.elements if tag == "img"]
        assert far in page.links()
