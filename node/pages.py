# SPDX-License-Identifier: AGPL-3.0-or-later
"""The web pages of a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from node.routes import Route

ROUTES: tuple[Route, ...] = ()
