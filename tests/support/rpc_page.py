"""The methods and events of tuichat-rpc(5), as the OpenRPC document has them.

python -m tests.support.rpc_page     writes them into the page anew
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "man" / "tuichat-rpc.5"


def document() -> dict[str, Any]:
    """The checked-in document, which another test compares with the server."""
    found: dict[str, Any] = json.loads((ROOT / "docs" / "openrpc.json").read_text(encoding="utf-8"))
    return found


def section(name: str, entries: list[str], before: str) -> str:
    """A section of the page, with some lines before its entries."""
    return f".SH {name}\n{before}" + "".join(entries)


def methods() -> str:
    """The section about methods."""
    return section(
        "METHODS",
        [_entry(method) for method in document()["methods"]],
        "In brackets is what may be left out.\n",
    )


def written(page: str) -> str:
    """The page with that section as it should be."""
    before, _, rest = page.partition(".SH METHODS\n")
    return f"{before}{methods()}.SH {rest.partition(chr(10) + '.SH ')[2]}"


def _entry(method: dict[str, Any]) -> str:
    params = ", ".join(each["name"] if each["required"] else f"[{each['name']}]" for each in method["params"])
    result = _type(method["result"]["schema"])
    arrow = "" if result == "null" else f" \\-> {result}"
    summary = method["summary"].replace("`", "").replace("\\", "\\e").replace("-", "\\-")
    return f".TP\n.B {method['name']}\\fR({params}){arrow}\n{summary}\n"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}" if "items" in schema else "list"
    return str(schema.get("type", "any"))


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
