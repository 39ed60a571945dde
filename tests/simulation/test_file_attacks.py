"""Files against contacts who mean ill, and against a disk and a sender that come and go at the worst time."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.support.file_story import DAY, HOUR, KIB, MIB, FileStory, play
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_circuit import SimulatedCircuit
from tests.support.simulated_node import KEY, SimulatedNode, until
from tests.support.slow_disk import SlowDisk
from tuichat.crypto.file_chunks import MAX_SIZE
from tuichat.errors import StorageError, UsageError
from tuichat.node import file_circuits, receiving
from tuichat.protocol import labels
from tuichat.protocol.bodies import THE_TWO_OF_US, File, FileState
from tuichat.store.backup_renewal import Restored, renew
from tuichat.store.store import Store
from tuichat.store.transfers import Transfers


def _count_circuits(made: FileStory, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When each of bob's circuits was made."""
    times: list[float] = []
    real = made.network.circuit

    def circuit(caller: bytes, onion: bytes, reach: bytes | None) -> SimulatedCircuit:
        times.append(asyncio.get_running_loop().time())
        return real(caller, onion, reach)

    monkeypatch.setattr(made.network, "circuit", circuit)
    return times


def _say(person: SimulatedNode, other: str, body: File | FileState) -> None:
    """Send a body that the node would not."""
    node = person.node
    contact = node._book.find(other)
    with node._hub.change():
        node._transfers._with.notes.outbox(contact)._queue(None, body, node._hub.now(), given=False)
    node._links.queued(contact.id)


def _offer(number: int, **changes: Any) -> File:
    known = bytes([number]) * 32
    claims: dict[str, Any] = {
        "conversation": THE_TWO_OF_US,
        "id": number.to_bytes(16, "big"),
        "sent_at": 0,
        "name": "a",
        "size": 1,
        "media_type": "",
        "caption": "",
        "key": known,
        "root": known,
        "path": known,
    }
    return File(**(claims | changes))


def test_offer_that_leads_nowhere_keeps_no_other_away_and_costs_few_circuits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(made: FileStory) -> None:
        circuits = _count_circuits(made, monkeypatch)
        dead, alive = await made.offer(made.write("dead", MIB), made.write("alive", MIB))
        row = made.alice.node._store.transfers.all()[0]
        made.alice.node._store.transfers.end(row.id, "failed", "restored", 0)  # without a word
        for offer in (dead, alive):
            await made.bob.node.file_accept(offer.id)
        async with asyncio.timeout(HOUR):
            await made.until_state(made.bob, alive.id, "complete")
        await asyncio.sleep(DAY)
        assert (await made.bob.node.file_get(dead.id)).state == "waiting"
        assert len(circuits) < 8 * 24 * 7

    play(tmp_path, story)


@pytest.mark.parametrize("size", [MIB, 16 * MIB])
def test_second_file_comes_over_the_circuits_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    async def story(made: FileStory) -> None:
        built = _count_circuits(made, monkeypatch)
        for name in ("a", "b", "c"):
            (offer,) = await made.offer(made.write(name, size))
            await made.bob.node.file_accept(offer.id)
            await made.until_state(made.bob, offer.id, "complete")
        assert len(built) == 8

    play(tmp_path, story)


def test_sender_who_pauses_and_goes_on_all_the_time_has_no_circuits_built_by_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(made: FileStory) -> None:
        circuits = _count_circuits(made, monkeypatch)
        (offer,) = await made.offer(made.write("large", 16 * MIB))
        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, MIB)
        before = len(circuits)
        for _time in range(20):
            await made.alice.node.file_pause(1)
            await made.until_state(made.bob, offer.id, "paused")
            await made.alice.node.file_resume(1)
            await made.until_state(made.bob, offer.id, "waiting", "active")
        assert len(circuits) == before
        await made.until_state(made.bob, offer.id, "complete")

    play(tmp_path, story)


def test_sender_who_cuts_every_circuit_has_few_built_in_an_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_circuits, "MOST_AN_HOUR", 20)

    async def one_chunk(self: SimulatedCircuit, *asked: Any) -> AsyncGenerator[bytes, None]:
        got = 0
        async for piece in fetch(self, *asked):
            got += len(piece)
            yield piece
            if got >= 300 * KIB:
                self.cut()

    fetch = SimulatedCircuit.fetch
    monkeypatch.setattr(SimulatedCircuit, "fetch", one_chunk)

    async def story(made: FileStory) -> None:
        circuits = _count_circuits(made, monkeypatch)
        source = made.write("large", 32 * MIB)
        (offer,) = await made.offer(source)
        await made.bob.node.file_accept(offer.id)
        mine = await made.until_state(made.bob, offer.id, "complete")
        assert Path(mine.path).read_bytes() == source.read_bytes()
        assert len(circuits) > 40
        for begin in circuits:
            assert sum(begin <= at < begin + HOUR for at in circuits) <= 20

    play(tmp_path, story)


def test_senders_who_give_a_byte_now_and_then_keep_nobody_else_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "FILES_AT_ONCE", 1)
    slow: set[bytes] = set()

    async def trickle(
        self: SimulatedCircuit, path: bytes, at: int, length: int
    ) -> AsyncGenerator[bytes, None]:
        async for piece in fetch(self, path, at, length):
            if self._onion in slow and length > 32:
                for byte in piece:
                    await asyncio.sleep(5)
                    yield bytes([byte])
            else:
                yield piece

    fetch = SimulatedCircuit.fetch
    monkeypatch.setattr(SimulatedCircuit, "fetch", trickle)

    async def story(made: FileStory) -> None:
        carol = SimulatedNode("carol", tmp_path, made.network, SeededRng(b"carol"))
        await carol.start()
        await carol.node.contact_add(made.bob.address, "bob")
        await made.bob.node.contact_add(carol.address, "carol")
        await made.linked()
        slow.add(made.alice.onion)
        (offer,) = await made.offer(made.write("slow", MIB))
        await made.bob.node.file_accept(offer.id)
        await asyncio.sleep(60)
        await carol.node.file_send("bob", [str(made.write("quick", MIB))], as_is=True)
        second = await made.until_offered(2)
        await made.bob.node.file_accept(second.id)
        async with asyncio.timeout(HOUR):
            await made.until_state(made.bob, second.id, "complete")
        assert (await made.bob.node.file_get(offer.id)).state in ("waiting", "active")
        await carol.stop()
        assert carol.failures == []

    play(tmp_path, story)


@pytest.mark.parametrize("how", ["pipe", "link", "loop", "device"])
def test_what_takes_the_place_of_an_offered_file_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    async def story(made: FileStory) -> None:
        source = made.write("report", 8 * MIB)
        (offer,) = await made.offer(source)
        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, MIB)
        source.unlink()
        if how == "pipe":
            os.mkfifo(source)
        elif how == "link":
            source.symlink_to(made.write("secret", 8 * MIB))
        elif how == "loop":
            source.symlink_to(source)
        else:
            source.symlink_to("/dev/zero")
        ended = await made.until_state(made.alice, 1, "failed")
        assert ended.reason == ("changed" if how == "link" else "unreadable")
        assert (await made.until_state(made.bob, offer.id, "failed")).reason == "changed"
        await asyncio.sleep(5)
        assert made.on_disk(made.bob) == []

    play(tmp_path, story)


def test_claims_of_any_size_take_no_room_before_consent_and_none_after_it_if_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_arguments: object) -> None:
        raise AssertionError("the disk would be filled before it says that it is full")

    monkeypatch.setattr(os, "posix_fallocate", taken)

    async def story(made: FileStory) -> None:
        (tmp_path / "chosen").mkdir()
        for number in range(1, 200):
            _say(made.alice, "bob", _offer(number, size=MAX_SIZE - number % 2))
        await made.until_offered(199)
        for to in ("", str(tmp_path / "chosen")):
            with pytest.raises(StorageError):
                await made.bob.node.file_accept(1, to)
        assert [file.state for file in await made.bob.node.file_list()] == ["offered"] * 199
        assert [*made.on_disk(made.bob), *(tmp_path / "chosen").iterdir()] == []

    play(tmp_path, story)


HOSTILE = [
    "../../escape",
    "/etc/escape",
    "..",
    ".",
    "a\0b",
    "CON",
    "\u202egnp.exe",
    "\uff0e\uff0e\uff0fescape",
    ".bashrc",
    "-rf",
    "a" * 255,
    "\u00e9" * 255,
    "a/b\\c",
    " ",
]


def test_names_and_places_of_others_never_leave_the_directory_that_was_chosen(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        chosen = tmp_path / "chosen"
        chosen.mkdir()
        everything = set(tmp_path.rglob("*"))
        places = ("", "{0}", "{0}/{0}", "../" * 20, "x/" * 400)
        claims = [(name, place.format(name[:60])) for name in HOSTILE for place in places]
        # The deepest first: so no file lies where a folder is to be.
        claims.sort(key=lambda claim: -len(labels.disk_place(labels.place(claim[1].split("/")))))
        number = 0
        for name, place in claims:
            number += 1
            _say(made.alice, "bob", _offer(number, name=name, place=place, size=0))
        await made.until_offered(number)
        for file in await made.bob.node.file_list():
            await made.bob.node.file_accept(file.id, str(chosen))
        for file in await made.bob.node.file_list():
            done = await made.until_state(made.bob, file.id, "complete")
            assert Path(done.path).resolve().is_relative_to(chosen.resolve())
        new = {path for path in set(tmp_path.rglob("*")) - everything if "bob" not in path.parts[-3:]}
        assert all(path.is_relative_to(chosen) for path in new if path.suffix not in (".db", ".db-wal"))
        assert sum(path.is_file() for path in chosen.rglob("*")) == number
        assert not any(path.name.startswith((".", "-")) for path in chosen.rglob("*"))

    play(tmp_path, story)


def test_files_of_one_name_that_come_into_one_directory_at_once_have_names_of_their_own(
    tmp_path: Path,
) -> None:
    async def story(made: FileStory) -> None:
        chosen = tmp_path / "chosen"
        chosen.mkdir()
        sources = [made.write(f"{number}/a.txt", 10 + number) for number in range(6)]
        offers = await made.offer(*sources)
        made.bob.off_loop = SlowDisk(1.0)
        await asyncio.gather(*(made.bob.node.file_accept(offer.id, str(chosen)) for offer in offers))
        for offer in offers:
            await made.until_state(made.bob, offer.id, "complete")
        names = ["a.txt", *(f"a ({number}).txt" for number in range(2, 7))]
        assert sorted(path.name for path in chosen.glob("*.txt")) == sorted(names)
        assert sorted(path.stat().st_size for path in chosen.glob("*.txt")) == list(range(10, 16))

    play(tmp_path, story)


def test_word_about_an_unknown_file_or_one_of_somebody_else_changes_nothing(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        carol = SimulatedNode("carol", tmp_path, made.network, SeededRng(b"carol"))
        await carol.start()
        await carol.node.contact_add(made.bob.address, "bob")
        await made.bob.node.contact_add(carol.address, "carol")
        await made.linked()
        await made.offer(made.write("in", 10))
        await made.bob.node.file_send("alice", [str(made.write("out", 10))], as_is=True)
        await asyncio.sleep(60)
        before = await made.bob.node.file_list()
        rows = made.bob.node._store.transfers.all()
        assert [row.direction for row in rows] == ["in", "out"]
        for state in range(1, 8):
            for row in rows:
                note = FileState(THE_TWO_OF_US, os.urandom(16), row.wire_id, state)  # type: ignore[arg-type]
                _say(carol, "bob", note)
            _say(made.alice, "bob", FileState(THE_TWO_OF_US, os.urandom(16), bytes(16), state))  # type: ignore[arg-type]
        await carol.say(made.bob, "last")
        assert await until(lambda: _has(made.bob, carol, "last"), HOUR)
        await asyncio.sleep(60)
        assert await made.bob.node.file_list() == before
        await carol.stop()

    play(tmp_path, story)


async def _has(person: SimulatedNode, other: SimulatedNode, text: str) -> bool:
    return text in await person.history(other)


def test_sender_cannot_have_what_failed_on_this_disk_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(made: FileStory) -> None:
        (offer,) = await made.offer(made.write("large", 8 * MIB))
        await made.bob.node.file_accept(offer.id)
        await made.until_bytes(made.bob, offer.id, MIB)
        for part in (tmp_path / "bob" / "inbox").iterdir():
            part.unlink()
        await made.bob.crash()
        await made.bob.start()
        await made.until_state(made.bob, offer.id, "failed")
        await made.linked()
        circuits = _count_circuits(made, monkeypatch)
        for verb in ("file_pause", "file_resume") * 3:
            await getattr(made.alice.node, verb)(1)
            await asyncio.sleep(60)
            failed = await made.bob.node.file_get(offer.id)
            assert (failed.state, failed.reason) == ("failed", "unreadable")
        assert (failed.paused_by, circuits) == ("", [])
        await made.bob.node.file_resume(offer.id)
        await made.until_state(made.bob, offer.id, "complete")

    play(tmp_path, story)


@pytest.mark.parametrize("jobs", range(8))
def test_crash_at_any_step_of_accepting_and_naming_leaves_the_file_or_nothing(
    tmp_path: Path, jobs: int
) -> None:
    async def story(made: FileStory) -> None:
        (offer,) = await made.offer(made.write("a", 10))
        inbox, kept = tmp_path / "bob" / "inbox", tmp_path / "kept"
        inbox.mkdir(parents=True)
        made.bob.off_loop = disk = SlowDisk()
        disk.let_only(jobs)
        accepting = asyncio.ensure_future(made.bob.node.file_accept(offer.id))
        await asyncio.sleep(20)
        shutil.copytree(inbox, kept, copy_function=os.link)
        crash = asyncio.ensure_future(made.bob.crash())
        await asyncio.sleep(0)  # what is in the database now is what is left
        disk.let_all()
        await asyncio.gather(accepting, crash, return_exceptions=True)
        await asyncio.sleep(60)
        shutil.rmtree(inbox)
        kept.rename(inbox)  # as the crash left it
        await made.bob.start()
        await made.linked()
        if (await made.bob.node.file_get(offer.id)).state == "offered":
            await made.bob.node.file_accept(offer.id)
        mine = await made.until_state(made.bob, offer.id, "complete")
        await asyncio.sleep(60)
        assert made.on_disk(made.bob) == [Path(mine.path).name]
        assert Path(mine.path).read_bytes() == (tmp_path / "hers" / "a").read_bytes()

    play(tmp_path, story)


def test_offer_that_arrives_after_its_time_is_over_is_taken_back(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        await made.bob.stop()
        await asyncio.sleep(HOUR)
        for name in ("waits", "given"):
            await made.alice.node.file_send("bob", [str(made.write(name, 10))], as_is=True)
        row = made.alice.node._store.outbox.by_message(2)
        assert row is not None
        made.alice.node._store.outbox.mark_given([row.id])
        await asyncio.sleep(31 * DAY)
        states = [(file.state, file.reason) for file in await made.alice.node.file_list()]
        assert states == [("cancelled", "expired")] * 2
        await made.bob.start()
        await made.linked()
        await made.alice.say(made.bob, "last")
        assert await until(lambda: _has(made.bob, made.alice, "last"), DAY)
        assert [(file.name, file.state) for file in await made.bob.node.file_list()] == [
            ("given", "cancelled")
        ]

    play(tmp_path, story)


def test_directory_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    async def story(made: FileStory) -> None:
        chosen = tmp_path / os.fsdecode(b"caf\xe9")
        chosen.mkdir()
        (offer,) = await made.offer(made.write("a", 10))
        with pytest.raises(UsageError, match="not UTF-8"):
            await made.bob.node.file_accept(offer.id, str(chosen))
        assert list(chosen.iterdir()) == []
        assert (await made.bob.node.file_get(offer.id)).state == "offered"

    play(tmp_path, story)


@pytest.mark.parametrize("whose", ["alice", "bob"])
def test_who_goes_on_from_a_backup_leaves_nobody_waiting_for_its_files(tmp_path: Path, whose: str) -> None:
    async def story(made: FileStory) -> None:
        person, other = (made.alice, made.bob) if whose == "alice" else (made.bob, made.alice)
        offers = await made.offer(*(made.write(name, 8 * MIB) for name in ("offered", "wanted")))
        await made.bob.node.file_accept(offers[1].id)
        await made.until_bytes(made.bob, offers[1].id, MIB)
        await person.stop()
        store = Store.open(person._database, KEY)
        renew(store, Restored(1, 2))
        store.close()
        await person.start()
        for file in await other.node.file_list():
            over = await made.until_state(other, file.id, "cancelled")
            assert over.reason == "peer"
        assert [file.reason for file in await person.node.file_list()] == ["restored"] * 2

    play(tmp_path, story)


def test_name_that_the_store_could_not_be_told_of_goes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = True
    end = Transfers.end

    def fails(self: Transfers, file: int, state: Any, *rest: Any) -> Any:
        if full and state == "complete":
            raise StorageError("the disk is full")
        return end(self, file, state, *rest)

    monkeypatch.setattr(Transfers, "end", fails)

    async def story(made: FileStory) -> None:
        nonlocal full
        source = made.write("a", MIB)
        (offer,) = await made.offer(source)
        await made.bob.node.file_accept(offer.id)
        await asyncio.sleep(60)
        (part,) = made.on_disk(made.bob)
        assert part.endswith(".part")
        full = False
        mine = await made.until_state(made.bob, offer.id, "complete")
        assert Path(mine.path).read_bytes() == source.read_bytes()
        await asyncio.sleep(60)
        assert made.on_disk(made.bob) == [Path(mine.path).name]

    play(tmp_path, story)
