# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages by which a directory is kept true."""
