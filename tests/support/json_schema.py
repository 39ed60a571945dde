"""JSON Schema, as much of it as the OpenRPC document uses: checking values, and making good and bad ones."""

from __future__ import annotations

import random
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "array": list,
    "object": dict,
}
_STRANGE = ("", "bob", "你好 🙂", "\u202e", "a" * 70_000, "\0", "-1", "*", "\u2028\n", "'; DROP TABLE", "ﬁ")


def _is(value: object, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind != "integer" or not isinstance(value, bool))


class Schemas:
    """The schemas of a document, by their references."""

    def __init__(self, components: dict[str, Any]) -> None:
        self._components = components

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = self._components[name]
        return schema

    def faults(self, value: Any, schema: dict[str, Any], at: str = "") -> list[str]:
        """What of a value the schema does not have; a field that it does not name is a fault, too."""
        schema = self._resolved(schema)
        if "anyOf" in schema:
            found = [self.faults(value, each, at) for each in schema["anyOf"]]
            return min(found, key=len)
        if "enum" in schema:
            return [] if value in schema["enum"] else [f"{at}: {value!r} is none of {schema['enum']}"]
        kind = schema.get("type")
        if kind is None:
            return []
        if not _is(value, kind):
            return [f"{at}: {value!r} is no {kind}"]
        if kind == "object" and "properties" in schema:
            return self._object_faults(value, schema, at)
        if kind == "array":
            fixed: list[Any] = schema.get("prefixItems") or [schema.get("items")] * len(value)
            pairs = [(each, its) for each, its in zip(value, fixed, strict=False) if isinstance(its, dict)]
            return [fault for each, its in pairs for fault in self.faults(each, its, at)]
        if kind == "integer" and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            return [f"{at}: {value} is out of bounds"]
        return []

    def _object_faults(self, value: dict[str, Any], schema: dict[str, Any], at: str) -> list[str]:
        faults = [f"{at}.{name} is missing" for name in schema.get("required", ()) if name not in value]
        for name, each in value.items():
            if name in schema["properties"]:
                faults += self.faults(each, schema["properties"][name], f"{at}.{name}")
            else:
                faults.append(f"{at}.{name} is not in the schema")
        return faults

    def good(self, schema: dict[str, Any], rng: random.Random) -> Any:
        """A value that fits; a text is never a path from the root."""
        schema = self._resolved(schema)
        if "anyOf" in schema:
            return self.good(rng.choice(schema["anyOf"]), rng)
        if "enum" in schema:
            return rng.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "integer":
            low, high = schema.get("minimum", -5), schema.get("maximum", 2**62)
            return min(high, max(low, rng.choice((0, 1, 2, 3, 7, 50, 2**31, 2**63 - 1))))
        if kind == "boolean":
            return rng.random() < 0.5
        if kind == "array":
            return [self.good(schema.get("items", {}), rng) for _ in range(rng.choice((0, 1, 2, 30)))]
        if schema.get("contentEncoding") == "base64":
            return rng.choice(("", "AAAA", "AA=="))
        return None if kind == "null" else rng.choice(_STRANGE)

    def bad(self, schema: dict[str, Any], rng: random.Random) -> Any:
        """A value that does not fit."""
        deep: Any = []
        for _ in range(rng.choice((1, 60))):
            deep = [deep]
        choices = [None, True, -1, 2**63, 2**200, 1.5, "x", {}, {"a": deep}, deep, [None], "\u0000" * 99]
        rng.shuffle(choices)
        return next(each for each in choices if self.faults(each, schema))
