# SPDX-License-Identifier: AGPL-3.0-or-later
"""The directory: find, list, map, the page of a record and its proof, offers and needs."""
