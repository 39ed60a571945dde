"""What the checks of the protocol's invariants have in common.

A check is a plain function without arguments. It returns when its invariant holds and raises AssertionError
when not, so that it can be run as it is, and once more for each change that must make it fail
(tests/mutants/). docs/invariants.md lists them.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidKey, InvalidTag
from nacl.exceptions import CryptoError

from tuichat.errors import PeerError

Check = Callable[[], None]

ACCIDENTS: Final = (
    ValueError,  # text that is no UTF-8 too
    TypeError,
    LookupError,
    RecursionError,
    struct.error,
    msgspec.MsgspecError,
    CryptoError,
    InvalidKey,
    InvalidTag,
)
"""What libraries raise when a peer's bytes get past our own checks."""


def refused(
    what: str, read: Callable[..., object], *arguments: object, by: type[Exception] = PeerError
) -> None:
    """Fail unless reading is refused in the way that drops a peer."""
    try:
        read(*arguments)
    except by:
        return
    except ACCIDENTS as accident:
        raise AssertionError(f"{what}: {type(accident).__name__} came through") from accident
    raise AssertionError(f"{what} was taken")


def taken(what: str, read: Callable[..., object], *arguments: object) -> None:
    """Fail if what is as it should be is refused, or read in any way that fails."""
    try:
        read(*arguments)
    except (PeerError, *ACCIDENTS) as refusal:
        raise AssertionError(f"{what}: {type(refusal).__name__}") from refusal


def impossible(what: str, attempt: Callable[..., object], *arguments: object) -> None:
    """Fail unless our own code is stopped from doing this."""
    refused(what, attempt, *arguments, by=RuntimeError)


def holds(what: str, so: bool) -> None:
    """Fail with these words unless it is so."""
    if not so:
        raise AssertionError(what)


def every_flip(data: bytes, step: int = 1) -> Iterator[tuple[int, bytes]]:
    """Each bit's number, and the data with that bit turned; or every `step`-th. The last ones come first."""
    altered = bytearray(data)
    for bit in reversed(range(0, 8 * len(data), step)):
        altered[bit // 8] ^= 1 << bit % 8
        yield bit, bytes(altered)
        altered[bit // 8] ^= 1 << bit % 8


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory for databases, in memory where there is such a place."""
    fast = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=fast if fast.is_dir() else None) as directory:
        yield Path(directory)
