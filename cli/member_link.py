# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot member link`: a member whose key this node keeps signs in to its pages, once."""

from __future__ import annotations

import click

from cli.output import json_option, plain, say, show, show_json, when


@click.command("link", short_help="Make a link by which a member whose key is kept here signs in once.")
@click.argument("member")
@json_option
@click.pass_obj
def make_link(data_dir: str | None, member: str, *, as_json: bool) -> None:
    """Prints a link that signs MEMBER in to the pages of this node: once, within seven days.

    It is for members who have no key file, as this node keeps their key. Whoever opens it can say things in their name.
    """
    from cli.target import LocalTarget, RemoteTarget, open_target
    from ledger.own.member_links import give_link
    from ledger.showing.naming import find_member
    from ledger.showing.view import LedgerView, own_tree
    from node.config import data_directory, load_config
    from protocol.identity import show_log_id

    directory = data_directory(data_dir)
    config = load_config(directory)
    with open_target(directory) as target, target.store.read() as reads:
        view = LedgerView(reads, own_tree(reads), private=True)
        member_id = find_member(view, member)
        if isinstance(target, RemoteTarget):
            answer = target.post("/v1/member-links", {"member": member_id.hex()})
            url, until = answer["url"], answer["until"]
        else:
            assert isinstance(target, LocalTarget)
            given = give_link(target.ledger, view, member_id)
            base = config.public_url.rstrip("/") or f"http://{config.host}:{config.port}"
            url, until = f"{base}/ledger/{show_log_id(view.log_id)}/come-in/{given.code}", given.until
    if as_json:
        show_json({"schema": "folkmoot.member-link/1", "member": member_id.hex(), "url": url, "until": until})
        return
    show(url)
    say(f"for {plain(member)} alone, once, until {when(until)[:10]}; one that was given before is worth nothing now")
    if not config.public_url:
        say("others reach it only where this node is reached: set public_url in folkmoot.toml to that address")
