# SPDX-License-Identifier: AGPL-3.0-or-later
"""What applied statements move: posted and reserved amounts of accounts (spec 20 §2; specs 17 §7, 19)."""

from __future__ import annotations

from typing import NamedTuple

from protocol.errors import Malformed
from protocol.reciprocity_bodies import (
    Post,
    ReciprocityBody,
    TransferAccept,
    TransferPost,
    TransferReserve,
    TransferVoid,
)


class Movement(NamedTuple):
    """What is added to an account's posted and reserved amount."""

    account: bytes
    posted: int
    reserved: int = 0


class Movements:
    """The movements of applied statements, taken in their order: payments to other logs are remembered. Mutable."""

    def __init__(self) -> None:
        self._transfers: dict[bytes, TransferReserve] = {}
        self._void: set[bytes] = set()

    def of(self, statement_id: bytes, body: ReciprocityBody) -> list[Movement]:
        """What the next statement moves. Raises Malformed (`transfer`) for an answer to a payment not seen before."""
        match body:
            case Post(legs=legs):
                return [Movement(account, amount) for account, amount in legs]
            case TransferReserve(account=account, amount=amount):
                self._transfers[statement_id] = body
                return [Movement(account, 0, amount)]
            case TransferAccept(account=account, connector=connector, amount=amount):
                return [Movement(connector, -amount), Movement(account, amount)]
            case TransferPost(transfer=transfer):
                reserve = self._reserve(transfer)
                held = 0 if transfer in self._void else reserve.amount
                return [
                    Movement(reserve.account, -reserve.amount, -held),
                    Movement(reserve.connector, reserve.amount),
                ]
            case TransferVoid(transfer=transfer):
                reserve = self._reserve(transfer)
                self._void.add(transfer)
                return [Movement(reserve.account, 0, -reserve.amount)]
        return []

    def _reserve(self, transfer: bytes) -> TransferReserve:
        reserve = self._transfers.get(transfer)
        if reserve is None:
            raise Malformed("transfer", f"an answer to the payment {transfer.hex()}, which was never reserved")
        return reserve
