# SPDX-License-Identifier: AGPL-3.0-or-later
"""Commands. The only place where errors become text and exit codes."""
