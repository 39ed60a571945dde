"""The gate before a node: locked, open, locked again, and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, cast

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import PASSPHRASE, MemoryNode, address_of
from tests.support.seeded_rng import SeededRng
from tests.support.virtual_time import VirtualClock, run_virtual
from tuichat.crypto.passphrase import FLOOR, Secret
from tuichat.errors import LockedError, StorageError, TuichatError, UnreachableError, UsageError
from tuichat.event_buffer import EventBuffer
from tuichat.model import (
    Backup,
    ClosingEvent,
    ContactEvent,
    Exported,
    Imported,
    LinkEvent,
    LockedEvent,
    MessageEvent,
)
from tuichat.node.custody import Custody
from tuichat.node.gate import Gate
from tuichat.node.node import Node
from tuichat.store.backup_file import BackupKey
from tuichat.store.profile import create_profile, open_profile
from tuichat.store.profile_paths import ProfilePaths

Call = Callable[[Gate], Awaitable[object]]

CALLS = (
    lambda gate: gate.contact_list(),
    lambda gate: gate.contact_add(address_of("erin")),
    lambda gate: gate.contact_accept("dave"),
    lambda gate: gate.contact_reject("dave"),
    lambda gate: gate.contact_block("bob"),
    lambda gate: gate.contact_unblock("bob"),
    lambda gate: gate.contact_remove("bob"),
    lambda gate: gate.contact_rename("bob", "rob"),
    lambda gate: gate.contact_verify("bob"),
    lambda gate: gate.contact_trust("bob", True),
    lambda gate: gate.send("bob", "hi"),
    lambda gate: gate.cancel(1),
    lambda gate: gate.message_get(1),
    lambda gate: gate.messages("bob"),
    lambda gate: gate.mark_read("bob", 1),
    lambda gate: gate.mark_shown("bob", 1, 1),
    lambda gate: gate.file_send("bob", ["/a/one.txt"]),
    lambda gate: gate.file_list(),
    lambda gate: gate.file_get(1),
    lambda gate: gate.file_accept(1),
    lambda gate: gate.file_decline(1),
    lambda gate: gate.file_cancel(1),
    lambda gate: gate.file_pause(1),
    lambda gate: gate.file_resume(1),
    lambda gate: gate.file_prepare(1),
    lambda gate: gate.go_online(),
    lambda gate: gate.use_bridges(["192.0.2.1:443"]),
    lambda gate: gate.keep_until_delivered(),
    lambda gate: gate.backup("/backup"),
    lambda gate: gate.check_database(),
    lambda gate: gate.lock(),
)


class Profile:
    """Opens the same memory node each time; counts how often, and remembers whether it is open."""

    def __init__(self) -> None:
        self.clock = FixedClock()
        self.node = MemoryNode.sample(self.clock, files=True)
        self.opened = 0
        self.is_open = False

    async def open(self, secret: Secret) -> Node:
        await asyncio.sleep(0)
        if secret.passphrase != PASSPHRASE:
            raise LockedError("The passphrase is wrong.")
        self.opened += 1
        return cast(Node, self.node)

    def gate(self, kind: Literal["daemon", "detached"] = "detached") -> Gate:
        return Gate(self.open, kind=kind, clock=self.clock)


@pytest.fixture
def profile() -> Profile:
    return Profile()


async def until(events: EventBuffer, kind: type) -> list[object]:
    seen: list[object] = []
    while not seen or not isinstance(seen[-1], kind):
        seen.append(await anext(events))
    return seen


@pytest.mark.parametrize("number", range(len(CALLS)))
async def test_a_locked_node_answers_nothing_but_who_it_is(profile: Profile, number: int) -> None:
    gate = profile.gate()
    with pytest.raises(LockedError) as caught:
        await CALLS[number](gate)
    assert "tuichat unlock" in caught.value.hint
    assert (await gate.hello()).locked
    status = await gate.status()
    assert (status.address, status.locked, status.node) == (None, True, "detached")


@pytest.mark.parametrize("number", range(len(CALLS)))
async def test_every_method_is_passed_on_once_it_is_open(profile: Profile, number: int) -> None:
    gate = profile.gate()
    await gate.unlock(PASSPHRASE)
    expected: type[TuichatError] | tuple[()] = ()
    try:
        await CALLS[number](MemoryNode.sample(profile.clock, files=True))
    except TuichatError as error:
        expected = type(error)
    if expected:
        with pytest.raises(expected):
            await CALLS[number](gate)
    else:
        await CALLS[number](gate)


async def test_a_wrong_passphrase_leaves_it_locked(profile: Profile) -> None:
    gate = profile.gate()
    with pytest.raises(LockedError):
        await gate.unlock("wrong")
    assert (await gate.hello()).locked


async def test_one_unlock_serves_everybody_and_opens_the_profile_once(profile: Profile) -> None:
    gate = profile.gate()
    await asyncio.gather(*(gate.unlock(PASSPHRASE) for _ in range(5)))
    assert profile.opened == 1
    status = await gate.status()
    assert (status.address, status.locked) == (profile.node.address, False)


async def test_status_tells_what_kind_of_node_it_is(profile: Profile) -> None:
    for kind in ("daemon", "detached"):
        gate = profile.gate(kind)
        await gate.unlock(PASSPHRASE)
        assert (await gate.status()).node == (await gate.hello()).node == kind


async def test_a_daemon_goes_online_by_itself_and_a_detached_node_when_needed(profile: Profile) -> None:
    gate = profile.gate("detached")
    await gate.unlock(PASSPHRASE)
    await gate.messages("bob")
    before = profile.node.online_asked
    await gate.send("bob", "hi")
    assert (before, profile.node.online_asked) == (False, True)

    other = Profile()
    await other.gate("daemon").unlock(PASSPHRASE)
    assert other.node.online_asked


LOOKING: tuple[Call, ...] = (
    lambda gate: gate.file_list(),
    lambda gate: gate.file_get(1),
    lambda gate: gate.file_prepare(1),
)
MOVING: tuple[Call, ...] = (
    lambda gate: gate.file_accept(1),
    lambda gate: gate.file_decline(1),
    lambda gate: gate.file_cancel(2),
    lambda gate: gate.file_send("bob", ["/a/one.txt"]),
)


async def went_online(call: Call) -> bool:
    profile = Profile()
    profile.node.sizes = {"/a/one.txt": 1}
    gate = profile.gate("detached")
    await gate.unlock(PASSPHRASE)
    await call(gate)
    return profile.node.online_asked


async def test_what_moves_a_file_takes_a_detached_node_online_and_looking_does_not() -> None:
    assert not any([await went_online(call) for call in LOOKING])
    assert all([await went_online(call) for call in MOVING])


async def test_a_node_that_was_online_goes_online_again_when_unlocked_again(profile: Profile) -> None:
    gate = profile.gate("detached")
    await gate.unlock(PASSPHRASE)
    await gate.go_online()
    await gate.lock()
    profile.node.online_asked = False
    await gate.unlock(PASSPHRASE)
    assert profile.node.online_asked


async def test_bridges_outlive_a_lock_though_the_settings_were_read_before(profile: Profile) -> None:
    gate = profile.gate("detached")
    await gate.unlock(PASSPHRASE)
    await gate.use_bridges(["192.0.2.1:443"])
    await gate.lock()
    profile.node.bridges = None
    await gate.unlock(PASSPHRASE)
    again: list[str] | None = profile.node.bridges
    assert again == ["192.0.2.1:443"]
    await gate.lock()
    profile.node.bridges_fail = UsageError("The program is not installed any more.")
    await gate.unlock(PASSPHRASE)
    assert not (await gate.hello()).locked


async def test_a_stream_goes_on_over_locking_and_unlocking(profile: Profile) -> None:
    gate = profile.gate()
    events = gate.subscribe()
    await gate.unlock(PASSPHRASE)
    assert await anext(events) == LockedEvent(at=profile.node.now(), locked=False)
    profile.node.incoming("bob", "one")
    seen = await until(events, ContactEvent)
    await gate.lock()
    assert await anext(events) == LockedEvent(at=profile.node.now(), locked=True)
    profile.node.incoming("bob", "arrived while nobody looked")
    await gate.unlock(PASSPHRASE)
    assert isinstance(await anext(events), LockedEvent)
    again = await until(events, ContactEvent)
    assert [type(event) for event in again] == [type(event) for event in seen] == [MessageEvent, ContactEvent]
    assert isinstance(again[0], MessageEvent)
    assert again[0].message.text == "arrived while nobody looked"


async def test_a_stream_begins_after_the_number_asked_for_even_when_locked_before(profile: Profile) -> None:
    gate = profile.gate()
    events = gate.subscribe(since=3)
    await gate.unlock(PASSPHRASE)
    assert isinstance(await anext(events), LockedEvent)
    first = await anext(events)
    assert first.seq == 4


async def test_a_long_replay_is_told_whole_to_a_reader_who_begins_at_once(profile: Profile) -> None:
    for number in range(3000):
        profile.node.incoming("bob", str(number))
    gate = profile.gate()
    await gate.unlock(PASSPHRASE)
    events = gate.subscribe(since=0)
    await asyncio.sleep(0)
    assert [(await anext(events)).seq for _ in range(6000)] == list(range(1, 6001))


async def test_a_reader_who_leaves_is_forgotten_by_gate_and_node(profile: Profile) -> None:
    gate = profile.gate()
    await gate.unlock(PASSPHRASE)
    for _ in range(20):
        await gate.subscribe().aclose()
    staying = gate.subscribe()
    await asyncio.sleep(0)
    profile.node.set_stage("bob", "offline")
    assert isinstance(await anext(staying), LinkEvent)
    assert sum(not reader.closed for reader in profile.node.readers) == 1


async def test_stopping_tells_clients_why_and_ends_their_streams(profile: Profile) -> None:
    gate = profile.gate()
    await gate.unlock(PASSPHRASE)
    events = gate.subscribe()
    await gate.stop("handover")
    await gate.stop("stop")
    reason = await gate.wait_stop()
    await gate.close(reason)
    assert [event async for event in events] == [ClosingEvent(at=profile.node.now(), reason="handover")]
    with pytest.raises(UnreachableError, match="has ended"):  # nor locked: another takes its place
        await gate.contact_list()


async def test_a_locked_node_can_be_stopped(profile: Profile) -> None:
    gate = profile.gate()
    await gate.stop()
    assert await gate.wait_stop() == "stop"
    await gate.close("stop")


async def end_files(profile: Profile) -> None:
    for file in await profile.node.file_list():
        profile.node.end(file.id, "cancelled")


async def test_it_is_kept_only_while_something_waits_to_be_delivered(profile: Profile) -> None:
    gate = profile.gate()
    await gate.unlock(PASSPHRASE)
    await end_files(profile)
    assert not gate.keeps_running()
    assert not (await gate.status()).kept
    await gate.keep_until_delivered()
    assert gate.keeps_running()
    assert (await gate.status()).kept
    await gate.cancel(5)
    assert not gate.keeps_running()
    assert not (await gate.status()).kept
    profile.node.outgoing("alice", "later")
    assert not gate.keeps_running()


async def test_it_is_kept_while_a_file_is_under_way_and_no_longer(profile: Profile) -> None:
    gate = profile.gate()
    await gate.unlock(PASSPHRASE)
    await gate.cancel(5)
    await end_files(profile)
    offer = profile.node.offer("bob", "film.mkv", 100)
    await gate.keep_until_delivered()
    assert not gate.keeps_running()
    await gate.file_accept(offer.id)
    await gate.keep_until_delivered()
    assert gate.keeps_running()
    status = await gate.status()
    assert (status.kept, status.outbox.queued, status.transfers) == (True, 0, 1)
    profile.node.progress(offer.id, 50, 10, 1)
    assert gate.keeps_running()
    await gate.file_pause(offer.id)
    assert not gate.keeps_running()
    await gate.file_resume(offer.id)
    await gate.keep_until_delivered()
    profile.node.end(offer.id, "complete")
    assert not gate.keeps_running()
    assert (await gate.status()).transfers == 0


class Slow(MemoryNode):
    """A node whose status takes until it is let go, and which notices use after its end."""

    def __init__(self, clock: FixedClock) -> None:
        super().__init__(clock)
        self.asked = asyncio.Event()
        self.go = asyncio.Event()
        self.closed = False

    async def go_online(self) -> None:
        self.asked.set()
        await self.go.wait()
        assert not self.closed

    async def close(self) -> None:
        self.closed = True
        await super().close()


async def test_locking_waits_for_the_calls_under_way_and_takes_no_new_ones(profile: Profile) -> None:
    slow = Slow(profile.clock)
    profile.node = slow
    gate = profile.gate()
    await gate.unlock(PASSPHRASE)
    call = asyncio.ensure_future(gate.go_online())
    await slow.asked.wait()
    locking = asyncio.ensure_future(gate.lock())
    await asyncio.sleep(0)
    with pytest.raises(LockedError):
        await gate.contact_list()
    before = slow.closed
    slow.go.set()
    await asyncio.gather(call, locking)
    assert (before, slow.closed) == (False, True)


async def test_a_passphrase_is_changed_in_a_locked_node_and_in_an_open_one(tmp_path: Path) -> None:
    profile, custody = Profile(), sealed_home(tmp_path)
    paths = ProfilePaths.locate(tmp_path / "home", "default", {})
    gate = Gate(profile.open, kind="daemon", clock=profile.clock, custody=custody)
    with pytest.raises(LockedError):
        await gate.passphrase("wrong", "second")
    await gate.passphrase(PASSPHRASE, "second")
    await gate.unlock(PASSPHRASE)  # the memory node's own
    told: list[BackupKey | None] = []
    vars(profile.node)["sealed_by"] = told.append
    await gate.passphrase("second", "third")
    assert [key.wrapped for key in told if key] == [open_profile(paths, "third").wrapped]
    await gate.passphrase("third", None)
    assert told[-1] is None


async def test_a_node_without_files_of_its_own_has_none_to_change(profile: Profile) -> None:
    for call in (
        profile.gate().passphrase("", "new"),
        profile.gate().duress("", "new"),
        profile.gate().wipe(),
    ):
        with pytest.raises(StorageError):
            await call


def sealed_home(directory: Path, passphrase: str | None = PASSPHRASE) -> Custody:
    """The files of a profile that the memory node stands for."""
    paths = ProfilePaths.locate(directory / "home", "default", {})
    create_profile(paths, "", passphrase, SeededRng(), FixedClock(), cost=FLOOR)
    return Custody(paths, SeededRng(b"change"), FLOOR)


class Unhurried(MemoryNode):
    """A node that writes and reads copies of itself for 2000 seconds."""

    async def backup(self, path: str, passphrase: str | None = None, force: bool = False) -> Backup:
        await asyncio.sleep(2000)
        return await super().backup(path, passphrase, force)

    async def export_to(self, path: str, ref: str | None = None, plain_page: bool = False) -> Exported:
        await asyncio.sleep(2000)
        return await super().export_to(path, ref, plain_page)

    async def import_from(self, path: str) -> Imported:
        await asyncio.sleep(2000)
        return await super().import_from(path)


def locks_after(
    story: Callable[[Gate, VirtualClock], Awaitable[None]],
    custody: Custody | None,
    node: type[MemoryNode] = MemoryNode,
) -> float:
    """How many seconds after its unlocking a node is locked that locks itself after 600; 0 for never."""

    async def told() -> float:
        clock, profile = VirtualClock(), Profile()
        profile.node = node.sample(profile.clock)
        gate = Gate(profile.open, kind="daemon", clock=clock, custody=custody)
        await asyncio.sleep(1000)  # locked: nothing happens, and the time counts from unlocking
        await gate.unlock(PASSPHRASE)
        began = clock.monotonic()
        locking = asyncio.ensure_future(gate.lock_when_idle(600))
        await story(gate, clock)
        while not (await gate.hello()).locked and clock.monotonic() < began + 5000:  # noqa: ASYNC110
            await asyncio.sleep(1)
        locking.cancel()
        return clock.monotonic() - began if (await gate.hello()).locked else 0

    found: float = run_virtual(told())
    return found


async def nothing(_gate: Gate, _clock: VirtualClock) -> None:
    await asyncio.sleep(0)


async def work_for_a_while(gate: Gate, _clock: VirtualClock) -> None:
    for _ in range(5):
        await asyncio.sleep(500)
        await gate.active()


async def only_programs(gate: Gate, _clock: VirtualClock) -> None:
    for _ in range(5):
        await asyncio.sleep(100)
        await gate.messages("bob")
        await gate.status()


async def sleep_of_the_machine(_gate: Gate, clock: VirtualClock) -> None:
    await asyncio.sleep(100)
    clock.offset += 8 * 3600


@pytest.mark.parametrize(
    ("story", "seconds"),
    [(nothing, 600), (work_for_a_while, 3100), (only_programs, 600), (sleep_of_the_machine, 100)],
)
def test_a_node_locks_itself_when_nobody_was_at_work_for_so_long(
    tmp_path: Path, story: Callable[[Gate, VirtualClock], Awaitable[None]], seconds: float
) -> None:
    assert seconds <= locks_after(story, sealed_home(tmp_path)) <= seconds + 6


@pytest.mark.parametrize(
    "asked",
    [
        lambda gate: gate.import_from("/export"),
        lambda gate: gate.export_to("/export"),
        lambda gate: gate.backup("/backup"),
    ],
)
def test_what_a_person_waits_for_is_work_until_it_ends_however_it_does(tmp_path: Path, asked: Call) -> None:
    async def long(gate: Gate, _clock: VirtualClock) -> None:
        with suppress(UsageError):
            await asked(gate)
        assert not (await gate.hello()).locked

    assert 2600 <= locks_after(long, sealed_home(tmp_path), Unhurried) <= 2606


def test_what_no_passphrase_opens_is_not_locked_by_itself(tmp_path: Path) -> None:
    assert locks_after(nothing, sealed_home(tmp_path, None)) == 0


def test_after_it_was_unlocked_again_it_locks_itself_again(tmp_path: Path) -> None:
    async def again(gate: Gate, _clock: VirtualClock) -> None:
        await asyncio.sleep(700)
        assert (await gate.hello()).locked
        await gate.unlock(PASSPHRASE)

    assert 1300 <= locks_after(again, sealed_home(tmp_path)) <= 1302


@pytest.mark.parametrize("locked", [False, True])
async def test_a_wipe_destroys_the_keys_before_it_waits_for_anything(tmp_path: Path, locked: bool) -> None:
    custody, profile = sealed_home(tmp_path), Profile()
    identity = tmp_path / "home" / "identity.sealed"
    slow = Slow(profile.clock)
    profile.node = slow
    gate = Gate(profile.open, kind="daemon", clock=profile.clock, custody=custody)
    calls = []
    if not locked:
        unlocking = asyncio.ensure_future(gate.unlock(PASSPHRASE))
        await slow.asked.wait()
        calls.append(unlocking)
    calls.append(asyncio.ensure_future(gate.wipe()))
    await asyncio.sleep(0)
    assert not identity.exists()
    slow.go.set()
    await asyncio.gather(*calls)
    assert slow.closed != locked
    assert await gate.wait_stop() == "wipe"
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["lock"]


async def test_a_node_that_cannot_be_closed_is_wiped_all_the_same(tmp_path: Path) -> None:
    class Stuck(MemoryNode):
        async def close(self) -> None:
            raise StorageError("full")

    custody, profile = sealed_home(tmp_path), Profile()
    profile.node = Stuck(profile.clock)
    gate = Gate(profile.open, kind="detached", clock=profile.clock, custody=custody)
    await gate.unlock(PASSPHRASE)
    with pytest.raises(StorageError, match="full"):
        await gate.wipe()
    assert await gate.wait_stop() == "wipe"
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["lock"]


class OfFiles(Profile):
    """A memory node behind the files of a real profile: they say which passphrase opens it."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.paths = ProfilePaths.locate(directory / "home", "default", {})
        self.custody = sealed_home(directory)

    async def open(self, secret: Secret) -> Node:
        await asyncio.to_thread(open_profile, self.paths, secret)
        self.opened += 1
        return cast(Node, self.node)

    def gate(self, kind: Literal["daemon", "detached"] = "detached") -> Gate:
        return Gate(self.open, kind=kind, clock=self.clock, custody=self.custody)

    def names(self) -> set[str]:
        return {path.name for path in self.paths.home.iterdir()}


@pytest.mark.parametrize("unlocked", [False, True])
async def test_the_duress_passphrase_wipes_and_nobody_is_told(tmp_path: Path, unlocked: bool) -> None:
    profile = OfFiles(tmp_path)
    gate = profile.gate()
    vars(profile.node)["sealed_by"] = lambda key: None
    await gate.duress(PASSPHRASE, "open sesame")
    profile.paths.database.write_bytes(b"contacts")
    if unlocked:
        await gate.unlock(PASSPHRASE)
    refusals = []
    for passphrase in ("wrong", "open sesame", PASSPHRASE, "open sesame"):
        with pytest.raises(LockedError) as caught:
            await (gate.passphrase(passphrase, "new") if unlocked else gate.unlock(passphrase))
        refusals.append((type(caught.value), caught.value.message, caught.value.hint))
    assert set(refusals) == {(LockedError, "The passphrase is wrong.", "")}
    assert (await gate.hello()).locked
    await gate.close("stop")
    assert profile.names() == {"identity.sealed", "lock"}


async def test_with_a_duress_passphrase_the_other_one_opens_as_before(tmp_path: Path) -> None:
    profile = OfFiles(tmp_path)
    gate = profile.gate()
    await gate.unlock(PASSPHRASE)
    told: list[BackupKey | None] = []
    vars(profile.node)["sealed_by"] = told.append
    await gate.duress(PASSPHRASE, "open sesame")
    await gate.lock()
    await gate.unlock(PASSPHRASE)
    assert (profile.opened, len(told)) == (2, 1)
    assert not (await gate.hello()).locked
