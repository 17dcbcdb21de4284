# SPDX-License-Identifier: AGPL-3.0-or-later
"""The steward's desk: what waits, the health of the node, peers and logs, backups, where each command is."""
