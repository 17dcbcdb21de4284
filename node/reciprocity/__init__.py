# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledger of reciprocity: members, accounts, contracts, the assembly, resources and their calendars, flows."""
