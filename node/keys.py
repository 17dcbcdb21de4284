# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where request handlers find the parts of the running node."""

from __future__ import annotations

from aiohttp import web

from ledger.ledger import Ledger
from node.config import Config
from node.directory.finder import Finder
from node.peering.gossip import Hub

LEDGER = web.AppKey("ledger", Ledger)
FINDER = web.AppKey("finder", Finder)
HUB = web.AppKey("hub", Hub)
CONFIG = web.AppKey("config", Config)
TOKEN = web.AppKey("token", str)
