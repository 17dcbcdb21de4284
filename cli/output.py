# SPDX-License-Identifier: AGPL-3.0-or-later
"""Printing: data on stdout, everything else on stderr, nothing from others that could drive the terminal."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(text: object) -> str:
    """Text from others without control characters and direction overrides."""
    return _CONTROL.sub("\ufffd", str(text))


def plain(text: object) -> str:
    """Text from others without control characters and direction overrides, on one line."""
    return printable(text).replace("\n", " ").replace("\t", " ")


def show(text: str = "") -> None:
    """A line of data, on stdout."""
    click.echo(text)


def say(text: str) -> None:
    """A line about what is going on, on stderr."""
    click.echo(text, err=True)


def show_json(value: object) -> None:
    """One JSON object on one line, on stdout."""
    import msgspec

    click.echo(msgspec.json.encode(value).decode())


def show_table(rows: Sequence[Sequence[object]], heads: Sequence[str]) -> None:
    """Rows in columns, on stdout; as wide as they need, cut to the terminal if there is one."""
    texts = [[plain(cell) for cell in row] for row in rows]
    widths = [max([len(head), *(len(row[n]) for row in texts)]) for n, head in enumerate(heads)]
    for row in [list(heads), *texts]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        show(click.style(line, bold=True) if row == list(heads) and colours() else line)


def colours() -> bool:
    """Whether to use colours: on a terminal, unless NO_COLOR is set."""
    import os

    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def when(seconds: int) -> str:
    """A time in UTC, for people."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))


class Progress:
    """A progress bar on a terminal; otherwise a line now and then. Goes to stderr."""

    def __init__(self, what: str, total: int) -> None:
        self._bar: Any = None
        self._what, self._total, self._done, self._said = what, total, 0, time.monotonic()
        if sys.stderr.isatty():
            self._bar = click.progressbar(length=total, label=what, file=sys.stderr, show_pos=True)
            self._bar.__enter__()

    def advance(self, count: int) -> None:
        """So many more are done."""
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
        elif time.monotonic() - self._said > 5:
            self._said = time.monotonic()
            say(f"{self._what}: {self._done:,} of {self._total:,}")

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
