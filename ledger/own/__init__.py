# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log that this node writes: appending, signing, its keys, and when it may be signed."""
