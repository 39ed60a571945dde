"""What the holder of a token can do with the local API, and that there is nothing else for them."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import stat
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import PASSPHRASE, MemoryNode
from tests.support.raw_client import Raw
from tests.support.served import served
from tuichat.api import connection, limits
from tuichat.api.bot_server import BotServer
from tuichat.api.limits import Limits
from tuichat.api.methods import METHODS, attributes, wire_name
from tuichat.api.scoped_events import seen_of
from tuichat.errors import StorageError
from tuichat.model import EVENT_TYPES, METHOD_GROUPS, NEED_EVERYBODY, AnyEvent, NoticeEvent, Scope, grantable

OTHERS = ("alice", "小明", "carol", "dave")


@dataclass
class House:
    """A node with a socket for bots, and those that came."""

    node: MemoryNode
    path: Path
    server: BotServer
    clients: list[Raw] = field(default_factory=list)

    async def knock(self) -> Raw:
        self.clients.append(await Raw.open(self.path))
        return self.clients[-1]

    async def bot(self, *methods: str, contacts: tuple[str, ...] = ("bob",), **more: Any) -> Raw:
        name = f"bot{len(self.node.tokens)}"
        token = await self.node.token_create(name, list(contacts), list(methods or METHOD_GROUPS), **more)
        raw = await self.knock()
        assert (await raw.ask("hello", {"token": token.text}))["result"]["api"] == 1
        return raw


@pytest.fixture
async def house(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(connection, "GUESS", 0.01)
    monkeypatch.setattr(limits, "CALLS_PER_SECOND", 1e4)
    monkeypatch.setattr(limits, "CHANGES_PER_SECOND", 1e4)
    node = MemoryNode.sample(FixedClock(), files=True)
    with tempfile.TemporaryDirectory(prefix="tb") as directory:
        Path(directory).chmod(0o755)
        server = BotServer(node, Path(directory) / "bots.sock", None)
        await server.start()
        made = House(node, Path(directory) / "bots.sock", server)
        yield made
        for client in made.clients:
            await client.close()
        await server.close()


def test_every_method_and_event_is_either_for_tokens_or_for_the_owner_alone() -> None:
    owners = {
        *("hello", "unlock", "lock", "active", "passphrase", "duress", "wipe", "go_online", "reload", "stop"),
        "use_bridges",
        *("keep_until_delivered", "backup", "check_database", "contact.remove"),
        *("contact.verify", "contact.trust", "contact.erase", "conversation.timer", "present"),
        *(
            "conversation.retention",
            "conversation.memory",
            "draft.set",
            "draft.list",
            "input.add",
            "input.list",
            "export_to",
        ),
        *("import_from", "file.send", "file.prepare", "token.create", "token.list", "token.revoke"),
    }
    assert grantable() | owners == set(METHODS)
    assert not grantable() & owners
    assert grantable() >= NEED_EVERYBODY
    tags = {str(kind.__struct_config__.tag) for kind in AnyEvent.__args__}
    assert tags - set(EVENT_TYPES) == {"draft", "input", "locked", "closing", "missed"}
    assert {wire_name(attribute) for attribute in attributes()} == set(METHODS)


async def test_the_socket_for_bots_is_for_a_group_and_nothing_is_said_without_a_token(house: House) -> None:
    assert stat.S_IMODE(house.path.stat().st_mode) == 0o660
    raw = await house.knock()
    refusal = await raw.ask("status")
    assert refusal["error"]["data"]["code"] == "denied"
    assert await raw.reader.read() == b""
    for params in ({"token": "tuichat-token1:wrong"}, {"token": ""}, {}):
        raw = await house.knock()
        answer = await raw.ask("hello", params)
        assert answer["error"]["data"]["code"] == "denied"
        assert await raw.reader.read() == b""


async def test_who_presents_nothing_is_hung_up(house: House) -> None:
    impatient = Limits(greeting=0.05)
    hasty = BotServer(house.node, house.path.with_name("b.sock"), None, impatient)
    await hasty.start()
    house.path = house.path.with_name("b.sock")
    staying, silent = await house.bot("read"), await house.knock()
    assert await silent.reader.read() == b""
    assert (await staying.ask("status"))["result"]["node"] == "daemon"
    await hasty.close()


async def test_those_without_a_token_make_room_for_who_comes_with_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.server, "_most", 4)
    bot = await house.bot()
    idle = [await house.knock() for _ in range(3)]
    await asyncio.sleep(0.01)
    another = await house.bot()
    async with asyncio.timeout(5):
        assert await idle[0].reader.read() == b""
    for raw in (bot, another):
        assert "result" in await raw.ask("status", {})
    bots = [await house.bot() for _ in range(2)]
    assert "as many clients" in (await (await house.knock()).read())["error"]["message"]
    assert all([await raw.ask("status", {}) for raw in (bot, another, *bots)])


async def test_a_directory_that_others_write_to_is_no_place_for_the_socket(house: House) -> None:
    house.path.parent.chmod(0o777)
    with pytest.raises(StorageError, match="Others can write"):
        await BotServer(house.node, house.path.parent / "b.sock", None).start()
    house.path.parent.chmod(0o755)
    with pytest.raises(StorageError, match="cannot be used"):
        await BotServer(house.node, house.path.parent / "none" / "b.sock", None).start()
    group = os.getgroups()[-1] if os.getgroups() else os.getgid()
    other = BotServer(house.node, house.path.parent / "b.sock", group)
    await other.start()
    assert (house.path.parent / "b.sock").stat().st_gid == group
    await other.close()


async def test_a_group_that_cannot_be_given_is_told_and_a_directory_may_give_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_words: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    path = house.path.parent / "b.sock"
    monkeypatch.setattr("tuichat.api.bot_server.os.chown", forbidden)
    with pytest.raises(StorageError, match="cannot be given to the group: Operation not permitted") as caught:
        await BotServer(house.node, path, os.getgid()).start()
    assert "install -d -m 2750" in caught.value.hint
    assert not path.exists()
    house.path.parent.chmod(0o2750)
    server = BotServer(house.node, path, os.getgid())
    await server.start()
    assert path.stat().st_gid == house.path.parent.stat().st_gid
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    await server.close()


async def test_a_bot_sees_its_contact_and_of_the_others_nothing(house: House) -> None:
    raw = await house.bot()
    (bob,) = (await raw.ask("contact.list"))["result"]
    assert (bob["name"], bob["alike"]) == ("bob", [])
    assert (await raw.ask("contact.get", {"ref": bob["address"][:8]}))["result"]["id"] == bob["id"]
    status = (await raw.ask("status"))["result"]
    assert status["contacts"] == {"accepted": 1, "online": 1}
    assert status["outbox"] == {"queued": 0, "oldest_at": None, "in_memory": 0}
    files = (await raw.ask("file.list"))["result"]
    assert {file["contact"] for file in files} == {bob["id"]}
    assert all(file["path"] == "" for file in files if file["direction"] == "out")
    assert (await raw.ask("send", {"ref": "bob", "text": "beep"}))["result"]["contact"] == bob["id"]
    assert len((await raw.ask("messages", {"ref": "bob"}))["result"]) == len(await house.node.messages("bob"))


async def test_what_belongs_to_others_is_answered_as_what_is_not_there(house: House) -> None:
    raw = await house.bot()
    messages = {m.contact: m.id for p in house.node._people.values() for m in p.history}
    others = [number for contact, number in messages.items() if contact != 1]
    files = [file.id for file in await house.node.file_list() if file.contact != 1]
    assert others
    assert files
    addresses = [contact.address for contact in await house.node.contact_list() if contact.name != "bob"]
    refs = [*OTHERS, *addresses, *(address[:10] for address in addresses)]

    async def same(method: str, key: str, there: list[Any], missing: Any, **more: Any) -> None:
        expected = (await raw.ask(method, {key: missing, **more}))["error"]
        for each in there:
            answer = (await raw.ask(method, {key: each, **more}))["error"]
            answer["message"] = answer["message"].replace(str(each), str(missing))
            assert answer == expected, method
        assert expected["data"]["code"] == "not_found"
        assert set(expected["data"]["candidates"]) <= {"bob"}

    for method in sorted(grantable() - NEED_EVERYBODY):
        parameters = METHODS[method].order
        more: dict[str, Any] = {"text": "x"} if "text" in parameters else {}
        more |= {"emoji": "👍"} if "emoji" in parameters else {}
        more |= {"tags": ["x"]} if "tags" in parameters else {}
        more |= {name: 1 for name in ("up_to", "first", "last") if name in parameters}
        more |= {"now": True} if "now" in parameters else {}
        if "ref" in parameters:
            await same(method, "ref", refs, "nobody", **more)
        if "message" in parameters:
            await same(method, "message", others, 9999, **more)
        if "file" in parameters:
            await same(method, "file", files, 9999, **more)
    await same("send", "reply_to", others, 9999, ref="bob", text="x")
    await same("conversation.set", "unread_from", others, 9999, ref="bob")


async def test_methods_that_a_token_does_not_allow_are_not_there(house: House) -> None:
    raw = await house.bot("read")
    for method in (*sorted(set(METHODS) - {*METHOD_GROUPS["read"], "hello"} | {"search", "clients"}), "none"):
        error = (await raw.ask(method))["error"]
        assert (error["code"], error["message"]) == (-32601, f"There is no method {method}.")
    everything = await house.bot(contacts=("*",))
    assert len((await everything.ask("contact.list"))["result"]) == 5
    assert (await everything.ask("search", {"query": "draft"}))["result"]["found"]
    assert (await everything.ask("file.send", {"ref": "bob", "paths": ["/etc/passwd"]}))["error"][
        "code"
    ] == -32601


async def test_no_path_is_written_to_for_a_token(house: House) -> None:
    raw = await house.bot("files")
    offered = house.node.offer("bob", "x.txt", 3)
    refused = await raw.ask("file.accept", {"file": offered.id, "to": "/etc"})
    assert refused["error"]["data"]["code"] == "usage"
    assert (await raw.ask("file.accept", {"file": offered.id}))["result"][0]["state"] == "waiting"


async def test_events_are_those_of_the_tokens_contacts_and_keep_their_numbers(house: House) -> None:
    raw = await house.bot()
    last = (await raw.ask("subscribe"))["result"]["last"]
    house.node.incoming("alice", "not for a bot")
    house.node.notice("somebody has another key")
    await house.node.draft_set("bob", "half written")
    house.node.set_stage("alice", "offline")
    house.node.incoming("bob", "for the bot")
    told = [(await raw.read())["params"] for _ in range(2)]
    assert [(event["type"], event["seq"]) for event in told] == [("message", last + 3), ("contact", last + 4)]
    picky = await house.bot("read", events=["link"])
    await picky.ask("subscribe", {"since": 0})
    house.node.incoming("bob", "no message events")
    house.node.set_stage("bob", "offline")
    assert (await picky.read())["params"]["type"] == "link"


def test_a_notice_may_name_anybody_and_is_told_to_a_token_for_everybody_alone() -> None:
    notice = NoticeEvent(at=datetime(2026, 11, 26, tzinfo=UTC), text="bob looks like alice", contact=1)
    everything = Scope(1, "bot", None, frozenset(), frozenset(EVENT_TYPES))
    assert seen_of(notice, everything) == notice
    assert seen_of(notice, dataclasses.replace(everything, addresses={1: "a"})) is None
    assert seen_of(notice, dataclasses.replace(everything, events=frozenset({"message"}))) is None


async def test_a_token_that_is_revoked_or_over_opens_nothing_more(house: House) -> None:
    asking, listening = await house.bot("read"), await house.bot("read", seconds=60)
    await listening.ask("subscribe")
    await house.node.token_revoke("bot0")
    assert (await asking.ask("status"))["error"]["data"]["code"] == "denied"
    assert await asking.reader.read() == b""
    clock = house.node._clock
    assert isinstance(clock, FixedClock)
    clock.advance(61)
    house.node.incoming("bob", "too late")
    assert await listening.reader.read() == b""


async def test_a_locked_profile_knows_no_token_and_a_bot_may_try_again(house: House) -> None:
    token = await house.node.token_create("bot", ["bob"], ["read"])
    await house.node.lock()
    raw = await house.knock()
    assert (await raw.ask("hello", {"token": token.text}))["error"]["data"]["code"] == "locked"
    await house.node.unlock(PASSPHRASE)
    assert "result" in await raw.ask("hello", {"token": token.text})
    await house.node.lock()
    assert (await raw.ask("contact.list"))["error"]["data"]["code"] == "locked"


async def test_a_token_on_the_owners_socket_gives_the_rest_away(house: House) -> None:
    token = await house.node.token_create("mine", ["bob"], ["read"])
    async with served(house.node) as (_server, path):
        raw = await Raw.open(path)
        await raw.ask("subscribe")
        assert len((await raw.ask("contact.list"))["result"]) == 5
        await raw.ask("hello", {"token": token.text})
        house.node.incoming("alice", "the stream of before is over")
        assert len((await raw.ask("contact.list"))["result"]) == 1
        assert (await raw.ask("lock"))["error"]["code"] == -32601
        again = await raw.ask("hello", {"token": token.text})
        assert again["error"]["data"]["code"] == "denied"
        await raw.close()


async def test_a_greedy_holder_waits_its_turn_and_others_do_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CALLS_PER_SECOND", 10.0)
    greedy, modest = await house.bot("read"), await house.bot("read")
    for number in range(40):
        greedy.writer.write(b'{"jsonrpc":"2.0","id":%d,"method":"event_log"}\n' % number)
    begun = asyncio.get_running_loop().time()
    for _ in range(20):
        await modest.ask("event_log")
    assert asyncio.get_running_loop().time() - begun < 0.5
    for _ in range(40):
        await greedy.read()
    assert asyncio.get_running_loop().time() - begun > 0.8


async def test_a_token_has_few_connections_and_few_messages_in_the_queue(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuichat.api.scoped.MOST_QUEUED", 3)
    token = await house.node.token_create("many", ["alice"], ["send"])
    clients = [await house.knock() for _ in range(9)]
    answers = [await client.ask("hello", {"token": token.text}) for client in clients]
    assert ["result" in answer for answer in answers] == [True] * 8 + [False]
    await clients[0].close()
    while house.server.client_count > 7:
        await clients[1].ask("hello")
    again = await house.knock()
    assert "result" in await again.ask("hello", {"token": token.text})
    answers = [await again.ask("send", {"ref": "alice", "text": str(number)}) for number in range(4)]
    assert ["result" in answer for answer in answers] == [True, True, False, False]
    assert answers[-1]["error"]["data"]["code"] == "denied"


async def test_lines_that_ask_nothing_hold_nobody_up_and_end_the_stay_of_who_has_no_token(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for line, answers in ((b"\n", 0), (b"x\n", 1), (b'{"jsonrpc":"2.0","id":1,"method":"no.such"}\n', 1)):
        nameless = await house.knock()
        nameless.writer.write(line)
        assert (await nameless.reader.read()).count(b"\n") == answers
    monkeypatch.setattr(limits, "CALLS_PER_SECOND", 200.0)
    for line in (b"\n", b"x\n"):
        greedy = await house.bot("read")
        begun = asyncio.get_running_loop().time()
        greedy.writer.write(line * 700 + b'{"jsonrpc":"2.0","id":7,"method":"status"}\n')
        while (await greedy.read()).get("id") != 7:
            pass
        assert asyncio.get_running_loop().time() - begun > 0.3


async def test_lines_that_have_come_already_are_not_all_read_before_others_have_their_turn(
    house: House,
) -> None:
    async with served(house.node) as (_server, path):
        busy = await Raw.open(path)
        busy.writer.write(b"\n" * 50_000 + b'{"jsonrpc":"2.0","id":7,"method":"status"}\n')
        reading = asyncio.ensure_future(busy.read())
        turns = 0
        while not reading.done():
            await asyncio.sleep(0)
            turns += 1
        assert turns > 10_000
        await busy.close()


async def test_a_contact_who_was_removed_and_came_back_is_nobody_of_the_tokens(house: House) -> None:
    raw = await house.bot("read", "send")
    address = (await house.node.contact_get("bob")).address
    assert "result" in await raw.ask("messages", {"ref": address})
    await house.node.contact_remove("bob")
    await house.node.contact_add(address, "bob")
    for ref in (address, address.removesuffix(".onion"), "bob"):
        for method in ("contact.get", "messages", "file.list"):
            refused = await raw.ask(method, {"ref": ref})
            assert refused["error"]["data"]["code"] == "not_found", (method, ref)


async def test_what_the_owner_is_told_once_is_not_taken_by_a_bot(house: House) -> None:
    house.node.told_first = ["tor has a known weakness."]
    raw = await house.bot("read", contacts=("*",))
    await raw.ask("subscribe")
    await house.node.contact_rename("bob", "robert")
    assert (await raw.read())["params"]["type"] == "contact"


async def test_tors_own_words_which_name_files_are_not_for_tokens(house: House) -> None:
    for contacts in (("bob",), ("*",)):
        raw = await house.bot("read", contacts=contacts, events=["tor"])
        await raw.ask("subscribe")
        house.node.set_tor(problem="control", detail=f"/home/me is gone {contacts}")
        event = await raw.read()
        assert (event["params"]["tor"]["problem"], event["params"]["tor"]["detail"]) == ("control", "")
        status = (await (await house.bot("status", contacts=contacts)).ask("status"))["result"]
        assert (status["tor"]["problem"], status["tor"]["detail"]) == ("control", "")
