# SPDX-License-Identifier: AGPL-3.0-or-later
"""The verifier of the browser, in node.js and in Chromium."""
