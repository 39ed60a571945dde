"""The client of the local API gives what the node itself would."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import PASSPHRASE, MemoryNode, address_of
from tests.support.served import served
from tuichat.api import AsyncClient
from tuichat.api.methods import attributes
from tuichat.api.node_api import NodeApi
from tuichat.api.server import ApiServer
from tuichat.errors import LockedError, NotFoundError, TuichatError, UnreachableError, UsageError
from tuichat.model import (
    ClosingEvent,
    ContactEvent,
    Conversation,
    ConversationErasedEvent,
    Draft,
    DraftEvent,
    FileEvent,
    InputEvent,
    LockedEvent,
    Message,
    MessageEvent,
    NoticeEvent,
    Status,
)


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock())


@pytest.fixture
async def server(node: MemoryNode) -> AsyncIterator[tuple[ApiServer, Path]]:
    async with served(node) as pair:
        yield pair


@pytest.fixture
async def client(server: tuple[ApiServer, Path]) -> AsyncIterator[AsyncClient]:
    async with AsyncClient.connect(server[1]) as connected:
        yield connected


def test_client_and_memory_node_have_the_signatures_of_the_node_api(node: MemoryNode) -> None:
    for name in attributes():
        method = getattr(NodeApi, name)
        for kind in (AsyncClient, MemoryNode):
            own = inspect.signature(getattr(kind, name)).parameters
            assert list(own.values()) == list(inspect.signature(method).parameters.values()), (kind, name)


async def test_every_question_gets_the_answer_that_the_node_gives(
    client: AsyncClient, node: MemoryNode
) -> None:
    api: NodeApi = client
    assert await api.hello() == await node.hello()
    assert await api.status() == await node.status()
    assert await api.contact_list() == await node.contact_list()
    assert await api.messages("bob") == await node.messages("bob")
    assert await api.contact_verify("bob") == await node.contact_verify("bob")
    assert await api.message_get(1) == await node.message_get(1)
    assert await client.client_count() == 1


async def test_what_is_kept_and_written_reaches_the_node_and_every_client(
    server: tuple[ApiServer, Path], client: AsyncClient, node: MemoryNode
) -> None:
    async with AsyncClient.connect(server[1]) as other:
        events = other.subscribe()
        await other.hello()
        kept = await client.conversation_set("bob", muted=True, unread_from=1)
        assert kept.conversation == Conversation(muted=True, unread_from=1)
        assert (await client.contact_tag("bob", ["work", "play"])).tags == ("play", "work")
        assert (await client.contact_untag("bob", ["play"])).tags == ("work",)
        await client.draft_set("bob", "half a 句", "me")
        await client.input_add("said", "bob", "me")
        assert await client.draft_list() == [Draft(contact=kept.id, text="half a 句")]
        assert await client.input_list() == ["said"]
        assert (await client.export_to("/out", "bob", plain_page=True)).path == "/out"
        with pytest.raises(UsageError, match="fresh profile"):
            await client.import_from("/out")
        assert (await client.contact_erase("bob")).last_message_at is None
        assert await client.messages("bob") == []
        told = [await anext(events) for _ in range(7)]
    assert [type(event) for event in told] == [
        *(ContactEvent, ContactEvent, ContactEvent),
        *(DraftEvent, InputEvent, ConversationErasedEvent, ContactEvent),
    ]
    assert isinstance(told[3], DraftEvent)
    assert (told[3].draft.text, told[3].writer) == ("half a 句", "me")
    assert node.exports == [("/out", kept.id, True)]


async def test_every_order_reaches_the_node(client: AsyncClient, node: MemoryNode) -> None:
    added = await client.contact_add(address_of("erin"), "erin", "hello, erin")
    assert (added.state, added.request_text) == ("requested", "hello, erin")
    assert (await client.contact_accept("dave")).state == "accepted"
    assert (await client.contact_block("dave")).state == "blocked"
    assert (await client.contact_unblock("dave")).state == "requested"
    assert (await client.contact_rename("dave", "david")).name == "david"
    node.change_key("david")
    assert not (await client.contact_trust("david", accept=False)).key_changed
    await client.contact_remove("david")
    node.person("frank", state="pending")
    await client.contact_reject("frank")
    assert {c.name for c in await node.contact_list()} == {"bob", "alice", "小明", "carol", "erin"}
    sent = await client.send("小明", "好的\n马上 🙂")
    assert (await client.cancel(sent.id)).state == "cancelled"
    await client.mark_read("bob", 3)
    assert (await node.contact_list())[1].unread == 0
    await client.go_online()
    await client.keep_until_delivered()
    assert node.online_asked
    assert node.kept
    await client.lock()
    with pytest.raises(LockedError):
        await client.unlock("wrong")
    await client.unlock(PASSPHRASE)
    await client.stop("handover")
    assert node.stopped == "handover"


async def test_every_order_about_files_reaches_the_node(client: AsyncClient, node: MemoryNode) -> None:
    api: NodeApi = client
    node.sizes = {"/a/one.txt": 10, "/a/two.txt": 20}
    offered = node.offer("bob", "three.txt", 30)
    also = node.offer("bob", "four.txt", 40, group=offered.id)
    sent = await api.file_send("bob", ["/a/one.txt", "/a/two.txt"], "both", as_is=True)
    assert [each.file.name for each in sent] == ["one.txt", "two.txt"]
    assert (sent[0].message.kind, sent[0].message.text) == ("file", "both")
    assert await api.file_list() == await node.file_list()
    assert await api.file_list("alice") == []
    await api.file_prepare(offered.id)
    assert node.prepared == [offered.id]
    assert [each.state for each in await api.file_accept(offered.id, "/to", whole_group=False)] == ["waiting"]
    assert (await api.file_pause(offered.id)).paused_by == "me"
    assert (await api.file_resume(offered.id)).state == "waiting"
    assert (await api.file_decline(also.id)).state == "declined"
    assert (await api.file_cancel(sent[1].file.id)).state == "cancelled"
    assert await api.file_get(also.id) == await node.file_get(also.id)
    with pytest.raises(NotFoundError):
        await api.file_get(99)
    with pytest.raises(UsageError):
        await api.file_get(-1)


async def test_progress_of_a_file_is_a_passing_event_and_its_states_are_kept(
    client: AsyncClient, node: MemoryNode
) -> None:
    file = node.offer("bob", "draft.txt", 100)
    events = client.subscribe()
    await client.hello()
    node.progress(file.id, 0)
    node.progress(file.id, 68, rate=10, circuits=2)
    node.end(file.id, "complete")
    told = [await anext(events) for _ in range(3)]
    assert [isinstance(event, FileEvent) and event.file.bytes_done for event in told] == [0, 68, 100]
    assert [event.seq is None for event in told] == [False, True, False]


async def test_a_refusal_arrives_as_its_own_class_with_hint_and_candidates(client: AsyncClient) -> None:
    with pytest.raises(NotFoundError) as caught:
        await client.send("nobody", "hi")
    assert "bob" in caught.value.candidates
    assert caught.value.hint
    with pytest.raises(UsageError):
        await client.messages("bob", limit=-1)


async def test_a_long_history_is_fetched_page_by_page(client: AsyncClient, node: MemoryNode) -> None:
    node.fill("carol", 1700)
    assert await client.messages("carol", limit=1200) == await node.messages("carol", limit=1200)
    assert await client.messages("carol", limit=10_000) == await node.messages("carol", limit=10_000)
    begin = (await node.messages("carol", limit=10_000))[99].id
    assert await client.messages("carol", limit=1000, after=begin) == await node.messages(
        "carol", limit=1000, after=begin
    )
    assert await client.messages("carol", limit=700, before=begin) == await node.messages(
        "carol", limit=700, before=begin
    )


async def test_a_long_list_of_files_is_fetched_page_by_page(client: AsyncClient, node: MemoryNode) -> None:
    ids = [node.offer(("bob", "alice")[number % 2], f"{number}.txt", 1).id for number in range(1300)]
    assert [file.id for file in await client.file_list()] == ids[-500:]
    assert [file.id for file in await client.file_list(limit=10_000)] == ids
    assert [file.id for file in await client.file_list(limit=700, before=ids[1000])] == ids[300:1000]
    assert [file.id for file in await client.file_list("bob", 3, ids[9])] == [ids[4], ids[6], ids[8]]
    assert await client.file_list(before=ids[0]) == []
    for limit in (0, -1):
        with pytest.raises(UsageError):
            await client.file_list(limit=limit)


async def test_what_was_found_is_fetched_page_by_page(client: AsyncClient, node: MemoryNode) -> None:
    node.fill("carol", 1200)
    node.whole = False
    for limit in (3, 700, 10_000):
        assert await client.search("line in:carol", limit) == await node.search("line in:carol", limit)
    newest = (await node.search("line", 1)).found[0].message.id
    assert await client.search("line", 600, newest) == await node.search("line", 600, newest)
    assert (await client.search("nothing like it")).found == ()


class BriefNode(MemoryNode):
    """Gives no more than seven messages at a time, as a node does when they are long."""

    async def messages(
        self, ref: str, limit: int = 50, before: int | None = None, after: int | None = None
    ) -> list[Message]:
        return await super().messages(ref, min(limit, 7), before, after)


async def test_a_short_page_is_not_taken_for_the_end(node: MemoryNode) -> None:
    brief = BriefNode.sample(FixedClock())
    for each in (node, brief):
        each.fill("carol", 100)
    ids = [message.id for message in await node.messages("carol", limit=100)]
    async with served(brief) as (_, path), AsyncClient.connect(path) as client:
        for before, after in ((None, None), (ids[80], None), (None, ids[20])):
            for limit in (3, 7, 20, 1000):
                got = await client.messages("carol", limit, before, after)
                assert got == await node.messages("carol", limit, before, after)


async def test_the_raw_call_gives_plain_json(client: AsyncClient) -> None:
    assert (await client.call("status"))["contacts"]["accepted"] == 3
    assert (await client.call("messages", ["bob", 1]))[0]["direction"] == "in"
    with pytest.raises(UsageError):
        await client.call("no.such")
    with pytest.raises(UsageError):
        await client.call("status", {"verbose": True})


async def test_events_arrive_in_order_beside_calls(client: AsyncClient, node: MemoryNode) -> None:
    events = client.subscribe()
    message = await client.send("bob", "one")
    first, second = await anext(events), await anext(events)
    assert isinstance(first, MessageEvent)
    assert first.message == message
    assert isinstance(second, ContactEvent)
    await client.lock()
    assert isinstance(await anext(events), LockedEvent)


async def test_durable_events_are_replayed_from_a_number_on(client: AsyncClient) -> None:
    events = client.subscribe(since=2)
    assert [(await anext(events)).seq for _ in range(3)] == [3, 4, 5]


async def test_a_long_replay_arrives_whole(client: AsyncClient, node: MemoryNode) -> None:
    for number in range(2000):
        node.incoming("bob", f"{number} " + "x" * 400)
    events = client.subscribe(since=0)
    assert [(await anext(events)).seq for _ in range(4000)] == list(range(1, 4001))


async def test_a_new_subscription_ends_the_one_before(client: AsyncClient, node: MemoryNode) -> None:
    old = client.subscribe()
    await client.hello()
    new = client.subscribe()
    await client.hello()
    node.notice("hear")
    assert [event async for event in old] == []
    assert isinstance(await anext(new), NoticeEvent)


async def test_events_end_after_the_node_says_that_it_closes(client: AsyncClient, node: MemoryNode) -> None:
    events = client.subscribe()
    await client.hello()
    node.break_off("handover")
    assert [type(event) async for event in events] == [ClosingEvent]
    assert client.closing == "handover"


async def test_a_node_that_vanishes_is_unreachable_for_calls_and_events(node: MemoryNode) -> None:
    async with served(Silent()) as (server, path):
        client = await AsyncClient.open(path)
        events = client.subscribe()
        pending = asyncio.ensure_future(client.status())
        await client.hello()
        await server.close(farewell=0)
        with pytest.raises(UnreachableError):
            await pending
        with pytest.raises(UnreachableError):
            await anext(events)
        with pytest.raises(UnreachableError):
            await client.hello()
        with pytest.raises(UnreachableError):
            await anext(client.subscribe())
        await client.close()


async def test_no_node_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError):
        await AsyncClient.open(tmp_path / "api.sock")


async def test_a_foreign_nodes_refusal_is_what_every_call_raises(node: MemoryNode) -> None:
    async with served(node, owner=4_000_000) as (_server, path), await AsyncClient.open(path) as client:
        with pytest.raises(TuichatError, match="another user"):
            await client.hello()


async def test_text_that_cannot_be_sent_is_refused_here_and_the_client_lives(client: AsyncClient) -> None:
    with pytest.raises(UsageError):
        await client.send("bob", "\udcff")
    with pytest.raises(UsageError):
        await client.send("bob", "x" * 2_000_000)
    assert (await client.send("bob", "x")).text == "x"


async def test_closing_the_client_ends_its_events(server: tuple[ApiServer, Path]) -> None:
    client = await AsyncClient.open(server[1])
    events = client.subscribe()
    await client.hello()
    await client.close()
    assert [event async for event in events] == []


class Silent(MemoryNode):
    """A node whose status never comes."""

    def __init__(self) -> None:
        super().__init__(FixedClock())

    async def status(self) -> Status:
        await asyncio.Event().wait()
        return await super().status()


def test_the_client_loads_nothing_heavy() -> None:
    script = (
        "import sys, tuichat.api; tuichat.api.AsyncClient;"
        "heavy = {'textual', 'rich', 'aiohttp', 'nacl', 'cryptography', 'apsw', 'stem', 'tuichat.node'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert found.stdout.strip() == "[]"
