# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot serve`: runs the node until it is told to stop."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from cli.failure import CommandError
from cli.output import plain, say, show

if TYPE_CHECKING:
    from ledger.data_directory import DataDirectory
    from node.config import Config
    from node.server import Node


@click.command("serve", short_help="Run the node.")
@click.option("--host", help="Where to listen; 127.0.0.1 is this machine only, 0.0.0.0 everybody who can reach it.")
@click.option("--port", type=click.IntRange(0, 65_535), help="0 takes a free one.")
@click.option("--mdns/--no-mdns", default=None, help="Find and be found on the local network.")
@click.option("--tls/--no-tls", default=None, help="Serve https with a certificate bound to the node's own key.")
@click.pass_obj
def command(data_dir: str | None, host: str | None, port: int | None, *, mdns: bool | None, tls: bool | None) -> None:
    """Runs the node: pages, API, gossip. Prints its URLs, and stops cleanly on Ctrl-C or SIGTERM."""
    import asyncio

    from node.config import data_directory, load_config

    directory = data_directory(data_dir)
    config = load_config(directory)
    changes = {"host": host, "port": port, "mdns": mdns, "tls": tls}
    config = replace(config, **{name: value for name, value in changes.items() if value is not None})  # type: ignore[arg-type] # as the options' types say
    asyncio.run(_serve(directory, config))


async def _serve(directory: DataDirectory, config: Config) -> None:
    import asyncio
    import logging
    import signal

    from node.serving import serve

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    listens = asyncio.Event()

    def started(node: Node) -> None:
        listens.set()
        _tell(node)

    try:
        await serve(directory, config, lambda text: say(plain(text)), started, stop)
    except OSError as error:
        if listens.is_set():
            raise
        raise CommandError(f"cannot listen on {config.host}:{config.port}: {error.strerror or error}") from None


def _tell(node: Node) -> None:
    """Says where it is."""
    show(f"{plain(node.ledger.keys.charter.title())}: {node.url}/")
    show(f"API: {node.url}/openapi.json")
    if node.ledger.witness_renewed:
        say("This store is an older copy, which has forgotten what it cosigned: its witness has got a new key, which")
        say("those who named the old one need (folkmoot log list).")
