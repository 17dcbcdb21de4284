# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 04 §1, §6: the names of logs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Malformed
from protocol.identity import Origin, log_id_of, parse_log_id, short_log_id, show_log_id, witness_name
from tests.protocol.strategies import hashes
from tests.protocol.vectors import Case, agreed, vectors


@vectors("04-charter", "log_id")
def test_log_id_vectors(case: Case) -> None:
    log_id = log_id_of(bytes.fromhex(case["statement_hex"]))
    assert log_id.hex() == case["log_id_hex"]
    assert show_log_id(log_id) == case["log_id"]
    assert short_log_id(log_id) == case["short"]


@vectors("06-checkpoint", "origin")
def test_origin_vectors(case: Case) -> None:
    with agreed(case):
        origin = Origin.parse(case["origin"])
        assert (origin.log_id.hex(), origin.epoch) == (case["log_id_hex"], case["epoch"])
        assert str(origin) == case["origin"]


@given(hashes, st.integers(1, 9_999_999_999))
def test_names_come_back(log_id: bytes, epoch: int) -> None:
    text = show_log_id(log_id)
    assert len(text) == 52
    assert parse_log_id(text) == log_id
    assert Origin.parse(str(Origin(log_id, epoch))) == (log_id, epoch)
    assert witness_name(log_id) == f"folkmoot/{text}/witness"


@given(hashes, st.sampled_from("bcdefghijklmnopr"))
def test_a_log_id_has_one_spelling(log_id: bytes, last: str) -> None:
    text = show_log_id(log_id)
    for other in (text.upper(), f"{text}====", f"{text}\n", f" {text}", text[:-1], text[:-1] + "0"):
        with pytest.raises(Malformed, match="log_id"):
            parse_log_id(other)
    # The last character holds one bit of the id and four that must be zero.
    with pytest.raises(Malformed, match="log_id"):
        parse_log_id(text[:-1] + last)


@given(st.text(max_size=80))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="origin"):
        Origin.parse(text)
    with pytest.raises(Malformed, match="log_id"):
        parse_log_id(text)


@pytest.mark.parametrize("epoch", ["0", "01", "-1", "1 ", "1\n", "", "x", "\u0661", "1/2"])
def test_an_epoch_is_a_number_from_1_on(epoch: str) -> None:
    with pytest.raises(Malformed, match="origin"):
        Origin.parse(f"folkmoot/{show_log_id(bytes(32))}/{epoch}")
