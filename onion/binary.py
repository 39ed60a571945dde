"""Finding a tor executable, and judging its version."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
from pathlib import Path

from onion.errors import TorError
from onion.sentence import Sentence, reason_of

Version = tuple[int, int, int, int]

OLDEST: Version = (0, 4, 8, 0)
_FIXES_CVE_2026_87724: Version = (0, 4, 9, 12)
_ASK_SECONDS = 10.0
OTHER_DIRECTORIES = (
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/opt/homebrew/bin",
    "/snap/bin",
)
"""Where distributions put tor, and what belongs to it, outside a user's PATH."""
_INSTALL = {
    "apt-get": "sudo apt-get install tor",
    "dnf": "sudo dnf install tor",
    "pacman": "sudo pacman -S tor",
    "zypper": "sudo zypper install tor",
    "apk": "sudo apk add tor",
    "brew": "brew install tor",
}


def find_tor(configured: str | os.PathLike[str] | None = None) -> Path:
    """The tor to run: the configured one, else the first on PATH or in the usual places.

    Raises:
        TorError: there is none (code "missing"); the hint is this system's command to install it.
    """
    if configured:
        path = Path(configured)
        with contextlib.suppress(RuntimeError):  # there is no such user, and so no such file
            path = path.expanduser()
        if path.is_file() and os.access(path, os.X_OK):
            return path.absolute()
        raise TorError(
            "missing",
            "The configured tor, {path}, is not an executable file.",
            "Correct the path, or remove the setting to use the system's tor.",
            path=str(configured),
        )
    return find_tool("tor")


def find_tool(name: str) -> Path:
    """An executable that comes with tor.

    Raises:
        TorError: it is not installed (code "missing").
    """
    search = os.pathsep.join([os.environ.get("PATH", os.defpath), *OTHER_DIRECTORIES])
    found = shutil.which(name, path=search)
    if found is None:
        raise TorError(
            "missing", "{name} is not installed.", "Install it: {command}", name=name, command=_install()
        )
    return Path(found).absolute()


async def ask_version(binary: Path) -> str:
    """The version that `binary --version` tells, such as "0.4.9.11".

    Raises:
        TorError: it does not answer as a tor does (code "not_tor"), or cannot be executed ("missing").
    """
    try:
        process = await asyncio.create_subprocess_exec(
            binary,
            "--version",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        raise TorError(
            "missing",
            "{path} could not be executed: {reason}.",
            path=str(binary),
            reason=reason_of(error),
        ) from error
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_ASK_SECONDS):
            answer = await process.stdout.read(4096)
            await process.wait()
    except TimeoutError:
        answer = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    match = re.match(rb"Tor version (\d+\.\d+\.\d+\.\d+)", answer)
    if match is None:
        raise TorError("not_tor", "{path} does not say which version of tor it is.", path=str(binary))
    return match.group(1).decode()


def check_version(version: str) -> None:
    """Accept a supported version.

    Raises:
        TorError: it is too old (code "too_old").
    """
    if parse_version(version) < OLDEST:
        raise TorError(
            "too_old",
            "tor {version} is too old; version 0.4.8 or later is needed.",
            "Install a newer one; the Tor Project's package repository has them for Debian and Ubuntu: "
            "https://support.torproject.org/apt/",
            version=version,
        )


def advisories(version: str) -> list[Sentence]:
    """Sentences a person should read once about known weaknesses of a tor version."""
    if parse_version(version) < _FIXES_CVE_2026_87724:
        return [
            Sentence(
                "tor {version} has a known weakness, CVE-2026-87724; upstream fixed it in 0.4.9.12.",
                version=version,
            )
        ]
    return []


def parse_version(version: str) -> Version:
    """Four numbers to compare; a suffix such as "-alpha" does not count."""
    match = re.match(r"(\d+)\.(\d+)\.(\d+)\.(\d+)", version)
    if match is None:
        raise TorError("not_tor", "“{version}” is no version of tor.", version=version[:40])
    major, minor, micro, patch = (int(part) for part in match.groups())
    return major, minor, micro, patch


def _install() -> str:
    for manager, command in _INSTALL.items():
        if shutil.which(manager):
            return command
    return "https://www.torproject.org/download/tor/"
