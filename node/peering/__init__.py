# SPDX-License-Identifier: AGPL-3.0-or-later
"""Other nodes: found, connected, heard, checked, told. What decides is without IO, clock and asyncio."""
