"""The input in the person's own editor: in a file that nobody else may read, and that is gone afterwards."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final

from tuichat.errors import StorageError, UsageError
from tuichat.i18n import _
from tuichat.signals_heard import waking_signals
from tuichat.system_reasons import reason_of

FILE_NAME: Final = "message.txt"
MOST_BYTES: Final = 1024 * 1024
"""More than any message may have, and little enough to look at."""

_USUAL: Final = ("editor", "nano", "vi")


def editor_words(environment: Mapping[str, str]) -> list[str]:
    """The editor's command: that of VISUAL or EDITOR, else one that is usually there. Raises UsageError."""
    for variable in ("VISUAL", "EDITOR"):
        try:
            words = shlex.split(environment.get(variable, ""))
        except ValueError:
            raise UsageError(
                _("{variable} is no command: a quote or a backslash has nothing behind it.").format(
                    variable=variable
                )
            ) from None
        if words:
            return words
    for name in _USUAL:
        if found := shutil.which(name, path=environment.get("PATH")):
            return [found]
    raise UsageError(_("There is no editor."), _("Set VISUAL or EDITOR to yours, such as EDITOR=nano."))


async def edited(text: str, directory: Path, words: Sequence[str]) -> str:
    """What becomes of `text` in an editor that has the terminal.

    Args:
        directory: where a directory of its own is made for the file, and removed with whatever is in it then.
        words: the editor's command.

    Raises:
        UsageError: it cannot be started, ends as failed, or leaves what is no text: the text is to stay.
        StorageError: the file cannot be written, read or removed.
    """
    with _own_directory(directory) as place:
        path = place / FILE_NAME
        _write(path, text)
        await _run([*words, str(path)])
        return _read(path)


@contextmanager
def _own_directory(directory: Path) -> Iterator[Path]:
    try:
        place = Path(tempfile.mkdtemp(prefix="edit-", dir=directory))
        try:
            yield place
        finally:
            shutil.rmtree(place)
    except OSError as error:
        raise StorageError(
            _("The editor's file could not be written, read or removed: {why}.").format(why=reason_of(error))
        ) from error


def _write(path: Path, text: str) -> None:
    path.touch(0o600)
    path.write_text(text, encoding="utf-8")


def _read(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise UsageError(
            _("What the editor left is longer than {limit} KiB.").format(limit=MOST_BYTES // 1024),
            _("The input is as it was."),
        )
    try:
        return data.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        raise UsageError(_("What the editor left is not UTF-8."), _("The input is as it was.")) from None


async def _run(words: Sequence[str]) -> None:
    with waking_signals(), _Signals() as signals:
        try:
            process = await asyncio.create_subprocess_exec(*words)
        except (OSError, ValueError) as error:
            why = reason_of(error)
            raise UsageError(
                _("The editor {name} cannot be started: {why}.").format(name=words[0], why=why),
                _("Set VISUAL or EDITOR to yours, such as EDITOR=nano."),
            ) from None
        signals.attend(process)
        code = await process.wait()
    if code:
        raise UsageError(_("The editor ended with {code}.").format(code=code), _("The input is as it was."))


class _Signals:
    """What the terminal's keys mean is the editor's business; what is to end us ends the editor first."""

    def __init__(self) -> None:
        self._editor: asyncio.subprocess.Process | None = None
        self._came: list[int] = []
        self._before = {
            number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }

    def __enter__(self) -> _Signals:
        for number, handler in self._before.items():
            if handler != signal.SIG_IGN:
                signal.signal(number, self._heard)
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        for came in self._came:
            signal.raise_signal(came)

    def attend(self, editor: asyncio.subprocess.Process) -> None:
        """This is the editor; what came before ends it now."""
        self._editor = editor
        if self._came:
            self._end()

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGINT:
            self._came.append(number)
            self._end()

    def _end(self) -> None:
        # Not by its `terminate`, which reaps before its watcher does: the code would be lost.
        if self._editor is not None and self._editor.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._editor.pid, signal.SIGTERM)
