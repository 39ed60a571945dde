"""Paths as people type, drag and paste them: with ~, with quotes and backslashes as shells write them.

What looks at a disk blocks, for long where a share hangs: off the interface's loop only.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

import msgspec

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.tui.slash import usage

AS_IS = "--as-is"
"""Before the paths: nothing is taken out of pictures."""

_BEFORE_CAPTION = re.compile(r"(?:^|\s)--(?:\s|$)")
_MEANS_SOMETHING = re.compile(r"([^\w@%+=:,./-])")
_MAYBE_PATHS = re.compile(r"""\s*(?:['"]?/|file:///|\\)""")
_MOST_PASTED = 65_536


class Wanted(msgspec.Struct, frozen=True):
    """What is to be offered: absolute paths, and the words that go with the first.

    Attributes:
        as_is: nothing is taken out of pictures.
    """

    paths: tuple[str, ...]
    caption: str = ""
    as_is: bool = False


def read_wanted(argument: str) -> Wanted:
    """What stands behind /file. Raises UsageError."""
    words, caption = _parted(argument)
    as_is = AS_IS in words[:1]
    paths = [whole(word) for word in words[as_is:]]
    if not paths:
        raise UsageError(_("Which file is to be sent?"), f"{usage('file')} [-- {_('TEXT')}]")
    return Wanted(tuple(paths), caption, as_is)


def whole(word: str) -> str:
    """The absolute path of a typed one, symbolic links as they are. Raises UsageError."""
    path = unquote(word.removeprefix("file://")) if word.startswith("file:///") else word
    try:
        return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 -- without looking at links
    except OSError:
        raise UsageError(
            _("The current directory cannot be read."), _("Write the whole path, from / on.")
        ) from None


def may_be_paths(text: str) -> bool:
    """Whether a paste is worth looking for on the disk."""
    return len(text) <= _MOST_PASTED and _MAYBE_PATHS.match(text) is not None


def existing_paths(text: str) -> tuple[str, ...]:
    """The absolute paths that `text` consists of, if there is something at each of them; else none.

    A line may be a path as it is, or paths as shells write them.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if may_be_paths(text):
        for words in (lines, _words(text)):
            if words and all(_is_there(word) for word in words):
                return tuple(whole(word) for word in words)
    return ()


def complete_path(line: str) -> list[str]:
    """Whole lines that a `/file` line could become: its last path as far as all that fit agree, or each."""
    if _BEFORE_CAPTION.search(line):
        return []
    start, word, quote = _last_word(line)
    folder, slash, beginning = word.rpartition("/")
    found = sorted(_entries(folder + slash, beginning))
    common = os.path.commonprefix(found)  # noqa: RUF071 -- of names, not of paths
    if len(found) > 1 and len(common) > len(beginning):
        return [line[:start] + _written(folder + slash + common, quote, ended=False)]
    return [
        line[:start]
        + _written(folder + slash + each, quote, ended=len(found) == 1 and not each.endswith("/"))
        for each in found
    ]


def _parted(argument: str) -> tuple[list[str], str]:
    """The words before ` -- `, and the text behind it; a ` -- ` inside of quotes parts nothing."""
    for found in _BEFORE_CAPTION.finditer(argument):
        try:
            return shlex.split(argument[: found.start()]), argument[found.end() :].strip()
        except ValueError:
            continue  # inside of quotes
    try:
        return shlex.split(argument), ""
    except ValueError:
        raise UsageError(_("A quote or a backslash has nothing behind it."), _("Nothing was sent.")) from None


def _words(text: str) -> Sequence[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return ()


def _is_there(word: str) -> bool:
    path = whole(word) if word.startswith("file:///") else word
    try:
        return path.startswith("/") and path.strip("/") != "" and Path(path).exists()
    except (OSError, ValueError):
        return False


def _entries(folder: str, beginning: str) -> list[str]:
    """Names in a folder that begin so, folders with a slash behind; hidden ones only if asked for."""
    try:
        with os.scandir(Path(folder).expanduser() if folder else Path()) as entries:
            return [
                entry.name + "/" * entry.is_dir()
                for entry in entries
                if entry.name.startswith(beginning)
                and (beginning or not entry.name.startswith("."))
                and entry.name.isprintable()
            ]
    except (OSError, RuntimeError):
        return []


def _last_word(line: str) -> tuple[int, str, str]:
    """Where the last word begins, what it means, and the quote that it is inside of ("" for none)."""
    start, word, quote, escaped = len(line), "", "", False
    inside = False
    for at, letter in enumerate(line):
        if letter.isspace() and not quote and not escaped:
            start, word, inside = len(line), "", False
            continue
        start, inside = at if not inside else start, True
        if escaped:
            word, escaped = word + letter, False
        elif letter == "\\" and quote != "'":
            escaped = True
        elif letter == quote:
            quote = ""
        elif not quote and letter in "'\"":
            quote = letter
        else:
            word += letter
    return start, word, quote


def _written(path: str, quote: str, *, ended: bool) -> str:
    """A path as shells write it, in the quote that was begun; a space behind it if it has `ended`."""
    behind = " " if ended else ""
    if quote and quote not in path and "\\" not in path:
        return quote + path + (quote + behind if ended else "")
    home = "~" if path.startswith("~") else ""
    return home + _MEANS_SOMETHING.sub(r"\\\1", path.removeprefix(home)) + behind
