# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages by which anybody proposes a record, a change or a report, and by which stewards decide on them."""
