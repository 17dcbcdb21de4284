# SPDX-License-Identifier: AGPL-3.0-or-later
"""What somebody with a role decides: made here, signed elsewhere by their key, entered as one group (spec 04 §9)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from ledger.own.log import submission
from protocol.errors import Malformed
from protocol.signature import verify
from protocol.statement import make_payload, make_statement, signed_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.importing.plan import Statement
    from ledger.own.log import Submission


class Claim(NamedTuple):
    """What somebody else proposed, before it counts: its bytes, who may read it, its author and their signature."""

    statement: bytes
    kind: str
    scope: int
    author: bytes
    signature: bytes


class Unsigned(NamedTuple):
    """A statement that lacks one signature. `before` are (key, signature) of those who signed it, its author first."""

    statement: bytes
    scope: int
    before: tuple[tuple[bytes, bytes], ...] = ()

    def signed(self, key: bytes, signature: bytes) -> Submission:
        """Ready to be written. Raises Malformed (`bad_signature`)."""
        if not verify(key, signed_message(self.statement), signature):
            raise Malformed("bad_signature", "a signature is not that of your key over what was shown")
        others = [(key, signature)] if key not in {one for one, _ in self.before} else []
        return submission(make_payload(os.urandom(32), self.statement, [*self.before, *others]), self.scope)


def unsigned(
    log_id: bytes, key: bytes, at: int, claims: Sequence[Claim], statements: Sequence[Statement]
) -> list[Unsigned]:
    """What a public key is to sign at `at`, UTC seconds: claims as they are, then statements of its own."""
    made = [Unsigned(one.statement, one.scope, ((one.author, one.signature),)) for one in claims]
    own = [(make_statement(log_id, one.kind, one.id, at, key, one.body), one.scope) for one in statements]
    return made + [Unsigned(statement, scope) for statement, scope in own]
