# SPDX-License-Identifier: AGPL-3.0-or-later
"""The web pages: what they show, in which language, and that nothing in a record acts on the reader."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from aiohttp.test_utils import TestClient, make_mocked_request

from ledger.data_directory import DataDirectory
from ledger.held.witness import witness_verifier
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from node.directory.asked import Asked
from node.directory.listing import cut
from node.directory.pages import error_page, wants_html
from node.directory.profile import safe_url, shown_url
from protocol.identity import show_log_id
from tests.builders import seeded
from tests.node.browsing import Page, read, serve
from tests.node.running import doubt

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

NOW = 1_790_000_000
YEAR_S = 365 * 86_400
EVIL = "\"'><script>alert(1)</script>{{ 7*7 }}{x.__class__}\u202e\u2066 </title>"
EVIL_LIST = f"/?near=Lille&status={quote(EVIL[:32])}"


def record(label: str, **fields: Any) -> dict[str, Any]:
    return {"id": seeded(label, 16), "kind": "place", "name": {"en": label}, "licence": "CC0-1.0"} | fields


def rich_record() -> dict[str, Any]:
    return record(
        "mule",
        kind="resource",
        name={"fr": "La Mule", "en": "The Mule", "nl": "De Ezel"},
        description={"fr": "Un triporteur.", "en": "A three-wheeler."},
        url="https://mule.example/",
        links=["mailto:mule@example.org"],
        point={"lat": 506_333_910, "lon": 30_639_780, "precision": 100, "method": "address"},
        address={"street": "12 rue des Postes", "postcode": "59000", "locality": "Lille", "country": "FR"},
        categories=["osm:amenity=bicycle_rental"],
        hours="Mo-Fr 09:00-18:00; PH off",
        contact={"email": "mule@example.org", "phone": "+33 (0)3 20 00 00 00", "visibility": "public"},
        sources=[{"set": "lille", "licence": "CC-BY-4.0", "attribution": "Ville de Lille", "record": "17"}],
        relations=[
            {"predicate": "maintainedBy", "object": {"log": b"", "id": seeded("workshop", 16)}},
            {"predicate": "memberOf", "object": {"log": b"\1" * 32, "id": seeded("far", 16)}},
        ],
        checked_at=NOW - 86_400,
    )


TIGHT = "".join(EVIL.split())
"""The same in one word, for where white space is refused when a record is read."""


def evil_record() -> dict[str, Any]:
    return record(
        "evil",
        kind=EVIL[:30],
        name={"en": EVIL, "xx": EVIL},
        description={"en": EVIL, "x-y": EVIL},
        url=f"https://x/{TIGHT}",
        links=[f"mailto:{TIGHT}", "tel:\u202e1"],
        point={"lat": 506_333_910, "lon": 30_639_781, "precision": 0, "method": EVIL},
        address=dict.fromkeys(("street", "postcode", "locality", "region"), EVIL) | {"country": "XX"},
        categories=[f"x:{EVIL}\x00\x1b", "x:{0}"],
        structure=[EVIL],
        membership=[EVIL],
        hours=EVIL,
        hours_note={"en": EVIL},
        access={"wheelchair": EVIL, "fee": EVIL, "conditions": {"en": EVIL}, "audience": {"en": EVIL}},
        terms=[EVIL],
        item=EVIL,
        valid_until=2**40 - 1,
        scope=EVIL,
        images=[{"url": "https://x/y", "licence": EVIL, "alt": {"en": EVIL}}],
        contact={"email": f"a@b?bcc={EVIL}", "phone": EVIL, "visibility": "public"},
        identifiers=[{"scheme": EVIL[:60], "id": EVIL}],
        relations=[{"predicate": EVIL[:60], "object": {"log": b"\2" * 32, "id": b"\3" * 16}}],
        status=EVIL[:32],
        licence=EVIL,
        sources=[{"set": EVIL[:60], "licence": EVIL, "record": "javascript:alert(1)", "attribution": EVIL}],
        checked_at=2**40 - 1,
    )


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    directory = DataDirectory(tmp_path_factory.mktemp("node"))
    names = {"en": "Lille Commons", "fr": "Communs de Lille"}
    fields = {"name": names, "kind": "assembly", "languages": ["fr"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [seeded(f"holder {number}") for number in range(3)], 2, NOW)
    with Ledger(directory, lambda: NOW) as opened:
        mule = rich_record()
        mule["relations"][0]["object"]["log"] = opened.log_id
        records = [
            mule,
            evil_record(),
            record("workshop", name={"fr": "L'atelier"}, checked_at=NOW - 2 * YEAR_S),
            record(
                "hidden", name={"en": "Quiet one"}, contact={"email": "secret@example.org", "visibility": "members"}
            ),
            record("gone", name={"en": "Old shop"}),
            record("over", kind="offer", direction="offer", name={"en": "Seedlings"}, valid_until=NOW - YEAR_S),
            *(record(f"place {number:02}", categories=["osm:shop=a", f"x:c{number}"]) for number in range(30)),
        ]
        group = [opened.state("record.put", {"record": item}) for item in records]
        group.append(opened.state("record.close", {"id": seeded("gone", 16), "reason": "duplicate"}))
        opened.writer.append(group).result()
        opened.writer.settle()
        yield opened


@pytest.fixture
async def browser(ledger: Ledger) -> AsyncIterator[TestClient[Any, Any]]:
    async for client in serve(ledger):
        yield client


def record_path(ledger: Ledger, label: str) -> str:
    return f"/record/{show_log_id(ledger.log_id)}/{seeded(label, 16).hex()}"


async def test_the_start_page_says_who_and_lists_what_there_is(browser: TestClient[Any, Any]) -> None:
    page = await read(browser, "/")
    assert "Lille Commons" in page.text
    assert "commons assembly" in page.text
    assert "33 entries" in page.text
    assert "Never checked" in page.text
    assert page.count("article") == 20
    labelled = {attributes["for"] for tag, attributes in page.elements if tag == "label"}
    fields = {
        attributes["id"] for tag, attributes in page.elements if tag in {"input", "select"} and "id" in attributes
    }
    assert labelled == fields == {"q", "kind", "category", "near", "radius", "checked_within", "open"}


async def test_the_next_page_goes_on_where_the_first_ended(browser: TestClient[Any, Any]) -> None:
    first = await read(browser, "/")
    following = next(a["href"] for tag, a in first.elements if tag == "a" and a.get("rel") == "next")
    second = await read(browser, following)
    seen = [[link for link in page.links() if link.startswith("/record/")] for page in (first, second)]
    assert [len(links) for links in seen] == [20, 13]
    assert not set(seen[0]) & set(seen[1])
    assert "/" in second.links()


async def test_facets_lead_to_views_with_their_count(browser: TestClient[Any, Any]) -> None:
    page = await read(browser, "/?category=osm:shop%3Da")
    assert "30 entries" in page.text
    offers = await read(browser, "/?kind=offer&over=include")
    assert "1 entry" in offers.text
    assert "Over" in offers.text
    assert "/?kind=offer&over=include" not in offers.links()
    assert "/?over=include&kind=offer" in (await read(browser, "/?over=include")).links()
    assert "/?kind=offer&over=include" in (await read(browser, "/?kind=offer")).links()


async def test_near_a_town_there_are_distances(browser: TestClient[Any, Any]) -> None:
    page = await read(browser, "/?near=Lille&radius=25km")
    assert "1 entry" in page.text
    assert "Within 25\u00a0km of Lille, FR" in page.text
    assert re.search("[0-9]{3}\u00a0m\\b", page.text)


async def test_a_view_is_printed_with_more_on_a_page(browser: TestClient[Any, Any]) -> None:
    first = await read(browser, "/")
    assert "Up to 100 entries on one page" in first.text
    assert "/?limit=100" in first.links()
    page = await read(browser, "/?limit=100")
    assert len([link for link in page.links() if link.startswith("/record/")]) == 33


async def test_what_is_offered_instead_of_nothing_holds_something(browser: TestClient[Any, Any]) -> None:
    page = await read(browser, "/?q=zzzzzz&near=Lille")
    assert "Without “Words: zzzzzz” (1)" in page.text
    offered = [link for link in page.links() if link.startswith("/?") and "lang=" not in link]
    assert set(offered) == {"/?near=Lille", "/?q=zzzzzz", "/?q=zzzzzz&near=Lille&archived=only"}, "and the filters"
    far = await read(browser, "/?near=Dunkerque&radius=10km")
    assert "Look within 100 km (1)" in far.text, "as far as it takes, not only the next step"


async def test_a_view_is_of_one_log(browser: TestClient[Any, Any]) -> None:
    assert "30 entries" in (await read(browser, f"/?category=osm:shop%3Da&log={await own_log(browser)}")).text
    page = await read(browser, "/?log=" + "a" * 52)
    assert "0 entries" in page.text
    assert (await browser.get("/v1/records?log=mine")).status == 400


async def own_log(browser: TestClient[Any, Any]) -> str:
    """The log that all records of the page are in."""
    (log,) = (await (await browser.get("/v1/records")).json())["facets"]["log"]
    return str(log)


async def test_the_form_keeps_what_it_does_not_show(browser: TestClient[Any, Any]) -> None:
    page = await read(browser, "/?q=place&category=osm:shop%3Da&limit=5&kind=place,offer")
    hidden = {a["name"]: a["value"] for tag, a in page.elements if tag == "input" and a.get("type") == "hidden"}
    assert hidden == {"limit": "5"}
    chosen = [a["value"] for tag, a in page.elements if tag == "option" and "selected" in a]
    assert chosen == ["place,offer", "osm:shop=a", "10km", ""]


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("/?q=&kind=&near=&radius=10km&checked_within=", "/"),
        ("/?q=+tools+&radius=5km&utm_source=x", "/?q=tools"),
        ("/?kind=place&kind=offer&kind=place", "/?kind=place%2Coffer"),
        ("/?near=Lille&lat=1&lon=2&radius=5km", "/?near=Lille&radius=5km"),
    ],
)
async def test_every_view_has_one_address(browser: TestClient[Any, Any], given: str, clean: str) -> None:
    response = await browser.get(given, allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, clean)
    assert (await browser.get(clean, allow_redirects=False)).status == 200


@pytest.mark.parametrize(
    "value", ["%FF%FE", "%00", "%F0%9F%8C%B3", "%22%3E%3Cscript%3E", "a%2Cb,,c", "%E2%80%AE", "%2525"]
)
@pytest.mark.parametrize(
    "name", ["q", "kind", "category", "near", "bbox", "cursor", "checked_within", "limit", "radius"]
)
async def test_strange_parameters_lead_to_a_page(browser: TestClient[Any, Any], name: str, value: str) -> None:
    response = await browser.get(f"/?{name}={value}", allow_redirects=False)
    if response.status == 303:
        response = await browser.get(response.headers["Location"], allow_redirects=False)
    assert response.status in {200, 400}
    assert Page(await response.text()).foreign() == []


async def test_a_bad_query_is_told_with_the_form_kept(browser: TestClient[Any, Any]) -> None:
    page = await read(browser, "/?near=Qqqqxzz&q=tools", status=400)
    assert "no town" in page.text
    values = {a["id"]: a.get("value") for tag, a in page.elements if tag == "input" and "id" in a}
    assert values == {"q": "tools", "near": "Qqqqxzz", "open": "now"}


async def test_a_new_node_says_how_to_begin(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    fields = {"name": {"en": "New"}, "kind": "coop", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [seeded("one")], 1, NOW)
    with Ledger(directory) as ledger:
        async for browser in serve(ledger):
            assert "folkmoot import" in (await read(browser, "/")).text


async def test_what_is_still_being_taken_in_is_told(
    browser: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.directory.present.lag", lambda _: 1234)
    assert "1,234 entries are still being taken in" in (await read(browser, "/")).text


async def test_a_record_shows_all_and_how_to_prove_it(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    page = await read(browser, record_path(ledger, "mule"))
    for text in (
        "The Mule", "La Mule", "De Ezel", "A three-wheeler.", "12 rue des Postes", "59000 Lille", "PH off",
        "to about 100 metres", "found from the address", "Ville de Lille", "CC-BY-4.0", "Bicycle Rental",
        "maintained by", "L'atelier", "not held here", "Entered", ledger.key.public.hex()[:8],
    ):  # fmt: skip
        assert text in page.text
    log = show_log_id(ledger.log_id)
    assert {
        f"{record_path(ledger, 'mule')}/proof?entry=1",
        "/v1/trust",
        "tel:+33320000000",
        "mailto:mule@example.org",
    } <= set(page.links())
    assert record_path(ledger, "workshop") in page.links()
    outward = [a for tag, a in page.elements if tag == "a" and a["href"].startswith("http")]
    assert all(a["rel"] == "nofollow noopener noreferrer" for a in outward)
    proof = await browser.get(f"/v1/log/{log}/1/proofs/1")
    assert proof.status == 200


async def test_a_record_is_read_in_the_language_of_the_reader(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    page = await read(browser, record_path(ledger, "mule"), language="fr-BE,fr;q=0.9,en;q=0.5")
    assert ("h1", {"lang": "fr", "dir": "auto"}) in page.elements
    assert page.text.index("La Mule") < page.text.index("The Mule")
    assert "Ce qu'on en sait" in page.text
    assert "Communs de Lille" in page.text


async def test_a_closed_record_says_so_and_why(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    page = await read(browser, record_path(ledger, "gone"))
    assert "This has closed." in page.text
    assert "it was a duplicate" in page.text


async def test_an_old_check_is_no_comfort(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    assert "more than a year ago" in (await read(browser, record_path(ledger, "workshop"))).text


async def test_contacts_for_members_are_not_shown(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    page = await read(browser, record_path(ledger, "hidden"))
    assert "For members only" in page.text
    assert "secret" not in page.text
    assert not any("secret" in link for link in page.links())


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_nothing_in_a_record_acts(browser: TestClient[Any, Any], ledger: Ledger, language: str) -> None:
    log = show_log_id(ledger.log_id)
    urls = [f"/record/{log}/{seeded('evil', 16).hex()}", EVIL_LIST, "/?status=" + quote(EVIL[:32])]
    for url in urls:
        page = await read(browser, url, language=language)
        assert "<script>" in page.text
        assert "{{" in page.text
        for tag, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)
            assert not re.search(r"[<>\"\s]", attributes.get("lang", "")), attributes
        for link in page.links():
            assert link.startswith(("/", "#", "https://", "mailto:", "tel:", "geo:")), link
            assert not link.startswith("//"), link


async def test_text_of_people_cannot_turn_what_follows(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    headers = {"Accept-Language": "en"}
    for url in (record_path(ledger, "evil"), EVIL_LIST):
        html = await (await browser.get(url, headers=headers)).text()
        assert "\u202e" not in html[: html.index("</title>")]
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", html)
        for match in re.finditer("\u202e", html):
            opened = html.rfind("<", 0, match.start())
            element = html[opened : match.start()]
            attribute = re.search(r'(href|value)="[^"]*$', element)
            assert attribute or "<bdi" in element or 'dir="auto"' in element, element


@pytest.mark.parametrize("path", ["/record/x/y", "/record/" + "a" * 52 + "/" + "0" * 32])
async def test_an_unknown_record_is_a_page_too(browser: TestClient[Any, Any], path: str) -> None:
    assert "Cette page n'existe pas" in (await read(browser, path, status=404, language="fr")).text


async def test_logs_and_peers(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    page = await read(browser, "/logs")
    log = show_log_id(ledger.log_id)
    assert f"/log/{log}/1/checkpoint" in page.links()
    assert "1 log is held here" in page.text
    assert "Completely" in page.text
    assert "No other node is connected" in page.text
    assert str(witness_verifier(ledger)) in page.text
    for published, shown in ((0, "Saved"), (1, "Published to 1"), (ledger.own.size, "Published")):
        with ledger.store.write() as change:
            change.set_published(ledger.own.tree, published, b"note")
        table = (await read(browser, "/logs")).text.partition("Saved means")[0]
        assert table.rstrip().endswith(shown)
    assert "Not signed" not in page.text
    doubt(ledger, "it was put back <from> a copy")
    assert "Not signed at present it was put back <from> a copy." in (await read(browser, "/logs")).text


async def test_files_are_kept_by_their_digest(browser: TestClient[Any, Any]) -> None:
    page = await read(browser, "/")
    sheet = next(a["href"] for tag, a in page.elements if tag == "link" and a["rel"] == "stylesheet")
    kept = await browser.get(sheet)
    assert (kept.status, kept.content_type) == (200, "text/css")
    assert "immutable" in kept.headers["Cache-Control"]
    other = await browser.get("/static/folkmoot.css", headers={"If-None-Match": kept.headers["ETag"]})
    assert (other.status, await other.read()) == (304, b"")
    assert "no-cache" in other.headers["Cache-Control"]
    assert (await browser.get("/static/favicon.svg")).content_type == "image/svg+xml"
    assert (await browser.get("/static/..%2Fpages.py")).status == 404


def test_the_style_sheet_is_small_and_asks_nobody() -> None:
    sheet = (files("node") / "static" / "folkmoot.css").read_text()
    assert len(sheet.encode()) < 20_000
    assert "url(" not in sheet
    assert "@import" not in sheet


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1])
def test_contrast_is_enough(theme: int) -> None:
    sheet = (files("node") / "static" / "folkmoot.css").read_text()
    block = re.findall(r":root \{([^}]*--paper[^}]*)\}", sheet)[theme]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    pairs = [
        (ink, ground) for ground in ("paper", "leaf") for ink in ("ink", "soft", "moss", "moss-deep", "madder", "ochre")
    ]
    pairs += [("on-moss", "moss"), ("on-moss", "moss-deep"), ("moss-deep", "moss-wash"), ("madder", "madder-wash")]
    pairs += [("ink", "madder-wash"), ("ink", "faint"), ("soft", "faint")]
    for one, other in pairs:
        dark, light = sorted((luminance(colours[one]), luminance(colours[other])))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (one, other)


def test_descriptions_are_cut_between_words() -> None:
    assert cut("one  two\nthree", 20) == "one two three"
    assert cut("one two, three", 10) == "one two…"
    assert cut("x" * 50, 10) == "x" * 10 + "…"


def test_links_lead_somewhere_or_nowhere() -> None:
    assert (
        safe_url("javascript:alert(1)")
        == safe_url("//x")
        == safe_url("data:text/html,x")
        == safe_url(" http://x")
        == ""
    )
    assert shown_url("https://example.org/") == "example.org"
    assert shown_url("https://a.example/\u202egro.elpmaxe") == "a.example/%E2%80%AEgro.elpmaxe"


def test_views_add_and_drop_filters() -> None:
    asked = Asked.read([("kind", "place, offer"), ("lat", "1"), ("lon", "2"), ("radius", "5km"), ("cursor", "abc")])
    assert asked.without("kind", "place").values == {"kind": "offer", "lat": "1", "lon": "2", "radius": "5km"}
    assert asked.without("lat").values == {"kind": "place,offer"}
    assert asked.with_filter("kind", "need").get("kind") == "place,offer,need"
    assert asked.at("z").get("cursor") == "z"
    assert asked.filters() == ("kind", "lat")


@pytest.mark.parametrize(
    ("path", "accept", "method", "wanted"),
    [
        ("/nowhere", "text/html,*/*", "GET", True),
        ("/logs", "text/html", "GET", True),
        ("/logs", "application/json", "GET", False),
        ("/v1/records", "text/html", "GET", False),
        ("/log/x/1/checkpoint", "text/html", "GET", False),
        ("/witness", "text/html", "GET", False),
        ("/", "text/html", "POST", False),
    ],
)
def test_browsers_are_told_errors_in_html(path: str, accept: str, method: str, wanted: bool) -> None:  # noqa: FBT001 - a table
    assert wants_html(make_mocked_request(method, path, headers={"Accept": accept})) == wanted


async def test_an_error_page_needs_no_store(browser: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    app = browser.server.app  # type: ignore[attr-defined] # a TestServer has one
    request = make_mocked_request("GET", "/x", app=app)
    monkeypatch.setattr("ledger.sqlite.store.SqliteStore.read", None)
    response = error_page(request, 500, "Internal error", "<b>")
    assert response.status == 500
    page = Page(response.text or "")
    assert "The fault is on our side" in page.text
    assert page.count("b") == 0
