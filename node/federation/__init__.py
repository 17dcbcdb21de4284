# SPDX-License-Identifier: AGPL-3.0-or-later
"""The federation as this node sees it: whose logs are here and why, who watches over whom."""
