"""Processes of their own that look into files: started with nothing of ours, and ended if they take too long.

What such a process gives up by itself is in `confined`. This side believes nothing of what it says.
"""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import tuichat
from tuichat.i18n import _
from tuichat.media.failures import UnreadableError, shown, unreadable

_MAX_REPORT: Final = 4096


def program_of(module: str) -> tuple[str, ...]:
    """The words that start a module of this package as such a process."""
    return (sys.executable, "-s", "-P", "-B", "-W", "ignore", "-m", module)


@contextmanager
def readable(path: Path) -> Iterator[int]:
    """A descriptor of a regular file.

    Raises:
        UnreadableError: it cannot be read, or is no regular file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as failure:
        raise unreadable(path, failure) from failure
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableError(_("{path} is no regular file.").format(path=shown(path)))
        yield descriptor
    finally:
        os.close(descriptor)


async def run_apart(
    command: tuple[str, ...], source: int, target: int, deadline: float
) -> tuple[int | None, bytes]:
    """Exit code (None: it was ended, or never began) and report of a process.

    The report is read when the process is gone: a pipe holds more than that, and who says more than it holds
    waits until it is ended.

    Args:
        command: one more word tells it the descriptor for its report.
        source, target: descriptors, its standard input and output.
        deadline: seconds until it is ended.
    """
    with _pipe() as (report, said):
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                str(said),
                stdin=source,
                stdout=target,
                stderr=asyncio.subprocess.DEVNULL,
                pass_fds=(said,),
                cwd="/",
                env=_surroundings(),
            )
        except OSError:
            return None, b""
        try:
            async with asyncio.timeout(deadline):
                code = await process.wait()
        except TimeoutError:
            return None, b""
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return code, _read(report)


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    """Its end to read, which never blocks, and its end to write."""
    ends = os.pipe()
    os.set_blocking(ends[0], False)
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


def _read(report: int) -> bytes:
    try:
        return os.read(report, _MAX_REPORT)
    except BlockingIOError:
        return b""


def _surroundings() -> dict[str, str]:
    """Nothing of ours but where to find this package, if it runs from a source checkout."""
    root = Path(tuichat.__file__).parent.parent
    installed = root in (Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("platlib")))
    return {"LC_ALL": "C.UTF-8"} | ({} if installed else {"PYTHONPATH": os.fspath(root)})
