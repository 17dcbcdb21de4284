# SPDX-License-Identifier: AGPL-3.0-or-later
"""The logs that are held here, one's own and others': their trees, what was verified of them, whose are taken in."""
