# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeping a directory true, in the browser: duplicates, places, what nobody has checked, pictures, roles.

Each page shows what would be signed (`confirming`, `telling`) before anything is written.
"""
