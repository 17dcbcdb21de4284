# SPDX-License-Identifier: AGPL-3.0-or-later
"""The import assistant without scripts: from a file to the directory and back, and what goes wrong on the way."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ledger.directory.present import record_object
from ledger.importing.listing import import_objects
from ledger.ledger import Ledger
from node.importing import uploads
from node.importing.fetching import FETCHER
from node.importing.jobs import JOBS
from node.web import kept_files
from tests.ledger.importing.archives import ods, ods_row, xlsx, zipped
from tests.ledger.importing.test_kml import KML
from tests.node.browsing import ACTIVE, Page, serve
from tests.node.importing.sending import HTML, Assistant
from tests.node.running import found

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow

HEADER = "id;name;street;postcode;town;country;lat;lon\n"
GOOD = HEADER + "1;Café Libre;Rue A 1;59000;Lille;FR;50,6311;3,0601\n2;Atelier;Rue B 2;59000;Lille;FR;50,6402;3,0702\n"
EVIL = '<img src=x onerror="alert(1)">\u202e'


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(found(tmp_path / "moot", "Moot")) as opened:
        yield opened


@pytest.fixture
async def assistant(ledger: Ledger) -> AsyncIterator[Assistant]:
    async for client in serve(ledger):
        answer = await client.post("/steward/sign-in", data={"token": "token"}, headers=HTML)
        assert answer.url.path == "/steward"
        yield Assistant(client)


def _work_of(reads: Snapshot, row: RecordRow) -> Any:
    """The work of a record."""
    return record_object(reads, row).get("work")


def _names(ledger: Ledger) -> dict[str, str]:
    ledger.writer.settle()
    with ledger.store.read() as reads:
        rows = reads.all_records(-1, 100)
    return {row.outside_id: row.status for row in rows}


def _imports(ledger: Ledger) -> list[dict[str, Any]]:
    ledger.writer.settle()
    with ledger.store.read() as reads:
        return import_objects(reads)


async def test_a_row_that_looks_like_several_others_is_decided_on_once(ledger: Ledger, assistant: Assistant) -> None:
    rows = "".join(f"{number};Café de la Paix;;59000;Lille;FR;;\n" for number in range(1, 4))
    await assistant.upload("cafes.csv", (HEADER + rows).encode())
    html = await assistant.press("check", set="cafes", licence="CC0-1.0")
    assert "2 new rows look like something" in html
    html = await assistant.press("import", pair4="leave_out")
    assert "The import is done" in html
    assert _names(ledger) == {"1": "active", "2": "active"}


async def test_another_list_of_the_same_name_closes_nothing(ledger: Ledger, assistant: Assistant) -> None:
    await assistant.upload("export.csv", GOOD.encode())
    await assistant.press("check", licence="CC0-1.0")
    await assistant.press("import")
    other = HEADER + "1;Jardin;;59000;Lille;FR;50,61;3,01\n"
    await assistant.upload("export.csv", other.encode())
    assert assistant.mapping()["set"] == "export-2"
    await assistant.press("check", licence="CC0-1.0")
    await assistant.press("import")
    assert _imports(ledger)[-1]["counts"]["closed"] == 0
    await assistant.upload("export.csv", other.encode(), edition_of="export")
    assert assistant.mapping()["set"] == "export"


async def test_a_licence_is_written_as_spdx_does_or_refused(ledger: Ledger, assistant: Assistant) -> None:
    await assistant.upload("cafes.csv", GOOD.encode())
    html = await assistant.press("check", 422, set="cafes", licence="free for all")
    assert "an SPDX expression such as CC0-1.0" in html
    html = await assistant.press("check", set="cafes", licence="CC BY-SA 4.0")
    assert '<bdi dir="auto">CC-BY-SA-4.0</bdi>' in html
    assert _imports(ledger) == []


async def test_a_file_goes_through_all_steps_and_is_taken_back(ledger: Ledger, assistant: Assistant) -> None:
    html = await assistant.upload("Cafés de Lille.csv", GOOD.encode("cp1252"))
    assert "Windows-1252" in html
    assert "semicolons" in html
    assert "a comma: 3,14" in html
    assert "Café Libre" in html
    html = await assistant.press("check", set="cafes", licence="etalab-2.0", attribution="Ville de Lille")
    assert "2 records have a point" in html
    assert "Café Libre" in html
    assert _imports(ledger) == []
    html = await assistant.press("import")
    assert "The import is done" in html
    assert _names(ledger) == {"1": "active", "2": "active"}
    (one,) = _imports(ledger)
    assert (one["set"], one["state"], one["file"]) == ("cafes", "done", "Cafés de Lille.csv")
    assert one["counts"] == {"added": 2, "updated": 0, "closed": 0, "kept": 0, "refused": 0}
    html = await assistant.open(f"/steward/import/undo/{one['id']}")
    assert "2 records that it brought would be closed" in html
    answer = await assistant.browser.post(assistant.path, data=assistant.form(), headers=HTML)
    html = await assistant.open(answer.url.path)
    assert "The import was taken back" in html
    assert _names(ledger) == {"1": "closed", "2": "closed"}
    assert _imports(ledger)[0]["state"] == "undone"
    assert "taken back" in await assistant.open("/steward/import")


async def test_bad_rows_are_named_and_good_ones_go_in(ledger: Ledger, assistant: Assistant) -> None:
    await assistant.upload("list.csv", (GOOD + "3;;Rue C;59000;Lille;FR;50,6;3,0\n4;too;few\n").encode())
    html = await assistant.press("check", licence="CC0-1.0")
    assert "No name: fill in the column name" in html
    assert "5 too few" in html
    report = await (await assistant.browser.get(assistant.path + "/report.csv")).text()
    rows = {row["row"]: row for row in csv.DictReader(io.StringIO(report.lstrip("\ufeff")))}
    assert rows["4"]["action"] == rows["5"]["action"] == "refused"
    assert rows["4"]["field"] == "name"
    assert rows["2"]["action"] == "added"
    await assistant.press("import")
    assert _names(ledger) == {"1": "active", "2": "active"}


async def test_a_newer_edition_keeps_its_mapping_and_closes_what_is_gone(ledger: Ledger, assistant: Assistant) -> None:
    await assistant.upload("2024.csv", GOOD.replace("name;", "label;", 1).encode())
    used = {assistant.line("label"): "name", assistant.line("town"): "region"}
    chosen = {"set": "shops", "licence": "CC0-1.0"} | {f"f{line}": field for line, field in used.items()}
    await assistant.press("check", 200, **chosen)
    await assistant.press("import")
    newer = (
        "id;label;street;postcode;town;country;lat;lon\n1;Café Libre et fils;Rue A 1;59000;Lille;FR;50,6311;3,0601\n"
    )
    html = await assistant.upload("2025.csv", newer.encode(), edition_of="shops")
    assert 'name="set" value="shops"' in html
    assert assistant.mapping()[f"f{assistant.line('town')}"] == "region"
    html = await assistant.press("check")
    assert re.search(r"Records updated</dt><dd>1<", html)
    assert re.search(r"Records closed</dt><dd>1<", html)
    await assistant.press("import")
    assert _names(ledger) == {"1": "active", "2": "closed"}


async def test_a_broken_file_says_what_to_do_and_can_be_read_another_way(assistant: Assistant) -> None:
    html = await assistant.upload("broken.geojson", b'{"type": "FeatureCollection", "features": [', 422)
    assert "The file cannot be read" in html
    assert "Fetch it again" in html
    html = await assistant.upload("one-column.csv", b"name\nA\nB\n", 422)
    assert "This is not a table" in html
    html = await assistant.upload("list.csv", "id|name\n1|Caf\xe9\n2|B\n".encode("latin-1"))
    html = await assistant.press("read", encoding="mac-roman")
    assert "CafÈ" in html
    html = await assistant.press("read", encoding="")
    assert "Café" in html


async def test_a_mapping_that_does_not_fit_is_shown_again(assistant: Assistant) -> None:
    await assistant.upload("list.csv", GOOD.encode())
    assert "licence: say under which licence" in await assistant.press("check", 422, licence="")
    assert "set:" in await assistant.press("check", 422, set="Not A Set!", licence="CC0-1.0")


async def test_hostile_cells_stay_text(ledger: Ledger, assistant: Assistant) -> None:
    head = f'id,name,"{EVIL.replace(chr(34), chr(34) * 2)}",website,lat,lon\n'
    evil = EVIL.replace('"', '""')
    row = f'1,"{evil} name","=HYPERLINK(1)","javascript:alert(1)",50.1,3.1\n2,,"{evil}",x,0,0\n'
    html = await assistant.upload(f"{EVIL}.csv", (head + row).encode())
    _is_harmless(html)
    _is_harmless(await assistant.press("check", licence="CC0-1.0"))
    report = await (await assistant.browser.get(assistant.path + "/report.csv")).text()
    assert not any(cell.startswith(("=", "+", "@")) for line in csv.reader(io.StringIO(report)) for cell in line)
    _is_harmless(await assistant.press("import"))
    _is_harmless(await assistant.open("/steward/import"))
    _is_harmless(await assistant.open(f"/steward/import/undo/{_imports(ledger)[0]['id']}"))


def _is_harmless(html: str) -> None:
    page = Page(html)
    foreign = [(tag, a) for tag, a in page.foreign() if not (tag == "img" and "/map.svg?" in a.get("src", ""))]
    assert foreign == []
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert not any(link.startswith("javascript") for link in page.links())
    assert ACTIVE


async def test_nothing_is_kept_of_what_was_not_asked_for(ledger: Ledger, assistant: Assistant) -> None:
    await assistant.open("/steward/import")
    answer = await assistant.browser.post(
        "/steward/import", data={"csrf": "wrong", "file": io.BytesIO(b"a,b\n1,2\n")}, headers=HTML
    )
    assert answer.status == 422
    assert list(ledger.directory.imports.glob("*")) == []
    assistant.browser.session.cookie_jar.clear()
    answer = await assistant.browser.post("/steward/import", data={"file": io.BytesIO(b"a,b\n")}, headers=HTML)
    assert answer.url.path == "/steward/sign-in"
    assert (await assistant.browser.get("/steward/import/" + "0" * 32, allow_redirects=False)).status == 303


async def test_a_file_that_is_too_large_is_refused(
    ledger: Ledger, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "UPLOAD_BYTES_MAX", 2**20)
    html = await assistant.upload("large.csv", b"a,b\n" + b"1,2\n" * 2**19)
    assert "larger than 1 MiB" in html
    assert list(ledger.directory.imports.glob("*")) == []


async def test_files_are_dropped_by_hand_and_after_a_day(ledger: Ledger, assistant: Assistant) -> None:
    await assistant.upload("list.csv", GOOD.encode())
    await assistant.press("drop")
    assert list(ledger.directory.imports.glob("*")) == []
    await assistant.upload("list.csv", GOOD.encode())
    jobs = assistant.browser.server.app[JOBS]  # type: ignore[attr-defined] # a TestServer has an application
    (upload,) = jobs.uploads.all()
    jobs.uploads.change(upload.id, at=upload.at - kept_files.KEPT_S - 60)
    jobs.tidy()
    assert list(ledger.directory.imports.glob("*")) == []
    await assistant.open(f"/steward/import/{upload.id}", 404)


async def test_a_mapping_is_kept_and_used_again_and_is_text(assistant: Assistant) -> None:
    await assistant.upload("one.csv", GOOD.encode())
    used = {"set": "shops", "licence": "CC0-1.0", f"f{assistant.line('town')}": "region"}
    await assistant.press("keep", 200, **used)
    await assistant.upload("two.csv", GOOD.encode())
    assert assistant.mapping()["set"] == "two"
    await assistant.press("load", kept="shops")
    assert assistant.mapping()[f"f{assistant.line('town')}"] == "region"
    text = await (await assistant.browser.get(assistant.path + "/mapping.toml")).text()
    assert 'region = ["town"]' in text
    await assistant.press("text", toml=text.replace('"shops"', '"others"'))
    assert assistant.mapping()["set"] == "others"
    assert "not valid TOML" in await assistant.press("text", 422, toml="set = ")
    assert "Object contains unknown field" in await assistant.press("text", 422, toml="strange = 1")


async def test_work_that_is_offered_goes_in_and_comes_out_the_same(ledger: Ledger, assistant: Assistant) -> None:
    head = "id,kind,name,skills,rate,rate_unit,rate_per,rate_by,rate_table,available_from,available_until,remote\n"
    rows = (
        "1,offer,Bread,Baking;Cakes,24.50,EUR,day,Millers,https://m.example/rates,2026-03-01,2026-04-01,yes\n"
        "2,need,Roof,Carpentry,,,,,,,,\n3,offer,Words,Spanish,a lot,EUR,,,,,,\n"
    )
    html = await assistant.upload("work.csv", (head + rows).encode())
    for title in ("Skills, parted by ;", "Who agreed on the rate", "Where the rate is written"):
        assert title in html
    html = await assistant.press("check", set="work", licence="CC0-1.0")
    assert "Not a rate: left out." in html
    await assistant.press("import")
    told = await (await assistant.browser.get("/v1/records.csv")).text()
    cells = {row["name"]: row for row in csv.DictReader(io.StringIO(told))}
    asked = next(csv.DictReader(io.StringIO(head + rows)))
    assert {name: cells["Bread"][name] for name in asked if name not in {"id", "kind", "name"}} == {
        name: text for name, text in asked.items() if name not in {"id", "kind", "name"}
    }
    assert (cells["Roof"]["skills"], cells["Words"]["skills"], cells["Words"]["rate"]) == ("Carpentry", "Spanish", "")
    await assistant.upload("again.csv", told.encode())
    await assistant.press("check", set="again", licence="CC0-1.0")
    await assistant.press("import")
    with ledger.store.read() as reads:
        works = [_work_of(reads, row) for row in reads.all_records(-1, 100)]
    assert sorted(map(repr, works[:3])) == sorted(map(repr, works[3:]))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:9/list.csv", "not a public address"),
        ("http://localhost/list.csv", "not a public address"),
        ("http://169.254.169.254/latest", "not a public address"),
        ("file:///etc/passwd", "not an address"),
        ("https://user:word@example.org/a.csv", "not an address"),
        ("", "not an address"),
    ],
)
async def test_nothing_is_fetched_from_inside_the_network(
    ledger: Ledger, assistant: Assistant, url: str, why: str
) -> None:
    await assistant.open("/steward/import")
    form = assistant.form(1) | {"url": url}
    answer = await assistant.browser.post("/steward/import/address", data=form, headers=HTML)
    assert (answer.status, why in await answer.text()) == (422, True)
    assert list(ledger.directory.imports.glob("*")) == []


async def test_a_file_is_fetched_after_a_redirect_under_the_limits(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from the public internet, which is this machine for once."""

    async def file(_: web.Request) -> web.Response:
        return web.Response(body=GOOD.encode())

    async def elsewhere(request: web.Request) -> web.Response:
        raise web.HTTPFound(request.query["to"])

    site = web.Application()
    site.add_routes([web.get("/cafés.csv", file), web.get("/old", elsewhere)])
    async with TestServer(site) as server:
        fetcher = assistant.browser.server.app[FETCHER]  # type: ignore[attr-defined] # a TestServer has an application
        monkeypatch.setattr(fetcher, "_public", fetcher._trusted)
        for path, status in (("/cafés.csv", 200), ("/old?to=/caf%C3%A9s.csv", 200), ("/old?to=/old?to=/old", 422)):
            await assistant.open("/steward/import")
            form = assistant.form(1) | {"url": str(server.make_url(path))}
            answer = await assistant.browser.post("/steward/import/address", data=form, headers=HTML)
            assert answer.status == status, path
        assert {upload.name for upload in assistant.browser.server.app[JOBS].uploads.all()} == {"cafés.csv"}  # type: ignore[attr-defined] # the same
        monkeypatch.setattr(uploads, "UPLOAD_BYTES_MAX", 20)
        form = assistant.form(1) | {"url": str(server.make_url("/cafés.csv"))}
        answer = await assistant.browser.post("/steward/import/address", data=form, headers=HTML)
        assert (answer.status, "larger than" in await answer.text()) == (422, True)


KINDS = {
    "list.kml": KML.encode(),
    "list.kmz": zipped({"doc.kml": KML}),
    "list.ods": ods(ods_row("id", "name", "town") + ods_row("1", "Vélo", "Lille")),
    "list.xlsx": xlsx(
        '<row r="1"><c t="str"><v>id</v></c><c t="str"><v>name</v></c></row>'
        '<row r="2"><c><v>1</v></c><c t="str"><v>Vélo</v></c></row>'
    ),
    "list.geojson": b'{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name": "A"},'
    b' "geometry": {"type": "Point", "coordinates": [3.1, 50.1]}}]}',
    "profile.json": b'{"linked_schemas": ["organizations_schema-v1.0.0"], "name": "Velo", "primary_url": "https://a.example"}',
    "index.json": b'{"data": [{"profile_url": "https://a.example/p.json", "name": "Velo", "status": "posted"}]}',
}


@pytest.mark.parametrize("name", KINDS)
async def test_every_format_goes_in(ledger: Ledger, assistant: Assistant, name: str) -> None:
    await assistant.upload(name, KINDS[name])
    await assistant.press("check", licence="CC0-1.0")
    assert "The import is done" in await assistant.press("import")
    assert set(_names(ledger).values()) == {"active"}
