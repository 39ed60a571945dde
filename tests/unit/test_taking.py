"""Who may have a profile, and what is said to who may not."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from tuichat.bootstrap import building, taking
from tuichat.bootstrap.profiles import profile_paths
from tuichat.bootstrap.taking import take_lock
from tuichat.clock import SystemClock
from tuichat.errors import TuichatError
from tuichat.store.profile_lock import HolderKind, NodeLock
from tuichat.store.profile_paths import ProfilePaths
from tuichat.store.store import Store


@pytest.fixture
def paths(tmp_path: Path) -> ProfilePaths:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return profile_paths(home, "default", None)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "daemon",
            "A daemon with pid {pid} holds this profile since 2026-01-02T03:04:05Z and does not answer.",
        ),
        ("detached", "A node that other commands started, with pid {pid}, holds this profile since 2026-"),
        ("init", "Another tuichat with pid {pid} is at work on this profile since 2026-01-02T03:04:05Z."),
    ],
)
async def test_who_holds_the_profile_and_does_not_answer_is_named(
    paths: ProfilePaths, kind: HolderKind, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "LOCK_SECONDS", 0.15)
    held = NodeLock.acquire(paths.lock, kind)
    assert held is not None
    os.utime(paths.lock, (1_767_323_045, 1_767_323_045))
    with pytest.raises(TuichatError) as caught:
        await take_lock(paths, "daemon")
    assert caught.value.exit_code == 1
    assert words.format(pid=os.getpid()) in caught.value.message
    assert await take_lock(paths, "detached") is None
    held.release()
    taken = await take_lock(paths, "daemon")
    assert taken is not None
    taken.release()


async def test_the_loop_goes_on_while_a_database_is_opened_and_who_leaves_closes_it(
    paths: ProfilePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, opened = threading.Event(), []

    def slow(of: ProfilePaths, key: bytes, _clock: object) -> Store:
        assert go_on.wait(30)
        opened.append(Store.open(of.database, key, synchronous="OFF"))
        return opened[0]

    monkeypatch.setattr(building, "open_store", slow)
    opening = asyncio.ensure_future(building._store(paths, bytes(32), SystemClock()))
    for _ in range(3):
        await asyncio.sleep(0.01)
    opening.cancel()
    await asyncio.sleep(0.01)
    assert not opening.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert opened[0]._closed
    assert not paths.database.with_name("tuichat.db-wal").exists()
