# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot record image`: the pictures of a record of one's own log."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.failure import CommandError
from cli.output import json_option, show, show_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.target import Target


@click.group("image", short_help="Add pictures to a record, or remove them.")
def image() -> None:
    """The pictures of a record, with what they show and on what licence."""


@image.command("add")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--alt", multiple=True, required=True, help="What it shows, for those who do not see it.")
@click.option("--language", multiple=True, required=True, help="Of --alt, such as fr; both may be given several times.")
@click.option("--licence", required=True, help="As SPDX names it, such as CC-BY-4.0.")
@json_option
@click.pass_obj
def add(
    data_dir: str | None,
    name: str,
    file: Path,
    alt: tuple[str, ...],
    language: tuple[str, ...],
    licence: str,
    *,
    as_json: bool,
) -> None:
    """Adds a picture (JPEG, PNG or WebP), made smaller and without where it was taken; anew, it is described anew."""
    from ledger.directory.illustrating import with_image
    from ledger.directory.images import BYTES_MAX, Images
    from node.config import data_directory

    if len(alt) != len(language):
        raise click.UsageError("name one --language for each --alt")
    images = Images(data_directory(data_dir).images)
    with file.open("rb") as opened:
        path = images.take(opened.read(BYTES_MAX + 1))
    told = dict(zip(language, alt, strict=True))
    record, position, state = _change(data_dir, name, lambda body: with_image(body, path, told, licence))
    images.publish(path, record)
    _show(record, path, position, state, as_json=as_json)


@image.command("remove")
@click.argument("name")
@click.argument("picture")
@json_option
@click.pass_obj
def remove(data_dir: str | None, name: str, picture: str, *, as_json: bool) -> None:
    """Removes a picture, named by its address as `folkmoot record show` tells it, and deletes it if no other has it."""
    from ledger.directory.illustrating import without_image
    from ledger.directory.images import Images
    from node.config import data_directory
    from protocol.record import is_image_path

    record, position, state = _change(data_dir, name, lambda body: without_image(body, picture))
    if is_image_path(picture):
        Images(data_directory(data_dir).images).retire(picture, record)
    _show(record, picture, position, state, as_json=as_json)


def _change(
    data_dir: str | None, name: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> tuple[bytes, int, str]:
    """Writes a public record of the own log as it was changed; its id, and where it stands."""
    from cli.target import open_target
    from ledger.importing.plan import Statement
    from node.config import data_directory
    from protocol.kinds import check_body

    with open_target(data_directory(data_dir)) as target:
        body: dict[str, Any] = {"record": change(_present(target, name))}
        check_body("record.put", body)
        position = target.write([Statement("record.put", body, os.urandom(16))])[0]
        target.settle()
        return body["record"]["id"], position, target.state_of(position)


def _present(target: Target, name: str) -> dict[str, Any]:
    from cli.named import find_named
    from ledger.duplicates.merging import present_body

    with target.store.read() as reads:
        row = find_named(reads, name)
        if row.tree != target.own[0]:
            raise CommandError("that record is of another organisation's log: only they can change it")
        if row.scope != 0 or row.status == "closed":
            raise CommandError("pictures are for records that are public and open: everybody can see them")
        return present_body(reads, row)


def _show(record: bytes, picture: str, position: int, state: str, *, as_json: bool) -> None:
    if as_json:
        told = {"schema": "folkmoot.saved/1", "state": state, "id": record.hex(), "position": position}
        show_json({**told, "image": picture})
    else:
        show(f"{state}: {picture} of record {record.hex()} at position {position}")
