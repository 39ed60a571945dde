"""Pictures without what they tell about their author, made by a process of their own.

This side opens the two files, hands them to the process (`clean_picture`), gives it little time and no
surroundings, and believes nothing of what it says but names it knows.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tuichat.errors import StorageError
from tuichat.i18n import _
from tuichat.media.apart import program_of, readable, run_apart
from tuichat.media.failures import UncleanedError, shown
from tuichat.media.identity import Identity, check_same
from tuichat.media.traces import DISK_REFUSED, TRACES, Trace
from tuichat.system_reasons import reason_of

CLEANABLE: Final = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "image/tiff", "image/avif"}
)
"""The media types, as `sniff` tells them, that metadata can be taken out of."""

DEADLINE: Final = 120.0
"""Seconds until a process that is not done is ended. It works at low priority."""

_PROGRAM: Final = program_of("tuichat.media.clean_picture")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A copy was made. `removed` says in words what is in the picture and not in the copy."""

    removed: tuple[str, ...]


async def clean(
    source: Path,
    target: Path,
    media_type: str,
    deadline: float = DEADLINE,
    program: tuple[str, ...] = _PROGRAM,
    known: Identity | None = None,
) -> Cleaned | None:
    """Make a copy of a picture without its metadata. None, and no copy: it has none, or is of another type.

    Args:
        source: a regular file.
        target: where nothing is yet; the copy is on the disk when this returns (mode 0600).
        media_type: what `sniff` took it for.
        deadline: seconds.
        program: what cleans; two more words tell it the media type and the descriptor for its report.
        known: what the source must still be.

    Raises:
        TuichatError: the source is another file, or was changed.
        UnreadableError: the source cannot be read, or is no regular file.
        UncleanedError: no copy could be made. The hint says how to send the picture as it is.
        StorageError: the target could not be written.
    """
    if media_type not in CLEANABLE:
        return None
    kept = False
    with readable(source) as given, _target(target) as writable:
        try:
            check_same(source, given, known)
            code, report = await run_apart((*program, media_type), given, writable, deadline)
            check_same(source, given, known)
            traces = _understood(code, report, source, target)
            kept = bool(traces)
        finally:
            if not kept:
                with contextlib.suppress(OSError):
                    target.unlink()
    return Cleaned(tuple(_in_words(trace) for trace in traces)) if traces else None


@contextmanager
def _target(path: Path) -> Iterator[int]:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as failure:
        raise _unwritable(path, reason_of(failure)) from failure
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _understood(code: int | None, report: bytes, source: Path, target: Path) -> list[Trace]:
    """What the copy does not tell any more, the gravest first."""
    if code == DISK_REFUSED:
        raise _unwritable(target, _("the disk is full, or fails"))
    names = set(report.decode("ascii", "replace").split())
    if code != 0 or names - set(TRACES):
        raise _uncleaned(source)
    return [trace for trace in TRACES if trace in names]


def _uncleaned(source: Path) -> UncleanedError:
    return UncleanedError(
        _("The metadata of {path} could not be removed.").format(path=shown(source)),
        _("Send it as it is with --as-is, if what it may tell about you (place, time, camera) may be known."),
    )


def _unwritable(target: Path, reason: str) -> StorageError:
    return StorageError(
        _("{path} cannot be written: {reason}.").format(path=shown(target), reason=reason),
        _("Free some space, then try again."),
    )


def _in_words(trace: Trace) -> str:
    match trace:
        case "location":
            return _("where it was taken")
        case "camera":
            return _("the camera")
        case "time":
            return _("when it was taken or changed")
        case "author":
            return _("its author")
        case "program":
            return _("the program used")
        case "thumbnail":
            return _("a small copy of the picture")
        case "comment":
            return _("comments")
        case "appended":
            return _("what was appended to it")
        case "profile":
            return _("notes in its colour profile")
        case "other":
            return _("other notes of programs")
