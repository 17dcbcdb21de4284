# SPDX-License-Identifier: AGPL-3.0-or-later
"""/openapi.json describes what is there; nothing that fits or does not fit the description makes the node stumble."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from ledger.directory.query import PARAMETERS
from ledger.own.member_keys import keep_member_key
from ledger.territory.knowledge import SORTS
from node.api import v1 as api
from node.api.openapi import describe
from node.served import DESCRIBED
from node.web.problem import MEDIA_TYPE
from protocol import __version__
from protocol.bundle import END, encode_header
from protocol.carried import Carried, sign_carried, write_carried
from protocol.encoding import Value
from protocol.identity import show_log_id
from protocol.statement import make_statement, sign_statement
from protocol.witness import SIZE_MEDIA_TYPE, write_request
from tests.builders import START, Log, found_organisation, seeded, signing_key, witness_key
from tests.drawing import draws
from tests.ledger.making import hold
from tests.node.mutual import DRILL, one, write_mutual
from tests.node.mutual import key as member_key
from tests.node.running import doubt, record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.node.running import RunningNode

DOCUMENT = describe(DESCRIBED)
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]
CONFLICT = ("/witness/add-checkpoint", "409")
EXPECTED_5XX = {503, 507}
REFUSED = {
    "/v1/log/{log}/{epoch}/fork-proof": {404},  # none against a log that has not forked
    "/v1/knowledge/{sort}/{log}/{id}": {404},  # no word has that id
    "/v1/backups": {200, 409},  # no folder is configured
}

_text = st.text(max_size=60) | st.sampled_from(
    ["", "0", "-1", "1", "9" * 30, "1e9", "\x00", "%", "../..", "'\"<>{}", "é" * 40]
)
_id = st.binary(max_size=20).map(bytes.hex)
_values = {
    "log": st.sampled_from(["a" * 52, "KNOWN"]) | _text,
    "epoch": st.sampled_from(["1", "2", "01", "4294967296"]) | _text,
    "position": st.integers(-2, 2**70).map(str) | _text,
    "id": _id | _text,
    "member": st.just(one("amina").hex()) | _id | _text,
    "account": st.just(one("account fund").hex()) | _id | _text,
    "format": st.just("beancount") | _text,
    "contract": st.sampled_from([one("contract").hex(), one("tools").hex()]) | _id | _text,
    "event": _id | _text,
    "resource": st.just(DRILL.hex()) | _id | _text,
    "claim": _id | _text,
    "link": _text,
    "proposal": _id | _text,
    "sort": st.sampled_from(list(SORTS)) | _text,
    "about": st.just(one("amina").hex()) | _id | _text,
    "post": st.integers(-1, 40).map(str) | _id | _text,
    "origin": st.binary(min_size=32, max_size=32).map(bytes.hex) | _text,
    "tile": st.from_regex(r"(entries|[0-9]{1,3})/(x[0-9]{3}/)?[0-9]{3}(\.p/[0-9]{1,3})?", fullmatch=True) | _text,
}
_queries = {
    "from": st.from_regex(r"[0-9]{4}-[0-9]{2}", fullmatch=True),
    "until": st.from_regex(r"[0-9]{4}-[0-9]{2}", fullmatch=True),
    "year": st.from_regex(r"[0-9]{3,5}", fullmatch=True),
    "limit": st.integers(-5, 200).map(str),
    "lat": st.floats().map(str),
    "lon": st.floats(-200, 200).map(str),
    "bbox": st.lists(st.floats(-200, 200).map(str), min_size=3, max_size=5).map(",".join),
    "radius": st.from_regex(r"[0-9]{1,9}([.,][0-9]{1,3})? ?(km|m|mi)?", fullmatch=True),
    "near": st.sampled_from(["Lille", "gent, be", "Paris, TX"]),
    "checked_within": st.from_regex(r"[0-9]{1,6}[dwmyz]?", fullmatch=True),
    "resource": st.sampled_from(["http://127.0.0.1/", "acct:a@b", "http://[", "http://127.0.0.1:1/record/a/b"]),
    "cursor": st.binary(min_size=46, max_size=50).map(lambda data: quote(data.hex())),
}
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_kinds = st.sampled_from(
    [
        *("record.put", "record.close", "claim.checked", "claim.same", "import.start", "role", "erase", "charter", "x"),
        *("member.join", "post", "contract.offer", "note", "state", "xfer.void"),
    ]
)
_fields = st.sampled_from(
    [
        "record",
        "id",
        "reason",
        "import",
        "subject",
        "other",
        "finding",
        "note",
        "key",
        "role",
        "position",
        "kind",
        "name",
        "licence",
        "log",
        "url",
        "point",
        *("legs", "clauses", "basis", "about", "text", "owner", "parties", "custody", "class"),
    ]
)
_bodies = st.recursive(
    st.none()
    | st.integers()
    | st.text(max_size=12)
    | st.sampled_from(["place", "CC0-1.0", "00" * 16, "a" * 52, "closed", "steward"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_fields, inner, max_size=5),
    max_leaves=15,
)
_entries = st.fixed_dictionaries(
    {},
    optional={
        "entries": st.lists(
            st.fixed_dictionaries(
                {"kind": _kinds, "body": _bodies},
                optional={
                    "id": st.sampled_from(["00" * 16, "x", ""]),
                    "signers": st.lists(st.sampled_from(["organisation", "00" * 16, "x"]), max_size=2),
                },
            ),
            max_size=3,
        ),
        "payloads": st.lists(st.binary(max_size=60).map(lambda data: b64encode(data).decode()), max_size=2),
    },
)


def is_open(path: str, parameters: list[dict[str, Any]]) -> bool:
    """Whether only some of what can be asked there takes the token."""
    return path in {"/v1/entries", "/v1/carried"} or any(parameter["name"] == "scope" for parameter in parameters)


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref":
                yield item
            else:
                yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


async def test_the_document_is_served_as_it_is_made(node: RunningNode) -> None:
    answered, document = await node.get("/openapi.json")
    assert (answered, document) == (200, json.loads(json.dumps(DOCUMENT)))


def test_the_document_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["info"]["title"]
    assert DOCUMENT["info"]["version"] == __version__
    assert set(DOCUMENT) <= {"openapi", "info", "paths", "components", "servers", "tags", "security"}
    for reference in _references(DOCUMENT):
        there: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            there = there[part]
    for path, method, operation in OPERATIONS:
        assert path.startswith("/")
        assert method in {"get", "post", "put", "delete"}
        assert operation["summary"]
        named = re.findall(r"\{(\w+)\}", path)
        parameters = operation["parameters"]
        assert [p["name"] for p in parameters if p["in"] == "path"] == named
        assert all(p["required"] for p in parameters if p["in"] == "path")
        assert len({(p["in"], p["name"]) for p in parameters}) == len(parameters)
        assert all(p["in"] in {"path", "query"} and p["schema"] for p in parameters)
        assert operation["responses"]
        for code, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5][0-9][0-9]", code)
            assert response["description"]
            assert all("/" in media_type for media_type in response["content"])
            if int(code) >= 400:
                assert list(response["content"]) == [SIZE_MEDIA_TYPE if (path, code) == CONFLICT else MEDIA_TYPE]
        assert ("requestBody" in operation) == (method in {"post", "put"})
        for requirement in operation.get("security", []):
            assert set(requirement) <= set(DOCUMENT["components"]["securitySchemes"])
        assert bool(operation.get("security")) == ("401" in operation["responses"] and not is_open(path, parameters))


def test_search_is_described_as_it_is_understood() -> None:
    assert tuple(parameter.name for parameter in api.SEARCH_PARAMETERS) == PARAMETERS


async def test_every_operation_answers_as_described(node: RunningNode) -> None:
    other, key = Log(found_organisation("other")).grow(3), str(witness_key("north"))
    hold(node.ledger.store, other)
    write_mutual(node.ledger)
    there = {
        "log": show_log_id(node.log_id),
        "epoch": "1",
        "position": "2",
        "id": record(3)["id"].hex(),
        "member": one("amina").hex(),
        "account": one("account fund").hex(),
        "contract": one("contract").hex(),
        "format": "beancount",
        "event": one("love").hex(),
        "proposal": one("old").hex(),
        "post": one("settled").hex(),
        "about": one("amina").hex(),
        "resource": DRILL.hex(),
        "sort": "terms",
        "tile": "0/000.p/13",
        "claim": seeded("proposed", 16).hex(),
        "link": "00" * 32,
        "origin": sha256(str(other.organisation.origin).encode()).hexdigest(),
    }
    examples: dict[str, Any] = {
        "Override": {"reason": "this is the newest copy"},
        "Bundle": encode_header([]) + END,
        "Peer": {"url": "http://127.0.0.1:1"},
        "Decision": {"action": "region", "region": "Lille"},
        "Entries": {"entries": [{"kind": "role", "body": {"key": "00" * 32, "role": "steward"}, "id": "55" * 16}]},
        "Witness": {"key": key},
        "Checks": {"records": [record(3)["id"].hex()], "given_to": "a group"},
        "Carried": {"carried": _carried(node)},
        "MemberLink": {"member": one("baker").hex()},
        "Audit": {},
        "Backup": {},
        "Proposal": _proposed(node),
        "Verdict": {"outcome": "accepted"},
        "Link": {"name": "Marie"},
        "Draft": {"kind": "unit.define", "body": {"code": "Q", "scale": 0, "sort": "count", "name": {"en": "Q"}}},
        "WitnessRequest": write_request(0, [], bytes(other.note())),
        "File": b"id,name\n1,One\n2,Two\n",
        "ImportChange": {"mapping": {"set": "some", "licence": "CC0-1.0", "name": [{"column": "name"}]}},
    }
    first, second = [await _sent(node, examples["File"] + line, examples["ImportChange"]) for line in (b"3,A", b"4,B")]
    examples |= {"ImportStart": {"seen": second["seen"]}, "ImportUndo": {"import": second["import"]}}
    keep_member_key(node.ledger.directory, member_key("baker"))
    doubt(node.ledger, "it was put back")  # so that this can be overridden
    for path, method, operation in OPERATIONS:
        options: dict[str, Any] = {"params": {"key": key, "name": "http://127.0.0.1:1"}} if method == "delete" else {}
        if path.endswith("webfinger"):
            options = {"params": {"resource": node.url}}
        if "requestBody" in operation:
            ((media_type, described),) = operation["requestBody"]["content"].items()
            body = examples[described["schema"]["$ref"].rpartition("/")[2]]
            options["json" if media_type == "application/json" else "data"] = body
        headers = {"Authorization": f"Bearer {node.token}"}
        file = {"id": (first if path.endswith("{id}") else second)["id"]} if "/imports/" in path else {}
        url = node.url + path.format(**(there | _here(path) | file))
        async with node.client.request(method, url, headers=headers, **options) as answer:
            described = operation["responses"][str(answer.status)]
            assert answer.status in REFUSED.get(path, {200, 201}), path
            assert answer.content_type in described["content"], path


async def _sent(node: RunningNode, file: bytes, change: dict[str, Any]) -> dict[str, Any]:
    """A file on its way in, of which was worked out what it would do."""
    headers, url = {"Authorization": f"Bearer {node.token}"}, f"{node.url}/v1/imports"
    async with node.client.post(url, data=file, headers=headers) as answer:
        sent = await answer.json()
    async with node.client.put(f"{url}/{sent['id']}", json=change, headers=headers) as answer:
        told: dict[str, Any] = await answer.json()
    return told


def _here(path: str) -> dict[str, str]:
    """What is there under that path alone: of the members, one is a collective."""
    return {"member": one("choir").hex()} if "/collectives/" in path else {}


def _carried(node: RunningNode) -> str:
    """A statement of the organisation that was signed elsewhere."""
    key = node.ledger.key
    body: dict[str, Value] = {"code": "P", "scale": 0, "sort": "count", "name": {"en": "P"}}
    statement = make_statement(node.log_id, "unit.define", seeded("carried", 16), START, key.public, body)
    return write_carried(sign_carried(Carried(statement), key))


def _proposed(node: RunningNode) -> dict[str, str]:
    """A change that somebody proposes."""
    body: dict[str, Any] = {"subject": {"log": node.log_id, "id": record(3)["id"]}, "record": record(3, item="flour")}
    key = signing_key("somebody")
    statement = make_statement(node.log_id, "claim.correct", seeded("proposed", 16), START, key.public, body)
    return {"statement": statement.hex(), "signature": sign_statement(statement, key)[1].hex()}


async def _check(node: RunningNode, method: str, url: str, operation: dict[str, Any], **options: Any) -> None:
    async with node.client.request(method, URL(node.url + url, encoded=True), **options) as answer:
        text = await answer.read()
        assert answer.status < 500 or answer.status in EXPECTED_5XX, (url, text)
        if str(answer.status) in operation["responses"]:
            assert answer.content_type in operation["responses"][str(answer.status)]["content"]
        else:
            assert answer.status in {404, 405, 413}, (url, answer.status)
        if answer.status >= 400:
            assert answer.content_type == MEDIA_TYPE, (url, text)
            assert json.loads(text)["status"] == answer.status


@draws(on_one_fixture=True)
@given(data=st.data())
async def test_no_path_or_query_makes_it_stumble(node: RunningNode, data: st.DataObject) -> None:
    if node.ledger.own.size < 20:
        write_mutual(node.ledger)
    for path, method, operation in OPERATIONS:
        if method != "get":
            continue
        filled = path
        for parameter in operation["parameters"]:
            if parameter["in"] == "path":
                value = data.draw(_values.get(parameter["name"], _id | _text))
                value = show_log_id(node.log_id) if value == "KNOWN" else value
                filled = filled.replace(
                    f"{{{parameter['name']}}}", quote(value, safe="/" if parameter["name"] == "tile" else "")
                )
        names = [parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query"]
        chosen = data.draw(st.lists(st.sampled_from(names), unique=True, max_size=4)) if names else []
        query = {name: data.draw(_queries.get(name, _text) | _text) for name in chosen}
        await _check(node, "get", f"{filled}?{urlencode(query)}" if query else filled, operation)


@draws(150, on_one_fixture=True)
@given(body=_json | _entries, key=st.sampled_from(["", "k"]))
async def test_no_body_makes_it_stumble(node: RunningNode, body: Any, key: str) -> None:
    size = node.ledger.own.size
    headers = {"Authorization": f"Bearer {node.token}", "Content-Type": "application/json", "Idempotency-Key": key}
    for path in ("/v1/entries", "/v1/peers", "/v1/witnesses", "/v1/carried", "/v1/drafts", "/v1/proposals"):
        operation = DOCUMENT["paths"][path]["post"]
        await _check(node, "post", path, operation, data=BytesIO(json.dumps(body).encode()), headers=headers)
    node.ledger.writer.settle()
    grown = node.ledger.own.size - size
    assert grown <= len(
        body.get("entries", []) if isinstance(body, dict) and isinstance(body.get("entries"), list) else []
    )


@draws(on_one_fixture=True)
@given(raw=st.binary(max_size=200))
async def test_no_bytes_make_it_stumble(node: RunningNode, raw: bytes) -> None:
    headers = {"Authorization": f"Bearer {node.token}", "Content-Type": "application/json", "Idempotency-Key": "k"}
    for path in ("/v1/entries", "/v1/witnesses", "/witness/add-checkpoint"):
        await _check(node, "post", path, DOCUMENT["paths"][path]["post"], data=BytesIO(raw), headers=headers)
