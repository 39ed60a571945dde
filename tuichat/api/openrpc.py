"""The OpenRPC document of the local API, made of the types that it is served by."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any, Final, get_type_hints

import msgspec

from tuichat.api.methods import METHODS, SUBSCRIBE, Method
from tuichat.api.node_api import NodeApi
from tuichat.api.wire import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    REFUSED,
    ErrorData,
)
from tuichat.model import API_VERSION, AnyEvent, EventLog

REGENERATE: Final = "python -m tuichat rpc --discover > docs/openrpc.json"

_TEMPLATE: Final = "#/components/schemas/{name}"
_ERRORS: Final = (
    (PARSE_ERROR, "The line is not JSON."),
    (INVALID_REQUEST, "It is no request, a batch, or too long."),
    (METHOD_NOT_FOUND, "There is no such method, for this client."),
    (INVALID_PARAMS, "The parameters do not fit."),
    (INTERNAL_ERROR, "The node stumbled."),
    (REFUSED, "The node says no: the data tell why."),
)
_OWN: Final = (
    ("clients", "How many clients are connected, the asker included.", int),
    ("rpc.discover", "This document.", dict[str, Any]),
)


@cache
def document() -> dict[str, Any]:
    """The document, as JSON values."""
    results = {name: _result_type(method) for name, method in METHODS.items()}
    params = {name: method.params.type for name, method in METHODS.items()}
    kinds = [*results.values(), *params.values(), AnyEvent, ErrorData, *(kind for _n, _s, kind in _OWN)]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_TEMPLATE)
    by_result = dict(zip(results, schemas, strict=False))
    own_params = {name: components.pop(kind.__name__) for name, kind in params.items()}
    methods = [_entry(name, by_result[name], own_params[name]) for name in METHODS]
    for (name, summary, _kind), schema in zip(_OWN, schemas[-len(_OWN) :], strict=True):
        methods.append({"name": name, "summary": summary, "params": [], "result": _result(schema)})
    event = schemas[2 * len(METHODS)]
    data = schemas[2 * len(METHODS) + 1]
    return {
        "openrpc": "1.3.2",
        "info": {"title": "tuichat's local API", "version": f"{API_VERSION}.0.0"},
        "methods": sorted(methods, key=lambda entry: str(entry["name"])),
        "components": {
            "schemas": components,
            "errors": {str(code): {"code": code, "message": text} for code, text in _ERRORS},
        },
        "x-error-data": data,
        "x-notifications": [
            {"name": "event", "summary": "What a subscriber is told.", "params": [{"schema": event}]}
        ],
    }


def encoded() -> bytes:
    """The document as it is checked in: indented, with a line end."""
    return msgspec.json.format(msgspec.json.encode(document(), order="sorted"), indent=1) + b"\n"


def _entry(name: str, result: Any, params: dict[str, Any]) -> dict[str, Any]:
    text = inspect.getdoc(getattr(NodeApi, METHODS[name].attribute)) or ""
    summary, _blank, description = text.partition("\n\n")
    entry: dict[str, Any] = {
        "name": name,
        "summary": " ".join(summary.split()),
        "paramStructure": "either",
        "params": [
            {
                "name": parameter,
                "required": parameter in params.get("required", ()),
                "schema": params["properties"][parameter],
            }
            for parameter in METHODS[name].order
        ],
        "result": _result(result),
        "errors": [{"$ref": f"#/components/errors/{code}"} for code, _text in _ERRORS],
    }
    return {**entry, "description": description} if description else entry


def _result(schema: Any) -> dict[str, Any]:
    return {"name": "result", "schema": schema}


def _result_type(method: Method) -> Any:
    if method.attribute == SUBSCRIBE:
        return EventLog | None
    return get_type_hints(getattr(NodeApi, method.attribute))["return"]
