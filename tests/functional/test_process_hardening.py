"""A command and the interface have given up core dumps before they read any secret."""

from __future__ import annotations

import asyncio
import os
import pty
import sys

import pytest

from tests.support.homes import PASSPHRASE, new_home

SECONDS = 60.0
UNTIL_THE_SECRET = """
import ctypes, os, resource, sys
secret = sys.argv[1]
def look(event, arguments):
    if event == "open" and str(arguments[0]) == secret:
        limits, dumpable = resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3)
        os.write(2, f"{limits} {dumpable}".encode())
        os._exit(0)
sys.addaudithook(look)
from tuichat.cli.run import run
run(["--passphrase-file", secret, *sys.argv[2:]])
"""
"""Runs the command line as far as the file with the passphrase."""


@pytest.mark.parametrize("words", [["init"], []], ids=["a command", "the interface"])
async def test_no_core_dump_can_hold_a_passphrase(words: list[str]) -> None:
    async with new_home() as home:
        home.paths.home.mkdir(mode=0o700)
        secret = home.paths.home / "secret"
        secret.write_text(PASSPHRASE, encoding="utf-8")
        ours, theirs = pty.openpty()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", UNTIL_THE_SECRET, str(secret), "--home", str(home.paths.home), *words),
            stdin=theirs,
            stdout=theirs,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "TERM": "xterm"},
        )
        async with asyncio.timeout(SECONDS):
            _, errors = await process.communicate()
        os.close(ours)
        os.close(theirs)
    assert errors.decode() == "(0, 0) 0"
