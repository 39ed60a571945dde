"""The `[[hooks]]` of `tuichat.toml`: which programs the node runs at which events.

[[hooks]]
event = "message.received"            or "message.*", "*"
exec = ["notify-send", "tuichat"]     a program and its words; there is no shell
deadline = "10s"                      may be left out
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from tuichat.durations import parse_duration
from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.model import FileState, LinkStage

HOOK_EVENTS: Final = (
    *("message.received", "message.written", "message.changed", "message.removed"),
    *(f"file.{state}" for state in get_args(FileState)),
    "file.removed",
    *("contact.request", "contact.changed", "contact.removed", "conversation.erased"),
    *(f"link.{stage}" for stage in get_args(LinkStage)),
    *("sign.changed", "tor.changed", "service.changed", "notice.info", "notice.warning", "notice.error"),
)
"""The names of events that hooks know. They are told to people's programs, so they stay."""

MOST_HOOKS: Final = 32
DEADLINE_SECONDS: Final = 10
LONGEST_DEADLINE_SECONDS: Final = 3600

_KEYS: Final = ("event", "exec", "deadline")
_HEADER: Final = re.compile(r"\s*\[\[\s*hooks\s*\]\]")


class Hook(msgspec.Struct, frozen=True):
    """One program.

    Attributes:
        event: a name of `HOOK_EVENTS`, or a pattern of them.
        words: the program, found in PATH or absolute, and what it is given.
        deadline: how many seconds it may take.
    """

    event: str
    words: tuple[str, ...]
    deadline: int = DEADLINE_SECONDS

    def wants(self, name: str) -> bool:
        """Whether it is to be run at the event of this name."""
        return fnmatchcase(name, self.event)


class _Complaint(Exception):
    """What is wrong with which key of a hook, and what would be right."""

    def __init__(self, key: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.key = key
        self.message = message
        self.hint = hint


def read_hooks(found: Any, text: str, path: Path) -> tuple[Hook, ...]:
    """The hooks in `found`, what the TOML `text` of the file `path` says under "hooks".

    Raises:
        UsageError: a mistake; names file, line and what is valid.
    """
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        where = _place(path, _line_of(text, 0, ""))
        raise UsageError(
            where + _("hooks are written as tables, each begun by a line [[hooks]]."), _example()
        )
    if len(found) > MOST_HOOKS:
        where = _place(path, _line_of(text, MOST_HOOKS, ""))
        raise UsageError(where + _("there are more than {most} hooks.").format(most=MOST_HOOKS))
    hooks = []
    for number, table in enumerate(found):
        try:
            hooks.append(_hook(table))
        except _Complaint as wrong:
            where = _place(path, _line_of(text, number, wrong.key))
            raise UsageError(where + wrong.message, wrong.hint) from None
    return tuple(hooks)


def _hook(table: dict[str, Any]) -> Hook:
    for key in table:
        if key not in _KEYS:
            message = _("there is no setting {name} of a hook.").format(name=key)
            raise _Complaint(key, message, _choices(_KEYS))
    return Hook(_event(table.get("event")), _words(table.get("exec")), _deadline(table.get("deadline")))


def _event(value: object) -> str:
    if not isinstance(value, str):
        raise _Complaint("event", _("a hook needs an event, in quotes."), _choices(("*", *HOOK_EVENTS)))
    if not any(fnmatchcase(name, value) for name in HOOK_EVENTS):
        message = _("there is no event {name!r}.").format(name=value)
        raise _Complaint("event", message, _choices(("*", "message.*", *HOOK_EVENTS)))
    return value


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
        message = _("a hook needs exec: a list of words in quotes, the program first.")
        raise _Complaint("exec", message, _example())
    if any("\0" in word or not word.isprintable() for word in value):
        raise _Complaint("exec", _("the words of exec must be without control characters."))
    program = _program(value[0])
    if not program or ("/" in program and not program.startswith("/")):
        message = _("the program {name!r} of a hook must be an absolute path, or a name to find in PATH.")
        raise _Complaint("exec", message.format(name=value[0]))
    return (program, *value[1:])


def _program(written: str) -> str:
    if not written.startswith("~"):
        return written
    try:
        return str(Path(written).expanduser())
    except RuntimeError:
        return ""


def _deadline(value: object) -> int:
    if value is None:
        return DEADLINE_SECONDS
    seconds = parse_duration(value) if isinstance(value, str) else None
    if not seconds or seconds > LONGEST_DEADLINE_SECONDS:
        raise _Complaint("deadline", _('deadline must be a time from "1s" to "1h", in quotes.'))
    return seconds


def _example() -> str:
    return _('For example: event = "message.received" and exec = ["notify-send", "tuichat"].')


def _choices(names: tuple[str, ...]) -> str:
    return _("Valid are: {choices}.").format(choices=", ".join(names))


def _place(path: Path, line: int) -> str:
    return _("{path}, line {line}").format(path=path, line=line) + ": "


def _line_of(text: str, number: int, key: str) -> int:
    """The line, from 1, where the hook of this number has `key`, or begins."""
    begun, best = -1, 1
    for line, content in enumerate(text.splitlines(), 1):
        if _HEADER.match(content):
            begun += 1
            best = line if begun <= number else best
        elif re.match(r"\s*\[", content) and begun >= 0:
            continue
        elif begun < 0 and re.match(r"""\s*\[?\s*["']?hooks\b""", content):
            best = line
        elif begun == number and key and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", content):
            return line
    return best
