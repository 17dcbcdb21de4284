# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledger in the formats of others: beancount, hledger, CSV, JSON Lines, Valueflows, verifiable credentials.

`journal` reads what one log says; every other file makes one format of it, and none reads a store.
"""
