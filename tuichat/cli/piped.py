"""Whole files through pipes: "-" in the place of a file."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tuichat.errors import StorageError, UsageError
from tuichat.i18n import _
from tuichat.system_reasons import reason_of

_CHUNK: Final = 1024 * 1024
_ATTEMPTS: Final = 3


@contextmanager
def from_standard_input() -> Iterator[Path]:
    """A file with what standard input holds, which is gone afterwards; only its owner may read it.

    Raises:
        UsageError: standard input is a terminal.
        StorageError: it cannot be read, or kept.
    """
    if os.isatty(0):
        raise UsageError(_("Standard input is a terminal."), _("Name a file, or send one through a pipe."))
    with _directory(None) as directory:
        file = directory / "input"
        try:
            with os.fdopen(0, "rb", closefd=False) as source, file.open("wb") as target:
                shutil.copyfileobj(source, target, _CHUNK)
        except OSError as error:
            text = _("Standard input cannot be read, or kept in {path}: {why}.")
            raise StorageError(text.format(path=directory.parent, why=reason_of(error))) from error
        yield file


@contextmanager
def to_standard_output(beside: Path) -> Iterator[Path]:
    """The path of a file to be made, in a directory of its own in `beside`; then it is printed, and gone.

    Raises:
        UsageError: standard output is a terminal, or there is none.
        StorageError: it cannot be written, or nobody took all of it.
    """
    if sys.stdout is None:
        raise UsageError(_("There is no standard output."), _("Name a file."))
    if os.isatty(1):
        raise UsageError(_("Standard output is a terminal."), _("Name a file, or put a pipe behind it."))
    with _directory(beside) as directory:
        file = directory / "output"
        yield file
        _print(file)


@contextmanager
def _directory(place: Path | None) -> Iterator[Path]:
    try:
        directory = Path(tempfile.mkdtemp(prefix=".piped-", dir=place))
    except OSError as error:
        text = _("No temporary directory can be made: {why}.").format(why=reason_of(error))
        raise StorageError(text, _("Name a place for it with TMPDIR.") if place is None else "") from error
    try:
        yield directory
    finally:
        for _attempt in range(_ATTEMPTS):  # a node that was broken off may just be making its file
            shutil.rmtree(directory, ignore_errors=True)


def _print(file: Path) -> None:
    try:
        with file.open("rb") as source, os.fdopen(1, "wb", closefd=False) as target:
            shutil.copyfileobj(source, target, _CHUNK)
    except OSError as error:  # also where nobody reads any more: half a file is none
        message = _("The output cannot be written: {why}.")
        raise StorageError(message.format(why=reason_of(error))) from error
