# SPDX-License-Identifier: AGPL-3.0-or-later
"""What keeps a store sound: copies, going through what is stored, letting go of what was erased."""
