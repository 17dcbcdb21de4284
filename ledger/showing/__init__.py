# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is shown of the reciprocity ledger, the same on the command line, in the API and on the pages.

view        one log's ledger to look at: names that are known here, scales of units, finding what is meant
naming      who or what a text means: an id, its beginning, or a name
members     members and their profiles
accounts    units and accounts
movements   what moved on an account, and what it held after
flows       who gave to whom, in groups and by month
whole       which organisations gave what to which, in one log or in all that are held
footprints  energy, emissions and goods under each contract
contributions  what a member gave and received over time; thanks
"""
