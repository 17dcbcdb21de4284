# SPDX-License-Identifier: AGPL-3.0-or-later
"""All that a node serves, in one table: what `/openapi.json` describes, and the pages."""

from __future__ import annotations

from node.api import bundles, publishing, static_log, status, webfinger, witness, writing
from node.api import v1 as api
from node.contribute import editing, links, proposals, proposals_api, propose, report
from node.directory import (
    clients_pages,
    duplicates_api,
    map_api,
    matches_api,
    offers_pages,
    pages,
    proof_pages,
    record_pages,
    tiles,
    verify_page,
)
from node.federation import api as federation
from node.federation import peer_pages
from node.importing import api as import_api
from node.importing import files as import_files
from node.importing import pages as import_pages
from node.knowledge import api as knowledge_api
from node.knowledge import overview as knowledge_pages
from node.reciprocity import (
    assembly_pages,
    calendar_feed,
    contract_pages,
    flow_pages,
    ledger_acts_api,
    ledger_api,
    ledger_pages,
    member_links,
    member_pages,
    resource_acts,
    resource_pages,
)
from node.routes import Route
from node.signing import route as signing
from node.steward import (
    bundles_pages,
    charter_pages,
    desk_pages,
    health_pages,
    key_pages,
    operating_pages,
    override_pages,
    steward_pages,
)
from node.upkeep import table as upkeep

DESCRIBED: tuple[Route, ...] = (
    *bundles.ROUTES,
    *publishing.ROUTES,
    *static_log.ROUTES,
    *status.ROUTES,
    *api.ROUTES,
    *webfinger.ROUTES,
    *witness.ROUTES,
    *writing.ROUTES,
    *proposals_api.ROUTES,
    *duplicates_api.ROUTES,
    *map_api.ROUTES,
    *matches_api.ROUTES,
    *federation.ROUTES,
    *import_api.ROUTES,
    *knowledge_api.ROUTES,
    *flow_pages.API_ROUTES,
    *ledger_acts_api.ROUTES,
    *ledger_api.ROUTES,
    *member_links.API_ROUTES,
    *resource_pages.API_ROUTES,
    *charter_pages.API_ROUTES,
    *desk_pages.API_ROUTES,
    *health_pages.API_ROUTES,
    *upkeep.API_ROUTES,
)
"""The API, and what other programs find at fixed addresses."""
PAGES: tuple[Route, ...] = (
    *links.ROUTES,
    *proposals.ROUTES,
    *propose.ROUTES,
    *report.ROUTES,
    *editing.ROUTES,
    *clients_pages.ROUTES,
    *offers_pages.ROUTES,
    *pages.ROUTES,
    *proof_pages.ROUTES,
    *record_pages.ROUTES,
    *tiles.ROUTES,
    *verify_page.ROUTES,
    *peer_pages.ROUTES,
    *import_files.ROUTES,
    *import_pages.ROUTES,
    *knowledge_pages.ROUTES,
    *assembly_pages.ROUTES,
    *calendar_feed.ROUTES,
    *contract_pages.ROUTES,
    *flow_pages.ROUTES,
    *ledger_pages.ROUTES,
    *member_links.ROUTES,
    *member_pages.ROUTES,
    *resource_acts.ROUTES,
    *resource_pages.ROUTES,
    *bundles_pages.ROUTES,
    *signing.ROUTES,
    *charter_pages.ROUTES,
    *desk_pages.ROUTES,
    *health_pages.ROUTES,
    *key_pages.ROUTES,
    *operating_pages.ROUTES,
    *override_pages.ROUTES,
    *steward_pages.ROUTES,
    *upkeep.ROUTES,
)
