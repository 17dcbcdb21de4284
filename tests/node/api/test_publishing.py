# SPDX-License-Identifier: AGPL-3.0-or-later
"""Records in the formats of other programs, over HTTP: the same filters as a search, and nothing that is not public."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from ledger.publishing.formats import FORMATS
from node.api import publishing, webfinger
from protocol.identity import show_log_id
from protocol.statement import SCOPE_CIRCLE
from tests.builders import seeded
from tests.node.running import record

if TYPE_CHECKING:
    from tests.node.running import RunningNode

OFFER = {
    "kind": "offer", "direction": "offer", "name": {"fr": "Échelle <script>alert(1)</script>"},
    "contact": {"visibility": "public", "email": "bonjour@example.org"},
}  # fmt: skip
MEMBERS = {"contact": {"visibility": "members", "email": "secret@example.org", "phone": "0033"}}


def _write(node: RunningNode, *records: dict[str, Any], scope: int = 0) -> None:
    ledger = node.ledger
    ledger.writer.append(
        [
            ledger.state("record.put", {"record": one}, seeded(f"{one['name']} {scope}", 16), scope=scope)
            for one in records
        ]
    )
    ledger.writer.settle()


async def _get(node: RunningNode, path: str, status: int = 200) -> bytes:
    async with node.client.get(node.url + path) as response:
        assert response.status == status, await response.text()
        return await response.read()


async def _json(node: RunningNode, path: str, status: int = 200) -> Any:
    return json.loads(await _get(node, path, status))


@pytest.mark.parametrize("form", sorted(FORMATS))
async def test_every_format_is_served_to_everybody(node: RunningNode, form: str) -> None:
    url = f"{node.url}/v1/records.{form}"
    async with node.client.get(url) as got, node.client.head(url) as headed:
        assert got.status == headed.status == 200
        assert got.content_type == headed.content_type == FORMATS[form].media_type
        assert got.headers["Access-Control-Allow-Origin"] == "*"
        assert f'filename="folkmoot.{form}"' in got.headers["Content-Disposition"]
        assert await got.read()


async def test_an_export_has_all_hits_and_the_filters_of_a_search(node: RunningNode) -> None:
    _write(node, record(9_001, **OFFER))
    found = (await _json(node, "/v1/records?limit=1"))["total"]
    assert found > 1
    assert len((await _json(node, "/v1/records.geojson"))["features"]) == found
    assert len((await _json(node, "/v1/records.geojson?limit=1"))["features"]) == 1
    _write(node, *(record(number) for number in range(9_100, 9_125)))
    assert len((await _json(node, "/v1/records.geojson?limit="))["features"]) == found + 25
    (only,) = (await _json(node, "/v1/records.geojson?kind=offer"))["features"]
    assert only["properties"]["email"] == "bonjour@example.org"
    rows = list(csv.DictReader(io.StringIO((await _get(node, "/v1/records.csv?q=echelle")).decode(), newline="")))
    assert [row["kind"] for row in rows] == ["offer"]
    assert "no search parameter" in (await _json(node, "/v1/records.csv?colour=red", 400))["detail"]


async def test_codes_have_labels_beside_them_in_the_language_that_is_asked_for(node: RunningNode) -> None:
    bakery = record(9_004, categories=["osm:shop=bakery", "own:unheard-of"], structure=["OS130"], status="paused")
    _write(node, bakery | {"name": {"en": "Bakery"}})

    async def row(query: str, **headers: str) -> dict[str, str]:
        url = f"{node.url}/v1/records.csv?q=bakery{query}"
        async with node.client.get(url, headers=headers) as response:
            assert response.status == 200, await response.text()
            assert response.headers["Vary"] == "Accept-Language, Cookie"
            (found,) = csv.DictReader(io.StringIO(await response.text(), newline=""))
            return found

    plain = await row("")
    assert not {column for column in plain if "label" in column}, "a program that does not ask gets what it got"
    assert await row("&labels=", **{"Accept-Language": "fr"}) == plain
    french = await row("&labels=fr")
    assert (french["kind_label"], french["status_label"]) == ("Lieu", "En pause")
    assert french["category_labels"] == "Boulangerie;own:unheard-of"
    assert french["structure_labels"] not in {"", "OS130"}
    assert await row("&lang=fr") == await row("", **{"Accept-Language": "fr-BE"}) == french
    columns = [*french]
    assert columns.index("category_labels") == columns.index("categories") + 1
    polish = await row("&labels=pl")
    assert (polish["category_labels"].split(";")[0], polish["status_label"]) == ("Piekarnia", "Paused")
    assert "no labels in" in (await _json(node, "/v1/records.csv?labels=xx", 400))["detail"]
    (feature,) = (await _json(node, "/v1/records.geojson?q=bakery&labels=fr"))["features"]
    assert feature["properties"]["category_labels"] == ["Boulangerie", "own:unheard-of"]
    assert feature["properties"]["status_label"] == "En pause"
    await _get(node, "/v1/records.jsonld?labels=fr", 400)


async def test_many_pages_are_one_file(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.directory.finder._AT_ONCE", 2)
    features = (await _json(node, "/v1/records.geojson"))["features"]
    ids = [feature["id"] for feature in features]
    assert len(ids) == len(set(ids)) == (await _json(node, "/v1/records"))["total"]


async def test_nothing_goes_out_that_is_not_public(node: RunningNode) -> None:
    _write(node, record(9_002, **MEMBERS))
    _write(node, record(9_003, name={"en": "Behind the hedge"}), scope=SCOPE_CIRCLE)
    for form in ("geojson", "csv", "jsonld", "gogocarto.json"):
        data = await _get(node, f"/v1/records.{form}")
        assert b"secret@" not in data
        assert b"hedge" not in data
    log = show_log_id(node.log_id)
    path = f"/v1/records/{log}/{record(9_002)['id'].hex()}"
    for view in ("murmurations", "jsonld"):
        assert b"secret@" not in await _get(node, f"{path}/{view}")
        await _get(node, f"/v1/records/{log}/{record(9_003)['id'].hex()}/{view}", 404)


async def test_a_record_is_a_profile_and_linked_data(node: RunningNode) -> None:
    _write(node, record(9_001, **OFFER))
    page = f"/record/{show_log_id(node.log_id)}/{record(9_001)['id'].hex()}"
    data = page.replace("/record/", "/v1/records/")
    profile = await _json(node, f"{data}/murmurations")
    assert profile["linked_schemas"] == ["offers_wants_schema-v0.1.0"]
    assert profile["details_url"] == node.url + page
    assert (await _json(node, f"{data}/jsonld"))["@id"] == node.url + page


async def test_the_page_of_a_record_holds_its_linked_data_which_no_text_can_leave(node: RunningNode) -> None:
    _write(node, record(9_001, **OFFER))
    page = f"/record/{show_log_id(node.log_id)}/{record(9_001)['id'].hex()}"
    html = (await _get(node, page)).decode()
    block = html.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    assert "<" not in block
    assert json.loads(block)["name"] == [{"@language": "fr", "@value": "Échelle <script>alert(1)</script>"}]
    assert json.loads(block) == await _json(node, page.replace("/record/", "/v1/records/") + "/jsonld")


async def test_changes_are_told_once_and_go_on_from_there(node: RunningNode) -> None:
    answer = await _json(node, "/v1/changes?limit=500")
    assert len(answer["changes"]) == (await _json(node, "/v1/records"))["total"]
    assert (await _json(node, f"/v1/changes?since={answer['next']}"))["changes"] == []
    _write(node, record(9_001, **OFFER), record(9_002, **MEMBERS))
    first, second = (await _json(node, f"/v1/changes?since={answer['next']}"))["changes"]
    assert first["record"]["contact"]["email"] == "bonjour@example.org"
    assert second["record"]["contact"] == {"visibility": "members"}
    for query in ("since=tomorrow", "limit=0", "colour=red", f"since={'0' * 16}-1"):
        await _get(node, f"/v1/changes?{query}", 400)


async def test_webfinger_leads_to_the_node_and_to_records(node: RunningNode) -> None:
    host = node.url.removeprefix("http://")
    log = show_log_id(node.log_id)
    for resource in (node.url, f"{node.url}/", f"acct:{log}@{host}", f"acct:{log}@127.0.0.1"):
        answer = await _json(node, f"/.well-known/webfinger?resource={resource}")
        assert answer["subject"] == resource
        assert f"{node.url}/v1/records.geojson" in [link["href"] for link in answer["links"]]
    page = f"{node.url}/record/{log}/{record(4)['id'].hex()}"
    answer = await _json(node, f"/.well-known/webfinger?resource={page}&rel=describedby")
    (link,) = answer["links"]
    assert link["href"].endswith("/murmurations")
    await _get(node, link["href"].removeprefix(node.url))


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        ("https://elsewhere.example.org/", 404),
        ("acct:somebody@127.0.0.1", 404),
        ("http://127.0.0.1:1/record/" + "a" * 52 + "/" + "0" * 32, 404),
        ("http://[", 404),
        ("", 400),
    ],
)
async def test_webfinger_knows_nothing_else(node: RunningNode, resource: str, status: int) -> None:
    await _get(node, f"/.well-known/webfinger?resource={resource}", status)


async def test_only_few_files_are_made_at_once(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.web.downloading.DOWNLOADS_MAX", 0)
    async with node.client.get(f"{node.url}/v1/records.csv") as response:
        assert response.status == 429
        assert response.headers["Retry-After"] == "30"


def test_every_route_is_described() -> None:
    assert {route.path for route in (*publishing.ROUTES, *webfinger.ROUTES)} >= {
        *(f"/v1/records.{form}" for form in FORMATS),
        "/.well-known/webfinger",
    }
