"""Commands and real nodes: two at once, daemons with a passphrase, a node that changes under a command."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.homes import PASSPHRASE, Home, new_home
from tests.support.memory_node import address_of
from tuichat.model import TorEvent

SECONDS = 60.0


@pytest.fixture
async def home(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Home]:
    monkeypatch.setenv("TERM", "xterm-256color")
    async with new_home() as made:
        yield made


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str, str]:
    async with asyncio.timeout(SECONDS):
        output, errors = await process.communicate()
    assert b"Traceback" not in errors
    return process.returncode, output.decode(), errors.decode()


async def ran(home: Home, *words: str, options: tuple[str, ...] = ()) -> str:
    """What a command that succeeds prints."""
    code, output, errors = await ended(await home.command(*words, options=options))
    assert (code, errors) == (0, "")
    return output


async def added(home: Home, address: str, name: str) -> None:
    """Ask somebody to be a contact; the command says that tor is missing, and that the request waits."""
    code, _output, errors = await ended(await home.command("contact", "add", address, "--name", name))
    missing, waits = errors.splitlines()
    assert (code, "Install tor" in missing, "keep tuichat" in waits) == (0, True, True)


async def line_with(stream: asyncio.StreamReader | None, part: str) -> dict[str, object]:
    """The next JSON line that holds `part`."""
    assert stream is not None
    async with asyncio.timeout(SECONDS):
        while line := await stream.readline():
            if part in line.decode():
                found: dict[str, object] = json.loads(line)
                return found
    raise AssertionError(f"{part} did not come")


async def test_of_two_inits_at_once_one_makes_the_profile(home: Home) -> None:
    both = await asyncio.gather(*(home.command("init", "--no-passphrase") for _ in range(2)))
    results = sorted([await ended(process) for process in both])
    assert [code for code, _output, _errors in results] == [0, 1]
    assert results[1][2].startswith("tuichat: ")
    assert (await ran(home, "address")) == results[0][1]


async def test_daemon_opens_with_a_passphrase_file_and_stops_when_told(home: Home, tmp_path: Path) -> None:
    home.make_profile(PASSPHRASE)
    secret = tmp_path / "passphrase"
    secret.touch(0o600)
    secret.write_text(PASSPHRASE + "\n")
    daemon = await home.daemon("--passphrase-file", str(secret))
    await home.wait_until(home.socket.exists)
    status = json.loads(await ran(home, "status", "--json"))
    assert (status["node"], status["locked"]) == ("daemon", False)
    await ran(home, "lock")
    assert json.loads(await ran(home, "status", "--json"))["locked"] is True
    await ran(home, "unlock", options=("--passphrase-file", str(secret)))
    assert json.loads(await ran(home, "status", "--json"))["locked"] is False
    await ran(home, "daemon", "stop")
    assert (await ended(daemon))[0] == 0


async def test_daemon_refuses_a_wrong_passphrase(home: Home, tmp_path: Path) -> None:
    home.make_profile(PASSPHRASE)
    secret = tmp_path / "passphrase"
    secret.touch(0o600)
    secret.write_text("wrong")
    code, output, errors = await ended(await home.daemon("--passphrase-file", str(secret)))
    assert (code, output) == (6, "")
    assert errors


async def test_daemon_without_a_passphrase_waits_to_be_unlocked_and_says_so(home: Home) -> None:
    home.make_profile(PASSPHRASE)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tuichat", "--home", str(home.paths.home), "daemon", "run"),
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    await home.wait_until(home.socket.exists)
    assert json.loads(await ran(home, "status", "--json"))["locked"] is True
    await ran(home, "daemon", "stop")
    _output, errors = await process.communicate()
    assert process.returncode == 0
    assert f" --home {home.paths.home} unlock".encode() in errors


async def test_events_go_on_after_a_handover_without_a_gap(home: Home) -> None:
    home.make_profile()
    watcher = await home.command("events", "--since", "0")
    await added(home, address_of("bob"), "bob")
    first = await line_with(watcher.stdout, '"bob"')
    daemon = await home.daemon()
    await line_with(watcher.stdout, '"closing"')
    await home.wait_until(home.socket.exists)
    await added(home, address_of("carol"), "carol")
    second = await line_with(watcher.stdout, '"carol"')
    assert isinstance(first["seq"], int)
    assert isinstance(second["seq"], int)
    assert second["seq"] > first["seq"]
    await ran(home, "daemon", "stop")
    assert (await ended(daemon))[0] == 0
    code, _output, errors = await ended(watcher)
    assert code == 3
    assert "node has ended" in errors


async def test_what_is_sent_without_tor_stays_queued_and_can_be_cancelled(home: Home) -> None:
    home.make_profile()
    address = address_of("bob")
    await added(home, address.upper() + ".onion", "bob")
    code, output, errors = await ended(await home.command("send", "bob", "hello", "--timeout", "0.1"))
    assert (code, "stays queued" in errors) == (5, True)
    number = output.split()[0]
    assert "queued" in await ran(home, "messages", address[:8])
    assert "cancelled" in await ran(home, "cancel", number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_interface_gives_the_terminal_back_on_an_ending_signal(home: Home, number: signal.Signals) -> None:
    home.make_profile()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "tuichat", "--home", str(home.paths.home)])
    seen = b""
    while b"F1" not in seen:
        seen += os.read(terminal, 65536)
    os.kill(pid, number)
    while True:
        try:
            seen += os.read(terminal, 65536)
        except OSError:
            break
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    assert seen.count(b"\x1b[?1049l") == 1
    assert b"Traceback" not in seen


async def test_node_that_stays_to_deliver_says_so_and_can_be_stopped(home: Home) -> None:
    home.make_profile()
    await added(home, address_of("bob"), "bob")
    async with await home.attach() as client:
        await client.send("bob", "hello")
        await client.conversation_memory("bob", True)
        await client.send("bob", "a secret")
        await client.keep_until_delivered()
    status = json.loads(await ran(home, "status", "--json"))
    assert (status["node"], status["kept"], status["in_memory"]) == ("detached", True, 1)
    assert (status["outbox"]["queued"], status["outbox"]["in_memory"]) == (2, 1)
    assert "a secret" in await ran(home, "messages", "bob")
    _code, output, _errors = await ended(await home.command("status"))
    assert "kept until 2 messages are delivered" in output
    assert "1 message, gone when the node ends or locks" in output
    code, output, errors = await ended(await home.command("daemon", "stop"))
    assert (code, output) == (0, "")
    assert "1 message stays queued" in errors
    assert "1 message was in memory only, and is gone" in errors
    await home.wait_ended()
    assert (await ran(home, "messages", "bob")).count("queued") == 1
    code, _output, errors = await ended(await home.command("daemon", "stop"))
    assert code == 3
    assert "ends by itself" in errors


async def test_node_tells_why_its_tor_does_not_start(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    tor = home.paths.home.parent / "tor"
    tor.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "Tor version 0.4.9.12." && exit\n'
        "echo 'Nov 22 11:37:50.549 [err] Bug: it fell over.'\nexit 1\n"
    )
    tor.chmod(0o700)
    monkeypatch.setenv("TUICHAT_TOR__BINARY", str(tor))
    home.make_profile()
    async with await home.attach() as client:
        events = client.subscribe()
        await client.go_online()
        async with asyncio.timeout(SECONDS):
            async for event in events:
                if isinstance(event, TorEvent) and event.tor.problem:
                    break
        status = await client.status()
    assert (status.tor.problem, "Bug: it fell over" in status.tor.detail) == ("died", True)
    _code, output, errors = await ended(await home.command("status"))
    assert "it fell over" in output
    assert "config show" in errors
    code, output, _errors = await ended(await home.command("doctor"))
    assert code == 1
    assert "it fell over" in output.partition("tor: ")[2]
