"""Starting a detached node: a process of its own that outlives whoever started it.

The starter runs `python -m tuichat ... node-process` with a pipe as its standard output. The new process
forks once more, so that it belongs to nobody, and says one line on the pipe when it is settled:

    ready              it serves
    busy               another node holds the profile
    {"code":...}       it cannot run: the error, as in an answer of the local API

The end of the pipe without a line means that it died; what it said last is in `node.log`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Literal

import msgspec

import tuichat
from tuichat.api.wire import REFUSED, ErrorData, ErrorObject, error_from
from tuichat.errors import StorageError, TuichatError, UnreachableError, UsageError
from tuichat.i18n import _
from tuichat.settings import paths_from_here
from tuichat.store.profile_paths import ProfilePaths, shown
from tuichat.system_reasons import reason_of

_OURS = ("/dev/fd/", "/dev/std", "/proc/self/")
_MAX_REPORT = 64 * 1024


async def start_detached(paths: ProfilePaths) -> Literal["ready", "busy"]:
    """Start a detached node for the profile and wait until it serves, or another one does.

    Raises:
        TuichatError: whatever keeps the node from running.
    """
    if not os.path.lexists(paths.identity):
        from tuichat.bootstrap.locking import complete_wipe  # seldom needed, and load ciphers
        from tuichat.store.profile import needs_passphrase
        from tuichat.store.wipe import wipe_completed

        if complete_wipe(paths):
            raise wipe_completed()
        needs_passphrase(paths)  # says what is missing
    _check_settings(paths.config)
    log = _open_log(paths.home / "node.log")
    try:
        process = subprocess.Popen(  # noqa: ASYNC220 - only started here; it is awaited through the pipe
            _command(paths),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env=_environment(),
        )
    except OSError as error:
        raise UnreachableError(_("No node can be started: {why}.").format(why=reason_of(error))) from error
    finally:
        os.close(log)
    try:
        assert process.stdout is not None
        report = await _read_report(process.stdout.fileno())
    finally:
        _reap(process)
    return _understood(report, paths.home / "node.log")


def _check_settings(path: Path) -> None:
    """What hangs on a descriptor of ours, or was read already, gives a process that starts now nothing.

    Raises:
        UsageError: the settings are there, and in no file.
    """
    ours = os.fspath(path).startswith(_OURS)
    if ours or (path.exists() and not path.is_file() and not path.samefile(os.devnull)):
        raise UsageError(
            _("A node is to be started, and cannot read {path}: it is no plain file.").format(
                path=shown(path)
            ),
            _("Write the settings into a file, and name that with --config."),
        )


def leave_starter() -> None:
    """In the new process: fork, and let the first process end, so that nobody has to wait for us."""
    if os.fork() != 0:
        os._exit(0)


def report_settled(word: Literal["ready", "busy"]) -> None:
    """In the new process: say how it went, and let go of the pipe."""
    _report(word.encode())


def report_failure(error: TuichatError) -> None:
    """In the new process: say why it cannot run."""
    data = ErrorData(error.code, error.hint, error.exit_code, error.candidates)
    _report(msgspec.json.encode(ErrorObject(REFUSED, error.message, data)))


def _report(line: bytes) -> None:
    with contextlib.suppress(OSError):  # the starter may have gone
        os.write(1, line[: _MAX_REPORT - 1] + b"\n")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def _command(paths: ProfilePaths) -> list[str]:
    # As it was named: by that the socket has its place that the system's tor leads callers to.
    named = ["--home", os.fspath(paths.home)] if paths.own_home else ["--profile", paths.home.name]
    where = [*named, "--config", os.fspath(paths.config)]
    return [sys.executable, "-P", "-m", "tuichat", *where, "node-process"]


def _environment() -> dict[str, str]:
    """Ours, with paths that lead from here, and where to find this package if it runs from a checkout."""
    environment = dict(os.environ)
    environment.update(paths_from_here(environment))
    root = Path(tuichat.__file__).parent.parent
    if root not in (Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("platlib"))):
        before = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.fspath(root) + (os.pathsep + before if before else "")
    return environment


def _open_log(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except OSError as error:
        raise StorageError(
            _("{path} cannot be written: {why}.").format(path=path, why=reason_of(error))
        ) from error


async def _read_report(descriptor: int) -> bytes:
    reader = asyncio.StreamReader(limit=_MAX_REPORT)
    pipe = os.fdopen(os.dup(descriptor), "rb")
    transport, _protocol = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        return await reader.readline()
    except ValueError:
        return b""
    finally:
        transport.close()


def _reap(process: subprocess.Popen[bytes]) -> None:
    """The first process ends by itself at its fork; one that has not come so far shall not come further."""
    assert process.stdout is not None
    process.stdout.close()
    process.kill()
    process.wait()


def _understood(report: bytes, log: Path) -> Literal["ready", "busy"]:
    if report == b"ready\n":
        return "ready"
    if report == b"busy\n":
        return "busy"
    try:
        raise error_from(msgspec.json.decode(report, type=ErrorObject))
    except msgspec.DecodeError:
        raise UnreachableError(
            _("The node ended as it started."), _("What it said last is in {path}.").format(path=log)
        ) from None
