# SPDX-License-Identifier: AGPL-3.0-or-later
"""The records as they are asked for, found, shown and kept true."""
