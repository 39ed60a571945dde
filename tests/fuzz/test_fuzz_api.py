"""Calls made of the OpenRPC document, good and bad, to a whole node: it answers each, and goes on."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from typing import Any

import pytest

from tests.support.handshakes import person
from tests.support.house import house
from tests.support.json_schema import Schemas
from tests.support.raw_client import Raw
from tests.support.served import served
from tests.support.stores import add_contact, receive
from tuichat.api import connection, limits
from tuichat.api.openrpc import encoded
from tuichat.api.wire import INTERNAL_ERROR, MAX_REQUEST_LINE
from tuichat.clock import SystemClock
from tuichat.crypto.passphrase import Secret
from tuichat.network.addresses import address_of
from tuichat.node.gate import Gate
from tuichat.node.node import Node

DOCUMENT: dict[str, Any] = json.loads(encoded())
SCHEMAS = Schemas(DOCUMENT["components"]["schemas"])
ENDING = ("lock", "unlock", "stop", "wipe")
"""After these there is nothing to ask."""

CANARY = "Quetzalcoatlus"
ENTRIES = [entry for entry in DOCUMENT["methods"] if entry["name"] not in ENDING]
CODES = {int(code) for code in DOCUMENT["components"]["errors"]}


def call(rng: random.Random, number: int) -> tuple[dict[str, Any], str]:
    """A request, and the method that it is of."""
    entry = rng.choice(ENTRIES)
    params: dict[str, Any] = {}
    spoilt = rng.random() < 0.3
    for parameter in entry["params"]:
        if not parameter["required"] and rng.random() < 0.4:
            continue
        kind = parameter["schema"]
        make = SCHEMAS.bad if spoilt and rng.random() < 0.5 else SCHEMAS.good
        params[parameter["name"]] = make(kind, rng)
        if parameter["name"] == "ref" and rng.random() < 0.7:
            params["ref"] = rng.choice(("Ada", "Bo"))
    if rng.random() < 0.05:
        params["unheard_of"] = 1
    given: Any = list(params.values()) if rng.random() < 0.1 else params
    return {"jsonrpc": "2.0", "id": number, "method": entry["name"], "params": given}, entry["name"]


def broken(rng: random.Random) -> bytes:
    """A line that is no request, or hardly one."""
    line = bytearray(json.dumps(call(rng, 1)[0]).encode())
    kind = rng.randrange(7)
    if kind == 0:
        return bytes(line[: rng.randrange(1, len(line))])
    if kind == 1:
        line[rng.randrange(len(b'{"jsonrpc": "2.0", "id": 1,'), len(line))] = rng.randrange(256)
        return bytes(line).replace(b"\n", b" ")
    return (
        b'{"jsonrpc":"2.0","id":1,"method":"status","params":' + b"[" * 5000,
        b'{"jsonrpc":"1.0","x":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b"[" + b",".join([bytes(line)] * 50) + b"]",
        b'{"jsonrpc":"2.0","id":' + b"9" * 400 + b',"method":"hello"}',
        b'{"jsonrpc":"2.0","id":1,"method":"\xff\xfe\xed\xa0\x80"}',
    )[kind - 2]


def proper(answer: Any) -> bool:
    """Whether it is an answer as JSON-RPC has them."""
    if answer.get("jsonrpc") != "2.0" or ("result" in answer) == ("error" in answer):
        return False
    error = answer.get("error")
    return error is None or (error["code"] in CODES and error["message"] and "data" in error)


def check(answer: Any, number: int, method: str) -> None:
    """An answer is the call's own, and has what the document says."""
    assert answer["id"] == number
    if "result" in answer:
        schema = next(entry for entry in ENTRIES if entry["name"] == method)["result"]["schema"]
        assert SCHEMAS.faults(answer["result"], schema, method) == []


async def gate_of(node: Node) -> Gate:
    """The open gate before a node."""

    async def opened(_secret: Secret) -> Node:
        return node

    gate = Gate(opened, kind="detached", clock=SystemClock())
    await gate.unlock("")
    return gate


@pytest.mark.parametrize("seed", range(4))
async def test_every_call_is_answered_and_the_node_goes_on(
    seed: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "GUESS", 0)
    caplog.set_level(logging.WARNING)
    rng = random.Random(seed)
    async with house(person("me")) as home:
        for name in ("Ada", "Bo"):
            add_contact(home.node._store, name, person(name).onion)
        async with served(await gate_of(home.node)) as (_server, path):
            raw = await Raw.open(path)
            for number in range(250):
                request, method = call(rng, number)
                is_broken = rng.random() < 0.15
                line = broken(rng) if is_broken else json.dumps(request).encode()
                if method == "subscribe" or len(line) >= MAX_REQUEST_LINE:
                    continue
                async with asyncio.timeout(20):
                    answer = await raw.line(line)
                    while "method" in answer:  # a broken line may subscribe
                        answer = await raw.read()
                assert proper(answer), (line, answer)
                assert answer.get("error", {}).get("code") != INTERNAL_ERROR, line
                if answer.get("error", {}).get("data", {}).get("code") == "denied":  # no token, and hung up
                    assert await raw.reader.read() == b""
                    await raw.close()
                    raw = await Raw.open(path)
                if not is_broken:
                    check(answer, number, method)
            assert (await raw.ask("hello"))["result"]["api"] == 1
            await raw.close()
        assert home.node._store._database.sound()
        assert home.node._store._database.hangs_together()
    assert not caplog.records, caplog.text


async def test_whatever_the_holder_of_a_token_asks_nothing_is_said_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "CALLS_PER_SECOND", 1e4)
    monkeypatch.setattr(limits, "CHANGES_PER_SECOND", 1e4)
    rng = random.Random(7)
    async with house(person("me")) as home:
        store, gate = home.node._store, await gate_of(home.node)
        ada = add_contact(store, "Ada", person("Ada").onion).id
        other = add_contact(store, f"{CANARY} Bo", person("Bo").onion)
        for number in range(20):
            receive(store, (ada, other.id)[number % 2], number, "" if number % 2 == 0 else CANARY)
        store.contacts.update(ada, suggested_name=f"{CANARY} Bo")  # whom it looks like is not said
        made = await gate.token_create("bot", ["Ada"], ["read", "send", "files", "contacts"])
        async with served(gate) as (_server, path):
            raw = await Raw.open(path)
            said = [await raw.ask("hello", {"token": made.text}), await raw.ask("subscribe", {"since": 0})]
            for number in range(600):
                request, method = call(rng, number)
                if "ref" in request["params"] and isinstance(request["params"], dict):
                    request["params"]["ref"] = rng.choice(("Ada", address_of(other.onion), other.petname))
                line = json.dumps(request).encode()
                if method == "hello" or len(line) >= MAX_REQUEST_LINE:
                    continue
                if rng.random() < 0.1:
                    await gate.conversation_set(other.petname, muted=rng.random() < 0.5)
                said.append(await raw.line(line))
                while "method" in said[-1]:
                    said.append(await raw.read())
            await raw.close()
        words = json.dumps(said, ensure_ascii=False)
        assert sum("result" in each for each in said) > 50
        assert words.count(CANARY) == words.count(f'"suggested_name": "{CANARY} Bo"')
        assert address_of(other.onion) not in words
