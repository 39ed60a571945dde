"""Searching as the local API offers it: pages, filters, what is marked, and what others get meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode
from tests.support.stores import SECOND, receive, wire_id, write
from tests.support.virtual_time import run_virtual
from tuichat.api.wire import MAX_ANSWER_LINE, encode_result
from tuichat.errors import NotFoundError, StorageError, UsageError
from tuichat.model import MAX_TEXT_BYTES, Found, FoundPage
from tuichat.node import searching
from tuichat.node.conversations import PAGE_BYTES
from tuichat.store.records import FileRow

Story = Callable[[SimulatedNode, int, int], Awaitable[None]]
Play = Callable[[Story], None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """A node with two contacts, bob and 小明, and nobody on the network."""

    async def whole(story: Story) -> None:
        network = SimulatedNetwork(SeededRng(b"network"))
        alice = SimulatedNode("alice", tmp_path, network, SeededRng(b"alice"))
        others = [
            SimulatedNode(name, tmp_path, network, SeededRng(name.encode())) for name in ("bob", "ming")
        ]
        await alice.start()
        try:
            bob = (await alice.node.contact_add(others[0].address, "bob")).id
            ming = (await alice.node.contact_add(others[1].address, "小明")).id
            await story(alice, bob, ming)
        finally:
            await alice.stop()
        assert not alice.failures

    return lambda story: run_virtual(whole(story))


def marked(found: Found) -> list[str]:
    return [found.message.text[start:end] for start, end in found.places]


def test_found_messages_say_where_they_fit(play: Play) -> None:
    async def story(alice: SimulatedNode, bob: int, ming: int) -> None:
        first = receive(alice.store, bob, 1, "Crème brûlée, the CREME").id
        second = write(alice.store, ming, 1, "昨天你好 creme").id
        page = await alice.node.search("creme")
        assert page.whole
        assert [found.message.id for found in page.found] == [second, first]
        assert list(map(marked, page.found)) == [["creme"], ["Crème", "CREME"]]
        assert page.found[0].message == await alice.node.message_get(second)
        (only,) = (await alice.node.search('in:小明 "你好"')).found
        assert marked(only) == ["你好"]
        assert (await alice.node.search("creme in:bob from:me")).found == ()
        assert (await alice.node.search("in:bob")).found[0].places == ()

    play(story)


def test_the_name_of_a_file_is_found_and_marked(play: Play) -> None:
    async def story(alice: SimulatedNode, bob: int, ming: int) -> None:
        message = alice.store.messages.add(
            bob, "in", wire_id(1), "file", "as promised", sent_at=SECOND, received_at=SECOND, state="read"
        ).id
        alice.store.transfers.add(
            FileRow(
                id=0,
                contact=bob,
                message=message,
                direction="in",
                wire_id=wire_id(1),
                name="Figures 2026.ods",
                place="",
                size=1,
                media_type="",
                state="offered",
                key=bytes(32),
                root=bytes(32),
                path=bytes(32),
                offered_at=SECOND,
                expires_at=SECOND,
            )
        )
        (found,) = (await alice.node.search("promised figures has:file")).found
        assert (found.message.id, found.file_name) == (message, "Figures 2026.ods")
        assert (found.places, found.name_places) == (((3, 11),), ((0, 7),))

    play(story)


def test_pages_go_on_where_the_last_one_ended(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "ROWS_AT_ONCE", 2)

    async def story(alice: SimulatedNode, bob: int, ming: int) -> None:
        ids = []
        with alice.store.transaction():
            for number in range(100):
                text = "rare word" if number % 10 == 3 else "common word"
                ids.append(receive(alice.store, (bob, ming)[number % 2], number, text).id)
        for query, fitting in (
            ("word", ids),
            ("rare", ids[3::10]),
            ('"rare word" in:小明', ids[3::10]),
            ("rare in:bob", []),
        ):
            found: list[int] = []
            before = None
            while page := (await alice.node.search(query, 3, before)).found:
                assert len(page) <= 3
                found += [each.message.id for each in page]
                before = found[-1]
            assert found == fitting[::-1]
        assert (await alice.node.search("word", 3, 0)).found == ()

    play(story)


def test_a_page_of_the_longest_messages_fits_into_an_answer(play: Play) -> None:
    async def story(alice: SimulatedNode, bob: int, ming: int) -> None:
        texts = ("\n" * (MAX_TEXT_BYTES - 1) + "a", "a " * (MAX_TEXT_BYTES // 2))
        with alice.store.transaction():
            ids = [receive(alice.store, bob, number, texts[number % 10 == 0]).id for number in range(100)]
        page = (await alice.node.search("a", 500)).found
        assert 10 < len(page) < 100
        assert len(encode_result(1, page)) < 2 * PAGE_BYTES + 500_000 < MAX_ANSWER_LINE
        rest = (await alice.node.search("a", 500, page[-1].message.id)).found
        assert [each.message.id for each in (*page, *rest)] == ids[::-1][: len(page) + len(rest)]

    play(story)


def test_what_does_not_fit_is_refused_with_a_sentence(play: Play) -> None:
    async def story(alice: SimulatedNode, bob: int, ming: int) -> None:
        for query, limit, kind in (
            ('"open', 50, UsageError),
            ("word", 0, UsageError),
            ("word", 501, UsageError),
            ("word in:nobody", 50, NotFoundError),
        ):
            with pytest.raises(kind) as caught:
                await alice.node.search(query, limit)
            assert caught.value.message

    play(story)


def test_an_older_history_is_indexed_beside_everything_else(play: Play) -> None:
    async def story(alice: SimulatedNode, bob: int, ming: int) -> None:
        with alice.store.transaction():
            for number in range(1000):
                receive(alice.store, bob, number, "hello")
            alice.store.search.begin_anew()
        assert await alice.node.search("hello") == FoundPage(found=(), whole=False)
        await asyncio.sleep(searching.IDLE_SECONDS + 1)
        page = await alice.node.search("hello", 500)
        assert (len(page.found), page.whole) == (500, True)

    play(story)


def test_a_node_that_ends_ends_a_search(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "ROWS_AT_ONCE", 1)

    async def story(alice: SimulatedNode, bob: int, ming: int) -> None:
        for number in range(20):
            receive(alice.store, bob, number)
        search = asyncio.create_task(alice.node.search("hello"))
        await asyncio.sleep(0)
        await alice.node.close()
        with pytest.raises(StorageError, match="ended before"):
            await search

    play(story)
