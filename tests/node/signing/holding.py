# SPDX-License-Identifier: AGPL-3.0-or-later
"""The scripts that sign, run in node.js; and amendments for them to sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from node.signing.scripts import AMENDING, READING, own
from node.verifier.scripts import join
from protocol.amendment import Amendment, begin, write_amendment
from protocol.charter import Assembly, Charter, establish
from protocol.statement import make_statement, sign_statement
from tests.builders import START, found_organisation, make_charter, seeded, signing_key
from tests.node.verifier.running import run_program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.node.verifier.browser import Tab

MOOT = found_organisation()
NEW = signing_key("new key")

FUNCTIONS = """
const bytesOf = (text) => Uint8Array.from(Buffer.from(text, "utf8"));
const outcome = (work) => {
  try {
    return { gives: work() };
  } catch (error) {
    if (error instanceof SheetFault) return { fault: error.name, values: error.values };
    if (error instanceof Malformed) return { reason: error.reason };
    throw error;
  }
};
const toldOf = (read) => ({
  log_id_hex: toHex(read.keys.logId), kseq: read.charter.kseq,
  signers_hex: read.signatures.map(({ key }) => toHex(key)),
  changes: amendmentChanges(read), lacking: holdersLacking(read),
});
"""


def ask(folder: Path, function: str, asked: object) -> Any:
    """What a function makes of a value, behind the scripts that sign."""
    code = "\n".join(['"use strict";', join(READING), own(*AMENDING), FUNCTIONS])
    return run_program(folder, code, function, asked)


def drafted(charter: Charter | None = None, **changes: Any) -> Amendment:
    """An amendment that its author alone has signed."""
    charter = charter or replace(make_charter("moot", 1, keys=[NEW.public]), **changes)
    statement = make_statement(MOOT.log_id, "charter", seeded("id", 16), START, NEW.public, charter.body())
    made = begin(establish([MOOT.payload]), statement)
    return made._replace(signatures=(sign_statement(statement, NEW),))


def many_changes(name: str) -> Amendment:
    """One that changes whatever can change but the epoch."""
    return drafted(
        name={"en": name, "fr": "Assemblée"}, territory=name, endpoints=["https://new.example"], licence="CC-BY-4.0",
        languages=["en", "fr"], assembly=Assembly((1, 4), (2, 3)),
    )  # fmt: skip


def text(amendment: Amendment) -> str:
    """The file of an amendment."""
    return write_amendment(amendment).decode()


async def give(tab: Tab, element: str, content: bytes) -> None:
    """Gives a file to a field of the page."""
    await tab.run(
        f"""((input) => {{
          const files = new DataTransfer();
          files.items.add(new File([Uint8Array.from({list(content)})], "a file"));
          input.files = files.files;
          input.dispatchEvent(new Event("change"));
        }})(document.getElementById({element!r}))"""
    )
