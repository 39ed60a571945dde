"""Pluggable transports: the programs that tor reaches bridges with, where they are and how to get them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from onion.binary import OTHER_DIRECTORIES
from onion.errors import TorError
from onion.sentence import Sentence, reason_of

PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "obfs4": ("lyrebird", "obfs4proxy"),
    "meek_lite": ("lyrebird", "obfs4proxy"),
    "webtunnel": ("lyrebird", "webtunnel-client"),
    "snowflake": ("snowflake-client", "lyrebird"),
}
"""Programs by transport, in order of preference. lyrebird is the younger name of obfs4proxy."""

_PACKAGES = {"obfs4": "obfs4proxy", "meek_lite": "obfs4proxy", "snowflake": "snowflake-client"}
"""Debian's; none has a program for webtunnel."""

_ASK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Program:
    """A transport's program.

    Args:
        version: as it tells it, "" if it does not.
    """

    path: Path
    version: str


def find_program(transport: str) -> Path:
    """The program for `transport`: the first on PATH or in the usual places.

    Raises:
        TorError: there is none (code "transport"; the hint says how to get it), or tor cannot be given its
            path (code "path_characters").
    """
    search = os.pathsep.join([os.environ.get("PATH", os.defpath), *OTHER_DIRECTORIES])
    for name in PROGRAMS[transport]:
        found = shutil.which(name, path=search)
        if found is not None:
            path = Path(found).absolute()
            # Tor splits the line at spaces and knows no quotes within it.
            if any(character.isspace() for character in str(path)):
                raise TorError(
                    "path_characters",
                    "Tor cannot start {path}: there is a space in its path.",
                    "Put a link to it into a directory without a space, such as /usr/local/bin.",
                    path=str(path),
                )
            return path
    raise TorError(
        "transport",
        "The program for {transport} bridges is not installed.",
        "{how}, or use other bridges.",
        transport=transport,
        how=_how_to_get(transport),
    )


async def look_at_program(transport: str) -> Program:
    """The program for `transport`, and the version that it tells. Raises TorError as `find_program`."""
    path = find_program(transport)
    return Program(path, await _ask_version(path))


async def _ask_version(path: Path) -> str:
    """What the program says to `-version`: "obfs4proxy-0.0.14", "snowflake-client 2.5.1"."""
    try:
        process = await asyncio.create_subprocess_exec(
            path,
            "-version",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except OSError as error:
        raise TorError(
            "transport",
            "{path} could not be executed: {reason}.",
            "Install its package again.",
            path=str(path),
            reason=reason_of(error),
        ) from error
    answer = b""
    try:
        assert process.stdout is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ASK_SECONDS):
                answer = await process.stdout.readline()
                await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    match = re.search(rb"\d+(?:\.\d+)+", answer[:200])
    return match[0].decode() if match else ""


def _how_to_get(transport: str) -> Sentence:
    package = _PACKAGES.get(transport)
    if package is None:
        return Sentence("Install lyrebird, which comes with Tor Browser")
    if shutil.which("apt-get"):
        return Sentence("Install it: sudo apt-get install {package}", package=package)
    return Sentence("Install the package {package}", package=package)
