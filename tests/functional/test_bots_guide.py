"""The guide for bots holds: its commands and its programs run as they stand."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.support.local_people import ROOT
from tests.support.local_tor import DIRECTORY
from tuichat.config import parse_hooks

GUIDE = (ROOT / "docs" / "bots.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^<!-- file: (\S+) -->\n```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL))

# Before and behind what the guide shows: one's own profile, a pause until the bot has answered, and an end.
BEFORE = """\
set -e
tuichat init --no-passphrase >own
tuichat daemon run &
until [ -S .local/share/tuichat/default/run/api.sock ]; do sleep 0.1; done
disown
"""
ANSWERED = """\
until [ "$(tuichat messages echo --limit 1 --json | grep -c '"direction":"in"')" = 1 ]; do sleep 0.2; done
"""
SECONDS = 240.0  # two dozen programs, one after the other
AFTER = "tuichat messages echo; tuichat daemon stop"


def commands() -> str:
    """Every command of the guide, in order, with its pauses."""
    blocks: list[str] = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    (last,) = [number for number, block in enumerate(blocks) if block.startswith("kill")]
    blocks.insert(last, ANSWERED)
    return "".join([BEFORE, *blocks, AFTER])


async def test_commands_and_programs_of_the_guide_run_as_they_stand() -> None:
    with tempfile.TemporaryDirectory(prefix="tc") as name:
        directory = Path(name)
        for needed in ("bin", "net", "tmp"):
            (directory / needed).mkdir()
        for program, words in (("tuichat", " -m tests.support.local_tor"), ("python3", "")):
            path = directory / "bin" / program
            path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)}{words} "$@"\n', encoding="utf-8")
            path.chmod(0o700)
        for file, text in FILES.items():
            (directory / file).write_text(text, encoding="utf-8")
        environment = {
            **os.environ,
            "HOME": name,
            "PATH": f"{directory / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
            "TMPDIR": str(directory / "tmp"),
            DIRECTORY: str(directory / "net"),
        }
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", commands()),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=directory,
            start_new_session=True,
            env={key: value for key, value in environment.items() if not key.startswith("XDG_")},
        )
        saying = asyncio.ensure_future(process.communicate())
        try:
            await asyncio.wait([saying], timeout=SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # what a failed command has left running
            out, err = await saying
    assert process.returncode == 0, err.decode()
    said = out.decode()
    assert re.search(r"^echo accepted (online|away)$", said, re.MULTILINE), said
    assert re.search(r"^\d+ they said are you there\?$", said, re.MULTILINE)
    assert re.search(r" me  are you there\?$", said, re.MULTILINE)
    assert re.search(r" echo .* are you there\?$", said, re.MULTILINE)
    assert "Traceback" not in err.decode()


def test_programs_of_the_guide_are_those_that_are_shipped_and_its_hooks_are_understood() -> None:
    assert FILES["echo_bot.py"] == (ROOT / "examples" / "echo_bot.py").read_text(encoding="utf-8")
    (settings,) = re.findall(r"^```toml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert [hook.deadline for hook in parse_hooks(settings, Path("tuichat.toml"))] == [10, 60]
