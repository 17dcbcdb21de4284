# SPDX-License-Identifier: AGPL-3.0-or-later
"""The HTTP API: every route, what it answers, what it refuses, and that nothing refused is written."""

from __future__ import annotations

import asyncio
import json
import os
import time
from base64 import b64decode, b64encode
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from yarl import URL

from cli.main import cli
from node.api import bundles, static_log, status
from node.api import v1 as api
from node.federation import api as federation
from node.web.problem import MEDIA_TYPE
from protocol.checkpoint import parse_checkpoint
from protocol.identity import show_log_id
from protocol.policy import parse_policy
from protocol.proof import judge
from protocol.statement import make_payload, make_statement, sign_statement
from protocol.tile import decode_entries
from tests.builders import seeded, signing_key
from tests.node.running import doubt, record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.encoding import Value
    from protocol.signature import SigningKey
    from tests.node.running import RunningNode

PLACE = {"kind": "place", "name": {"en": "Tool library"}, "licence": "CC0-1.0"}
ROUTES = (*api.ROUTES, *federation.ROUTES, *static_log.ROUTES, *bundles.ROUTES, *status.ROUTES)


def _put(**more: Any) -> dict[str, Any]:
    return {"entries": [{"kind": "record.put", "body": {"record": PLACE}, "id": "11" * 16} | more]}


def _filled(path: str, node: RunningNode) -> str:
    """A route's path with values that exist."""
    values = {
        "{log}": show_log_id(node.log_id),
        "{epoch}": "1",
        "{position}": "3",
        "{tile}": "0/000.p/13",
        "{id}": record(4)["id"].hex(),
    }
    for name, value in values.items():
        path = path.replace(name, value)
    return path


@pytest.fixture
def _unchanged(node: RunningNode) -> Iterator[None]:
    """Nothing is written by what this test asks."""
    before = node.ledger.own.size
    yield
    assert node.ledger.own.size == before


async def test_every_route_answers_get_and_head_alike(node: RunningNode) -> None:
    there = (route for route in ROUTES if not route.path.endswith("/fork-proof"))  # there is none: it has not forked
    for route in (route for route in there if route.method == "GET"):
        url = node.url + _filled(route.path, node)
        async with node.client.get(url) as got, node.client.head(url) as headed:
            assert got.status == headed.status == 200
            assert got.content_type == headed.content_type == route.media_type
            assert await got.read()
            assert await headed.read() == b""
            if route.path not in {"/metrics", "/bundle"}:
                assert got.headers["Content-Length"] == headed.headers["Content-Length"]
            for name in ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"):
                assert got.headers[name]


async def test_other_methods_are_named_in_allow(node: RunningNode) -> None:
    for route in ROUTES:
        async with node.client.request("PATCH", node.url + _filled(route.path, node)) as answer:
            assert answer.status == 405
            assert route.method in answer.headers["Allow"].split(",")
            assert answer.content_type == MEDIA_TYPE
            assert (await answer.json(content_type=None))["status"] == 405


NOT_THERE = (
    "/v1/nothing",
    "/v1/records/{log}/" + "00" * 16,
    "/v1/records/{log}/zz",
    "/v1/records/nolog/" + "00" * 16,
    "/v1/log/{log}/2/entries/0",
    "/v1/log/{log}/01/entries/0",
    "/v1/log/{log}/1/entries/13",
    "/v1/log/{log}/1/entries/-1",
    "/v1/log/{log}/1/entries/99999999999999999999999",
    "/v1/log/{log}/1/proofs/13",
    "/v1/log/" + "a" * 52 + "/1/proofs/0",
    "/log/{log}/1/tile/0/000",
    "/log/{log}/1/tile/0/000.p/14",
    "/log/{log}/1/tile/64/000",
    "/log/{log}/1/tile/entries/001",
    "/log/{log}/1/tile/../checkpoint",
    "/log/{log}/9/checkpoint",
    "/static/unknown",
)


async def test_what_is_not_there_is_not_found(node: RunningNode) -> None:
    for path in NOT_THERE:
        async with node.client.get(URL(node.url + _filled(path, node), encoded=True)) as answer:
            assert (answer.status, answer.content_type) == (404, MEDIA_TYPE), path
            assert (await answer.json(content_type=None))["status"] == 404


async def test_the_static_log_is_what_the_log_holds(node: RunningNode) -> None:
    log = f"{node.url}/log/{show_log_id(node.log_id)}/1"
    async with node.client.get(f"{log}/checkpoint") as answer:
        checkpoint, _ = parse_checkpoint(await answer.read())
        assert answer.headers["Cache-Control"] == "public, max-age=5"
    assert checkpoint.size == node.ledger.own.size == 13
    async with node.client.get(f"{log}/tile/entries/000.p/13") as answer:
        entries = decode_entries(await answer.read())
        assert "immutable" in answer.headers["Cache-Control"]
    with node.ledger.store.read() as reads:
        assert entries == list(reads.leaves(node.ledger.own.tree, 0, 13))
    async with node.client.get(f"{log}/tile/0/000.p/13") as answer:
        assert len(await answer.read()) == 13 * 32


async def test_a_proof_and_a_trust_file_from_the_api_verify(node: RunningNode) -> None:
    async with node.client.get(f"{node.url}/v1/log/{show_log_id(node.log_id)}/1/proofs/3") as answer:
        proof = await answer.read()
        assert ".tlog-proof" in answer.headers["Content-Disposition"]
    async with node.client.get(f"{node.url}/v1/trust") as answer:
        trust = await answer.read()
    assert judge(proof, parse_policy(trust)).verdict.exit_code == 0


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"q": "commons 0003"},
        {"q": "Commons", "limit": "5", "kind": "place,resource"},
        {"near": "Lille", "radius": "5km"},
        {"bbox": "-10,35,30,60", "licence": "CC0-1.0"},
        {"lat": "50.6", "lon": "3.06", "checked_within": "90d"},
        {"category": "osm:shop=bakery", "status": "closed"},
    ],
)
async def test_search_and_the_command_give_the_same_answer(
    node: RunningNode, query: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    answered, page = await node.get("/v1/records", params=query)
    options = [f"--{name.replace('_', '-')}={value}" for name, value in query.items() if name != "q"]
    command = ["--data-dir", str(node.directory.path), "search", "--json", *options, *query.get("q", "").split()]
    await asyncio.to_thread(cli.main, command, standalone_mode=False)
    assert answered == 200
    assert json.loads(capsys.readouterr().out) == page


async def test_scripts_of_any_page_may_read_what_everybody_may(node: RunningNode) -> None:
    one = f"/v1/records/{show_log_id(node.log_id)}/{record(1)['id'].hex()}"
    for path in ("/v1/records", one):
        async with node.client.get(node.url + path) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "*", path
    token = {"Authorization": f"Bearer {node.token}"}
    async with node.client.get(f"{node.url}/v1/records?scope=private", headers=token) as answer:
        assert answer.status == 200
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_pages_of_a_search_are_complete_and_without_doubles(node: RunningNode) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        answered, page = await node.get("/v1/records", params={"limit": "5", **({"cursor": cursor} if cursor else {})})
        assert (answered, page["total"]) == (200, 12)
        seen += [item["id"] for item in page["records"]]
        cursor = page["next"]
        if not cursor:
            break
    assert sorted(seen) == sorted(record(number)["id"].hex() for number in range(12))


NO_SENSE = (
    "nonsense=1",
    "limit=0",
    "limit=101",
    "limit=-1",
    "limit=1e3",
    "cursor=abc",
    "cursor=%ff",
    "bbox=1,2,3",
    "bbox=nan,nan,nan,nan",
    "near=Nowhereatall",
    "near=%00",
    "lat=91&lon=0",
    "lat=1",
    "radius=5km",
    "lat=1&lon=1&radius=1e9km",
    "checked_within=soon",
)


async def test_a_query_that_makes_no_sense_is_explained(node: RunningNode) -> None:
    for query in NO_SENSE:
        async with node.client.get(URL(f"{node.url}/v1/records?{query}", encoded=True)) as answer:
            value = await answer.json(content_type=None)
            assert (answer.status, answer.content_type) == (400, MEDIA_TYPE), query
            assert value["detail"]


async def test_a_record_shows_its_history(node: RunningNode) -> None:
    changed = record(4) | {"name": {"en": "Commons renamed"}}
    body = {"record": {**changed, "id": changed["id"].hex()}}
    assert (await node.post("/v1/entries", {"entries": [{"kind": "record.put", "body": body, "id": "22" * 16}]}))[
        0
    ] == 201
    node.ledger.writer.settle()
    answered, value = await node.get(f"/v1/records/{show_log_id(node.log_id)}/{changed['id'].hex()}")
    assert answered == 200
    assert value["record"]["name"] == {"en": "Commons renamed"}
    assert [step["kind"] for step in value["history"]] == ["record.put", "record.put"]
    assert value["history"][0]["position"] > value["history"][1]["position"]


async def test_an_entry_is_saved_and_searchable_at_once(node: RunningNode) -> None:
    answered, value = await node.post("/v1/entries", _put())
    assert answered == 201
    assert (value["state"], value["log"]) == ("saved", show_log_id(node.log_id))
    assert value["receipts"] == [{"id": "11" * 16, "position": 13, "repeated": False, "state": "saved"}]
    _, page = await node.get("/v1/records", params={"q": "tool library"})
    assert [item["id"] for item in page["records"]] == ["11" * 16]


async def test_a_repeated_request_is_written_once(node: RunningNode) -> None:
    entries = {"entries": [{"kind": "record.put", "body": {"record": PLACE}} for _ in range(3)]}
    answers = [await node.post("/v1/entries", entries, headers={"Idempotency-Key": "k\xe9y"}) for _ in range(2)]
    (first, one), (again, other) = answers
    assert first == again == 201
    assert [r["position"] for r in one["receipts"]] == [r["position"] for r in other["receipts"]] == [13, 14, 15]
    assert [r["repeated"] for r in one["receipts"] + other["receipts"]] == [False] * 3 + [True] * 3
    assert node.ledger.own.size == 16


async def test_an_id_used_again_to_say_something_else_is_refused(node: RunningNode) -> None:
    assert (await node.post("/v1/entries", _put()))[0] == 201
    other = {"record": {**PLACE, "name": {"en": "Other"}}}
    answered, value = await node.post("/v1/entries", _put(body=other))
    assert answered == 409
    assert "position 13" in value["detail"]
    assert node.ledger.own.size == 14


async def test_a_group_is_written_whole_or_not_at_all(node: RunningNode) -> None:
    await node.post("/v1/entries", _put())
    group = [
        {"kind": "record.put", "body": {"record": PLACE}, "id": "33" * 16},
        {"kind": "record.put", "body": {"record": {**PLACE, "name": {"en": "Other"}}}, "id": "11" * 16},
    ]
    assert (await node.post("/v1/entries", {"entries": group}))[0] == 409
    assert node.ledger.own.size == 14


@pytest.mark.usefixtures("_unchanged")
@pytest.mark.parametrize("token", [None, "wrong", "w\xf6rng\udcff", "x" * 2000])
async def test_writing_takes_the_token(node: RunningNode, token: str | None) -> None:
    for path, value in (("/v1/entries", _put()), ("/v1/peers", {"url": "http://127.0.0.1:1"})):
        body = json.dumps(value).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\n"
        head += f"Content-Length: {len(body)}\r\n" + (f"Authorization: Bearer {token}\r\n" if token else "")
        reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
        writer.write(head.encode(errors="surrogateescape") + b"\r\n" + body)
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 401 "), answer[:100]
        assert MEDIA_TYPE.encode() in answer
    assert not node.running.hub.problems


DEEP = (
    b'{"entries":[{"kind":"record.put","body":' + b'{"a":' * 300 + b"1" + b"}" * 300 + b',"id":"' + b"11" * 16 + b'"}]}'
)


def _raw(field: bytes) -> bytes:
    return (
        b'{"entries":[{"kind":"record.put","id":"11111111111111111111111111111111","body":{"record":'
        b'{"kind":"place","name":{"en":"x"},"licence":"CC0-1.0",' + field + b"}}}]}"
    )


NOT_SIGNED = (
    (_raw(b'"valid_until":1.5'), 400, "float"),
    (_raw(b'"valid_until":1e400'), 400, "range"),
    (_raw(b'"valid_until":' + b"9" * 30), 400, "1099511627775"),
    (_raw(b'"valid_until":' + b"9" * 5000), 400, "range"),
    (_raw(b'"valid_until":-1'), 400, "valid_until"),
    (_raw(b'"valid_until":NaN'), 400, "JSON"),
    (_raw(b'"valid_until":null'), 400, "valid_until"),
    (_raw(b'"kind":"organisation"'), 400, "twice"),
    (_raw(b'"colour":"red"'), 400, "colour"),
    (_raw(b'"item":"e\xcc\x81"'), 400, "normalisation"),
    (_raw(b'"item":"\\ud800"'), 400, "surrogate"),
    (_raw(b'"item":"\\u0007"'), 400, "control"),
    (_raw(b'"item":"\xff"'), 400, "JSON"),
    (_raw(b'"url":"javascript:alert(1)"'), 400, "http"),
    (_raw(b'"direction":"want"'), 400, "direction"),
    (_raw(b'"status":"somewhere"'), 400, "status"),
    (_raw(b'"description":{"en":"' + b"x" * 9000 + b'"}'), 400, "description"),
    (_raw(b'"description":{"en":"' + b"x" * 10_000_000 + b'"}'), 413, ""),
    (DEEP, 400, "deep"),
    (b"[" * 100_000, 400, "JSON"),
    (b"", 400, "JSON"),
    (b"[]", 400, "entries"),
    (b"{}", 400, "1 to 256"),
    (b'{"entries":[],"payloads":[]}', 400, "1 to 256"),
    (b'{"entries":{}}', 400, "arrays"),
    (b'{"entries":[1]}', 400, "entry 0"),
    (b'{"entries":[{"kind":"record.put","body":{}}],"colour":1}', 400, "entries"),
    (b'{"entries":[{"kind":"record.put","body":{},"id":""}]}', 400, "32 hex"),
    (b'{"entries":[{"kind":"record.put","body":{},"id":7}]}', 400, "32 hex"),
    (b'{"entries":[{"kind":"record.put","body":{},"id":null}]}', 400, "32 hex"),
    (b'{"entries":[{"kind":"record.put","body":{},"id":"%s"}]}' % (b"g" * 32), 400, "32 hex"),
    (b'{"entries":[{"kind":"record.put","body":{},"id":"%s","x":1}]}' % (b"1" * 32), 400, "entry 0"),
    (b'{"entries":[{"kind":"record.put","body":[],"id":"%s"}]}' % (b"1" * 32), 400, "object"),
    (b'{"entries":[{"kind":"record.put","body":{}}]}', 400, "Idempotency-Key"),
    (b'{"entries":[{"kind":"charter","body":{},"id":"%s"}]}' % (b"1" * 32), 400, "kind"),
    (b'{"entries":[{"kind":"gift","body":{},"id":"%s"}]}' % (b"1" * 32), 400, "kind"),
    (b'{"entries":[{"kind":"record.close","body":{"id":"00","reason":"gone"},"id":"%s"}]}' % (b"1" * 32), 400, "id"),
    (b'{"payloads":["!!"]}', 400, "base64"),
    (b'{"payloads":["AAAA"]}', 400, "payload"),
    (b'{"payloads":[17]}', 400, "base64"),
)
"""Bodies, the status they are answered with, and a word that the explanation has."""


@pytest.mark.usefixtures("_unchanged")
async def test_what_cannot_be_signed_is_refused(node: RunningNode) -> None:
    for body, expected, word in NOT_SIGNED:
        kind = {"Content-Type": "application/json"}
        answered, value = await node.post("/v1/entries", data=BytesIO(body), headers=kind)
        assert (answered, value["status"]) == (expected, expected), (body[:200], value)
        assert word in value.get("detail", ""), (body[:200], value)
        assert len(value.get("detail", "")) < 600, body[:200]


@pytest.mark.usefixtures("_unchanged")
async def test_only_json_and_not_too_many(node: RunningNode) -> None:
    body = json.dumps(_put()).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        assert (await node.post("/v1/entries", data=body, headers={"Content-Type": kind}))[0] == 400
    many = {"entries": [{"kind": "record.put", "body": {"record": PLACE}} for _ in range(257)]}
    assert (await node.post("/v1/entries", many, headers={"Idempotency-Key": "k"}))[0] == 400


def _signed(node: RunningNode, key: SigningKey, kind: str = "record.put", log_id: bytes = b"") -> str:
    body: dict[str, Value] = {"record": record(77)} if kind == "record.put" else {}
    statement = make_statement(log_id or node.log_id, kind, os.urandom(16), int(time.time()), key.public, body)
    return b64encode(make_payload(seeded("salt"), statement, [sign_statement(statement, key)])).decode()


async def test_what_a_steward_signed_is_taken_without_a_token(node: RunningNode) -> None:
    steward = signing_key("steward")
    role = node.ledger.state("role", {"key": steward.public, "role": "steward", "name": "Ada"})
    node.ledger.writer.append([role]).result()
    node.ledger.writer.settle()
    answered, value = await node.post("/v1/entries", {"payloads": [_signed(node, steward)]}, token=None)
    assert (answered, value["receipts"][0]["position"]) == (201, 14), value
    node.ledger.writer.settle()
    _, page = await node.get("/v1/records", params={"q": "0077"})
    assert page["total"] == 1
    assert page["records"][0]["entry"]["author"] == steward.public.hex()


@pytest.mark.usefixtures("_unchanged")
async def test_what_others_signed_is_refused(node: RunningNode) -> None:
    stranger, operator = signing_key("stranger"), node.ledger.key
    payload = b64decode(_signed(node, operator))
    spoiled = b64encode(payload[:-1] + bytes([payload[-1] ^ 1])).decode()
    for given, expected in (
        (_signed(node, stranger), 409),
        (_signed(node, operator, "charter"), 409),
        (_signed(node, operator, log_id=seeded("another log")), 400),
        (spoiled, 400),
    ):
        answered, value = await node.post("/v1/entries", {"payloads": [given]}, token=None)
        assert (answered, value["status"]) == (expected, expected), value


async def test_a_full_disk_is_said_and_reading_goes_on(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.sqlite.store.RESERVE_BYTES", 2**63)
    answered, value = await node.post("/v1/entries", _put())
    assert answered == 507
    assert "nothing was lost" in value["detail"]
    assert (await node.get("/v1/records"))[1]["total"] == 12
    monkeypatch.undo()
    assert (await node.post("/v1/entries", _put()))[0] == 201


async def test_a_node_that_must_not_sign_says_so(node: RunningNode) -> None:
    doubt(node.ledger, "this store was restored")
    answered, value = await node.post("/v1/entries", _put())
    assert (answered, value["state"], value["receipts"][0]["state"]) == (201, "queued", "queued")
    answered, value = await node.get("/readyz")
    assert (answered, value["ready"], value["signing"], value["state"]) == (200, True, False, "unsure")
    assert value["why"].startswith("this store was restored. Nothing is signed")


async def test_peers_can_be_added(node: RunningNode) -> None:
    answered, value = await node.post("/v1/peers", {"url": "http://127.0.0.1:1/"})
    assert (answered, value["url"]) == (201, "http://127.0.0.1:1")
    with node.ledger.store.read() as reads:
        assert reads.peers() == ["http://127.0.0.1:1"]
    odd = (
        "ftp://x",
        "http://" + "x" * 2000,
        "http://",
        "http:///x",
        "http://a b",
        "http://u:p@x",
        "http://[",
        "http://x?y",
    )
    refused: tuple[Any, ...] = (*({"url": url} for url in odd), {"url": 7}, {"url": "http://x", "x": 1}, {}, [], "x")
    for bad in refused:
        answered, value = await node.post("/v1/peers", bad)
        assert answered == 400, bad


async def test_a_fault_of_ours_shows_nothing_of_itself(
    node: RunningNode, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("/secret/path")

    monkeypatch.setattr(node.running.finder, "find", fail)
    answered, value = await node.get("/v1/records")
    assert (answered, value["status"]) == (500, 500)
    assert "secret" not in json.dumps(value)
    assert "/secret/path" in caplog.text


async def test_someone_who_gives_up_waiting_does_not_stop_the_writing(node: RunningNode) -> None:
    """A request that is cut off while the writing thread is at work must not take the thread with it."""
    begun, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slowly(_: object) -> None:
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(5)

    waiting = asyncio.wrap_future(node.ledger.writer.run(slowly))
    await begun.wait()
    given_up = asyncio.wrap_future(node.ledger.writer.append([node.ledger.state("record.put", {"record": record(55)})]))
    waiting.cancel()
    given_up.cancel()
    go_on.set()
    assert (await node.post("/v1/entries", _put()))[0] == 201
    assert node.ledger.own.size == 14


async def test_a_contact_for_members_is_shown_to_nobody_else(node: RunningNode) -> None:
    body: dict[str, Any] = {
        "record": {"id": bytes(16), "kind": "place", "name": {"en": "Hidden"}, "licence": "CC0-1.0"}
    }
    body["record"]["contact"] = {"email": "kept@example.org", "visibility": "members"}
    await asyncio.wrap_future(node.ledger.writer.append([node.ledger.state("record.put", body)]))
    await asyncio.to_thread(node.ledger.writer.settle)
    answered, page = await node.get("/v1/records", params={"q": "hidden"})
    assert answered == 200
    assert [record["contact"] for record in page["records"]] == [{"visibility": "members"}]
