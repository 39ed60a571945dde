"""The lock that one node of a profile holds for as long as it lives; the kernel lets go when it dies.

An open-file-description lock, because it alone can be asked about without being taken: a `flock` that is
tried in order to look would make a node that starts in that moment fail.
"""

from __future__ import annotations

import fcntl
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import msgspec

from tuichat.store.profile_paths import impossible

HolderKind = Literal["detached", "daemon", "init"]

_LAYOUT = "hhqqi4x"  # struct flock: type, whence, start, length, pid
_EXCLUSIVE = struct.pack(_LAYOUT, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
_LONGEST = 256


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Who holds a profile's lock; `pid` and `kind` are None in the moment between taking and signing it.

    `since` is when it was taken, in seconds of Unix time, as far as the file system tells.
    """

    pid: int | None
    kind: HolderKind | None
    since: float | None = field(default=None, compare=False)


class NodeLock:
    """A held lock. Made by `acquire` alone."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def acquire(cls, path: Path, kind: HolderKind) -> NodeLock | None:
        """Take the lock and sign it; None if another process (or this one, elsewhere) holds it.

        Raises:
            StorageError: the lock file cannot be opened or written.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _EXCLUSIVE)
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, msgspec.json.encode({"pid": os.getpid(), "kind": kind}), 0)
                return cls(descriptor)
            except BlockingIOError:
                os.close(descriptor)
                return None
            except BaseException:
                os.close(descriptor)
                raise
        except OSError as failure:
            raise impossible(path, failure) from failure

    def release(self) -> None:
        """Let go; a second call does nothing. The file stays: removing it would let two hold "the" lock."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def lock_holder(path: Path) -> LockHolder | None:
    """Who holds the lock at this moment, None if nobody does.

    Raises:
        StorageError: the lock file cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, _EXCLUSIVE)
            if struct.unpack(_LAYOUT, answer)[0] == fcntl.F_UNLCK:
                return None
            return _signed(os.pread(descriptor, _LONGEST, 0), os.fstat(descriptor).st_mtime)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return None
    except OSError as failure:
        raise impossible(path, failure) from failure


def _signed(content: bytes, since: float) -> LockHolder:
    try:
        fields = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return LockHolder(None, None)
    if (
        isinstance(fields, dict)
        and type(fields.get("pid")) is int
        and fields.get("kind") in get_args(HolderKind)
    ):
        return LockHolder(fields["pid"], fields["kind"], since)
    return LockHolder(None, None)
