# SPDX-License-Identifier: AGPL-3.0-or-later
"""Logs in files, from one machine to another."""
