"""Changing one key of `tuichat.toml` and nothing else: comments, order and spacing of the rest stay."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tuichat.config import check_together, parse_config, read_config_text
from tuichat.errors import StorageError, UsageError
from tuichat.i18n import _
from tuichat.settings import Value, find_setting, value_from_text
from tuichat.system_reasons import reason_of


def set_key(path: Path, name: str, text: str) -> None:
    """Set `name` ("tor.mode") to what the person typed, in the file at `path`; the file may not exist yet.

    The new text is checked as a whole before it takes the old one's place, at once or not at all.

    Raises:
        UsageError: no such setting, a bad value, or a file written in a way this cannot edit.
        StorageError: the file cannot be written.
    """
    value = value_from_text(find_setting(name), text)
    with _alone(path):
        before = read_config_text(path) or ""
        wanted = parse_config(before, path)
        wanted[name] = value
        after = edited(before, name, value)
        if _parsed(after, path, name) != wanted:
            raise _cannot_edit(path, name)
        _replace(path, after)


def unset_key(path: Path, name: str) -> None:
    """Take `name` out of the file at `path`, if it stands there; its section stays. Raises as `set_key`."""
    find_setting(name)
    if not path.exists():
        return
    with _alone(path):
        before = read_config_text(path) or ""
        wanted = parse_config(before, path)
        if wanted.pop(name, None) is None:
            return
        after = without(before, name)
        if _parsed(after, path, name) != wanted:
            raise _cannot_edit(path, name)
        _replace(path, after)


def edited(text: str, name: str, value: Value) -> str:
    """`text` with the line (or lines) of `name` replaced, or a line added where it belongs."""
    section, _dot, key = name.partition(".")
    new = f"{key} = {toml(value)}\n"
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    header = _find(lines, rf"\s*\[\s*{section}\s*\]")
    if header is None:
        separator = ["\n"] if lines and lines[-1].strip() else []
        return "".join([*lines, *separator, f"[{section}]\n", new])
    found = _place_of(lines, header, key)
    if found is None:
        return "".join([*lines[: header + 1], new, *lines[header + 1 :]])
    at, last = found
    return "".join([*lines[:at], _with_comment(lines, at, last, new), *lines[last:]])


def without(text: str, name: str) -> str:
    """`text` without the line (or lines) of `name`; as it is where that is written in another way."""
    section, _dot, key = name.partition(".")
    lines = text.splitlines(keepends=True)
    header = _find(lines, rf"\s*\[\s*{section}\s*\]")
    found = None if header is None else _place_of(lines, header, key)
    return text if found is None else "".join([*lines[: found[0]], *lines[found[1] :]])


def _place_of(lines: list[str], header: int, key: str) -> tuple[int, int] | None:
    """The first line of the value of `key`, in the section that begins in line `header`, and the one behind
    its last."""
    end = _section_end(lines, header)
    at = _find(lines, rf"""\s*["']?{key}["']?\s*=""", header + 1, end)
    return None if at is None else (at, _value_end(lines, at, end))


def toml(value: Value) -> str:
    """`value` as TOML: a switch, a whole number, a basic string, or an array of strings."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        escaped = re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\u{ord(match[0]):04x}", escaped)
        return f'"{escaped}"'
    if len(value) < 2:
        return "[" + "".join(toml(item) for item in value) + "]"
    return "[\n" + "".join(f"  {toml(item)},\n" for item in value) + "]"


def _find(lines: list[str], pattern: str, start: int = 0, end: int | None = None) -> int | None:
    return next((i for i, line in enumerate(lines[:end]) if i >= start and re.match(pattern, line)), None)


def _section_end(lines: list[str], header: int) -> int:
    """The line after the section's last one; a line of a list looks different, its strings being quoted."""
    following = _find(lines, r"\s*\[+\s*[A-Za-z0-9_.-]+\s*\]+\s*(#.*)?$", header + 1)
    return len(lines) if following is None else following


def _value_end(lines: list[str], at: int, end: int) -> int:
    """The line after the value that begins in line `at`, which may run over several lines."""
    for stop in range(at + 1, end + 1):
        try:
            tomllib.loads("".join(lines[at:stop]))
        except tomllib.TOMLDecodeError:
            continue
        return stop
    return at + 1


def _with_comment(lines: list[str], at: int, last: int, new: str) -> str:
    """`new` with the comment that stood behind a one-line value."""
    if last != at + 1:
        return new
    comment = re.fullmatch(
        r"""[^=]+=\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[0-9_]+|true|false)(\s*#.*)\s*""", lines[at].rstrip("\n")
    )
    return new if comment is None else new.rstrip("\n") + comment[1] + "\n"


def _parsed(text: str, path: Path, name: str) -> dict[str, Value]:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _cannot_edit(path, name) from error
    values = parse_config(text, path)
    check_together(values, text, path)
    return values


def _cannot_edit(path: Path, name: str) -> UsageError:
    return UsageError(
        _("{path} writes {name} in a way that cannot be changed from here.").format(path=path, name=name),
        _("Change it in an editor. Nothing was written."),
    )


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """While this lasts nobody else changes the file, so that of two changes none is lost.

    What is locked is its directory: the file is replaced, and a file for the lock alone would be left behind.
    """
    target = path.resolve()
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        with contextlib.suppress(OSError):  # a file system without locks takes changes all the same
            fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _replace(path: Path, text: str) -> None:
    """Write beside the file (behind a symbolic link: beside its target) and rename over it."""
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        before = target.stat() if target.exists() else None
        if before is not None and not stat.S_ISREG(before.st_mode):
            raise UsageError(
                _("{path} is no plain file, so no settings are kept in it.").format(path=path),
                _("Name a file with --config."),
            )
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode("utf-8"))
                if before is not None:
                    _belong_as(descriptor, before)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
            raise
    except OSError as error:
        raise _cannot_write(path, error) from error


def _belong_as(descriptor: int, before: os.stat_result) -> None:
    """The owner, group and mode of the file that is replaced, as far as they may be given away."""
    mode = before.st_mode & 0o777
    with contextlib.suppress(PermissionError):
        os.fchown(descriptor, -1, before.st_gid)
    if os.fstat(descriptor).st_gid != before.st_gid:
        both = mode >> 3 & mode & 0o7  # whoever was of the group is of the others now, or the other way round
        mode = mode & 0o700 | both << 3 | both
    with contextlib.suppress(PermissionError):
        os.fchown(descriptor, before.st_uid, -1)
    with contextlib.suppress(PermissionError):
        os.fchmod(descriptor, mode)


def _cannot_write(path: Path, error: OSError) -> StorageError:
    return StorageError(
        _("{path} cannot be written: {why}.").format(path=path, why=reason_of(error)),
        _("Nothing was changed."),
    )
