# SPDX-License-Identifier: AGPL-3.0-or-later
"""A second fold of the reciprocity ledger, from specs 17 to 19 alone."""
