# SPDX-License-Identifier: AGPL-3.0-or-later
"""The running peer: HTTP server and client, gossip driver, discovery, pages, API."""
