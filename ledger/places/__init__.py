# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where things are, and when they are open: towns, distances, what is doubtful."""
