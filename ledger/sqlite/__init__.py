# SPDX-License-Identifier: AGPL-3.0-or-later
"""The embedded store: SQLite. All SQL of the project stands here."""
