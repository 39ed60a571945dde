"""The programs in examples/ do what they say, with real nodes, over ends of nodes and of themselves."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.support.local_people import ROOT, SECONDS, Resident, two_residents, until
from tests.support.process_tree import living, processes_of
from tuichat.api.client import AsyncClient
from tuichat.model import Message

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOOKS = """\
[[hooks]]
event = "message.received"
exec = ["sh", "-c", "(flock 9; cat >>$1/heard) 9>>$1/turn; env >$1/env", "hook", "HOME"]

[[hooks]]
event = "contact.*"
exec = ["sleep", "99"]
"""
ODD = ["one\ntwo\\n", "👩‍👩‍👧‍👦 你好 \u202e x", "x" * 40_000, "-", "remind me in 99999d of x"]


@dataclass
class Meeting:
    """A robot, whose programs are on trial, and a friend, with a client of the friend's node."""

    robot: Resident
    friend: Resident
    here: AsyncClient

    @asynccontextmanager
    async def example(
        self, name: str, *words: str, output: int = asyncio.subprocess.PIPE
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """An example, run by the robot; it must still run at the end, if it was not ended."""
        process = await self.robot.program(f"examples/{name}.py", *words, output=output)
        yield process
        if process.returncode is None:
            process.terminate()
            assert await asyncio.wait_for(process.wait(), SECONDS) == -15

    async def say(self, text: str) -> Message:
        return await self.here.send("robot", text)

    async def answers_to(self, message: Message, count: int = 1) -> list[str]:
        """What the robot answered to a message, as soon as there are so many answers."""
        found: list[str] = []

        async def came() -> bool:
            history = await self.here.messages("robot", limit=200)
            found[:] = [
                each.text for each in history if each.direction == "in" and each.reply_to == message.id
            ]
            return len(found) >= count

        await until(came)
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def meeting() -> AsyncIterator[Meeting]:
    async with two_residents(friends_settings=HOOKS) as (robot, friend), friend.node() as here:
        yield Meeting(robot, friend, here)


async def test_an_echo_bot_takes_twenty_lines() -> None:
    text = (ROOT / "examples" / "echo_bot.py").read_text(encoding="utf-8")
    assert text.count("\n") <= 20


async def test_echo_bot_answers_what_came_before_it_and_goes_on_over_ends_and_locks(meeting: Meeting) -> None:
    before = await meeting.say("before the bot")
    async with meeting.example("echo_bot"):
        assert await meeting.answers_to(before) == ["before the bot"]
        await meeting.robot.end(kill=True)
        said = [await meeting.say(text) for text in ODD]
        await meeting.robot.start()
        for message in said:
            assert await meeting.answers_to(message) == [message.text]
        async with meeting.robot.node() as node:
            await node.lock()
            locked = await meeting.say("while it is locked")
            await node.unlock("")
            assert await meeting.answers_to(locked) == ["while it is locked"]


async def test_bridge_carries_lines_both_ways_until_its_input_ends(meeting: Meeting) -> None:
    async with meeting.example("bridge", "friend") as bridge:
        assert bridge.stdin is not None
        assert bridge.stdout is not None
        await meeting.say("to the bridge\nand \\ on")
        async with asyncio.timeout(SECONDS):
            assert await bridge.stdout.readline() == b"to the bridge\\nand \\\\ on\n"
        bridge.stdin.write("第一行\\n第二行 \\\\\n\n\nlast, without an end".encode())
        bridge.stdin.close()
        assert await asyncio.wait_for(bridge.wait(), SECONDS) == 0

    async def came() -> bool:
        history = await meeting.here.messages("robot", limit=2)
        return [message.text for message in history] == ["第一行\n第二行 \\", "last, without an end"]

    await until(came)


async def test_bridge_ends_without_a_word_when_nobody_reads_it(meeting: Meeting) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        async with meeting.example("bridge", "friend", output=writing) as bridge:
            await meeting.say("to nobody")
            assert await asyncio.wait_for(bridge.wait(), SECONDS) == 0
            assert bridge.stderr is not None
            assert await bridge.stderr.read() == b""
    finally:
        os.close(writing)


async def test_bridge_says_what_is_wrong_in_a_sentence(meeting: Meeting) -> None:
    async with meeting.example("bridge", "nobody") as bridge:
        assert await asyncio.wait_for(bridge.wait(), SECONDS) == 7
        assert bridge.stderr is not None
        assert await bridge.stderr.read() == b"There is no such contact.\n"


async def test_file_drop_takes_what_fits_and_answers_with_the_hash(meeting: Meeting, tmp_path: Path) -> None:
    content = b"figures " * 20_000
    fits, big, box = tmp_path / "fits.bin", tmp_path / "big.bin", tmp_path / "box"
    fits.write_bytes(content)
    big.write_bytes(b"x" * 200_000)
    async with meeting.example("file_drop", str(box), "300000"):
        (sent,) = await meeting.here.file_send("robot", [str(fits)], as_is=True)
        await meeting.answers_to(sent.message)
    (too_much,) = await meeting.here.file_send("robot", [str(big)], as_is=True)
    words = await meeting.say("what now?")
    async with meeting.example("file_drop", str(box), "300000"):
        assert await meeting.answers_to(too_much.message) == ["big.bin: my directory is full."]
        assert await meeting.answers_to(words) == ["Send me a file, and I answer with its SHA-256."]
    assert await meeting.answers_to(sent.message) == [f"{hashlib.sha256(content).hexdigest()}  fits.bin"]
    assert [path.read_bytes() == content for path in box.iterdir()] == [True]
    assert (await meeting.here.file_get(too_much.file.id)).state == "declined"


async def test_reminder_is_kept_over_an_end_of_the_bot(meeting: Meeting, tmp_path: Path) -> None:
    kept = str(tmp_path / "kept.json")
    async with meeting.example("reminder_bot", kept):
        asked = await meeting.say("Remind me in 2s of the tea\nand the cake")
        odd = await meeting.say("remind me")
        assert (await meeting.answers_to(asked))[0] == "I will, in 2s."
        assert (await meeting.answers_to(odd))[0].startswith("Write for example")
    async with meeting.example("reminder_bot", kept):
        assert await meeting.answers_to(asked, 2) == ["I will, in 2s.", "the tea\nand the cake"]

        async def emptied() -> bool:
            return Path(kept).read_text(encoding="utf-8") == "[]"

        await until(emptied)


async def test_hooks_were_run_by_the_hardened_node_and_end_with_it(meeting: Meeting) -> None:
    told = meeting.friend.home / "heard"

    heard: list[dict[str, Any]] = []

    async def all_ran() -> bool:
        lines = told.read_text("utf-8").splitlines(keepends=True)
        heard[:] = [json.loads(line) for line in lines if line.endswith("\n")]
        return any(event["message"]["text"] == "the tea\nand the cake" for event in heard)

    await until(all_ran)
    assert {event["event"] for event in heard} == {"message.received"}
    assert {event["contact_name"] for event in heard} == {"robot"}
    texts = [event["message"]["text"] for event in heard]
    assert set(texts) >= {"before the bot", "第一行\n第二行 \\", "the tea\nand the cake"}
    variables = {
        line.partition("=")[0] for line in (meeting.friend.home / "env").read_text("utf-8").splitlines()
    }
    assert variables - {"PWD", "SHLVL", "_", "OLDPWD"} <= {"PATH", "HOME", "LANG"}
    hooks = processes_of((await meeting.here.hello()).pid)
    await meeting.friend.end()

    async def all_ended() -> bool:
        return not living(hooks)

    await until(all_ended)
