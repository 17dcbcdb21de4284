# SPDX-License-Identifier: AGPL-3.0-or-later
"""Data that commands carry: the made-up territory of the demo."""
