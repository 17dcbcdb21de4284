# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names of logs (spec 04 §1, §6)."""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from protocol.errors import Malformed

LOG_ID_BYTES = 32
SHORT_CHARACTERS = 8
_SHOWN_MAX = 4_096
"""So many are remembered: it takes long, and the same few stand in every line that names a log."""

_TEXT = re.compile(r"[a-z2-7]{52}")
_ORIGIN = re.compile(r"folkmoot/([a-z2-7]{52})/([1-9][0-9]{0,9})")

_WITNESS = re.compile(r"folkmoot/([a-z2-7]{52})/witness")


def log_id_of(charter_statement: bytes) -> bytes:
    """The LogId of the log whose first statement has these bytes."""
    return sha256(charter_statement).digest()


@lru_cache(_SHOWN_MAX)
def show_log_id(log_id: bytes) -> str:
    """The 52 characters that stand for a LogId."""
    return b32encode(log_id).decode().rstrip("=").lower()


def short_log_id(log_id: bytes) -> str:
    """The 8 characters that are enough for people."""
    return show_log_id(log_id)[:SHORT_CHARACTERS]


def parse_log_id(text: str) -> bytes:
    """The LogId that 52 characters stand for. Raises Malformed (`log_id`)."""
    if not _TEXT.fullmatch(text):
        raise Malformed("log_id", f"a log id is 52 characters of a-z and 2-7, not {text[:60]!r}")
    log_id = b32decode(text.upper() + "====")
    if show_log_id(log_id) != text:
        raise Malformed("log_id", f"a second spelling of a log id: {text!r}")
    return log_id


class Origin(NamedTuple):
    """One epoch of one log: what a checkpoint is about (spec 04 §6)."""

    log_id: bytes
    epoch: int

    def __str__(self) -> str:
        """The origin line of its checkpoints and the name of its key."""
        return f"folkmoot/{show_log_id(self.log_id)}/{self.epoch}"

    @classmethod
    def parse(cls, text: str) -> Origin:
        """The origin that a checkpoint's first line names. Raises Malformed (`origin`)."""
        match = _ORIGIN.fullmatch(text)
        if not match:
            raise Malformed("origin", f"not the origin of a Folkmoot log: {text[:100]!r}")
        try:
            return cls(parse_log_id(match[1]), int(match[2]))
        except Malformed as error:
            raise Malformed("origin", error.text) from None


def witness_name(log_id: bytes) -> str:
    """The name of a node's witness key (spec 06 §4)."""
    return f"folkmoot/{show_log_id(log_id)}/witness"


def log_id_of_witness(name: str) -> bytes:
    """The LogId of the node whose witness key has this name; empty if it is not the name of one."""
    match = _WITNESS.fullmatch(name)
    try:
        return parse_log_id(match[1]) if match else b""
    except Malformed:
        return b""
