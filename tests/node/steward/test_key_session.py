# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sessions by a key that has a role (spec 04 §9), and whoever would like to have or to use one and may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from node.served import PAGES
from node.web.challenges import CHALLENGES, Challenges
from node.web.session import ATTEMPTS_MAX, COOKIE, ROLE_COOKIE, SESSIONS
from protocol.identity import show_log_id
from protocol.role_session import CHALLENGE_S
from tests.builders import seeded
from tests.node.contribute.proposing import fields_of
from tests.node.helping import KEY_PAGE, MAX, ZOE, Helper, give_role, said
from tests.node.stewarding import form_of, plain, put, record, record_path, twins

if TYPE_CHECKING:
    from tests.node.running import RunningNode
    from tests.node.stewarding import Steward


@pytest.fixture
def node(bare: RunningNode) -> RunningNode:
    put(bare.ledger, record("mill"))
    return bare


@pytest.fixture
async def zoe(node: RunningNode) -> Helper:
    """An editor who has signed in."""
    give_role(node, ZOE, "editor", "Zoé")
    return await Helper(node, ZOE).sign_in()


LOOKED = f"/steward/looked/{record('mill')['id'].hex()}"


async def ready(helper: Helper, finding: str = "right") -> Any:
    """The page that shows what would be signed."""
    return await helper.send(LOOKED, form_of(await helper.read(LOOKED), LOOKED) | {"finding": finding})


async def test_a_key_without_a_role_is_shown_and_leads_to_the_form_that_gives_one(
    node: RunningNode, steward: Steward
) -> None:
    helper = Helper(node, ZOE)
    page = await helper.send(KEY_PAGE, await helper.form(), 403)
    assert "This key has no role here yet" in page.text
    assert ZOE.public.hex() in page.text
    (link,) = [one for one in page.links() if "/steward/roles" in one]
    assert link == f"{node.url}/steward/roles?key={ZOE.public.hex()}"
    path = link.removeprefix(node.url)
    async with node.client.get(link, headers=helper.headers, allow_redirects=False) as answer:
        assert answer.headers["Location"].startswith("/steward/sign-in?to=%2Fsteward%2Froles%3Fkey")
        back = answer.headers["Location"]
    fields = form_of(await helper.read(back), "/steward/sign-in") | {"token": node.token}
    assert await helper.send("/steward/sign-in", fields, 303) == path, "a steward comes to the form after all"
    roles = await steward.read(path)
    assert form_of(roles, "/steward/roles")["key"] == ZOE.public.hex()
    fields = form_of(roles, "/steward/roles") | {"role": "editor", "name": "Zoé"}
    await steward.confirm("/steward/roles", fields)
    assert "Your tasks" in (await (await helper.sign_in()).read("/steward")).text


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example/steward/a?b", "/steward/a?b\r\nX: y", "/other?a"]
)
async def test_signing_in_leads_nowhere_else(node: RunningNode, to: str) -> None:
    fields = {"token": node.token, "to": to}
    assert await Helper(node, ZOE).send("/steward/sign-in", fields, 303) == "/steward"


async def test_a_challenge_is_signed_for_this_key_host_log_and_once(node: RunningNode) -> None:
    give_role(node, ZOE, "editor")
    helper = Helper(node, ZOE)
    for changes in ({"host": "elsewhere.example"}, {"log_id": bytes(32)}, {"signer": MAX}, {"challenge": bytes(32)}):
        answer = await helper.send(KEY_PAGE, await helper.form(**changes), 403)
        assert "That was not signed by this key" in answer.text
    used = await helper.form()
    await helper.send(KEY_PAGE, used, 303)
    answer = await helper.send(KEY_PAGE, used, 403)
    assert "That was not signed by this key" in answer.text


async def test_who_fails_often_waits(node: RunningNode) -> None:
    helper = Helper(node, ZOE)
    fields = await helper.form(signer=MAX)
    for _ in range(ATTEMPTS_MAX):
        await helper.send(KEY_PAGE, fields, 403)
    assert "Too many attempts" in (await helper.send(KEY_PAGE, fields, 429)).text


def test_a_challenge_is_good_for_a_while_where_it_was_made() -> None:
    now = [1000.0]
    here, elsewhere = Challenges(lambda: now[0]), Challenges(lambda: now[0])
    made = here.make()
    assert here.is_open(made)
    assert not elsewhere.is_open(made)
    assert not any(here.is_open(bad) for bad in (b"", made[1:], bytes(32), made[:-1] + bytes([made[-1] ^ 1])))
    now[0] += CHALLENGE_S
    assert here.is_open(made)
    now[0] += 1
    assert not here.is_open(made)


async def test_a_session_by_key_ends_that_by_the_token(node: RunningNode, steward: Steward) -> None:
    give_role(node, ZOE, "editor")
    helper = Helper(node, ZOE)
    helper.headers |= {"Cookie": f"{COOKIE}={steward.cookie}"}
    await helper.send(KEY_PAGE, await helper.form(), 303)
    assert node.running._runner.app[SESSIONS].find(steward.cookie) is None  # type: ignore[union-attr] # it runs


async def test_the_key_of_nobody_opens_no_page(node: RunningNode) -> None:
    helper = Helper(node, ZOE)
    helper.headers |= {"Cookie": f"{ROLE_COOKIE}=made-up"}
    async with node.client.get(f"{node.url}/steward", headers=helper.headers, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/steward/sign-in")


async def test_all_else_of_the_desk_is_refused(node: RunningNode, zoe: Helper) -> None:
    """Every page under /steward that is not of a role says so; what an editor may is all that opens."""
    mill = record("mill")["id"].hex()
    open_to_editors = {
        "/steward",
        "/steward/sign-in",
        "/steward/duplicates",
        "/steward/places",
        "/steward/places/{id}",
        "/steward/images/{id}",
        "/steward/checks",
        "/steward/looked/{id}",
    }
    seen = set()
    for route in PAGES:
        of_desk = route.path.startswith("/steward") and route.path != KEY_PAGE
        if not of_desk or (route.method, route.media_type) != ("GET", "text/html"):
            continue
        path = route.path.replace("{id}", mill).replace("{form}", "pay").replace("{position}", "1")
        path = path.replace("{batch}", "0" * 32).replace("{key}", "0" * 32)
        if "{" in path:
            continue
        async with node.client.get(node.url + path, headers=zoe.headers, allow_redirects=False) as answer:
            if answer.status == 200:
                seen.add(route.path)
            else:
                assert answer.status == 403, (path, answer.status)
                assert "Only a steward who has signed in with the token" in await answer.text()
    assert seen == open_to_editors


async def test_an_editor_sends_no_form_of_a_moderator_or_steward(node: RunningNode, zoe: Helper) -> None:
    csrf = form_of(await zoe.read("/steward"), "/steward/sign-out") | {"nonce": "0" * 32}
    size = node.ledger.own.size
    for path, more, who in (
        ("/steward/do/deny", {"step": "check"}, "Moderators and stewards may do this"),
        ("/steward/do/label", {"step": "sign"}, "Moderators and stewards may do this"),
        (f"/proposals/{'0' * 32}", {"act": "accepted"}, "Moderators and stewards may do this"),
        (f"/proposals/{'0' * 32}/accept", {}, "Moderators and stewards may do this"),
        ("/steward/do/pay", {"step": "sign"}, "Only a steward"),
        ("/steward/roles", {"key": ZOE.public.hex(), "role": "steward", "step": "sign"}, "Only a steward"),
        ("/steward/checks", {"to": "me"}, "Only a steward"),
        ("/steward/health", {}, "Only a steward"),
        ("/steward/federation", {}, "Only a steward"),
        ("/steward/links", {"name": "me"}, "Only a steward"),
    ):
        answer = await zoe.send(path, csrf | more, 403)
        assert who in plain(answer.text), path
    give_role(node, ZOE, "moderator")
    answer = await zoe.send(f"/proposals/{'0' * 32}", csrf | {"act": "vote"}, 403)
    assert "Only a steward" in plain(answer.text), "the assembly is asked by the organisation's key"
    node.ledger.writer.settle()
    assert node.ledger.own.size == size + 1, "the role alone"


async def test_what_is_not_signed_as_it_was_shown_is_not_written(node: RunningNode, zoe: Helper) -> None:
    size = node.ledger.own.size
    shown = await ready(zoe)
    good = zoe.signed(shown, LOOKED)
    await zoe.send(LOOKED, good | {"signature-0": "0" * 128}, 400)
    await zoe.send(LOOKED, good | {"signature-0": ""}, 400)
    await zoe.send(LOOKED, zoe.signed(shown, LOOKED, MAX), 400)
    for other in ({"finding": "closed"}, {"note": "more"}, {"seen": "0" * 64}, {"at": "0"}, {"at": "x"}):
        answer = await zoe.send(LOOKED, good | other)
        assert "It is not the same any more as what you saw" in answer.text
    later = {"at": str(int(good["at"]) - 1)}
    await zoe.send(LOOKED, good | later, 400)
    other = await ready(zoe, "closed")
    mixed = zoe.signed(other, LOOKED) | {"signature-0": good["signature-0"]}
    await zoe.send(LOOKED, mixed, 400)
    half = zoe.signed(other, LOOKED)
    del half["signature-1"]
    await zoe.send(LOOKED, half, 400)
    await zoe.send(LOOKED, good | {"csrf": "x"}, 403)
    assert node.ledger.own.size == size, "not even the half of it"
    await zoe.send(LOOKED, good, 303)
    await zoe.send(LOOKED, good, 303)
    assert [one.kind for one, _ in said(node, size)] == ["claim.checked"], "sent twice, it is there once"


async def test_a_session_signs_with_its_own_key(node: RunningNode, zoe: Helper) -> None:
    """Another who has a role sends what this one has signed, in their own session."""
    give_role(node, MAX, "editor")
    other = await Helper(node, MAX).sign_in()
    good = zoe.signed(await ready(zoe), LOOKED)
    csrf = form_of(await other.read("/steward"), "/steward/sign-out")
    size = node.ledger.own.size
    await other.send(LOOKED, good | csrf, 400)
    assert node.ledger.own.size == size


async def test_a_role_that_ended_stops_at_once(node: RunningNode, zoe: Helper, steward: Steward) -> None:
    await zoe.send(LOOKED, zoe.signed(await ready(zoe), LOOKED), 303)
    good = zoe.signed(await ready(zoe, "closed"), LOOKED)
    size = node.ledger.own.size
    await steward.confirm("/steward/roles", form_of(await steward.read("/steward/roles"), "/steward/roles"))
    answer = await zoe.send(LOOKED, good, 403)
    assert "Your role here was ended" in answer.text
    assert node.ledger.own.size == size + 1, "the ending alone"
    async with node.client.get(f"{node.url}/steward", headers=zoe.headers, allow_redirects=False) as page:
        assert page.status == 303, "the session is over"
    assert "Zoé" in (await steward.read(f"/record/{show_log_id(node.log_id)}/{record('mill')['id'].hex()}")).text
    await zoe.send(KEY_PAGE, await Helper(node, ZOE).form(), 403)


async def test_another_role_counts_at_once(node: RunningNode, zoe: Helper) -> None:
    await zoe.read("/steward/do/deny", 403)
    give_role(node, ZOE, "moderator")
    await zoe.read("/steward/do/deny")


async def test_a_record_that_changed_meanwhile_is_shown_again(node: RunningNode, zoe: Helper) -> None:
    one, other = twins()
    put(node.ledger, one, other)
    path = f"/steward/duplicates/{record_path(node, one, other)}"
    page = await zoe.read(path)
    shown = await zoe.send(path, form_of(page, path) | {"keep": "A", "take-hours": "B"})
    signed = zoe.signed(shown, path)
    changed = [node.ledger.state("record.put", {"record": one | {"url": "https://new.example"}}, seeded("new", 16))]
    node.ledger.writer.append(changed).result()
    node.ledger.writer.settle()
    size = node.ledger.own.size
    assert "It is not the same any more as what you saw" in (await zoe.send(path, signed)).text
    assert node.ledger.own.size == size


async def test_the_secret_is_in_no_form_that_is_sent(node: RunningNode, zoe: Helper) -> None:
    page = await Helper(node, ZOE).read(KEY_PAGE)
    assert all("name" not in a for tag, a in page.elements if a.get("id") == "key-secret")
    assert set(fields_of(page)) == {"challenge", "key", "signature"}
    assert "takes JavaScript" in page.text
    assert "takes JavaScript" in (await ready(zoe)).text


async def test_signing_out_ends_it(zoe: Helper) -> None:
    fields = form_of(await zoe.read("/steward"), "/steward/sign-out")
    await zoe.send("/steward/sign-out", {"csrf": "x"}, 403)
    await zoe.send("/steward/sign-out", fields, 303)
    await zoe.read("/steward", 303)


async def test_a_session_by_the_token_ends_that_by_key(node: RunningNode, zoe: Helper) -> None:
    zoe_headers = dict(zoe.headers)
    await zoe.send("/steward/sign-in", {"token": node.token}, 303)
    zoe.headers = zoe_headers
    await zoe.read("/steward", 303)


async def test_the_challenges_are_the_nodes_own(node: RunningNode) -> None:
    app = node.running._runner.app  # type: ignore[union-attr] # it runs
    assert app[CHALLENGES].is_open(app[CHALLENGES].make())
