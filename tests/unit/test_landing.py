"""A file on its way in: only what was checked is written, and only what is safe is noted."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fetching import KIB, Fetched, fetched
from tuichat.crypto.file_chunks import ChunkCipher, ChunkError
from tuichat.node.jobs import Jobs, to_the_end
from tuichat.node.pieces import ChunkMap
from tuichat.store.part_file import PartFile


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Fetched]:
    """Three chunks."""
    with fetched(tmp_path, 2 * 64 * KIB + 10) as made:
        yield made


async def at_once(work: Callable[[], Any]) -> Any:
    return work()


def spied(monkeypatch: pytest.MonkeyPatch, name: str, note: Callable[[PartFile], object]) -> None:
    """Note each call of a method of a partial file before it is made."""
    real = getattr(PartFile, name)

    def call(self: PartFile, *arguments: Any) -> Any:
        note(self)
        return real(self, *arguments)

    monkeypatch.setattr(PartFile, name, call)


class Held:
    """Jobs that wait, each until it is let go."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Event] = []

    async def __call__(self, work: Callable[[], Any]) -> Any:
        gate = asyncio.Event()
        self.waiting.append(gate)
        await gate.wait()
        return work()

    async def let_go(self) -> None:
        for _round in range(5):
            await asyncio.sleep(0)
        self.waiting.pop(0).set()
        for _round in range(5):
            await asyncio.sleep(0)


async def test_chunks_that_were_checked_are_there_after_saving_and_at_the_next_beginning(
    file: Fetched,
) -> None:
    landing = file.landing(at_once)
    await landing.open()
    await landing.keep(1, file.sealed[1])
    assert file.noted == []
    await landing.save()
    assert (file.noted, list(landing.missing())) == ([1], [0, 2])
    await landing.close()
    assert list(file.landing(at_once).missing()) == [0, 2]
    assert file.on_disk(1) == file.plain[1]


async def test_wrong_chunk_is_neither_written_nor_noted(file: Fetched) -> None:
    landing = file.landing(at_once)
    await landing.open()
    for wrong in (file.sealed[0], file.sealed[1][:-1], bytes(len(file.sealed[1])), b""):
        with pytest.raises(ChunkError):
            await landing.keep(1, wrong)
    await landing.save()
    assert (file.noted, file.on_disk(1)) == ([], bytes(64 * KIB))
    await landing.close()


async def test_what_was_written_and_not_noted_is_found_below_the_horizon_and_written_anew(
    file: Fetched, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing = file.landing(at_once)
    await landing.open()
    landing.ahead(2)
    await landing.keep(0, file.sealed[0])
    file.kill(landing)
    written: list[PartFile] = []
    spied(monkeypatch, "write", written.append)
    again = file.landing(at_once)
    await again.open()
    await again.look()
    await again.close()
    assert (file.noted, len(written)) == ([0], 1)


async def test_what_is_closed_in_order_is_known_to_the_last_chunk_and_not_looked_for(
    file: Fetched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender who pauses again and again has nothing read again and again."""
    held = Held()
    landing = file.landing(held)
    opening = asyncio.ensure_future(landing.open())
    await held.let_go()
    await opening
    landing.ahead(3)
    keeping = asyncio.ensure_future(landing.keep(0, file.sealed[0]))
    await asyncio.sleep(0)
    keeping.cancel()
    closing = asyncio.ensure_future(landing.close())
    for _job in ("write", "sync", "close"):
        await held.let_go()
    await closing
    assert file.noted == [0]
    read: list[PartFile] = []
    spied(monkeypatch, "read", read.append)
    again = file.landing(at_once)
    await again.open()
    await again.look()
    await again.close()
    assert read == []


async def test_what_was_read_back_is_not_read_again_when_a_file_made_way(
    file: Fetched, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = file.landing(at_once)
    await first.open()
    for index in range(3):
        await first.keep(index, file.sealed[index])
    await first.close()
    read: list[PartFile] = []
    spied(monkeypatch, "read", read.append)
    seen = ChunkMap(3)
    for expected in (3, 3):  # the second run reads nothing more
        again = file.landing(at_once, seen)
        await again.open()
        assert await again.is_whole()
        await again.close()
        assert len(read) == expected


async def test_chunk_that_is_not_what_was_offered_any_more_is_missing_again(file: Fetched) -> None:
    first = file.landing(at_once)
    await first.open()
    for index in range(3):
        await first.keep(index, file.sealed[index])
    await first.close()
    part = PartFile(Path(file.row.stored_as), file.row.size)
    part.write(64 * KIB, b"another")
    part.close()
    again = file.landing(at_once)
    await again.open()
    assert not await again.is_whole()
    assert (file.noted, list(again.missing())) == ([0, 2], [1])
    await again.keep(1, file.sealed[1])
    assert await again.is_whole()
    await again.close()
    assert file.noted == [0, 1, 2]


async def test_saving_that_is_stopped_midway_is_done_by_the_next(file: Fetched) -> None:
    held = Held()
    landing = file.landing(held)
    opening = asyncio.ensure_future(landing.open())
    await held.let_go()
    await opening
    keeping = asyncio.ensure_future(landing.keep(0, file.sealed[0]))
    await held.let_go()
    await keeping
    saving = asyncio.ensure_future(landing.save())
    await asyncio.sleep(0)
    saving.cancel()
    await asyncio.gather(saving, return_exceptions=True)
    assert file.noted == []
    saving = asyncio.ensure_future(landing.save())
    await held.let_go()
    await held.let_go()
    await saving
    assert file.noted == [0]
    closing = asyncio.ensure_future(landing.close())
    await held.let_go()
    await closing


async def test_disk_that_fails_to_keep_has_nothing_noted_and_is_not_asked_once_more(
    file: Fetched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk tells of its failure once; what it says afterwards is about what is written afterwards."""

    def fail(_self: PartFile) -> None:
        monkeypatch.undo()
        raise OSError("disk")

    landing = file.landing(at_once)
    await landing.open()
    await landing.keep(0, file.sealed[0])
    monkeypatch.setattr(PartFile, "sync", fail)
    with pytest.raises(OSError, match="disk"):
        await landing.save()
    await landing.keep(1, file.sealed[1])
    await landing.save()
    assert file.noted == [1]
    await landing.close()


async def test_descriptor_is_closed_when_no_thread_writes_to_it_any_more(
    file: Fetched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closed earlier, its number could soon be that of the database."""
    order: list[str] = []
    began, goes_on = threading.Event(), threading.Event()
    open_chunk = ChunkCipher.open

    def slowly(self: ChunkCipher, index: int, sealed: bytes, expected: bytes) -> bytes:
        began.set()
        assert goes_on.wait(60)
        return open_chunk(self, index, sealed, expected)

    monkeypatch.setattr(ChunkCipher, "open", slowly)
    spied(monkeypatch, "write", lambda _part: order.append("write"))
    spied(monkeypatch, "close", lambda _part: order.append("close"))
    landing = file.landing(asyncio.to_thread)
    await landing.open()
    keeping = asyncio.ensure_future(landing.keep(0, file.sealed[0]))
    await asyncio.to_thread(began.wait, 60)
    keeping.cancel()
    closing = asyncio.ensure_future(landing.close())
    for _round in range(20):
        await asyncio.to_thread(lambda: None)
    goes_on.set()
    await closing
    assert order == ["write", "close"]


async def test_file_that_was_just_being_opened_is_closed_too(
    file: Fetched, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[PartFile] = []
    spied(monkeypatch, "close", closed.append)
    held = Held()
    landing = file.landing(held)
    opening = asyncio.ensure_future(landing.open())
    await asyncio.sleep(0)
    opening.cancel()
    closing = asyncio.ensure_future(landing.close())
    await held.let_go()
    await held.let_go()
    await closing
    assert len(closed) == 1


# -- jobs --


async def test_no_more_jobs_run_at_a_time_than_may_though_those_who_asked_are_gone() -> None:
    held = Held()
    jobs = Jobs(held, at_once=2)
    for _caller in range(20):
        asking = asyncio.ensure_future(jobs.run(lambda: 0))
        for _round in range(3):
            await asyncio.sleep(0)
        asking.cancel()
    await asyncio.sleep(0)
    assert len(held.waiting) == 2
    asking = asyncio.ensure_future(jobs.run(lambda: 7))
    await held.let_go()
    await held.let_go()
    await held.let_go()
    assert await asking == 7
    await jobs.ended()


async def test_failure_of_a_job_reaches_who_asked_and_nobody_else() -> None:
    def fail() -> object:
        raise ValueError("this")

    jobs = Jobs(at_once)
    with pytest.raises(ValueError, match="this"):
        await jobs.run(fail)
    held = Held()
    jobs = Jobs(held)
    asking = asyncio.ensure_future(jobs.run(fail))
    await asyncio.sleep(0)
    asking.cancel()
    await held.let_go()
    await jobs.ended()


@pytest.mark.filterwarnings("error")
async def test_what_fails_after_its_caller_was_stopped_is_no_complaint() -> None:
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))

    async def work() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        raise ValueError

    calling = asyncio.ensure_future(to_the_end(work()))
    await asyncio.sleep(0)
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)
    assert calling.cancelled()
    del calling
    gc.collect()
    assert told == []


async def test_what_is_done_to_the_end_is_done_before_the_caller_is_stopped() -> None:
    done: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        done.append("all")

    async def caller() -> None:
        try:
            await to_the_end(work())
        finally:
            done.append("stopped")

    calling = asyncio.ensure_future(caller())
    await asyncio.sleep(0)
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)
    assert (done, calling.cancelled()) == (["all", "stopped"], True)
