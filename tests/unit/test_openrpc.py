"""The OpenRPC document says what the server does, and nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.json_schema import Schemas
from tests.support.memory_node import PASSPHRASE, MemoryNode, address_of
from tests.support.raw_client import Raw
from tests.support.served import served
from tuichat.api.methods import METHODS
from tuichat.api.openrpc import REGENERATE, document, encoded

ROOT = Path(__file__).parents[2]
DOCUMENT: dict[str, Any] = json.loads(encoded())
SCHEMAS = Schemas(DOCUMENT["components"]["schemas"])
ENTRIES = {entry["name"]: entry for entry in DOCUMENT["methods"]}

# A call of each method that is answered with a result by the people of `MemoryNode.sample`.
CALLS: dict[str, dict[str, Any]] = {
    "active": {},
    "backup": {"path": "/b"},
    "cancel": {"message": 5},
    "check_database": {},
    "clients": {},
    "contact.accept": {"ref": "dave"},
    "contact.add": {"address": address_of("erin"), "name": "erin", "message": "hello"},
    "contact.block": {"ref": "carol"},
    "contact.erase": {"ref": "小明"},
    "contact.get": {"ref": "bob"},
    "contact.list": {},
    "contact.reject": {"ref": "frank"},
    "contact.remove": {"ref": "grace"},
    "contact.rename": {"ref": "alice", "name": "alison"},
    "contact.tag": {"ref": "bob", "tags": ["work"]},
    "contact.trust": {"ref": "heidi", "accept": True},
    "contact.unblock": {"ref": "ivan"},
    "contact.untag": {"ref": "bob", "tags": ["work"]},
    "contact.verify": {"ref": "bob"},
    "conversation.retention": {"ref": "bob", "seconds": 60},
    "conversation.memory": {"ref": "bob", "wanted": True},
    "conversation.set": {"ref": "bob", "muted": True, "unread_from": 1},
    "conversation.timer": {"ref": "bob", "seconds": 60},
    "draft.list": {},
    "draft.set": {"ref": "bob", "text": "half"},
    "duress": {"current": PASSPHRASE, "passphrase": None},
    "edit": {"message": 2, "text": "reading it now."},
    "event_log": {},
    "export_to": {"path": "/x"},
    "file.accept": {"file": 1},
    "file.cancel": {"file": 1},
    "file.decline": {"file": 2},
    "file.get": {"file": 1},
    "file.list": {},
    "file.pause": {"file": 1},
    "file.prepare": {"file": 1},
    "file.resume": {"file": 1},
    "file.send": {"ref": "bob", "paths": ["/a/one.txt"]},
    "go_online": {},
    "hello": {},
    "import_from": {"path": "/x"},
    "input.add": {"text": "said", "ref": "bob"},
    "input.list": {},
    "invite.create": {"seconds": 60},
    "invite.list": {},
    "invite.revoke": {"invite": 1},
    "keep_until_delivered": {},
    "lock": {},
    "mark_read": {"ref": "bob", "up_to": 3},
    "mark_shown": {"ref": "bob", "first": 1, "last": 3},
    "message.earlier": {"message": 2},
    "message.get": {"message": 1},
    "messages": {"ref": "bob"},
    "passphrase": {"current": PASSPHRASE, "new": "another"},
    "present": {"here": True, "writer": "me"},
    "react": {"message": 1, "emoji": "👍"},
    "reload": {},
    "rpc.discover": {},
    "search": {"query": "draft"},
    "send": {"ref": "bob", "text": "hi", "reply_to": 1},
    "status": {},
    "stop": {"reason": "stop"},
    "subscribe": {"since": 0},
    "token.create": {"name": "echo", "contacts": ["bob"], "methods": ["read"]},
    "token.list": {},
    "token.revoke": {"name": "echo"},
    "typing": {"ref": "bob", "now": True},
    "unlock": {"passphrase": PASSPHRASE},
    "use_bridges": {"lines": ["192.0.2.1:443"]},
    "unsend": {"message": 2},
    "wipe": {},
}
REFUSED = {"import_from": "usage"}
"""What the node in memory has no answer for."""

LATE = ("contact.remove", "contact.erase", "file.accept", "file.pause", "file.resume", "file.cancel", "lock")
LAST = ("unlock", "passphrase", "stop", "wipe")


@pytest.fixture
async def raw() -> AsyncIterator[Raw]:
    node = MemoryNode.sample(FixedClock())
    for name in ("grace", "heidi"):
        node.person(name)
    node.person("frank", state="pending")
    node.person("ivan", state="blocked")
    node.change_key("heidi")
    node.sizes = {"/a/one.txt": 10}
    node.offer("bob", "three.txt", 30)
    node.offer("bob", "four.txt", 30)
    async with served(node) as (_server, path):
        client = await Raw.open(path)
        yield client
        await client.close()


def test_the_checked_in_document_is_the_one_that_is_served() -> None:
    kept = (ROOT / "docs" / "openrpc.json").read_bytes()
    assert kept == encoded(), f"make it anew: {REGENERATE}"


def test_every_method_stands_in_it_with_its_parameters_and_no_other_does() -> None:
    assert set(ENTRIES) == {*METHODS, "clients", "rpc.discover"} == set(CALLS)
    for name, method in METHODS.items():
        assert tuple(each["name"] for each in ENTRIES[name]["params"]) == method.order
        assert ENTRIES[name]["summary"]


def in_order() -> list[str]:
    early = [name for name in sorted(CALLS) if name not in (*LATE, *LAST)]
    return [*sorted(early, key=lambda name: name.startswith("token.revoke")), *LATE, *LAST]


async def test_every_method_answers_with_what_the_document_says(raw: Raw) -> None:
    events: list[Any] = []

    async def ask(method: str) -> Any:
        params = {"jsonrpc": "2.0", "id": 1, "method": method, "params": CALLS[method]}
        answer = await raw.line(json.dumps(params).encode())
        while "id" not in answer:
            events.append(answer["params"])
            answer = await raw.read()
        return answer

    for method in in_order():
        answer = await ask(method)
        if method in REFUSED:
            assert answer["error"]["data"]["code"] == REFUSED[method]
            continue
        assert "result" in answer, (method, answer)
        assert SCHEMAS.faults(answer["result"], ENTRIES[method]["result"]["schema"], method) == []
        if method == "rpc.discover":
            assert answer["result"] == json.loads(json.dumps(document()))
    told = DOCUMENT["x-notifications"][0]["params"][0]["schema"]
    assert len({event["type"] for event in events}) > 5
    for event in events:
        assert SCHEMAS.faults(event, told, event["type"]) == []


async def test_parameters_that_the_document_requires_are_required_and_all_it_names_are_taken(
    raw: Raw,
) -> None:
    for name, entry in ENTRIES.items():
        if name not in METHODS:
            continue
        for parameter in entry["params"]:
            if parameter["required"]:
                rest = {key: value for key, value in CALLS[name].items() if key != parameter["name"]}
                assert (await raw.ask(name, rest))["error"]["code"] == -32602
        assert (await raw.ask(name, {**CALLS[name], "no_such": 1}))["error"]["code"] == -32602
        for parameter in CALLS[name]:
            assert parameter in {each["name"] for each in entry["params"]}
