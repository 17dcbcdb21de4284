# SPDX-License-Identifier: AGPL-3.0-or-later
"""The cases of each vector file, one module per spec page."""
