"""Which file on disk is meant: a path may lead to another one a moment later, where others can write too."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.media.failures import shown


@dataclass(frozen=True, slots=True)
class Identity:
    """A file as it was found.

    Attributes:
        device, inode: which file it is.
        size, written_ns: bytes, and when it was last written to: what was in it.
    """

    device: int
    inode: int
    size: int
    written_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Identity:
        """That of what was asked about."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)

    def is_file_of(self, other: Identity) -> bool:
        """Whether both are one file, whatever was written to it meanwhile."""
        return (self.device, self.inode) == (other.device, other.inode)


def check_same(path: Path, descriptor: int, known: Identity | None) -> None:
    """See that an open file is the one that was found, and has not been written to since; None for any.

    Raises:
        TuichatError: it is another one, or was changed.
    """
    if known is not None and Identity.of(os.fstat(descriptor)) != known:
        raise changed(path)


def changed(path: Path) -> TuichatError:
    """Something else lies there than what was looked at."""
    return TuichatError(
        _("{path} was changed or replaced while it was looked at.").format(path=shown(path)),
        _("Send it again once nothing writes to it any more."),
    )
