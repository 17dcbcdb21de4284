# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many nodes in one process and virtual time: the same session, exchange and log code, with faults and liars."""
