# SPDX-License-Identifier: AGPL-3.0-or-later
"""/openapi.json, made from the one table of routes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ledger.scopes import LOG_ACTIONS, REGION_ACTIONS
from protocol import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from node.routes import Route

_BODIES: dict[str, Any] = {
    "Peer": {
        "type": "object",
        "required": ["url"],
        "additionalProperties": False,
        "properties": {"url": {"type": "string", "pattern": "^https?://", "maxLength": 2000}},
    },
    "Decision": {
        "type": "object",
        "required": ["action"],
        "additionalProperties": False,
        "properties": {
            "action": {"type": "string", "enum": [*LOG_ACTIONS, *REGION_ACTIONS]},
            "log": {"type": "string", "pattern": "^[a-z2-7]{52}$"},
            "region": {"type": "string", "maxLength": 200},
        },
    },
    "Entries": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "entries": {
                "type": "array",
                "maxItems": 256,
                "items": {
                    "type": "object",
                    "required": ["kind", "body"],
                    "additionalProperties": False,
                    "properties": {
                        "kind": {"type": "string"},
                        "body": {"type": "object"},
                        "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
                    },
                },
            },
            "payloads": {"type": "array", "maxItems": 256, "items": {"type": "string", "format": "byte"}},
        },
    },
}
_BINARY = {"Bundle": {"type": "string", "format": "binary"}}
"""Bodies that are bytes."""
_ABOUT_STATUS = {
    200: "What was asked for",
    201: "Saved: it is durable here",
    400: "The request is malformed",
    401: "A steward's token is needed",
    404: "There is no such thing here",
    409: "Contradicts what is there",
    429: "Too much at once: try again later",
    503: "The node cannot do that now",
    507: "The disk is full",
}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    problem = {
        "type": "object",
        "required": ["title", "status"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "reason": {"type": "string"},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Folkmoot node",
            "version": __version__,
            "description": "Errors are RFC 9457 problem details. Bytes are hexadecimal, log ids their 52 characters.",
            "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        },
        "paths": paths,
        "components": {
            "schemas": {"Problem": problem, **_BODIES, **_BINARY},
            "securitySchemes": {"steward": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)", route.path)
    ]
    parameters += [
        {"name": name, "in": "query", "description": about, "schema": {"type": "string"}}
        for name, about in route.parameters
    ]
    operation: dict[str, Any] = {"summary": route.about, "parameters": parameters, "responses": {}}
    for status in sorted({*route.statuses, 400, 408, 415, 421, 500}):
        content = {route.media_type: {}} if status < 400 else _PROBLEM
        about = _ABOUT_STATUS.get(status, "See RFC 9110")
        operation["responses"][str(status)] = {"description": about, "content": content}
    if route.steward:
        operation["security"] = [{"steward": []}]
    if route.body:
        schema = {"$ref": f"#/components/schemas/{route.body}"}
        media_type = "application/octet-stream" if route.body in _BINARY else "application/json"
        operation["requestBody"] = {"required": True, "content": {media_type: {"schema": schema}}}
    return operation
