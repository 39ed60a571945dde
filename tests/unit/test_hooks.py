"""Hooks: real programs, good and bad, are run at events, and never at the cost of the node."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode
from tuichat.hook_settings import HOOK_EVENTS, Hook
from tuichat.model import (
    AnyEvent,
    ClosingEvent,
    LinkEvent,
    LinkStage,
    LockedEvent,
    MessageEvent,
    MissedEvent,
    NoticeEvent,
)
from tuichat.node import hook_process, hooks
from tuichat.node.hook_events import hook_name
from tuichat.node.hooks import Hooks

AT = datetime(2026, 11, 21, 14, tzinfo=UTC)


def received(text: str = "page 3\n有图 👩‍🚀") -> MessageEvent:
    node = MemoryNode.sample(FixedClock())
    return MessageEvent(at=AT, seq=7, message=node.incoming("bob", text), new=True)


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o700)
    return str(path)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - another process brings it about
            await asyncio.sleep(0.01)


class Run:
    """Hooks that are closed at the end of a test."""

    def __init__(self) -> None:
        self.made: list[Hooks] = []

    def __call__(self, *wanted: Hook) -> Hooks:
        self.made.append(Hooks(wanted, lambda contact: {1: "bob"}.get(contact, "")))
        return self.made[-1]


@pytest.fixture
async def run() -> AsyncIterator[Run]:
    made = Run()
    yield made
    for each in made.made:
        await each.close()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_program_reads_the_event_and_has_nothing_of_the_node(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUICHAT_PASSPHRASE_FILE", "/secret")
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    out = tmp_path / "out"
    directory = os.open(tmp_path, os.O_RDONLY)
    inherited = os.dup2(directory, 77, inheritable=True)
    try:
        told = script(
            tmp_path / "hook",
            'cat >"$1"; env | sort >>"$1"; ls /proc/self/fd >>"$1"; pwd >>"$1"; echo done >>"$1"',
        )
        run(Hook("message.*", (told, f"{out} x; $(y)"))).take(received())
        out = tmp_path / "out x; $(y)"
        await until(lambda: out.exists() and out.read_text().endswith("done\n"))
    finally:
        os.close(inherited)
        os.close(directory)
    line, *rest = out.read_text(encoding="utf-8").splitlines()
    event = json.loads(line)
    assert (event["schema"], event["event"], event["type"]) == (1, "message.received", "message")
    assert (event["message"]["text"], event["contact_name"]) == ("page 3\n有图 👩‍🚀", "bob")
    variables = {each.partition("=")[0] for each in rest if "=" in each}
    assert variables - {"PWD", "SHLVL", "_", "OLDPWD"} == {"PATH", "HOME", "LANG"}
    open_there = {each for each in rest if each.isdigit()} - {"3"}  # the directory that ls reads
    assert open_there == {"0", "1", "2"}
    assert "/" in rest


async def test_only_what_a_hook_asks_for_is_told(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = script(tmp_path / "hook", f'cat >>"{out}"')
    made = run(Hook("message.received", (told,)), Hook("link.linked", (told,)))
    for event in (
        MessageEvent(at=AT, message=received().message, new=False),
        LinkEvent(at=AT, contact=1, stage="waiting"),
        LinkEvent(at=AT, contact=1, stage="linked"),
    ):
        made.take(event)
    await until(lambda: out.exists() and out.read_text().endswith("\n"))
    assert [json.loads(line)["event"] for line in out.read_text().splitlines()] == ["link.linked"]


async def test_program_that_hangs_and_will_not_end_is_ended_with_its_children(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hook_process, "GRACE_SECONDS", 0.2)
    pids = tmp_path / "pids"
    hangs = script(
        tmp_path / "hangs", f"trap '' TERM; sleep 99 & echo $! $$ >{pids}; cat; while :; do wait; done"
    )
    with caplog.at_level(logging.WARNING):
        run(Hook("*", (hangs,), deadline=1)).take(received("secret"))
        await until(lambda: pids.exists() and pids.read_text().endswith("\n"))
        found = [int(pid) for pid in pids.read_text().split()]
        assert all(alive(pid) for pid in found)
        await until(lambda: not any(alive(pid) for pid in found))
        await until(lambda: bool(caplog.messages))
    assert caplog.messages == ["hook 1: was ended after 1 seconds"]


async def test_program_that_forks_and_ends_leaves_nothing(run: Run, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    forks = script(tmp_path / "forks", f"sleep 99 & echo $! >{pids}")
    run(Hook("*", (forks,))).take(received())
    await until(lambda: pids.exists() and pids.read_text().endswith("\n"))
    await until(lambda: not alive(int(pids.read_text())))


async def test_program_that_prints_a_hundred_megabytes_costs_the_loop_nothing(
    run: Run, tmp_path: Path
) -> None:
    done = tmp_path / "done"
    prints = script(
        tmp_path / "prints", f"head -c 100000000 /dev/zero; head -c 9999999 /dev/zero >&2; : >{done}"
    )
    worst, before = 0.0, time.process_time()
    run(Hook("*", (prints,))).take(received())
    while not done.exists():
        began = time.process_time()
        await asyncio.sleep(0.001)
        worst = max(worst, time.process_time() - began)
    assert worst < 0.1  # of this process's own time: other processes cannot spoil it
    assert time.process_time() - before < 1


async def test_program_that_is_missing_or_fails_is_told_once_without_the_event(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fails = script(tmp_path / "fails", "exit 3")
    ends, made = tmp_path / "ends", run(Hook("*", ("no-such-program-here",)), Hook("*", (fails,)))
    also = run(Hook("*", (script(tmp_path / "ok", f'cat >>"{ends}"'),)))
    with caplog.at_level(logging.WARNING):
        for number in range(6):
            made.take(received(f"secret {number}"))
            also.take(received(f"{number}"))
        await until(lambda: not made._waiting and not made._running and not also._running)
    assert sorted(caplog.messages) == [
        "hook 1: cannot be started: No such file or directory",
        "hook 2: ended with 3",
    ]
    assert len(ends.read_text().splitlines()) == 6


async def test_program_whose_end_could_not_be_seen_does_not_run_on(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    started: list[int] = []

    def exhausted(pid: int) -> int:
        started.append(pid)
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "pidfd_open", exhausted)
    made = run(Hook("*", (script(tmp_path / "sleeps", "sleep 98 & exec sleep 99"),)))
    with caplog.at_level(logging.WARNING):
        made.take(received())
        await until(lambda: not made._waiting and not made._running)
    assert caplog.messages == ["hook 1: cannot be started: Too many open files"]
    assert not Path(f"/proc/{started[0]}").exists()  # nor is it left as a zombie


async def test_more_events_than_can_be_run_for_drop_the_oldest_and_say_so_once(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out, go = tmp_path / "out", tmp_path / "go"
    waits = script(tmp_path / "waits", f'until [ -e {go} ]; do sleep 0.01; done; cat >>"{out}"')
    made = run(Hook("notice.*", (waits,)))
    with caplog.at_level(logging.WARNING):
        for number in range(200):
            made.take(NoticeEvent(at=AT, text=f"{number}"))
        assert (len(made._running), len(made._waiting)) == (hooks.MOST_AT_ONCE, hooks.MOST_WAITING)
        go.touch()
        await until(lambda: not made._waiting and not made._running)
    told = {int(json.loads(line)["text"]) for line in out.read_text().splitlines()}
    assert told == {*range(4), *range(200 - hooks.MOST_WAITING, 200)}
    assert caplog.messages == [
        "hooks: more events than hooks can be run for: old ones of the busiest contact are dropped"
    ]


async def test_contact_who_floods_drives_out_nothing_of_others(run: Run, tmp_path: Path) -> None:
    out, go = tmp_path / "out", tmp_path / "go"
    waits = script(tmp_path / "waits", f'until [ -e {go} ]; do sleep 0.01; done; cat >>"{out}"')
    made = run(Hook("link.*", (waits,)))
    for number in range(200):
        made.take(LinkEvent(at=AT, contact=2 if number == 10 else 1, stage="linked"))
    go.touch()
    await until(lambda: not made._waiting and not made._running)
    told = [json.loads(line)["contact"] for line in out.read_text().splitlines()]
    assert (told.count(2), len(told)) == (1, hooks.MOST_AT_ONCE + hooks.MOST_WAITING)


async def test_closing_ends_what_runs_and_runs_no_more(run: Run, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    sleeps = script(tmp_path / "sleeps", f"echo $$ >{pid}; exec sleep 99")
    made = run(Hook("*", (sleeps,)))
    made.take(received())
    await until(lambda: pid.exists() and pid.read_text().endswith("\n"))
    await made.close()
    await until(lambda: not alive(int(pid.read_text())))  # who is killed has to have its turn to end
    made.take(received())
    made.take(LinkEvent(at=AT, contact=1, stage="linked"))
    assert not made._running
    late = tmp_path / "late"
    starting = run(Hook("*", (script(tmp_path / "starts", f"echo $$ >{late}; exec sleep 99"),)))
    starting.take(received())
    await asyncio.sleep(0)
    await starting.close()
    await asyncio.sleep(0.3)
    assert not late.exists() or not alive(int(late.read_text() or 2**30))


def test_every_event_has_a_name_that_the_settings_know_or_none() -> None:
    stages = [hook_name(LinkEvent(at=AT, contact=1, stage=stage)) for stage in get_args(LinkStage)]
    assert set(stages) <= set(HOOK_EVENTS)
    assert hook_name(received()) == "message.received"
    silent: list[AnyEvent] = [
        LockedEvent(at=AT, locked=True),
        ClosingEvent(at=AT, reason="stop"),
        MissedEvent(at=AT, first=1, last=2),
    ]
    assert [hook_name(event) for event in silent] == [None, None, None]
