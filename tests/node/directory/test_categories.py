# SPDX-License-Identifier: AGPL-3.0-or-later
"""Categories in the words of the reader: on pages, in the form, in searches by any language, in what is exported."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest_asyncio

from protocol.identity import show_log_id
from tests.node.browsing import Page
from tests.node.directory.test_record_pages import HTML, page_of, write
from tests.node.running import RunningNode, record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WITH_COMMA = "x:bread, rolls\\and, cake"


@pytest_asyncio.fixture
async def shops(node: RunningNode) -> AsyncIterator[RunningNode]:
    """A node with two bakeries, one of which says so in its name alone, and a category that has commas."""
    write(
        node,
        ("record.put", {"record": record(1, name={"fr": "Chez Lulu"}, categories=["osm:shop=bakery"])}),
        ("record.put", {"record": record(2, name={"nl": "Bakkerij De Molen"}, address={"country": "BE"})}),
        ("record.put", {"record": record(3, name={"en": "Odd"}, categories=[WITH_COMMA], structure=["OS60"])}),
    )
    yield node


async def total(node: RunningNode, **asked: str) -> int:
    status, found = await node.get(f"/v1/records?{urlencode(asked)}")
    assert status == 200
    number = found["total"]
    assert isinstance(number, int)
    return number


async def test_a_word_of_any_language_finds_the_category(shops: RunningNode) -> None:
    for word, found in (("boulangerie", 1), ("Bäckerei", 1), ("bakkerij", 2), ("مخبز", 1), ("bread", 1), ("forge", 0)):
        assert await total(shops, q=word) == found, word
    assert await total(shops, q="lulu boulang") == 1
    assert await total(shops, q="molen boulang") == 0


async def test_a_category_with_commas_is_found(shops: RunningNode) -> None:
    page = await page_of(shops, f"/record/{show_log_id(shops.log_id)}/{record(3)['id'].hex()}")
    link = next(link for link in page.links() if link.startswith("/?category="))
    assert "1 entry" in (await page_of(shops, link)).text
    assert "Workers' co-operative" in page.text


async def test_labels_are_in_the_language_of_the_reader(shops: RunningNode) -> None:
    async with shops.client.get(shops.url, headers=HTML | {"Accept-Language": "de"}) as answer:
        page = Page(await answer.text())
    options = {a["value"] for tag, a in page.elements if tag == "option"}
    assert "osm:shop=bakery" in options
    assert "Bäckerei (1)" in page.text
    assert "Belgien" not in page.text  # one country leaves no choice
    status, told = await shops.get("/v1/labels?lang=it")
    assert (status, told["language"], told["category"]["osm:shop=bakery"]) == (200, "it", "Panificio")
    assert told["country"]["BE"] == "Belgio"


async def test_other_programs_are_told_the_labels(shops: RunningNode) -> None:
    path = f"/v1/records/{show_log_id(shops.log_id)}/{record(1)['id'].hex()}/jsonld"
    (term,) = (await shops.get(path))[1]["keywords"]
    assert term["termCode"] == "osm:shop=bakery"
    assert {"@language": "ca", "@value": "Fleca"} in term["name"]
