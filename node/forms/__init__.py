# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a steward does in a browser: a table of forms, and one way to show, check, confirm and sign all of them.

field      fields of forms: how each sort is read, and what there is to choose from
form       a form, and what is made of what somebody wrote into it
members, accounts, trading, contracts, claims, work, assembly, collectives, others    the forms
table      all of them by name
"""
