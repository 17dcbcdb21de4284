# SPDX-License-Identifier: AGPL-3.0-or-later
"""Members' keys: making one, changing it, and reading with it what is not public. Needs no node, but for the change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.failure import NETWORK, CommandError
from cli.key_file import open_key
from cli.output import json_option, plain, printable, say, show, show_json
from cli.speaking import How, says, speaking

if TYPE_CHECKING:
    from protocol.encoding import Value

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("key", short_help="Make a member's own key in a file; no node is needed.")
@click.argument("file", type=_FILE)
@click.option("--passphrase", is_flag=True, help="Ask for a passphrase that has to be typed when it signs.")
@json_option
def make_key(file: Path, *, passphrase: bool, as_json: bool) -> None:
    """Makes a member's own key in FILE, on any machine; no node is needed.

    Give nobody the file. The organisation needs what is printed, or the file at hand when the member joins.
    """
    from ledger.own.member_keys import make_member_key, write_member_key

    word = ""
    if passphrase:
        word = str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True))
    key = make_member_key()
    write_member_key(file, key, word)
    if as_json:
        show_json({"schema": "folkmoot.member-key/1", "file": str(file), "key": key.public.hex(), "sealed": bool(word)})
    else:
        show(key.public.hex())
        say(f"written: {file}. Keep it, and a copy in another place: whoever has it speaks for the member.")


@click.command("rekey", short_help="Change a member's key; replace a lost one.")
@click.argument("member")
@click.argument("new", type=_FILE, required=False)
@click.option("--keep", is_flag=True, help="Instead of NEW, this node makes the new key and keeps it.")
@click.option("--lost", is_flag=True, help="The old key is lost: the assembly has to decide, so write it with --out.")
@says
@click.pass_obj
def change_key(data_dir: str | None, member: str, new: Path | None, *, keep: bool, lost: bool, how: How) -> None:
    """Gives MEMBER the key in the file NEW. The old key signs, too: kept here, or --key. A given up key never returns.

    A lost one is replaced by the assembly: --lost --out FILE, then `assembly propose --permits FILE`, and in the end
    `assembly enact FILE --key NEW`.
    """
    from ledger.own.member_keys import keep_member_key, make_member_key
    from ledger.showing.naming import find_member

    if (new is None) is not keep:
        raise click.UsageError("name the file of the new key, or --keep")
    if lost and how.out is None:
        raise click.UsageError("a key that was lost is replaced by the assembly: write it with --lost --out FILE")
    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            member_id, organisation = find_member(view, member), view.log_id
        key = make_member_key() if new is None else open_key(new)
        if keep:
            keep_member_key(speaker.directory, key)
        body: dict[str, Value] = {"member": member_id, "key": key.public, "custody": "node" if keep else "own"}
        saved = speaker.say("member.set", body, [organisation if lost else member_id], also=[key])
        speaker.report(saved, f"new key of {plain(member)}", to_be_decided=lost)


@click.command("sign-in", short_help="Sign in to a node's pages with a key.")
@click.argument("url")
@click.option("--key", "key_file", type=_FILE, required=True, help="The member's key file.")
def sign_in(url: str, key_file: Path) -> None:
    """Shows what to paste into the node's page "Sign in as a member"; no node is needed, the key stays here.

    URL is the address of the member's page. What is shown is good once, for five minutes, and for that node alone.
    """
    import re
    import time
    from urllib.parse import urlsplit

    from protocol.identity import parse_log_id
    from protocol.reader import Asking

    parts = urlsplit(url)
    named = re.fullmatch(r"/ledger/([a-z2-7]{52})/member/([0-9a-f]{32})/?", parts.path)
    if parts.scheme not in {"http", "https"} or named is None:
        raise click.UsageError("URL is like https://moot.example.org/ledger/LOG/member/ID, with whole ids")
    target, member = f"/ledger/{named[1]}/sign-in", bytes.fromhex(named[2])
    asking = Asking(parts.netloc, parse_log_id(named[1]), member, target, int(time.time()))
    show(asking.header(open_key(key_file)))
    say(f"paste this within five minutes at {parts.scheme}://{parts.netloc}{target}")


@click.command("fetch", short_help="Read what is about oneself from a node, with a key.")
@click.argument("url")
@click.option("--key", "key_file", type=_FILE, required=True, help="The member's key file.")
@click.option("--member", default="", help="The whole id of the member; if not given, the one in URL.")
@click.option("--out", type=_FILE, help="Write it to a new file instead of printing it.")
def fetch(url: str, key_file: Path, member: str, out: Path | None) -> None:
    """Fetches URL, under /v1/ledger of the member's organisation, signed with their key; no node is needed.

    So a member sees what is said of themselves and is not public, such as /v1/ledger/LOG/members/ID/statement.
    """
    import re
    import time
    from urllib.error import HTTPError, URLError
    from urllib.parse import urlsplit
    from urllib.request import Request, urlopen

    from protocol.identity import parse_log_id
    from protocol.reader import Asking

    parts = urlsplit(url)
    log = re.search(r"/v1/ledger/([a-z2-7]{52})", parts.path)
    named = re.fullmatch(r"[0-9a-f]{32}", member) or re.search(r"/([0-9a-f]{32})(?=/|$)", parts.path)
    if parts.scheme not in {"http", "https"} or log is None or named is None:
        raise click.UsageError("URL is like https://moot.example.org/v1/ledger/LOG/members/ID, with whole ids")
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    asking = Asking(parts.netloc, parse_log_id(log[1]), bytes.fromhex(named[0].strip("/")), target, int(time.time()))
    request = Request(url, headers={"Authorization": asking.header(open_key(key_file))})  # noqa: S310 - http or https
    try:
        with urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
            data = answer.read()
    except HTTPError as error:
        error.close()
        raise CommandError(f"{parts.netloc} refused: {error.code} {error.reason}", NETWORK) from None
    except (URLError, OSError) as error:
        raise CommandError(f"{parts.netloc} does not answer: {error}", NETWORK) from None
    if out is None:
        show(printable(data.decode(errors="replace")))
    else:
        with out.open("xb") as file:
            file.write(data)
        say(f"written: {out}")
