# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bytes and values of the Folkmoot protocol: pure, without IO, clock or randomness. The specs are in specs/."""

__version__ = "0.1.0"
