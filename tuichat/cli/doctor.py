"""`tuichat doctor`: what could keep tuichat from working here, and what to do about each; starts nothing."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from tuichat.cli.context import Context, run_async
from tuichat.cli.doctor_tor import running_tor, tor
from tuichat.cli.finding import Finding, Probe
from tuichat.cli.output import printable
from tuichat.cli.parser import Parser
from tuichat.errors import TuichatError
from tuichat.i18n import _

_OLDEST_NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""Before this version was made: a clock that says less is wrong."""

_SCARCE_BYTES = 200 * 1024 * 1024
_LEAST_BYTES = 20 * 1024 * 1024


def add(parser: Parser) -> None:
    """Add the command."""
    parser.add_command("doctor", run, _("look for what could keep tuichat from working"))


def run(context: Context) -> int:
    """Print every finding; 1 if one is an error."""
    worst = 0
    told: set[str] = set()
    for probe in PROBES:
        for found in _found(probe, context, told):
            finding = replace(found, hint=context.output.filled(found.hint))
            context.output.result(_record(finding), _line(finding))
            worst = max(worst, finding.state == "error")
            told.add(finding.text)
    return worst


def _found(probe: Probe, context: Context, told: set[str]) -> Iterator[Finding]:
    """What `probe` finds; an error that keeps it from looking is told in full once."""
    name = probe.__name__.strip("_")
    try:
        yield from probe(context)
    except TuichatError as error:
        if error.message not in told:
            yield Finding(name, "error", error.message, error.hint)
        else:
            text = _("not looked into, because of the error above")
            yield Finding(name, "warning", text, _("Mend that first."))


def _record(finding: Finding) -> dict[str, str]:
    return {"check": finding.check, "state": finding.state, "text": finding.text, "hint": finding.hint}


def _line(finding: Finding) -> str:
    words = {"ok": _("ok"), "warning": _("warning"), "error": _("error")}
    hint = f"\n         {finding.hint}" if finding.hint else ""
    return f"{words[finding.state]:8} {finding.check}: {finding.text}{hint}"


def _python(_context: Context) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding("python", "ok", version)


def _clock(context: Context) -> Iterator[Finding]:
    now = datetime.fromtimestamp(context.clock.now(), tz=UTC)
    shown = f"{now:%Y-%m-%d %H:%M} UTC"
    if now < _OLDEST_NOW:
        yield Finding(
            "clock",
            "error",
            _("the clock says {time}, which is past").format(time=shown),
            _("Set it: Tor works only with the right time and date."),
        )
    elif (running := running_tor(context)).problem == "clock_skew":
        wrong = _("the clock says {time}, which the Tor network says is wrong").format(time=shown)
        yield Finding(
            "clock",
            "error",
            f"{wrong}: {running.detail}" if running.detail else wrong,
            _("Set it: Tor works only with the right time and date."),
        )
    else:
        yield Finding("clock", "ok", shown)


def _locale(_context: Context) -> Iterator[Finding]:
    encoding = (sys.stdout.encoding if sys.stdout is not None else None) or ""
    if encoding.lower().replace("-", "") == "utf8":
        yield Finding("locale", "ok", encoding)
    else:
        yield Finding(
            "locale",
            "warning",
            _("the encoding is {encoding}; other scripts show as escapes").format(encoding=encoding),
            _("Use a UTF-8 locale, such as LANG=C.UTF-8."),
        )


def _terminal(_context: Context) -> Iterator[Finding]:
    term = os.environ.get("TERM", "")
    if not (os.isatty(0) and os.isatty(1)):
        yield Finding("terminal", "ok", _("not a terminal: commands only"))
    elif term in ("", "dumb"):
        yield Finding(
            "terminal",
            "warning",
            _("TERM={term} cannot show the interface").format(term=term),
            _("Set TERM to what the terminal is, such as xterm-256color."),
        )
    else:
        size = shutil.get_terminal_size()
        yield Finding("terminal", "ok", f"{term}, {size.columns}x{size.lines}")


def _settings(context: Context) -> Iterator[Finding]:
    context.config()
    path = context.paths().config
    yield Finding("settings", "ok", printable(path) if path.exists() else _("defaults"))


def _disk(context: Context) -> Iterator[Finding]:
    home = context.paths().home
    existing = next(path for path in (home, *home.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    text = _("{size} MiB free in {path}").format(size=free // (1024 * 1024), path=printable(existing))
    if free >= _SCARCE_BYTES:
        yield Finding("disk", "ok", text)
        return
    state: Literal["warning", "error"] = "warning" if free >= _LEAST_BYTES else "error"
    yield Finding("disk", state, text, _("Make room: messages that cannot be written are refused."))


def _profile(context: Context) -> Iterator[Finding]:
    home = context.paths().home
    try:
        status = home.lstat()
    except FileNotFoundError:
        yield _no_profile(home)
        return
    except OSError as error:
        yield Finding(
            "profile", "error", f"{printable(home)}: {error.strerror}", _("Choose another place: --home DIR")
        )
        return
    about = _about_directory(home, status)
    if about.state == "ok":
        about = _about_identity(context) or about
    yield about
    yield from _exposed_files(home)


def _about_identity(context: Context) -> Finding | None:
    """What is wrong with identity.sealed: damaged, or not there; None if nothing is."""
    from tuichat import bootstrap, doctor

    paths = context.paths()
    if not bootstrap.profile_exists(paths) and not paths.database.exists():
        return _no_profile(paths.home)
    try:
        doctor.check_identity(paths)
    except TuichatError as error:
        return Finding("profile", "error", error.message, error.hint)
    return None


def _no_profile(home: Path) -> Finding:
    text = _("there is none in {path}").format(path=printable(home))
    return Finding("profile", "warning", text, _("Make one: tuichat init"))


def _about_directory(home: Path, status: os.stat_result) -> Finding:
    if not stat.S_ISDIR(status.st_mode):
        return Finding(
            "profile",
            "error",
            _("{path} is no directory").format(path=printable(home)),
            _("Choose another place: --home DIR"),
        )
    if status.st_uid != os.getuid():
        return Finding(
            "profile",
            "error",
            _("{path} belongs to another user").format(path=printable(home)),
            _("Run tuichat as that user."),
        )
    if status.st_mode & 0o077:
        hint = _("Close it: chmod 700 {path}").format(path=printable(home))
        return Finding(
            "profile", "error", _("others may look into {path}").format(path=printable(home)), hint
        )
    return Finding("profile", "ok", printable(home))


def _exposed_files(home: Path) -> Iterator[Finding]:
    for path in sorted(home.iterdir()) if os.access(home, os.R_OK | os.X_OK) else ():
        status = path.lstat()
        if stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
            hint = _("Close it: chmod 600 {path}").format(path=printable(path))
            yield Finding(
                "profile", "warning", _("others may read {path}").format(path=printable(path)), hint
            )


def _database(context: Context) -> Iterator[Finding]:
    """A whole look at the database: by the node that has it, or here while none runs; never two at once."""
    from tuichat import bootstrap, doctor

    context.finish_wipe()
    paths = context.paths()
    if not os.access(paths.home, os.R_OK | os.X_OK):
        return
    for kept in doctor.set_aside(paths):
        text = _("a damaged one was set aside as {path}").format(path=printable(kept))
        hint = _("With a backup: restore it to another place. Delete this file when it has no use any more.")
        yield Finding("database", "warning", text, hint)
    if not paths.database.exists():
        return
    if not bootstrap.profile_exists(paths):
        yield Finding("database", "error", _("it is there, but identity.sealed is missing"), _restore_hint())
        return
    sound = _is_sound(context)
    if sound is None:
        text = _("not looked into: locked. Unlock it (tuichat unlock), or name a --passphrase-file")
        yield Finding("database", "ok", text)
    elif sound:
        size = paths.database.stat().st_size
        yield Finding("database", "ok", _("sound, {size} MiB").format(size=-(-size // 2**20)))
    else:
        yield Finding("database", "error", _("its tables or indexes are damaged"), _restore_hint())


def _is_sound(context: Context) -> bool | None:
    """Whether the database is; None if it cannot be looked into now."""
    from tuichat import bootstrap, doctor

    paths = context.paths()
    if doctor.holder(paths) is not None:
        listens = bootstrap.socket_path(paths).exists()  # one that begins or ends is not waited for
        return run_async(_ask_node(context)) if listens else None
    passphrase = context.passphrase.given() if bootstrap.has_passphrase(paths) else ""
    if passphrase is None:
        return None
    key_file = context.key_file() if bootstrap.uses_key_file(paths) else None
    return doctor.database_is_sound(paths, passphrase, key_file)


async def _ask_node(context: Context) -> bool | None:
    """Whether the running node finds its database sound; None if it is locked."""
    async with context.node(start=False, unlock=False) as node:
        if (await node.hello()).locked:
            return None
        return (await node.check_database()).sound


def _restore_hint() -> str:
    return _("Restore a backup to another place: tuichat --home DIR restore FILE")


def _node(context: Context) -> Iterator[Finding]:
    from tuichat import bootstrap, doctor

    socket = bootstrap.socket_path(context.paths())
    holder = doctor.holder(context.paths()) if context.paths().home.exists() else None
    if holder is None:
        yield Finding(
            "node", "ok", _("none is running; its socket would be {path}").format(path=printable(socket))
        )
    elif socket.exists():
        kind = {"daemon": _("a daemon"), "detached": _("a detached node")}.get(holder.kind or "", "?")
        yield Finding("node", "ok", _("{kind} is running, pid {pid}").format(kind=kind, pid=holder.pid))
    else:
        yield Finding(
            "node",
            "warning",
            _("process {pid} holds the profile but does not listen").format(pid=holder.pid or "?"),
            _("It may be starting or ending; if it stays so, end it."),
        )


PROBES: tuple[Probe, ...] = (
    _python,
    _clock,
    _locale,
    _terminal,
    _settings,
    _disk,
    _profile,
    _database,
    _node,
    tor,
)
