# SPDX-License-Identifier: AGPL-3.0-or-later
"""From entries to derived tables: judged, folded, written."""
