"""Pieces of a file: each chunk is handed out once, unless it comes back."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuichat.crypto.file_chunks import Layout
from tuichat.node.pieces import ChunkMap, Pieces, chunks_in_piece

MIB = 1 << 20


async def test_pieces_are_runs_of_missing_chunks_lowest_first() -> None:
    pieces = Pieces([0, 1, 2, 5, 6, 9], 2)
    taken = [await pieces.take() for _ in range(4)]
    assert taken == [range(2), range(2, 3), range(5, 7), range(9, 10)]


async def test_what_comes_back_is_handed_out_first() -> None:
    pieces = Pieces(range(6), 2)
    first, _second = await pieces.take(), await pieces.take()
    assert first is not None
    pieces.settle(first[1:])
    assert await pieces.take() == range(1, 2)


async def test_who_asks_while_all_are_out_waits_for_one_to_come_back() -> None:
    pieces = Pieces(range(2), 2)
    piece = await pieces.take()
    assert piece is not None
    waiting = asyncio.create_task(pieces.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    pieces.settle(piece)
    assert await waiting == range(2)


async def test_everybody_is_let_go_when_all_are_done() -> None:
    pieces = Pieces(range(1), 2)
    piece = await pieces.take()
    assert piece is not None
    waiting = [asyncio.create_task(pieces.take()) for _ in range(3)]
    finished = asyncio.create_task(pieces.wait_finished())
    await asyncio.sleep(0)
    assert not pieces.finished
    pieces.settle(range(0))
    assert [await each for each in waiting] == [None] * 3
    await finished
    assert pieces.finished


async def test_nothing_missing_is_finished() -> None:
    pieces = Pieces([], 2)
    assert pieces.finished
    assert await pieces.take() is None


@pytest.mark.parametrize(
    ("size", "piece"),
    [(MIB, 128 * 1024), (4 * MIB, 128 * 1024), (8 * MIB, 256 * 1024), (64 * MIB, 512 * 1024)],
)
def test_pieces_are_small_for_small_files(size: int, piece: int) -> None:
    layout = Layout(size)
    assert chunks_in_piece(layout) * layout.chunk == piece


@given(st.integers(1, 200), st.sets(st.integers(0, 199)))
def test_map_keeps_exactly_what_was_added(count: int, indexes: set[int]) -> None:
    done = ChunkMap(count)
    mine = {index for index in indexes if index < count}
    assert all(done.add(index) for index in sorted(mine))
    assert not any(done.add(index) for index in mine)
    assert set(done.missing()) == set(range(count)) - mine
    again = ChunkMap(count)
    for part in range(-(-count // 64)):
        again.load(part, 64, done.part(part, 64))
    assert set(again.missing()) == set(done.missing())


def test_part_that_is_not_known_is_missing() -> None:
    done = ChunkMap(100)
    done.load(0, 64, b"")
    done.load(1, 64, b"\xff\xff\xff\xff\xff\xff")  # more than there are chunks
    assert list(done.missing()) == list(range(64))
    assert list(done.missing(10)) == list(range(10))
