# SPDX-License-Identifier: AGPL-3.0-or-later
"""Talking to the node that runs over a data directory."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, build_opener

if TYPE_CHECKING:
    from ledger.data_directory import DataDirectory


def node_opener(directory: DataDirectory) -> OpenerDirector:
    """What opens the node's own URLs: past all proxies, and with trust in the certificate that it made for itself."""
    handlers: list[ProxyHandler | HTTPSHandler] = [ProxyHandler({})]
    if directory.certificate.exists():
        handlers.append(HTTPSHandler(context=ssl.create_default_context(cafile=str(directory.certificate))))
    return build_opener(*handlers)
