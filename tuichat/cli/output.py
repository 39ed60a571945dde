"""What commands print: results on stdout, for people or as JSON lines; everything else on stderr."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import Any

import msgspec

from tuichat.cli.streams import silence_stdout
from tuichat.errors import StorageError, TuichatError
from tuichat.file_words import label
from tuichat.i18n import _
from tuichat.model import File
from tuichat.system_reasons import reason_of

SCHEMA = 1
"""The version of `--json` output; it changes when a field is taken away or changes its meaning."""

_SHOWN_CANDIDATES = 10
_LONGEST = 2000
_MOVING = ("Cc", "Cf", "Cs", "Zl", "Zp")
_JOINERS = "\u200c\u200d"  # within words of some scripts, and within pictographs


class Output:
    """The two streams of one command.

    Args:
        json: which form results take.
        filled: makes the commands in a hint what has to be typed here.
    """

    def __init__(self, json: bool = False, filled: Callable[[str], str] = str) -> None:
        self.json = json
        self.filled = filled

    def result(self, record: msgspec.Struct | dict[str, Any], text: str) -> None:
        """One result: a JSON object of `record`, or `text` for a person."""
        if self.json:
            self.json_line(record)
        else:
            self.line(text)

    def line(self, text: str) -> None:
        """A line for a person, at once."""
        print_out(text + "\n")

    def json_line(self, record: msgspec.Struct | dict[str, Any]) -> None:
        """`record` as one JSON object on a line, ASCII only if stdout is not UTF-8, at once."""
        fields = msgspec.to_builtins(record)
        text = msgspec.json.encode({"schema": SCHEMA, **fields}).decode()
        if sys.stdout is not None:
            print_out((text if _is_utf8(sys.stdout.encoding) else _ascii_json(text)) + "\n")

    def table(self, rows: Iterable[Sequence[str]]) -> None:
        """Rows in columns, as wide as their widest cell on a terminal."""
        lines = [list(row) for row in rows]
        columns = zip(*lines, strict=True) if lines else ()
        widths = [max(width_of(cell) for cell in column) for column in columns]
        for line in lines:
            padded = (cell + " " * (width - width_of(cell)) for cell, width in zip(line, widths, strict=True))
            self.line("  ".join(padded).rstrip())

    def note(self, text: str) -> None:
        """Something for the person that is no result."""
        say(self.filled(text))

    def none_there(self, text: str) -> None:
        """A note that a list is empty, for a person; a program sees it by itself."""
        if not self.json:
            self.note(text)


def print_out(text: str) -> None:
    """`text` on stdout, at once; nothing if there is no stdout.

    Raises:
        StorageError: it cannot be written. BrokenPipeError: nobody reads it any more.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence_stdout()  # what is still buffered would fail once more at exit, and say so
        message = _("The output cannot be written: {why}.")
        raise StorageError(message.format(why=reason_of(error))) from error


@contextmanager
def though_unread() -> Iterator[None]:
    """What is printed in it may find nobody who reads it: what else is to be told is told all the same."""
    try:
        yield
    except BrokenPipeError:
        silence_stdout()


def say(text: str) -> None:
    """A line on stderr, without a word if there is no stderr."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(_harmless(text) + "\n")
        sys.stderr.flush()
    except OSError:
        return


def report(error: TuichatError, hint: str) -> None:
    """The one place where an error becomes words on stderr; `hint` is its own, made fit to be typed."""
    say(f"tuichat: {_short(error.message)}")
    if error.candidates:
        shown = ", ".join(error.candidates[:_SHOWN_CANDIDATES])
        more = "" if len(error.candidates) <= _SHOWN_CANDIDATES else ", ..."
        say("  " + _("Perhaps: {names}").format(names=shown + more))
    if hint:
        say(f"  {_short(hint)}")


def _short(text: str) -> str:
    """A sentence that repeats a word of any length, without most of that."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def printable(path: Path) -> str:
    """A path as text, whatever bytes are in it."""
    return os.fsencode(path).decode("utf-8", "replace")


def in_command(path: Path) -> str:
    """A path as it is written in a command of a shell."""
    return quote(printable(path))


def one_line(text: str) -> str:
    """A peer's words as part of a line: nothing in them moves the terminal, ends the line or turns it."""
    return "".join(
        character if character in _JOINERS or unicodedata.category(character) not in _MOVING else "\ufffd"
        for character in text
    )


def full_name(file: File) -> str:
    """The name with the folders that it was offered in, safe to print: both are the sender's words."""
    return one_line(label(file))


def width_of(text: str) -> int:
    """How many terminal cells `text` takes."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _is_utf8(encoding: str | None) -> bool:
    return (encoding or "").lower().replace("-", "").replace("_", "") == "utf8"


def _ascii_json(text: str) -> str:
    import json

    return json.dumps(json.loads(text), separators=(",", ":"))


def _harmless(text: str) -> str:
    """Without control characters: an argument repeated in a message must not move the terminal."""
    return "".join(
        character
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs")
        else "\ufffd"
        for character in text
    )
