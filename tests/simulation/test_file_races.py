"""Files while disks are slow: whatever happens while one of them is being read, made, written or named."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.file_story import KIB, MIB, FileStory, play
from tests.support.slow_disk import SlowDisk
from tuichat.errors import StorageError, TuichatError, UsageError
from tuichat.media.cleaning import Cleaned
from tuichat.node import sending

Deed = Callable[[FileStory, int], Awaitable[Any]]

ENDS: dict[str, Deed] = {
    "cancelled here": lambda made, file: made.bob.node.file_cancel(file),
    "cancelled there": lambda made, _file: made.alice.node.file_cancel(1),
    "blocked": lambda made, _file: made.bob.node.contact_block("alice"),
    "removed": lambda made, _file: made.bob.node.contact_remove("alice"),
}


def test_offer_that_is_accepted_twice_at_once_is_accepted_once(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        source = made.write("a", MIB)
        (offer,) = await made.offer(source)
        made.bob.off_loop = SlowDisk()
        both = (made.bob.node.file_accept(offer.id) for _number in range(2))
        first, second = await asyncio.gather(*both, return_exceptions=True)
        assert isinstance(first, list)
        assert isinstance(second, UsageError)
        mine = await made.until_state(made.bob, offer.id, "complete")
        assert Path(mine.path).read_bytes() == source.read_bytes()
        await asyncio.sleep(60)
        assert made.on_disk(made.bob) == [Path(mine.path).name]

    play(tmp_path, story)


def test_files_of_a_group_that_are_being_accepted_are_left_out_of_the_rest(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        offers = await made.offer(*(made.write(f"{number}", MIB) for number in range(4)))
        made.bob.off_loop = SlowDisk()
        alone = asyncio.ensure_future(made.bob.node.file_accept(offers[2].id))
        await asyncio.sleep(0)
        together = await made.bob.node.file_accept(offers[0].id, "", whole_group=True)
        assert [file.id for file in together] == [offers[0].id, offers[1].id, offers[3].id]
        assert len(await alone) == 1
        for offer in offers:
            await made.until_state(made.bob, offer.id, "complete")

    play(tmp_path, story)


def test_directory_that_does_not_answer_keeps_no_other_file_away(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        offers = await made.offer(*(made.write(f"{number}", MIB) for number in range(2)))
        made.bob.off_loop = disk = SlowDisk()
        disk.let_only(0)
        hung = asyncio.ensure_future(made.bob.node.file_accept(offers[0].id, str(tmp_path)))
        await asyncio.sleep(1)
        made.bob.off_loop = SlowDisk()
        await made.bob.node.file_accept(offers[1].id)
        await made.until_state(made.bob, offers[1].id, "complete")
        with pytest.raises(UsageError):
            await made.bob.node.file_accept(offers[0].id)
        disk.let_all()
        await hung
        await made.until_state(made.bob, offers[0].id, "complete")

    play(tmp_path, story)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("jobs", [0, 1])
def test_offer_that_ends_while_it_is_accepted_leaves_nothing(tmp_path: Path, end: Deed, jobs: int) -> None:
    async def story(made: FileStory) -> None:
        (offer,) = await made.offer(made.write("a", MIB))
        made.bob.off_loop = disk = SlowDisk()
        disk.let_only(jobs)
        accepting = asyncio.ensure_future(made.bob.node.file_accept(offer.id))
        await asyncio.sleep(1)
        await end(made, offer.id)
        await asyncio.sleep(30)
        disk.let_all()
        with pytest.raises(TuichatError):
            await accepting
        await asyncio.sleep(60)
        assert made.on_disk(made.bob) == []
        assert made.bob.node._store.transfers.remains() == []
        assert {file.state for file in await made.bob.node.file_list()} <= {"cancelled"}

    play(tmp_path, story)


def test_what_is_being_made_is_not_swept_away_when_something_else_is_over(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        offers = await made.offer(*(made.write(f"{number}", 10) for number in range(20)))
        made.bob.off_loop = SlowDisk(3.0)
        for offer in offers:
            await made.bob.node.file_accept(offer.id)
        for offer in offers:
            await made.until_state(made.bob, offer.id, "complete", "failed")
        states = [file.state for file in await made.bob.node.file_list()]
        assert states == ["complete"] * 20
        await asyncio.sleep(60)
        assert len(made.on_disk(made.bob)) == 20

    play(tmp_path, story)


def test_copy_that_is_being_made_is_not_swept_away_when_something_else_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slowly(_source: Path, target: Path, _media_type: str, **_more: object) -> Cleaned:
        target.write_bytes(b"\xff\xd8\xff" + bytes(100))
        await asyncio.sleep(60)
        return Cleaned(("where it was taken",))

    monkeypatch.setattr(sending, "clean", slowly)

    async def story(made: FileStory) -> None:
        first, second = await made.offer(made.write("a", 10), made.write("b", 10))
        picture = made.write("c.jpg", 0)
        picture.write_bytes(b"\xff\xd8\xff" + bytes(1000))
        offering = asyncio.ensure_future(made.alice.node.file_send("bob", [str(picture)]))
        for offer in (first, second):
            await asyncio.sleep(20)
            await made.bob.node.file_decline(offer.id)
        (sent,) = await offering
        assert (sent.file.size, sent.cleaned) == (103, ("where it was taken",))
        offer = await made.until_offered(3)
        await made.bob.node.file_accept(offer.id)
        mine = await made.until_state(made.bob, offer.id, "complete")
        assert Path(mine.path).stat().st_size == 103
        await asyncio.sleep(60)
        assert list((tmp_path / "alice" / "outgoing").iterdir()) == []

    play(tmp_path, story)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("jobs", range(4))
def test_file_that_ends_while_it_gets_its_name_is_whole_or_leaves_nothing(
    tmp_path: Path, end: Deed, jobs: int
) -> None:
    async def story(made: FileStory) -> None:
        (offer,) = await made.offer(made.write("a", MIB))
        made.bob.off_loop = disk = SlowDisk(0.01)
        await made.bob.node.file_accept(offer.id)
        while (await made.bob.node.file_get(offer.id)).bytes_done < MIB:  # noqa: ASYNC110 - virtual
            await asyncio.sleep(0.001)
        disk.let_only(jobs)
        await asyncio.sleep(1)
        was_complete = (await made.bob.node.file_get(offer.id)).state == "complete"
        try:
            await end(made, offer.id)
        except UsageError:
            assert was_complete
        await asyncio.sleep(30)
        disk.let_all()
        await asyncio.sleep(60)
        assert len(made.on_disk(made.bob)) == (1 if was_complete else 0)
        assert made.bob.node._store.transfers.remains() == []
        states = {file.state for file in await made.bob.node.file_list()}
        assert states <= {"complete" if was_complete else "cancelled"}

    play(tmp_path, story)


@pytest.mark.parametrize("verb", ["file_pause", "file_cancel"])
def test_file_that_waits_for_its_turn_is_not_fetched_when_it_was_stopped_meanwhile(
    tmp_path: Path, verb: str
) -> None:
    async def story(made: FileStory) -> None:
        turns = made.bob.node._transfers._with.receiving._turns
        others = [turns.turn() for _number in range(3)]
        for other in others:
            await other.__aenter__()
        (offer,) = await made.offer(made.write("a", MIB))
        await made.bob.node.file_accept(offer.id)
        await asyncio.sleep(10)
        before = await getattr(made.bob.node, verb)(offer.id)
        for other in others:
            await other.__aexit__(None, None, None)
        await asyncio.sleep(600)
        assert await made.bob.node.file_get(offer.id) == before
        assert before.bytes_done == 0

    play(tmp_path, story)


@pytest.mark.parametrize("verb", ["contact_block", "contact_remove"])
@pytest.mark.parametrize("jobs", range(5))
def test_nothing_is_offered_to_who_was_blocked_or_removed_while_it_was_read(
    tmp_path: Path, verb: str, jobs: int
) -> None:
    async def story(made: FileStory) -> None:
        made.alice.off_loop = disk = SlowDisk()
        disk.let_only(jobs)
        path = str(made.write("a", 10 * MIB))
        offering = asyncio.ensure_future(made.alice.node.file_send("bob", [path], as_is=True))
        await asyncio.sleep(2)
        await getattr(made.alice.node, verb)("bob")
        disk.let_all()
        with pytest.raises(TuichatError):
            await offering
        assert made.alice.node.queued_count() == 0
        assert [file.state for file in await made.alice.node.file_list()] == []

    play(tmp_path, story)


@pytest.mark.parametrize("swapped", ["the file", "its folder"])
def test_link_that_is_put_into_a_folder_while_it_is_sent_is_not_followed(
    tmp_path: Path, swapped: str
) -> None:
    async def story(made: FileStory) -> None:
        made.write("elsewhere/b.bin", 5)
        made.write("trip/a.bin", 5 * MIB)
        second = made.write("trip/in/b.bin", 5)
        trip = tmp_path / "hers" / "trip"
        sending = asyncio.ensure_future(made.alice.node.file_send("bob", [str(trip)], as_is=True))
        while not await made.alice.node.file_list():  # noqa: ASYNC110 - as soon as it is read
            await asyncio.sleep(0)
        shutil.move(second, tmp_path)
        if swapped == "its folder":
            second.parent.rmdir()
            second.parent.symlink_to(tmp_path / "hers" / "elsewhere")
        else:
            second.symlink_to(tmp_path / "hers" / "elsewhere" / "b.bin")
        with pytest.raises(TuichatError, match=r"b\.bin was changed or replaced"):
            await sending
        assert [file.name for file in await made.alice.node.file_list()] == ["a.bin"]

    play(tmp_path, story)


@pytest.mark.parametrize("jobs", [1, 2, 3, 4])
def test_picture_that_is_saved_anew_while_it_is_sent_does_not_go_as_a_clean_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    async def none_needed(*_arguments: object, **_more: object) -> None:
        return

    monkeypatch.setattr(sending, "clean", none_needed)

    async def story(made: FileStory) -> None:
        picture = tmp_path / "a.jpg"
        picture.write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
        made.alice.off_loop = disk = SlowDisk()
        disk.let_only(jobs)
        offering = asyncio.ensure_future(made.alice.node.file_send("bob", [str(picture)]))
        await asyncio.sleep(1)
        anew = tmp_path / "anew"
        anew.write_bytes(b"\xff\xd8\xff\xe1" + bytes(100))
        anew.replace(picture)
        disk.let_all()
        with pytest.raises(TuichatError):
            await offering
        assert await made.alice.node.file_list() == []

    play(tmp_path, story)


def test_file_that_is_still_being_read_can_be_given_up_and_nobody_hears_of_it(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        made.alice.off_loop = disk = SlowDisk()
        disk.let_only(3)
        path = str(made.write("a", 40 * MIB))
        offering = asyncio.ensure_future(made.alice.node.file_send("bob", [path], as_is=True))
        await asyncio.sleep(2)
        (file,) = await made.alice.node.file_list()
        with pytest.raises(UsageError):
            await made.alice.node.file_pause(file.id)
        assert (await made.alice.node.file_cancel(file.id)).state == "cancelled"
        disk.let_only(1)
        await asyncio.sleep(2)
        with pytest.raises(UsageError):
            await offering
        assert made.alice.node.queued_count() == 0
        disk.let_all()
        assert await made.alice.node.file_list() == await made.bob.node.file_list() == []
        assert await made.bob.history(made.alice) == []

    play(tmp_path, story)


def test_files_taken_by_themselves_at_once_stay_within_the_quota(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        made.limit(made.bob, auto_accept_below=MIB, quota=5 * 1000 * KIB)
        number = await made.bob.node.contact_verify("alice")
        await made.bob.node.contact_verify("alice", number.digits)
        made.bob.off_loop = SlowDisk(10.0)
        await made.offer(*(made.write(f"{number}", 1000 * KIB) for number in range(10)))
        await asyncio.sleep(3600)
        states = sorted(file.state for file in await made.bob.node.file_list())
        assert states == ["complete"] * 5 + ["offered"] * 5

    play(tmp_path, story)


def test_full_disk_is_said_while_other_files_come_and_go(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        made.limit(made.bob, quota=2 * MIB)
        offers = await made.offer(*(made.write(f"{number}", MIB) for number in range(4)))
        made.bob.off_loop = SlowDisk(1.0)
        accepting = (made.bob.node.file_accept(offer.id) for offer in offers)
        found = await asyncio.gather(*accepting, return_exceptions=True)
        assert [type(each) for each in found] == [list, list, StorageError, StorageError]

    play(tmp_path, story)


def test_going_on_twice_at_once_makes_one_partial_file(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        (offer,) = await made.offer(made.write("large", 8 * MIB))
        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, MIB)
        await made.bob.stop()
        (part,) = (tmp_path / "bob" / "inbox").iterdir()
        with part.open("r+b") as damaged:
            damaged.truncate(5)
        await made.bob.start()
        await made.until_state(made.bob, offer.id, "failed")
        made.bob.off_loop = SlowDisk()
        both = (made.bob.node.file_resume(offer.id) for _number in range(2))
        found = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(type(each).__name__ for each in found) == ["File", "UsageError"]
        mine = await made.until_state(made.bob, offer.id, "complete")
        assert Path(mine.path).stat().st_size == 8 * MIB
        await asyncio.sleep(60)
        assert made.on_disk(made.bob) == [Path(mine.path).name]

    play(tmp_path, story)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_file_that_ends_while_it_is_begun_anew_leaves_nothing(tmp_path: Path, end: Deed) -> None:
    async def story(made: FileStory) -> None:
        (offer,) = await made.offer(made.write("large", 8 * MIB))
        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, MIB)
        await made.bob.stop()
        for part in (tmp_path / "bob" / "inbox").iterdir():
            part.unlink()
        await made.bob.start()
        await made.until_state(made.bob, offer.id, "failed")
        made.bob.off_loop = disk = SlowDisk()
        disk.let_only(1)
        going_on = asyncio.ensure_future(made.bob.node.file_resume(offer.id))
        await asyncio.sleep(1)
        await made.linked()
        await end(made, offer.id)
        await asyncio.sleep(30)
        disk.let_all()
        with pytest.raises(TuichatError):
            await going_on
        await asyncio.sleep(60)
        assert made.on_disk(made.bob) == []
        assert {file.state for file in await made.bob.node.file_list()} <= {"cancelled"}

    play(tmp_path, story)
