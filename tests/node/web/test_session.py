# SPDX-License-Identifier: AGPL-3.0-or-later
"""A steward's session: how long it lasts, who may try to get one, and over which way."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from node.config import Config
from node.keys import CONFIG
from node.web.session import (
    ATTEMPTS_ALL_MAX,
    ATTEMPTS_MAX,
    ATTEMPTS_S,
    IDLE_S,
    SESSION_S,
    SESSIONS_MAX,
    Sessions,
    is_from_form,
    is_private_way,
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_session_ends_when_nobody_uses_it_and_after_a_day_s_work() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    cookie = sessions.begin()
    assert sessions.find(cookie) is not None
    assert sessions.find(cookie + "x") is None
    clock.now += IDLE_S + 1
    assert sessions.find(cookie) is None
    cookie = sessions.begin()
    begun = clock.now
    while clock.now < begun + SESSION_S:
        assert sessions.find(cookie) is not None
        clock.now += IDLE_S / 2
    assert sessions.find(cookie) is None
    cookie = sessions.begin()
    sessions.end(cookie)
    assert sessions.find(cookie) is None


def test_only_so_many_are_open() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    cookies = []
    for _ in range(SESSIONS_MAX + 1):
        clock.now += 1
        cookies.append(sessions.begin())
    assert sessions.find(cookies[0]) is None
    assert all(sessions.find(cookie) for cookie in cookies[1:])


def test_attempts_are_few() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    for _ in range(ATTEMPTS_MAX):
        assert sessions.may_try("10.0.0.1")
        sessions.failed("10.0.0.1")
    assert not sessions.may_try("10.0.0.1")
    assert sessions.may_try("10.0.0.2")
    for number in range(ATTEMPTS_ALL_MAX):
        sessions.failed(f"10.0.1.{number}")
    assert not sessions.may_try("10.0.0.2")
    clock.now += ATTEMPTS_S
    assert sessions.may_try("10.0.0.1")


def test_a_form_is_of_its_session() -> None:
    sessions = Sessions()
    one, other = (sessions.find(sessions.begin()) for _ in range(2))
    assert one is not None
    assert other is not None
    assert is_from_form(one, one.csrf)
    assert not is_from_form(one, other.csrf)
    assert not is_from_form(one, "")
    assert not is_from_form(one, "\udcff")


class Away:
    """A connection from some address."""

    def __init__(self, address: str) -> None:
        self._told = {"peername": (address, 4000)}

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._told.get(name, default)

    def is_closing(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("address", "tls", "host", "public_url", "private"),
    [
        ("127.0.0.1", False, "127.0.0.1:7450", "", True),
        ("127.0.0.1", False, "localhost:7450", "", True),
        ("::1", False, "[::1]:7450", "", True),
        ("192.168.1.7", False, "192.168.1.2:7450", "", False),
        ("192.168.1.7", False, "localhost", "", False),
        ("192.168.1.7", True, "192.168.1.2:7450", "", True),
        ("127.0.0.1", False, "moot.example", "", False),
        ("127.0.0.1", False, "moot.example", "http://moot.example", False),
        ("127.0.0.1", False, "moot.example", "https://moot.example", True),
        ("192.168.1.7", False, "moot.example", "https://moot.example", False),
        ("", False, "localhost", "", False),
    ],
)
def test_the_token_is_said_where_nobody_reads_along(
    address: str,
    tls: bool,  # noqa: FBT001 - a table
    host: str,
    public_url: str,
    private: bool,  # noqa: FBT001 - a table
) -> None:
    app = web.Application()
    app[CONFIG] = Config(public_url=public_url)
    transport: Any = Away(address)
    over: Any = object() if tls else None
    headers = {"Host": host}
    request = make_mocked_request("GET", "/steward", headers=headers, app=app, transport=transport, sslcontext=over)
    assert is_private_way(request) is private
