# SPDX-License-Identifier: AGPL-3.0-or-later
"""What all pages and answers share: who may ask, sessions, words, templates, parts of long lists."""
