# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every page that a node has, with the addresses at which it is looked at. A page without a row fails the suite.

A new page needs one line here: its path as in ROUTES, and at least one address. What stands in braces is filled in from
`names`; a page that shows nothing there is as good as not looked at, so choose what is rich.
"""

from __future__ import annotations

from node.forms.table import FORMS
from node.served import DESCRIBED, PAGES
from tests.node.browser.hostile import evil_id
from tests.node.mutual import DRILL, account_id, one

READ = {
    "/": ("/", "/?near=Lille&radius=25km", "/?q=nothing+at+all", "/?near=Qqqqxz", "/?kind=offer&open=now"),
    "/embed": ("/embed?near=Lille",),
    "/record/{log}/{id}": tuple(
        f"/record/{{log}}/{{evil_{kind}}}"
        for kind in ("organisation", "place", "resource", "service", "offer", "need", "person")
    ),
    "/record/{log}/{id}/proof": ("/record/{log}/{evil_place}/proof",),
    "/record/{log}/{id}/proof.html": (),  # stands alone, as /verify does
    "/offers": ("/offers", "/offers?near=Lille&radius=25km"),
    "/flows": ("/flows",),
    "/clients": ("/clients",),
    "/knowledge": ("/knowledge",),
    "/knowledge/glossary": ("/knowledge/glossary", "/knowledge/glossary?q=WWW&in=en"),
    "/knowledge/term/{log}/{id}": ("/knowledge/term/{log}/{evil_term}",),
    "/knowledge/problems": ("/knowledge/problems", "/knowledge/problems?state=open"),
    "/knowledge/problem/{log}/{id}": ("/knowledge/problem/{log}/{evil_problem}",),
    "/knowledge/needs": ("/knowledge/needs",),
    "/knowledge/need/{log}/{id}": ("/knowledge/need/{log}/{evil_need}",),
    "/knowledge/skills": ("/knowledge/skills", "/knowledge/skills?near=Lille", "/knowledge/skills?near=Qqqqxz"),
    "/knowledge/principles": ("/knowledge/principles",),
    "/knowledge/principles/{log}/{id}": ("/knowledge/principles/{log}/{evil_set}",),
    "/knowledge/holder/{log}/{id}": ("/knowledge/holder/{log}/{evil_organisation}",),
    "/propose": ("/propose", "/propose?kind=offer", "/propose?record={evil_place}"),
    "/propose/report": ("/propose/report?log={log}&id={evil_place}",),
    "/proposals": ("/proposals",),
    "/proposals/{claim}": ("/proposals/{change}", "/proposals/{report}"),
    "/check": ("/check",),
    "/check/{code}": (),  # a link that a steward gave out: tests/node/upkeep looks at it
    "/logs": ("/logs",),
    "/peers": ("/peers",),
    "/moderation": ("/moderation",),
    "/moderation/{log}/{epoch}": ("/moderation/{log}/1",),
    "/verify": (),  # stands alone, without the node's pages: tests/node/verifier looks at it
    "/v1/ledger/{log}/members/{member}/page": (),  # the same, with a statement in it
    "/ledger": (),  # leads to the next
    "/ledger/{log}": ("/ledger/{log}",),
    "/ledger/{log}/members": ("/ledger/{log}/members",),
    "/ledger/{log}/accounts": ("/ledger/{log}/accounts",),
    "/ledger/{log}/account/{account}": ("/ledger/{log}/account/{fund}",),
    "/ledger/{log}/member/{member}": tuple(f"/ledger/{{log}}/member/{{{who}}}" for who in ("amina", "shop", "choir")),
    "/ledger/{log}/contracts": ("/ledger/{log}/contracts",),
    "/ledger/{log}/claims": ("/ledger/{log}/claims",),
    "/ledger/{log}/contract/{contract}": ("/ledger/{log}/contract/{contract}", "/ledger/{log}/contract/{tools}"),
    "/ledger/{log}/assembly": ("/ledger/{log}/assembly",),
    "/ledger/{log}/proposal/{proposal}": ("/ledger/{log}/proposal/{proposal}", "/ledger/{log}/proposal/{old}"),
    "/ledger/{log}/bookings": ("/ledger/{log}/bookings",),
    "/ledger/{log}/resource/{resource}": ("/ledger/{log}/resource/{drill}", "/ledger/{log}/resource/{evil_resource}"),
    "/ledger/{log}/neighbours": ("/ledger/{log}/neighbours",),
    "/ledger/{log}/sign-in": ("/ledger/{log}/sign-in",),
    "/ledger/{log}/come-in/{code}": (),  # a link that a steward gave: tests/node/reciprocity/test_member_links.py looks
    "/steward/sign-in": ("/steward/sign-in",),
    "/steward/key": ("/steward/key",),  # with a role: tests/node/upkeep/test_by_key_browser.py
    "/steward": ("/steward",),
    "/steward/health": ("/steward/health",),
    "/steward/bundles": ("/steward/bundles",),
    "/steward/bundles/{id}": (),  # begins with a file: tests/node/steward/test_bundles_browser.py looks at it
    "/steward/override": ("/steward/override",),
    "/steward/commands": ("/steward/commands",),
    "/steward/federation": ("/steward/federation",),
    "/steward/charter": ("/steward/charter",),
    "/steward/charter/sign": (),  # stands alone, as the next: tests/node/signing looks at it
    "/sign-amendment": (),
    "/steward/links": ("/steward/links",),
    "/steward/checks": ("/steward/checks",),
    "/steward/checks/given/{batch}": (),  # with links that were just given out, as /check/{code}
    "/steward/roles": ("/steward/roles",),
    "/steward/looked/{id}": ("/steward/looked/{evil_place}",),
    "/steward/places": ("/steward/places",),
    "/steward/places/{id}": ("/steward/places/{adrift}", "/steward/places/{evil_place}"),
    "/steward/images/{id}": ("/steward/images/{evil_place}", "/steward/images/{adrift}"),
    "/steward/duplicates": ("/steward/duplicates",),
    "/steward/duplicates/{log}/{id}/{other_log}/{other_id}": (
        "/steward/duplicates/{log}/{first_twin}/{log}/{other_twin}",
    ),
    "/steward/import": ("/steward/import",),
    "/steward/import/{id}": (),  # begins with a file: tests/node/importing/test_browser.py looks at it
    "/steward/import/undo/{key}": (),  # as the page before
    "/steward/do/{form}": tuple(f"/steward/do/{name}" for name in FORMS),
    "/steward/done/{position}": ("/steward/done/1",),
}
"""By the path of the route; beside these, /nowhere is looked at."""

SENT = {
    "/record/{log}/{id}/renew": "",
    "/steward/sign-in": "",
    "/steward/sign-out": "",
    "/steward/key": "",
    "/steward/looked/{id}": "/steward/looked/{evil_place}",
    "/steward/write": "",  # comes from /propose: tests/node/upkeep/test_by_key.py
    "/steward/do/{form}": "/steward/do/pay",
    "/steward/health": "",
    "/steward/health/audit": "",
    "/steward/bundles": "",
    "/steward/bundles/{id}": "",
    "/steward/override": "",
    "/steward/federation": "",
    "/steward/charter": "/steward/charter",
    "/steward/charter/signed": "",  # begins with a file: tests/node/steward/test_charter.py
    "/steward/links": "/steward/links",
    "/check/{code}": "",
    "/steward/checks": "",
    "/steward/checks/given/{batch}": "",
    "/steward/checks/handled": "",
    "/steward/roles": "/steward/roles",
    "/steward/places/{id}": "/steward/places/{adrift}",
    "/steward/images": "",  # begins with a file: tests/node/upkeep/test_images.py
    "/steward/images/{id}": "",
    "/steward/duplicates/{log}/{id}/{other_log}/{other_id}": "",
    "/steward/duplicates/{log}/{id}/{other_log}/{other_id}/undo": "",
    "/steward/import": "",
    "/steward/import/address": "",
    "/steward/import/{id}": "",
    "/steward/import/undo/{key}": "",
    "/propose": "/propose",
    "/propose/report": "/propose/report?log={log}&id={evil_place}",
    "/proposals/{claim}": "",
    "/proposals/{claim}/accept": "",
    "/ledger/{log}/resource/{resource}/{act}": "",
    "/knowledge/need/{log}/{id}/vote": "",
    "/ledger/{log}/sign-in": "/ledger/{log}/sign-in",
    "/ledger/{log}/sign-out": "",
    "/ledger/{log}/member/{member}/link": "",
    "/ledger/{log}/come-in/{code}": "",
}
"""By the path of the route, the page whose form is sent there with nothing filled in; none where that tells nothing."""


def routes(method: str) -> set[str]:
    """The paths of all pages: routes that answer in HTML."""
    every = (*DESCRIBED, *PAGES)
    return {route.path for route in every if route.method == method and route.media_type == "text/html"}


def addresses(log: str) -> list[str]:
    """Where everything is that is looked at, for stewards last."""
    every = [address.format(**_names(log)) for row in READ.values() for address in row]
    return [*sorted(every, key=lambda address: address.startswith("/steward")), "/nowhere"]


def forms(log: str) -> list[str]:
    """Where forms are that are sent as they stand."""
    return [address.format(**_names(log)) for address in SENT.values() if address]


def _names(log: str) -> dict[str, str]:
    """What stands for the names in addresses."""
    evil = ("place", "resource", "service", "offer", "need", "organisation", "person", "term", "problem", "set")
    names = {f"evil_{kind}": evil_id(kind).hex() for kind in evil}
    names |= {name: evil_id(name).hex() for name in ("change", "report", "adrift", "first_twin", "other_twin")}
    names |= {name: one(name).hex() for name in ("amina", "shop", "choir", "contract", "tools", "proposal", "old")}
    return names | {"log": log, "fund": account_id("fund").hex(), "drill": DRILL.hex()}
