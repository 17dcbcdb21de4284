# SPDX-License-Identifier: AGPL-3.0-or-later
"""The reciprocity ledger: from statements to members, accounts, contracts and what is owed. Pure (spec 17).

`applying` gives each statement its verdict and takes in its effect; one file for each family of kinds does the work, on
a `book.Book`, which holds what has been derived so far as cells. `state_tree` hashes the state of all members and
accounts. `yields`, `yields_use` and `patronage` evaluate clauses, as `lines`; `template` reads a contract that people
have written, and `last_year` tries it out.
"""
