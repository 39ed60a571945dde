"""What programs of one's own lean on: a client that finds its node, outlives it, and tells what it missed."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.homes import new_home
from tests.support.memory_node import PASSPHRASE, MemoryNode
from tuichat import api, bootstrap
from tuichat.api import (
    AsyncClient,
    ContactEvent,
    DeniedError,
    LockedError,
    MessageEvent,
    MissedEvent,
    NotFoundError,
    UnreachableError,
    UsageError,
)
from tuichat.api.line import Line
from tuichat.api.server import ApiServer
from tuichat.model import ClosingEvent, NoticeEvent


class ReadingNode(MemoryNode):
    """One whose messages say that they were read, as the real one's do."""

    async def mark_read(self, ref: str, up_to: int) -> None:
        await super().mark_read(ref, up_to)
        history = self._find(ref).history
        for place, message in enumerate(history):
            if message.direction == "in" and message.id <= up_to:
                history[place] = msgspec.structs.replace(message, state="read")


class Served:
    """A node on a socket, which ends and comes back."""

    def __init__(self, directory: Path) -> None:
        self.node: MemoryNode = ReadingNode.sample(FixedClock())
        self.path = directory / "api.sock"
        self._server: ApiServer | None = None

    async def start(self) -> None:
        self._server = ApiServer(self.node, self.path)
        await self._server.start()

    async def end(self, reason: str = "") -> None:
        """Say why, if a reason is given, and hang up on everybody; what is subscribed has ended."""
        assert self._server is not None
        if reason:
            self.node.break_off(reason)  # type: ignore[arg-type]
        await self._server.close(farewell=1.0 if reason else 0.0)

    async def restart(self, reason: str = "") -> None:
        await self.end(reason)
        await self.start()


@pytest.fixture
async def home() -> AsyncIterator[Served]:
    with tempfile.TemporaryDirectory(prefix="tc") as directory:
        made = Served(Path(directory))
        await made.start()
        try:
            yield made
        finally:
            await made.end()


@pytest.fixture
async def client(home: Served) -> AsyncIterator[AsyncClient]:
    async with AsyncClient.connect(home.path) as connected:
        yield connected


async def test_events_go_on_over_the_end_of_a_node_and_say_what_may_be_missing(
    home: Served, client: AsyncClient
) -> None:
    events = client.events()
    await client.hello()
    first = home.node.incoming("bob", "one")
    told = await anext(events)
    assert isinstance(told, MessageEvent)
    assert (told.message, told.new) == (first, True)
    assert isinstance(await anext(events), ContactEvent)
    await home.end()
    late = home.node.incoming("bob", "while nobody listened")
    await home.start()
    gap, again = await anext(events), await anext(events)
    assert isinstance(gap, MissedEvent)
    assert (gap.first, gap.last) == (0, 0)
    assert isinstance(again, MessageEvent)
    assert (again.message, again.seq) == (late, events.since)
    await anext(events)
    assert (await client.status()).locked is False  # calls reach the new node, too


async def test_what_happened_between_two_nodes_is_told_also_if_nothing_was_before(
    home: Served, client: AsyncClient
) -> None:
    events = client.events()
    await client.hello()
    await home.end()
    late = home.node.incoming("bob", "while nobody listened")
    await home.start()
    gap, told = await anext(events), await anext(events)
    assert isinstance(gap, MissedEvent)
    assert gap.reason == "away"
    assert isinstance(told, MessageEvent)
    assert told.message == late
    async with AsyncClient.connect(home.path) as other:
        again = other.events(events.since, events.log)
        assert (await anext(again)).seq == (events.since or 0) + 1


async def test_a_number_of_another_log_is_told_as_such(home: Served, client: AsyncClient) -> None:
    events = client.events(3, "another")
    missed = await anext(events)
    assert isinstance(missed, MissedEvent)
    assert missed.reason == "other_log"
    assert events.since == missed.last
    assert events.log == (await client.event_log()).log


async def test_events_no_longer_kept_are_told_as_missed(home: Served, client: AsyncClient) -> None:
    events = client.events(since=1)
    for _ in range(4):
        await anext(events)
    since = events.since
    assert since == 5
    home.node.break_off("handover")
    while not isinstance(await anext(events), ClosingEvent):
        pass
    await home.end()
    home.node.incoming("bob", "two")
    home.node.forget_events()
    last = events.since or 0
    await home.start()
    passing, missed = await anext(events), await anext(events)
    assert isinstance(passing, MissedEvent)
    assert isinstance(missed, MissedEvent)
    assert (missed.first, missed.last) == (last + 1, last + 2)
    assert events.since == last + 2


async def test_waiting_for_a_node_has_an_end(home: Served, client: AsyncClient) -> None:
    events, calls = client.events(patience=0.2), client.events
    await home.end()
    with pytest.raises(UnreachableError, match="No node is running"):
        await anext(events)
    with pytest.raises(UnreachableError):
        await client.status()
    with pytest.raises(UnreachableError):
        await anext(calls(patience=0.01))
    await home.start()
    await client.reconnect(5)
    assert (await client.contact(1)).name == "bob"


async def test_events_go_on_also_if_a_call_has_found_the_next_node_first(
    home: Served, client: AsyncClient
) -> None:
    for reason in ("handover", ""):
        events, taken_over = client.events(), client.events()
        events, taken_over = taken_over, events
        await client.hello()
        await home.restart(reason)
        with pytest.raises(UnreachableError):
            await client.status()
        await client.reconnect()
        await client.status()
        if reason:
            assert isinstance(await anext(events), ClosingEvent)
        assert isinstance(await anext(events), MissedEvent)
        assert [event async for event in taken_over] == []
        await client.hello()
        home.node.notice("heard")
        assert isinstance(await anext(events), NoticeEvent)


async def test_after_a_wipe_nothing_is_waited_for(home: Served, client: AsyncClient) -> None:
    events = client.events()
    await client.hello()
    home.node.break_off("wipe")
    assert isinstance(await anext(events), ClosingEvent)
    with pytest.raises(UnreachableError):
        await anext(events)


async def test_who_is_turned_away_by_the_next_node_hears_why(home: Served, client: AsyncClient) -> None:
    events = client.events()
    await home.end()
    other = ApiServer(home.node, home.path, owner=4_000_000)
    await other.start()
    try:
        with pytest.raises(UnreachableError, match="another user"):
            await anext(events)
    finally:
        await other.close()
    await home.start()


async def test_a_client_that_is_closed_ends_its_events_even_while_they_wait_for_a_node(home: Served) -> None:
    async with AsyncClient.connect(home.path) as client:
        events = client.events()
        await home.end()
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.1)
        await home.start()
        await client.close()
        with pytest.raises((UnreachableError, StopAsyncIteration)):
            await asyncio.wait_for(waiting, 5)
        with pytest.raises(UnreachableError):
            await client.reconnect()


async def test_a_later_iterator_takes_the_stream_over(home: Served, client: AsyncClient) -> None:
    old = client.events()
    new = client.events()
    await client.hello()
    home.node.notice("hear")
    assert [event async for event in old] == []
    assert isinstance(await anext(new), NoticeEvent)
    await new.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(new)


async def test_a_call_that_is_given_up_leaves_the_client_whole(home: Served, client: AsyncClient) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await client.status()
    assert (await client.contact_list())[0].name == "alice"


async def test_messages_are_given_until_they_are_done(home: Served, client: AsyncClient) -> None:
    incoming = client.incoming()
    texts = [(await anext(incoming)).text[:4] for _ in range(3)]
    assert texts == ["did ", "page", "晚上见 "]
    fresh = home.node.incoming("bob", "and now?")
    assert await anext(incoming) == fresh
    answer = await client.reply(fresh, "here")
    assert (answer.reply_to, answer.contact, answer.direction) == (fresh.id, fresh.contact, "out")
    await client.done(fresh)
    await incoming.aclose()
    assert [message.text[:4] for message in await client.unread()] == ["晚上见 "]
    again = client.incoming()
    assert (await anext(again)).text[:4] == "晚上见 "
    await again.aclose()


async def test_what_is_unread_comes_again_with_the_next_node(home: Served, client: AsyncClient) -> None:
    incoming = client.incoming()
    first = [await anext(incoming) for _ in range(3)]
    await client.done(first[1])
    await home.end()
    late = home.node.incoming("bob", "late")
    await home.start()
    assert [await anext(incoming) for _ in range(2)] == [late, first[2]]
    newest = home.node.incoming("小明", "newest")
    assert await anext(incoming) == newest
    await incoming.aclose()


async def test_messages_wait_while_the_profile_is_locked(home: Served, client: AsyncClient) -> None:
    await client.lock()
    with pytest.raises(LockedError):
        await client.unread()
    incoming = client.incoming()
    waiting = asyncio.ensure_future(anext(incoming))
    await client.hello()
    await client.unlock(PASSPHRASE)
    assert (await asyncio.wait_for(waiting, 5)).text[:4] == "did "
    await incoming.aclose()


async def test_a_long_unread_history_is_given_whole_and_in_order(home: Served, client: AsyncClient) -> None:
    for number in range(250):
        home.node.incoming("alice", f"number {number}")
        home.node.outgoing("alice", "aha")
    found = [message.text for message in await client.unread() if message.text.startswith("number")]
    assert found == [f"number {number}" for number in range(250)]


async def test_what_cannot_be_is_refused_in_a_sentence(home: Served, client: AsyncClient) -> None:
    with pytest.raises(NotFoundError) as caught:
        await client.contact(99)
    assert "bob" in caught.value.candidates
    bob = await client.contact("bob")
    assert bob == await client.contact(bob.id) == await client.contact(bob.address)
    with pytest.raises(UnreachableError, match="No node is running"):
        async with AsyncClient.connect(home.path.with_name("other.sock")):
            pass
    for wrong in ({"home": "x", "path": home.path}, {"start": True, "path": home.path}, {"profile": "../x"}):
        with pytest.raises(UsageError):
            async with AsyncClient.connect(**wrong):
                pass


async def test_a_bot_with_a_token_talks_to_another_users_node_and_hears_of_its_contacts_alone(
    home: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = (await home.node.token_create("robot", ["bob"], ["read", "send"])).text
    monkeypatch.setattr("tuichat.api.peer.peer_uid", lambda _connection: 4_000_000)
    with pytest.raises(UnreachableError):
        async with AsyncClient.connect(home.path):
            pass
    async with AsyncClient.connect(home.path, token=token) as client:
        incoming = client.incoming()
        given = [await anext(incoming) for _ in range(2)]
        assert [message.text[:4] for message in given] == ["did ", "page"]
        answer = await client.reply(given[1], "seen")
        await client.done(given[1])
        home.node.incoming("alice", "not for robots")
        fresh = home.node.incoming("bob", "but this")
        assert await anext(incoming) == fresh
        with pytest.raises(UsageError, match="no method"):
            await client.invite_create()
        await incoming.aclose()
        assert (await client.message_get(answer.id)).reply_to == given[1].id
    with pytest.raises(DeniedError):
        async with AsyncClient.connect(home.path, token="tuichat-token1:none"):
            pass


async def test_a_token_goes_with_the_greeting(home: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, object]] = []
    ask = Line.ask

    async def listen(line: Line, method: str, params: Any) -> Any:
        said.append((method, params))
        return await ask(line, method, {} if method == "hello" else params)

    monkeypatch.setattr(Line, "ask", listen)
    async with AsyncClient.connect(home.path, token="letmein") as client:
        events = client.events()
        await home.restart()
        await anext(events)
    assert said == [("hello", {"token": "letmein"})] * 2


async def test_a_node_is_found_as_the_command_line_finds_it_and_started_if_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with new_home() as home:
        home.make_profile()
        monkeypatch.setenv("TUICHAT_HOME", str(home.paths.home))
        with pytest.raises(bootstrap.NoNodeError):
            async with AsyncClient.connect():
                pass
        async with AsyncClient.connect(start=True, timeout=60) as client:
            hello = await client.hello()
            assert (hello.node, hello.pid) == ("detached", home.node_pid())
            async with AsyncClient.connect(home=home.paths.home) as other:
                assert await other.hello() == hello
            await client.stop()
        await home.wait_ended()


@pytest.mark.parametrize(
    ("failure", "code", "said"),
    [
        (None, 0, ""),
        (KeyboardInterrupt(), 130, ""),
        (LockedError("The profile is locked.", "Unlock it."), 6, "The profile is locked. Unlock it.\n"),
        (NotFoundError("No such contact."), 7, "No such contact.\n"),
    ],
)
def test_a_program_ends_with_the_code_of_what_ended_it(
    failure: BaseException | None, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def program() -> None:
        if failure is not None:
            raise failure

    with pytest.raises(SystemExit) as ended:
        api.run(program())
    assert ended.value.code == code
    assert capsys.readouterr() == ("", said)


def test_every_method_of_a_client_says_what_it_does() -> None:
    methods = [name for name in dir(AsyncClient) if not name.startswith("_")]
    assert [name for name in methods if not inspect.getdoc(getattr(AsyncClient, name))] == []
    assert len(methods) > 60


def test_programs_load_neither_interface_nor_engine() -> None:
    code = "import sys, tuichat.api as a; [getattr(a, n) for n in a.__all__]; print(*sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = {name.partition(".")[0] for name in out.split()}
    assert "msgspec" in loaded
    assert loaded & {"textual", "rich", "stem", "aiohttp", "nacl", "cryptography", "apsw", "onion"} == set()
    with pytest.raises(AttributeError):
        api.Nothing  # noqa: B018
