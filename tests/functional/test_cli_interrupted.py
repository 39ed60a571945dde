"""A command that is interrupted at whatever stage ends with 130, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from itertools import cycle
from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.homes import PASSPHRASE, Home, new_home
from tests.support.memory_node import MemoryNode
from tuichat import bootstrap
from tuichat.api.server import ApiServer
from tuichat.store.profile import open_profile

ROOT = Path(__file__).parents[2]
SECONDS = 60.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STAGES = 18
"""How many calls of a command are tried, evenly spread, each with one of the signals."""


STAYS = rb"Message [0-9]+ stays queued; it is sent when a node next runs\.\n"
"""What one that waits for a message says; the others say nothing."""


async def called(home: Home, number: int, at: int, *words: str) -> tuple[int, bytes, bytes]:
    """A command that sends itself a signal at one of its calls: exit code, standard output and error."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "tests/support/interrupted_call.py"), str(number), str(at)),
        *("--home", str(home.paths.home), *words),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(SECONDS):
        output, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output, errors


async def stages(home: Home, *words: str) -> list[tuple[int, int]]:
    """A signal and the call at which to send it, for each stage of a command, which is run once.

    The last tenth of the calls is left out: then the command has come to its end, and says so.
    """
    _code, _output, errors = await called(home, 0, 0, *words)
    calls = int(errors.splitlines()[-1])
    spread = [1 + calls * 9 // 10 * step // (STAGES - 1) for step in range(STAGES)]
    return list(zip(cycle(SIGNALS), spread, strict=False))


async def test_interrupted_init_leaves_no_home_or_a_whole_profile(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE)
    file.chmod(0o600)
    words = ("--passphrase-file", str(file), "init")
    async with new_home() as first:
        tried = await stages(first, *words)
    unmade = 0
    for number, at in tried:
        async with new_home() as home:
            assert (await called(home, number, at, *words))[::2] == (130, b""), (number, at)
            if home.paths.home.exists():
                assert open_profile(home.paths, PASSPHRASE).name == ""
            else:
                unmade += 1
    assert unmade >= STAGES // 2


@pytest.mark.parametrize(
    "words", [("send", "bob", "hello", "--wait", "delivered", "--timeout", "0"), ("contact", "list")]
)
async def test_interrupted_command_ends_at_once_and_says_only_what_stays(words: tuple[str, ...]) -> None:
    async with new_home() as home:
        home.paths.home.mkdir(mode=0o700)
        node = MemoryNode.sample(FixedClock())
        server = ApiServer(node, bootstrap.socket_path(home.paths, create=True))
        await server.start()
        try:
            for number, at in await stages(home, *words):
                code, _output, errors = await called(home, number, at, *words)
                assert code == 130, (number, at)
                assert not errors or (words[0] == "send" and re.fullmatch(STAYS, errors)), (number, at)
        finally:
            await server.close()
