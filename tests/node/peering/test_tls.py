# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 09 §8: https with a certificate that a node made for itself."""

from __future__ import annotations

import ssl
import stat
from typing import TYPE_CHECKING

import pytest

from cli.running import node_opener
from node.peering.tls import Bound, read_binding, server_context, write_certificate
from protocol.errors import Malformed
from tests.builders import START, seeded, signing_key
from tests.node.running import RunningNode, fill, found, until

if TYPE_CHECKING:
    from pathlib import Path

KEY, LOG = signing_key("operator"), seeded("log")


def certificate(path: Path) -> bytes:
    """The certificate in a file, as the other side gets it."""
    pem = path.read_text()
    return ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERTIFICATE") :])


def test_a_certificate_says_whose_node_it_is_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "tls.pem"
    write_certificate(path, LOG, KEY, ["localhost", "192.0.2.1", "2001:db8::1"], START)
    assert read_binding(certificate(path)) == Bound(LOG, KEY.public)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert server_context(path).minimum_version >= ssl.TLSVersion.TLSv1_2


def test_other_certificates_bind_nothing(tmp_path: Path) -> None:
    one, other = tmp_path / "one.pem", tmp_path / "other.pem"
    write_certificate(one, LOG, KEY, ["localhost"], START)
    write_certificate(other, LOG, signing_key("other"), ["localhost"], START)
    good = certificate(one)
    signature = read_binding(certificate(other))
    assert signature.key != KEY.public
    swapped = good.replace(KEY.public, signature.key)
    for data in (b"", b"\x30\x00", swapped, good[:-1]):
        with pytest.raises(Malformed):
            read_binding(data)


async def test_nodes_meet_over_tls_and_commands_reach_them(tmp_path: Path) -> None:
    alder = await RunningNode(found(tmp_path / "alder", "Alder"), tls=True).start()
    fill(alder.ledger, 30)
    birch = RunningNode(found(tmp_path / "birch", "Birch"), seeds=(alder.url,))
    try:
        assert alder.url.startswith("https://")
        await birch.start()
        await until(lambda: birch.holds(alder.log_id, 31))
        opener = node_opener(alder.directory)
        status = await birch.running.hub.runtime.compute(lambda: opener.open(f"{alder.url}/healthz", timeout=5).status)
        assert status == 200
    finally:
        await birch.stop()
        await alder.stop()


async def test_who_shows_the_certificate_of_another_node_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_foreign(path: Path, *_: object) -> None:
        write_certificate(path, LOG, KEY, ["localhost", "127.0.0.1"], START)

    monkeypatch.setattr("node.server.write_certificate", write_foreign)
    middle = await RunningNode(found(tmp_path / "middle", "Middle"), tls=True).start()
    birch = RunningNode(found(tmp_path / "birch", "Birch"), seeds=(middle.url,))
    try:
        await birch.start()
        await until(lambda: "bound to another node" in birch.running.hub.problems.get(middle.url, ""))
        assert birch.connected()
        assert birch.running.hub._banned == {}
    finally:
        await birch.stop()
        await middle.stop()
