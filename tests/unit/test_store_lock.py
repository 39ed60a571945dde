"""One node holds a profile; others can see who, and its death frees the lock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tuichat.errors import StorageError
from tuichat.store.profile_lock import LockHolder, NodeLock, lock_holder

HOLD = """
import sys
from pathlib import Path
from tuichat.store.profile_lock import NodeLock
assert NodeLock.acquire(Path(sys.argv[1]), "daemon")
print("held", flush=True)
sys.stdin.read()
"""


def acquired(path: Path) -> NodeLock:
    lock = NodeLock.acquire(path, "detached")
    assert lock is not None
    return lock


def test_one_holds_and_the_others_see_who(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert lock_holder(path) is None
    lock = acquired(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert NodeLock.acquire(path, "daemon") is None
    assert lock_holder(path) == LockHolder(os.getpid(), "detached")
    lock.release()
    lock.release()
    assert lock_holder(path) is None
    acquired(path).release()


def test_looking_never_takes_the_lock_or_lets_go_of_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = acquired(path)
    for _ in range(3):
        assert lock_holder(path) is not None
    assert NodeLock.acquire(path, "daemon") is None
    lock.release()


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert lock_holder(path) == LockHolder(process.pid, "daemon")
        assert NodeLock.acquire(path, "detached") is None
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
        assert lock_holder(path) is None
    acquired(path).release()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"pid": "1", "kind": "daemon"}', b'{"pid": 1, "kind": "x"}']
)
def test_an_unsigned_lock_is_still_held(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lock"
    lock = acquired(path)
    path.write_bytes(content)
    assert lock_holder(path) == LockHolder(None, None)
    lock.release()


def test_what_an_earlier_holder_wrote_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_bytes(b"x" * 1000)
    lock = acquired(path)
    assert lock_holder(path) == LockHolder(os.getpid(), "detached")
    lock.release()


def test_a_symlink_in_the_locks_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("precious")
    (tmp_path / "lock").symlink_to(tmp_path / "target")
    with pytest.raises(StorageError):
        NodeLock.acquire(tmp_path / "lock", "daemon")
    with pytest.raises(StorageError):
        lock_holder(tmp_path / "lock")
    assert (tmp_path / "target").read_text() == "precious"
