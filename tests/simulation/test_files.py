"""Files between two whole nodes: equal at the end whatever happens, and no chunk is fetched twice."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.file_story import DAY, HOUR, KIB, MIB, FileStory, play
from tests.support.pictures import SIZE, telling_jpeg
from tests.support.simulated_node import SimulatedNode
from tuichat.crypto.file_chunks import ChunkCipher, Layout
from tuichat.errors import NotFoundError, StorageError, TuichatError, UsageError
from tuichat.node import blobs, file_arrivals, file_places, offering, transfers
from tuichat.node.carrier import Carrier
from tuichat.node.landing import Landing
from tuichat.node.sending import Sending
from tuichat.store.part_file import PartFile, reserve


@pytest.mark.parametrize("size", [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB, 5 * MIB + 7])
def test_file_arrives_equal_under_a_name_that_says_nothing(tmp_path: Path, size: int) -> None:
    async def story(made: FileStory) -> None:
        source = made.write("travel plan.bin", size)
        (offer,) = await made.offer(source, caption="for you")
        assert (offer.name, offer.size, offer.state, offer.path) == ("travel plan.bin", size, "offered", "")
        assert [message.text for message in await made.bob.node.messages("alice")] == ["for you"]
        await made.bob.node.file_accept(offer.id)
        mine = await made.until_state(made.bob, offer.id, "complete")
        received = Path(mine.path)
        assert received.read_bytes() == source.read_bytes()
        assert received.parent.name == "inbox"
        assert "travel" not in received.name
        assert stat.S_IMODE(received.stat().st_mode) == 0o600
        await asyncio.sleep(1)
        assert [entry.name for entry in received.parent.iterdir()] == [received.name]
        (hers,) = await made.alice.node.file_list()
        assert (await made.until_state(made.alice, hers.id, "complete")).bytes_done == size

    play(tmp_path, story)


def test_a_picture_is_offered_with_the_width_and_height_that_it_is_shown_in(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        source = made.write("sea.jpg", 0)
        source.write_bytes(telling_jpeg(6))
        (offer,) = await made.offer(source)
        assert (offer.width, offer.height) == SIZE[::-1]

    play(tmp_path, story)


def test_both_nodes_have_work_until_an_accepted_file_is_complete(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        people = (made.alice, made.bob)
        (offer,) = await made.offer(made.write("large", 4 * MIB))
        await asyncio.sleep(1)
        assert [person.node.has_work() for person in people] == [False, False]
        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, MIB)
        assert [person.node.has_work() for person in people] == [True, True]
        assert [(await person.node.status()).transfers for person in people] == [1, 1]
        await made.until_state(made.bob, offer.id, "complete")
        await asyncio.sleep(5)
        assert [person.node.has_work() for person in people] == [False, False]

    play(tmp_path, story)


def test_an_offer_that_was_paused_can_be_accepted_and_comes_when_it_goes_on(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        source = made.write("large", MIB)
        (offer,) = await made.offer(source)
        (hers,) = await made.alice.node.file_list()
        await made.alice.node.file_pause(hers.id)
        paused = await made.until_state(made.bob, offer.id, "paused")
        assert (paused.accepted, paused.paused_by) == (False, "them")
        (accepted,) = await made.bob.node.file_accept(offer.id)
        assert (accepted.accepted, accepted.state) == (True, "paused")
        await asyncio.sleep(HOUR)
        assert (await made.bob.node.file_get(offer.id)).state == "paused"
        await made.alice.node.file_resume(hers.id)
        mine = await made.until_state(made.bob, offer.id, "complete")
        assert Path(mine.path).read_bytes() == source.read_bytes()

    play(tmp_path, story)


def test_a_list_of_files_has_a_page_of_a_size_that_can_be(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        offers = await made.offer(*(made.write(f"{number}", 1) for number in range(4)))
        listed = made.bob.node.file_list
        assert await listed("alice", 2) == offers[2:]
        assert await listed(limit=2, before=offers[2].id) == offers[:2]
        for limit in (0, -1, 5001):
            with pytest.raises(UsageError, match="1 to 5000 files"):
                await listed(limit=limit)

    play(tmp_path, story)


def test_bad_circuits_and_liars_cost_time_and_nothing_else(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        source = made.write("large", 6 * MIB)
        (offer,) = await made.offer(source)
        made.network.faults.cut = 0.004
        made.network.faults.lose = 0.002
        made.network.faults.corrupt = 0.002
        await made.bob.node.file_accept(offer.id)
        await asyncio.sleep(HOUR)
        made.network.faults.cut = made.network.faults.lose = made.network.faults.corrupt = 0.0
        mine = await made.until_state(made.bob, offer.id, "complete")
        assert Path(mine.path).read_bytes() == source.read_bytes()

    play(tmp_path, story)


@pytest.mark.parametrize("at", [0, MIB - 3])
def test_partial_file_that_another_wrote_to_is_read_back_and_mended_before_it_gets_its_name(
    tmp_path: Path, at: int
) -> None:
    async def story(made: FileStory) -> None:
        source = made.write("large", 8 * MIB)
        (offer,) = await made.offer(source)
        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, 2 * MIB)
        await made.bob.stop()
        (part,) = (tmp_path / "bob" / "inbox").iterdir()
        with part.open("r+b") as file:
            file.seek(at)
            file.write(b"X" * 1000)
        await made.bob.start()
        mine = await made.until_state(made.bob, offer.id, "complete")
        assert mine.bytes_done == 8 * MIB
        assert Path(mine.path).read_bytes() == source.read_bytes()

    play(tmp_path, story)


def test_partial_file_that_became_a_link_to_another_file_is_not_written_to(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        source = made.write("large", 4 * MIB)
        (offer,) = await made.offer(source)
        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, MIB)
        await made.bob.stop()
        (part,) = (tmp_path / "bob" / "inbox").iterdir()
        precious = tmp_path / "precious"
        precious.write_bytes(bytes(4 * MIB))
        part.unlink()
        os.link(precious, part)
        await made.bob.start()
        mine = await made.until_state(made.bob, offer.id, "failed")
        assert mine.reason == "unreadable"
        await made.bob.node.file_resume(offer.id)
        mine = await made.until_state(made.bob, offer.id, "complete")
        assert Path(mine.path).read_bytes() == source.read_bytes()
        assert precious.read_bytes() == bytes(4 * MIB)

    play(tmp_path, story)


def test_offer_whose_time_is_over_at_its_author_is_over_for_who_accepted_it_later(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        await made.bob.stop()
        await made.alice.node.file_send("bob", [str(made.write("large", MIB))], as_is=True)
        await made.alice.stop()
        await asyncio.sleep(25 * DAY)
        await made.alice.start()
        await made.bob.start()
        offer = await made.until_offered(1)
        await asyncio.sleep(60)  # alice knows that it came
        await made.alice.stop()
        await made.bob.node.file_accept(offer.id)
        await made.bob.stop()
        await asyncio.sleep(6 * DAY)
        await made.bob.start()
        await made.alice.start()
        await made.linked()
        mine = await made.until_state(made.bob, offer.id, "cancelled")
        assert mine.reason == "peer"
        (hers,) = await made.alice.node.file_list()
        assert (hers.state, hers.reason) == ("cancelled", "expired")

    play(tmp_path, story)


def test_contact_who_never_gives_what_they_offered_has_few_circuits_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs.Blobs, "find", lambda _self, _path: None)

    async def story(made: FileStory) -> None:
        (offer,) = await made.offer(made.write("large", 64 * KIB))
        before = made.network.circuits_made
        await made.bob.node.file_accept(offer.id)
        await asyncio.sleep(DAY)
        assert (await made.bob.node.file_get(offer.id)).state == "waiting"
        assert 100 < made.network.circuits_made - before < 170

    play(tmp_path, story)


def test_no_chunk_that_was_checked_is_fetched_again_after_kills_on_both_sides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: Counter[int] = Counter()
    write = Landing._write

    def noted(self: Landing, index: int, sealed: bytes, expected: bytes) -> None:
        write(self, index, sealed, expected)
        written[index] += 1

    monkeypatch.setattr(Landing, "_write", noted)

    async def story(made: FileStory) -> None:
        source = made.write("large", 12 * MIB)
        (offer,) = await made.offer(source)
        await made.bob.node.file_accept(offer.id)
        for person, part in [(made.bob, 2), (made.alice, 4), (made.bob, 6), (made.alice, 8), (made.bob, 9)]:
            await made.until_bytes(made.bob, offer.id, part * MIB)
            await person.crash()
            await person.start()
            await made.linked()
        mine = await made.until_state(made.bob, offer.id, "complete")
        assert Path(mine.path).read_bytes() == source.read_bytes()
        assert (made.bob.crashes, made.alice.crashes) == (3, 2)

    play(tmp_path, story)
    assert written == dict.fromkeys(range(48), 1)


def test_file_goes_on_after_a_week_offline(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        source = made.write("large", 8 * MIB)
        (offer,) = await made.offer(source)
        await made.bob.node.file_accept(offer.id)
        before = await made.until_bytes(made.bob, offer.id, 2 * MIB)
        await made.alice.stop()
        await asyncio.sleep(7 * DAY)
        assert (await made.bob.node.file_get(offer.id)).state == "waiting"
        await made.alice.start()
        after = await made.until_state(made.bob, offer.id, "active")
        assert after.bytes_done >= before.bytes_done
        mine = await made.until_state(made.bob, offer.id, "complete")
        assert Path(mine.path).read_bytes() == source.read_bytes()

    play(tmp_path, story)


@pytest.mark.parametrize("whose", ["alice", "bob"])
def test_paused_file_rests_until_whoever_paused_it_lets_it_go_on(tmp_path: Path, whose: str) -> None:
    async def story(made: FileStory) -> None:
        person, other = (made.alice, made.bob) if whose == "alice" else (made.bob, made.alice)
        (offer,) = await made.offer(made.write("large", 8 * MIB))
        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, MIB)
        await person.node.file_pause((await person.node.file_list())[0].id)
        theirs = await made.until_state(other, (await other.node.file_list())[0].id, "paused")
        assert theirs.paused_by == "them"
        with pytest.raises(UsageError):
            await other.node.file_resume(theirs.id)
        await asyncio.sleep(60)
        done = (await made.bob.node.file_get(offer.id)).bytes_done
        await asyncio.sleep(DAY)
        assert (await made.bob.node.file_get(offer.id)).bytes_done == done < 8 * MIB
        await person.node.file_resume((await person.node.file_list())[0].id)
        await made.until_state(made.bob, offer.id, "complete")

    play(tmp_path, story)


def _partial(person: SimulatedNode) -> list[str]:
    inbox = person._directory / person.name / "inbox"
    return [entry.name for entry in inbox.iterdir()] if inbox.exists() else []


@pytest.mark.parametrize("whose", ["alice", "bob"])
@pytest.mark.parametrize("running", [True, False])
def test_cancelled_file_leaves_nothing_on_disk_and_its_path_is_dead(
    tmp_path: Path, whose: str, running: bool
) -> None:
    async def story(made: FileStory) -> None:
        person, other = (made.alice, made.bob) if whose == "alice" else (made.bob, made.alice)
        (offer,) = await made.offer(made.write("large", 8 * MIB))
        path = (made.alice.node._store.transfers.all())[0].path
        if running:
            await made.bob.node.file_accept(offer.id)
            await made.until_bytes(made.bob, offer.id, MIB)
            assert len(_partial(made.bob)) == 1
        assert made.alice.node._transfers.find_blob(path) is not None
        await person.node.file_cancel((await person.node.file_list())[0].id)
        theirs = await made.until_state(other, (await other.node.file_list())[0].id, "cancelled")
        assert theirs.reason == "peer"
        await asyncio.sleep(5)
        assert _partial(made.bob) == []
        assert made.alice.node._transfers.find_blob(path) is None
        for each in (made.alice, made.bob):
            (row,) = each.node._store.transfers.all()
            assert (row.key, row.root, row.path) == (b"", b"", b"")
            assert each.node._store.transfers.hashes(row.id, 0) == b""

    play(tmp_path, story)


def test_name_that_is_no_text_is_refused_before_anything_is_offered(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        made.write("trip/a.txt", 5).with_name(os.fsdecode(b"caf\xe9.txt")).touch()
        with pytest.raises(UsageError, match="not UTF-8"):
            await made.offer(made.directory / "hers" / "trip")
        assert await made.alice.node.file_list() == []

    play(tmp_path, story)


def test_declined_file_is_told_and_over(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        (offer,) = await made.offer(made.write("a", 10))
        assert (await made.bob.node.file_decline(offer.id)).state == "declined"
        (hers,) = await made.alice.node.file_list()
        assert (await made.until_state(made.alice, hers.id, "declined")).reason == "peer"
        with pytest.raises(UsageError):
            await made.bob.node.file_accept(offer.id)

    play(tmp_path, story)


def test_offer_that_has_not_left_is_taken_back_like_a_message(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        await made.bob.stop()
        await asyncio.sleep(HOUR)
        (sent,) = await made.alice.node.file_send("bob", [str(made.write("a", 10))], as_is=True)
        assert (await made.alice.node.file_cancel(sent.file.id)).state == "cancelled"
        assert (await made.alice.node.message_get(sent.message.id)).state == "cancelled"
        await made.bob.start()
        await made.linked()
        await made.alice.say(made.bob, "afterwards")
        await asyncio.sleep(HOUR)
        assert await made.bob.node.file_list() == []
        assert await made.bob.history(made.alice) == ["afterwards"]

    play(tmp_path, story)


@pytest.mark.parametrize("how", ["content", "size", "gone", "directory"])
def test_file_that_changed_ends_for_both_and_no_two_plaintexts_leave_under_one_nonce(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    left: dict[tuple[bytes, int], set[bytes]] = {}
    open_chunk = ChunkCipher.open

    def noted(self: ChunkCipher, index: int, sealed: bytes, expected: bytes) -> bytes:
        left.setdefault((self.key, index), set()).add(sealed)
        return open_chunk(self, index, sealed, expected)

    monkeypatch.setattr(ChunkCipher, "open", noted)

    async def story(made: FileStory) -> None:
        source = made.write("report", 8 * MIB)
        (offer,) = await made.offer(source)
        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, MIB)
        changed = bytearray(source.read_bytes())
        source.unlink()
        if how == "content":
            source.write_bytes(bytes(byte ^ 1 for byte in changed))
        elif how == "size":
            source.write_bytes(changed + b"more")
        elif how == "directory":
            source.mkdir()
        (hers,) = await made.alice.node.file_list()
        ended = await made.until_state(made.alice, hers.id, "failed")
        assert ended.reason == ("changed" if how in ("content", "size") else "unreadable")
        assert (await made.until_state(made.bob, offer.id, "failed")).reason == "changed"
        await asyncio.sleep(5)
        assert _partial(made.bob) == []

    play(tmp_path, story)
    assert left
    assert all(len(sealed) == 1 for sealed in left.values())


@pytest.mark.parametrize("whose", ["alice", "bob"])
@pytest.mark.parametrize("verb", ["contact_block", "contact_remove"])
def test_who_is_blocked_or_removed_neither_gets_nor_gives_another_byte(
    tmp_path: Path, whose: str, verb: str
) -> None:
    async def story(made: FileStory) -> None:
        person, other = (made.alice, "bob") if whose == "alice" else (made.bob, "alice")
        (offer,) = await made.offer(made.write("large", 8 * MIB))
        path = (made.alice.node._store.transfers.all())[0].path
        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, MIB)
        await getattr(person.node, verb)(other)
        await asyncio.sleep(60)
        if whose == "alice":
            assert made.alice.node._transfers.find_blob(path) is None
        else:
            assert _partial(made.bob) == []
        for file in await person.node.file_list():
            assert file.state == "cancelled"

    play(tmp_path, story)


def test_restored_sender_offers_nothing_any_more(tmp_path: Path) -> None:
    from tuichat.store.backup_renewal import Restored, renew

    async def story(made: FileStory) -> None:
        (offer,) = await made.offer(made.write("large", 8 * MIB))
        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, MIB)
        path = (made.alice.node._store.transfers.all())[0].path
        renew(made.alice.node._store, Restored(1, 2))
        assert made.alice.node._transfers.find_blob(path) is None
        (hers,) = await made.alice.node.file_list()
        assert (hers.state, hers.reason) == ("failed", "restored")

    play(tmp_path, story)


async def _verify(person: SimulatedNode, name: str) -> None:
    number = await person.node.contact_verify(name)
    await person.node.contact_verify(name, number.digits)


def test_only_small_files_of_verified_contacts_are_fetched_unasked_and_so_many_an_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "BY_ITSELF", 2)

    async def story(made: FileStory) -> None:
        made.limit(made.bob, auto_accept_below=1000)
        (stranger,) = await made.offer(made.write("before", 10))
        await asyncio.sleep(60)
        assert (await made.bob.node.file_get(stranger.id)).state == "offered"
        await _verify(made.bob, "alice")
        offers = [(await made.offer(made.write(f"small {n}", 999)))[0] for n in range(3)]
        (large,) = await made.offer(made.write("large", 1000))
        await asyncio.sleep(60)
        states = [(await made.bob.node.file_get(each.id)).state for each in [*offers, large]]
        assert states == ["complete", "complete", "offered", "offered"]
        await asyncio.sleep(HOUR)
        states = [(await made.bob.node.file_get(each.id)).state for each in [*offers, large, stranger]]
        assert states == ["complete", "complete", "complete", "offered", "offered"]

    play(tmp_path, story)


def test_files_sent_in_one_go_are_accepted_together_and_keep_their_folders(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        made.write("trip/day one/a.txt", 5)
        made.write("trip/day one/b.txt", 6)
        made.write("trip/c.txt", 7)
        offers = await made.offer(made.directory / "hers" / "trip")
        assert sorted((each.name, each.place) for each in offers) == [
            ("a.txt", "trip/day one"),
            ("b.txt", "trip/day one"),
            ("c.txt", "trip"),
        ]
        assert len({each.group for each in offers}) == 1
        target = tmp_path / "chosen"
        target.mkdir()
        await made.bob.node.file_accept(offers[0].id, str(target), whole_group=True)
        for each in offers:
            await made.until_state(made.bob, each.id, "complete")
        found = {str(path.relative_to(target)): path.stat().st_size for path in target.rglob("*.txt")}
        assert found == {"trip/day one/a.txt": 5, "trip/day one/b.txt": 6, "trip/c.txt": 7}

    play(tmp_path, story)


def test_of_a_group_that_grows_what_was_seen_is_taken_and_a_refusal_names_what_was_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(made: FileStory) -> None:
        offers = await made.offer(*(made.write(f"{number}", 10 + number) for number in range(6)))
        ids = [offer.id for offer in offers]
        first = await made.bob.node.file_accept(ids[0], "", whole_group=True, newest=ids[1])
        assert [file.id for file in first] == ids[:2]
        again = await made.bob.node.file_accept(ids[0], "", whole_group=True, newest=ids[2])
        assert [file.id for file in again] == [ids[2]]

        def full(part: Path, size: int) -> None:
            if size == 14:
                no_room()
            reserve(part, size)

        monkeypatch.setattr(file_places, "reserve", full)
        with pytest.raises(StorageError) as caught:
            await made.bob.node.file_accept(ids[3], "", whole_group=True)
        assert caught.value.hint.endswith(f"Taken before that: {ids[3]}.")
        states = [file.state for file in await made.bob.node.file_list()]
        assert states[4:] == ["offered", "offered"]
        with pytest.raises(UsageError):
            await made.bob.node.file_accept(ids[0], "", whole_group=True, newest=ids[2])

    play(tmp_path, story)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EIO, errno.ESTALE])
def test_failure_that_passes_does_not_end_an_offer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    async def story(made: FileStory) -> None:
        source = made.write("large", 8 * MIB)
        (offer,) = await made.offer(source)
        real = os.open
        failed: list[str] = []

        def failing(path: str, *rest: Any, **more: Any) -> int:
            if str(path) == str(source) and len(failed) < 40:
                failed.append(path)
                raise OSError(number, os.strerror(number))
            return real(path, *rest, **more)

        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, MIB)
        monkeypatch.setattr(os, "open", failing)
        mine = await made.until_state(made.bob, offer.id, "complete", "failed")
        assert (mine.state, len(failed)) == ("complete", 40)
        assert Path(mine.path).read_bytes() == source.read_bytes()

    play(tmp_path, story)


@pytest.mark.parametrize(
    "folders", [[str(number) for number in range(16)], ["x" * 64], ["..."], ["a\\b"]], ids=str
)
def test_folders_that_are_not_told_as_they_are_have_a_warning(tmp_path: Path, folders: list[str]) -> None:
    async def story(made: FileStory) -> None:
        made.write("/".join(["trip", "cafe\u0301", "x" * 63, "a.txt"]), 1)
        (sent,) = await made.alice.node.file_send("bob", [str(tmp_path / "hers" / "trip")], as_is=True)
        assert sent.warnings == ()
        made.write("/".join(["trip", *folders, "b.txt"]), 1)
        first, *_others = await made.alice.node.file_send(
            "bob", [str(tmp_path / "hers" / "trip")], as_is=True
        )
        assert first.warnings == (
            "The folders of 1 file are told in part: pack them to keep them as they are.",
        )

    play(tmp_path, story)


def test_more_offers_than_are_kept_there_are_refused_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_arrivals, "MAX_OFFERS", 3)

    async def story(made: FileStory) -> None:
        first, *_others = await made.offer(*(made.write(f"{number}", 10) for number in range(2)))
        more = [str(made.write(f"more {number}", 10)) for number in range(2)]
        with pytest.raises(UsageError, match="more than 3 offers"):
            await made.alice.node.file_send("bob", more, as_is=True)
        await made.bob.node.file_decline(first.id)
        await asyncio.sleep(60)
        await made.alice.node.file_send("bob", more, as_is=True)
        await made.until_offered(4)
        states = [file.state for file in await made.bob.node.file_list()]
        assert states == ["declined", "offered", "offered", "offered"]

    play(tmp_path, story)


def test_going_on_with_a_file_that_is_gone_keeps_to_the_quota(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        (offer,) = await made.offer(made.write("large", 8 * MIB))
        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, MIB)
        await made.bob.stop()
        (part,) = (tmp_path / "bob" / "inbox").iterdir()
        part.unlink()
        (tmp_path / "bob" / "inbox" / "other").write_bytes(bytes(100))
        await made.bob.start()
        await made.until_state(made.bob, offer.id, "failed")
        made.limit(made.bob, quota=8 * MIB + 50)
        with pytest.raises(StorageError, match="inbox would have more"):
            await made.bob.node.file_resume(offer.id)
        made.limit(made.bob, quota=8 * MIB + 100)
        await made.bob.node.file_resume(offer.id)
        await made.until_state(made.bob, offer.id, "complete")

    play(tmp_path, story)


@pytest.mark.parametrize("path", ["/proc/cpuinfo", "/proc/self/status"])
def test_what_the_system_makes_up_does_not_go_as_an_empty_file(tmp_path: Path, path: str) -> None:
    async def story(made: FileStory) -> None:
        with pytest.raises(UsageError, match="another length than it says"):
            await made.alice.node.file_send("bob", [path], as_is=True)
        assert await made.alice.node.file_list() == []

    play(tmp_path, story)


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("to", ["", "chosen"])
def test_file_that_got_its_name_before_the_store_could_be_told_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str, links: bool
) -> None:
    fetched: list[int] = []
    write, complete = Landing._write, Carrier._complete

    def noted(self: Landing, index: int, *rest: bytes) -> None:
        fetched.append(index)
        write(self, index, *rest)

    def refused(*_arguments: object, **_more: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    def untold(*_arguments: object) -> None:
        monkeypatch.setattr(Carrier, "_complete", complete)
        raise StorageError("the disk is full")

    async def story(made: FileStory) -> None:
        directory = tmp_path / (to or "bob/inbox")
        directory.mkdir(exist_ok=True, parents=True)
        (directory / "large").write_bytes(b"another file of this name")
        source = made.write("large", 5 * 64 * KIB + 7)
        (offer,) = await made.offer(source)
        monkeypatch.setattr(Landing, "_write", noted)
        monkeypatch.setattr(Carrier, "_complete", untold)
        if not links:
            monkeypatch.setattr(os, "link", refused)
        await made.bob.node.file_accept(offer.id, str(directory) if to else "")
        mine = await made.until_state(made.bob, offer.id, "complete")
        await asyncio.sleep(60)
        assert sorted(fetched) == list(range(6))
        assert Path(mine.path).read_bytes() == source.read_bytes()
        assert sorted(path.name for path in directory.iterdir()) == sorted(["large", Path(mine.path).name])

    play(tmp_path, story)


def no_room(*_arguments: object) -> None:
    raise OSError(errno.ENOSPC, "no space")


def test_folders_of_an_offer_are_made_when_its_file_is_whole_and_not_before(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        chosen = tmp_path / "chosen"
        (chosen / "trip").mkdir(parents=True)
        made.write("trip/in/large", 8 * MIB)
        (offer,) = await made.offer(tmp_path / "hers" / "trip")
        with pytest.MonkeyPatch.context() as full:
            full.setattr(file_places, "reserve", no_room)
            with pytest.raises(StorageError):
                await made.bob.node.file_accept(offer.id, str(chosen))
        assert [path.name for path in chosen.rglob("*")] == ["trip"]
        await made.bob.node.file_accept(offer.id, str(chosen))
        await made.until_bytes(made.bob, offer.id, MIB)
        (part,) = (chosen / "trip").iterdir()
        assert part.name.endswith(".part")
        await made.bob.node.file_cancel(offer.id)
        await asyncio.sleep(60)
        assert [path.name for path in chosen.rglob("*")] == ["trip"]
        (again,) = await made.offer(tmp_path / "hers" / "trip")
        await made.bob.node.file_accept(again.id, str(chosen))
        mine = await made.until_state(made.bob, again.id, "complete")
        assert Path(mine.path) == chosen / "trip" / "in" / "large"
        await asyncio.sleep(1)
        assert [path.name for path in chosen.rglob("*")] == ["trip", "in", "large"]

    play(tmp_path, story)


def test_what_takes_the_place_of_a_folder_meanwhile_is_told_and_nothing_is_written_through_it(
    tmp_path: Path,
) -> None:
    async def story(made: FileStory) -> None:
        chosen, other = tmp_path / "chosen", tmp_path / "other"
        chosen.mkdir()
        other.mkdir()
        made.write("trip/in/large", 8 * MIB)
        (offer,) = await made.offer(tmp_path / "hers" / "trip")
        await made.bob.node.file_accept(offer.id, str(chosen))
        await made.until_bytes(made.bob, offer.id, MIB)
        (chosen / "trip").symlink_to(other)
        mine = await made.until_state(made.bob, offer.id, "failed")
        assert (mine.reason, list(other.iterdir())) == ("unreadable", [])
        (chosen / "trip").unlink()
        await made.bob.node.file_resume(offer.id)
        mine = await made.until_state(made.bob, offer.id, "complete")
        assert Path(mine.path) == chosen / "trip" / "in" / "large"

    play(tmp_path, story)


@pytest.mark.parametrize("name", ["a" * 300, "a/" * 3000, "x\0y"])
def test_paths_that_no_system_knows_have_a_sentence(tmp_path: Path, name: str) -> None:
    async def story(made: FileStory) -> None:
        (offer,) = await made.offer(made.write("a", 10))
        path = f"{tmp_path}/{name}"
        with pytest.raises(TuichatError):
            await made.alice.node.file_send("bob", [path], as_is=True)
        with pytest.raises(UsageError, match="There is no directory"):
            await made.bob.node.file_accept(offer.id, path)

    play(tmp_path, story)


def test_links_in_a_folder_are_left_out_and_told(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        made.write("trip/a.txt", 5)
        (made.directory / "hers" / "trip" / "b.txt").symlink_to("/etc/hostname")
        (sent,) = await made.alice.node.file_send("bob", [str(made.directory / "hers" / "trip")])
        assert sent.file.name == "a.txt"
        assert any("1 link" in warning for warning in sent.warnings)

    play(tmp_path, story)


def test_nothing_is_written_over_and_no_link_is_followed(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        target = tmp_path / "chosen"
        target.mkdir()
        (target / "a.txt").write_text("mine")
        (offer,) = await made.offer(made.write("a.txt", 5))
        await made.bob.node.file_accept(offer.id, str(target))
        mine = await made.until_state(made.bob, offer.id, "complete")
        assert Path(mine.path) == target / "a (2).txt"
        assert (target / "a.txt").read_text() == "mine"
        (target / "trip").symlink_to(tmp_path)
        made.write("trip/a.txt", 5)
        (linked,) = await made.offer(made.directory / "hers" / "trip")
        with pytest.raises(UsageError):
            await made.bob.node.file_accept(linked.id, str(target))
        assert (await made.bob.node.file_get(linked.id)).state == "offered"

    play(tmp_path, story)


def test_full_inbox_is_said_and_the_offer_stays(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        made.limit(made.bob, quota=MIB)
        first, second = await made.offer(made.write("a", MIB), made.write("b", 1))
        await made.bob.node.file_accept(first.id)
        await made.until_state(made.bob, first.id, "complete")
        with pytest.raises(StorageError):
            await made.bob.node.file_accept(second.id)
        assert (await made.bob.node.file_get(second.id)).state == "offered"
        assert len(_partial(made.bob)) == 1

    play(tmp_path, story)


def test_partial_file_that_was_removed_is_told_and_begins_anew_when_wanted(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        source = made.write("large", 8 * MIB)
        (offer,) = await made.offer(source)
        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, MIB)
        await made.bob.stop()
        inbox = tmp_path / "bob" / "inbox"
        for part in inbox.iterdir():
            part.unlink()
        await made.bob.start()
        failed = await made.until_state(made.bob, offer.id, "failed")
        assert failed.reason == "unreadable"
        await made.bob.node.file_resume(offer.id)
        mine = await made.until_state(made.bob, offer.id, "complete")
        assert Path(mine.path).read_bytes() == source.read_bytes()

    play(tmp_path, story)


def test_offers_end_after_thirty_days(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        (offer,) = await made.offer(made.write("a", 10))
        for person in (made.alice, made.bob):
            await person.stop()
        await asyncio.sleep(28 * DAY)
        for person in (made.alice, made.bob):
            await person.start()
        assert [file.state for file in await made.bob.node.file_list()] == ["offered"]
        await asyncio.sleep(3 * DAY)
        for person in (made.alice, made.bob):
            (file,) = await person.node.file_list()
            assert (file.state, file.reason) == ("cancelled", "expired")
        with pytest.raises(UsageError):
            await made.bob.node.file_accept(offer.id)

    play(tmp_path, story)


def test_flood_of_offers_is_bounded_and_takes_nothing_that_was_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_arrivals, "MAX_OFFERS", 3)
    monkeypatch.setattr(Sending, "_check_count", lambda *_arguments: None)  # alice means ill

    async def story(made: FileStory) -> None:
        await made.alice.node.contact_list()
        (first,) = await made.offer(made.write("first", 8 * MIB))
        await made.bob.node.file_accept(first.id)
        for number in range(5):
            await made.offer(made.write(f"bomb {number}", 1))
        states = [file.state for file in await made.bob.node.file_list()]
        assert states[1:] == ["cancelled", "cancelled", "offered", "offered", "offered"]
        await made.until_state(made.bob, first.id, "complete")

    play(tmp_path, story)


def test_list_that_is_not_the_offered_one_is_given_up(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        (offer,) = await made.offer(made.write("a", MIB))
        (row,) = made.alice.node._store.transfers.all()
        made.alice.node._store.transfers.put_hashes(row.id, 0, bytes(32 * 16))
        await made.bob.node.file_accept(offer.id)
        failed = await made.until_state(made.bob, offer.id, "failed")
        assert failed.reason == "damaged"
        assert (await made.until_state(made.alice, row.id, "cancelled")).reason == "peer"

    play(tmp_path, story)


def test_chat_goes_on_while_a_file_does(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        (offer,) = await made.offer(made.write("large", 8 * MIB))
        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, MIB)
        for number in range(20):
            await made.alice.say(made.bob, f"alice {number}")
            await made.bob.say(made.alice, f"bob {number}")
        await made.until_state(made.bob, offer.id, "complete")
        assert (await made.bob.history(made.alice))[1:] == [f"alice {number}" for number in range(20)]
        assert await made.alice.history(made.bob) == [f"bob {number}" for number in range(20)]

    play(tmp_path, story)


def test_nobody_can_do_anything_to_a_file_that_is_not_there(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        for verb in ("file_get", "file_accept", "file_decline", "file_cancel", "file_pause", "file_resume"):
            with pytest.raises(NotFoundError):
                await getattr(made.bob.node, verb)(99)
        await made.bob.node.file_prepare(99)

    play(tmp_path, story)


@pytest.mark.parametrize("what", ["vanished", "pipe", "empty folder", "nothing", "relative", "a zero byte"])
def test_what_cannot_be_sent_has_its_sentence_and_leaves_no_debris(tmp_path: Path, what: str) -> None:
    async def story(made: FileStory) -> None:
        path = tmp_path / "what"
        if what == "pipe":
            os.mkfifo(path)
        elif what == "empty folder":
            path.mkdir()
        paths = {"nothing": [], "relative": ["a.txt"], "a zero byte": ["/tmp/a\0b"]}.get(what, [str(path)])
        with pytest.raises(TuichatError) as caught:
            await made.alice.node.file_send("bob", paths)
        assert caught.value.message
        assert await made.alice.node.file_list() == []
        assert await made.alice.history(made.bob, "out") == []
        outgoing = tmp_path / "alice" / "outgoing"
        assert not outgoing.exists() or list(outgoing.iterdir()) == []

    play(tmp_path, story)


def test_file_that_grows_while_it_is_read_is_not_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(made: FileStory) -> None:
        source = made.write("log", 8 * MIB)
        read = blobs.read_chunks

        def growing(path: str, layout: Layout, chunks: range, _known: object) -> list[bytes]:
            if chunks.start:
                with source.open("ab") as file:
                    file.write(b"one more line")
            return read(path, layout, chunks)

        monkeypatch.setattr(offering, "read_chunks", growing)
        with pytest.raises(TuichatError, match="changes while"):
            await made.alice.node.file_send("bob", [str(source)])
        assert made.alice.node._store.transfers.all() == []

    play(tmp_path, story)


def test_disk_that_fails_while_a_file_comes_is_told_and_it_goes_on_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(made: FileStory) -> None:
        source = made.write("large", 8 * MIB)
        (offer,) = await made.offer(source)
        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, MIB)
        with monkeypatch.context() as failing:

            def full(self: PartFile, offset: int, data: bytes) -> None:
                raise OSError(errno.ENOSPC, "no space")

            failing.setattr(PartFile, "write", full)
            failed = await made.until_state(made.bob, offer.id, "failed")
            assert failed.reason == "space"
        await made.bob.node.file_resume(offer.id)
        mine = await made.until_state(made.bob, offer.id, "complete")
        assert Path(mine.path).read_bytes() == source.read_bytes()

    play(tmp_path, story)
