# SPDX-License-Identifier: AGPL-3.0-or-later
"""Entries, members and balances as others can check them without trust."""
