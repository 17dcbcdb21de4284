# SPDX-License-Identifier: AGPL-3.0-or-later
"""/openapi.json, made from the one table of routes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ledger.held.scopes import LOG_ACTIONS, REGION_ACTIONS
from node.importing.bodies import IMPORT_BODIES
from protocol import __version__
from protocol.witness import SIZE_MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from node.routes import Route

_SIGNERS = {
    "type": "array",
    "minItems": 1,
    "maxItems": 15,
    "items": {"type": "string", "pattern": "^(organisation|[0-9a-f]{32})$"},
    "description": "The organisation, or members whose keys this node keeps; the author first",
}

_BODIES: dict[str, Any] = {
    "Carried": {
        "type": "object",
        "required": ["carried"],
        "additionalProperties": False,
        "properties": {
            "carried": {"type": "string", "maxLength": 393216, "description": "Spec 17 §11"},
            "countersign": {"type": "boolean", "description": "Add the organisation's signature: for stewards"},
        },
    },
    "Draft": {
        "type": "object",
        "required": ["kind", "body"],
        "additionalProperties": False,
        "properties": {
            "kind": {"type": "string"},
            "body": {"type": "object"},
            "author": {"type": "string", "description": "organisation, the id of a member, or a public key"},
            "scope": {"type": "integer", "minimum": 0, "maximum": 2},
            "signers": _SIGNERS,
        },
    },
    "Proposal": {
        "type": "object",
        "required": ["statement"],
        "additionalProperties": False,
        "properties": {
            "statement": {"type": "string", "pattern": "^([0-9a-f]{2})*$", "maxLength": 122880},
            "signature": {"type": "string", "pattern": "^[0-9a-f]{128}$"},
            "link": {"type": "string", "maxLength": 64},
        },
    },
    "Verdict": {
        "type": "object",
        "required": ["outcome"],
        "additionalProperties": False,
        "properties": {
            "outcome": {
                "type": "string",
                "enum": ["accepted", "refused", "done", "nothing_to_do", "closed", "vote", "count"],
                "description": "vote puts it to the assembly, count carries out what that has decided",
            },
            "reason": {"type": "string", "maxLength": 1000},
            "hold_back": {"type": "boolean", "description": "Do not enter what was proposed, only the decision"},
            "record": {"type": "object", "description": "The state that is accepted instead"},
            "days": {"type": "integer", "minimum": 1, "maximum": 90},
        },
    },
    "Link": {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 100},
            "days": {"type": "integer", "minimum": 1, "maximum": 366},
            "proposals": {"type": "integer", "minimum": 1, "maximum": 1000},
        },
    },
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
    "MemberLink": {
        "type": "object",
        "required": ["member"],
        "additionalProperties": False,
        "properties": {"member": {"type": "string", "pattern": "^[0-9a-f]{32}$"}},
    },
    "Checks": {
        "type": "object",
        "required": ["records", "given_to"],
        "additionalProperties": False,
        "properties": {
            "records": {"type": "array", "items": {"type": "string", "pattern": "^[0-9a-f]{32}$"}, "maxItems": 500},
            "given_to": {"type": "string", "maxLength": 100},
            "days": {"type": "integer", "minimum": 1, "maximum": 730},
        },
    },
    "Witness": {
        "type": "object",
        "required": ["key"],
        "additionalProperties": False,
        "properties": {"key": {"type": "string"}, "url": {"type": "string", "maxLength": 2000}},
    },
    **IMPORT_BODIES,
    "Bundle": {"type": "string", "format": "binary", "description": "A bundle of one range (spec 14)"},
    "WitnessRequest": {"type": "string", "description": "`old <size>`, a consistency proof, a checkpoint (spec 11)"},
    "Audit": {"type": "object", "additionalProperties": False, "description": "All logs are checked: {}"},
    "Backup": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"passphrase": {"type": "string", "maxLength": 1000}},
    },
    "Override": {
        "type": "object",
        "required": ["reason"],
        "additionalProperties": False,
        "properties": {"reason": {"type": "string", "minLength": 1, "maxLength": 500}},
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
                        "scope": {"type": "integer", "minimum": 0, "maximum": 2},
                        "signers": _SIGNERS,
                    },
                },
            },
            "payloads": {
                "type": "array",
                "maxItems": 256,
                "items": {
                    "oneOf": [
                        {"type": "string", "format": "byte"},
                        {
                            "type": "object",
                            "required": ["payload", "scope"],
                            "additionalProperties": False,
                            "properties": {
                                "payload": {"type": "string", "format": "byte"},
                                "scope": {"type": "integer", "minimum": 0, "maximum": 2},
                            },
                        },
                    ]
                },
            },
        },
    },
}

_MEDIA_TYPES = {
    "Bundle": "application/octet-stream",
    "File": "application/octet-stream",
    "WitnessRequest": "text/plain",
}
"""Of bodies that are not JSON."""

_ABOUT_STATUS = {
    200: "What was asked for",
    201: "Saved: it is durable here",
    400: "The request is malformed",
    401: "A steward's token is needed",
    403: "No signature that is trusted",
    404: "There is no such thing here",
    409: "Contradicts what is there",
    429: "Too much at once: try again later",
    422: "The proof does not lead there",
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
            "schemas": {"Problem": problem, **_BODIES},
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
        content: dict[str, Any] = {route.media_type: {}} if status < 400 else _PROBLEM
        if status == 409 and route.body == "WitnessRequest":
            content = {SIZE_MEDIA_TYPE: {}}
        about = _ABOUT_STATUS.get(status, "See RFC 9110")
        operation["responses"][str(status)] = {"description": about, "content": content}
    if route.steward:
        operation["security"] = [{"steward": []}]
    if route.body:
        schema = {"$ref": f"#/components/schemas/{route.body}"}
        media_type = _MEDIA_TYPES.get(route.body, "application/json")
        operation["requestBody"] = {"required": True, "content": {media_type: {"schema": schema}}}
    return operation
