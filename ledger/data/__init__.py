# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables that the ledger reads; `README.md` beside them has their sources and licences."""
