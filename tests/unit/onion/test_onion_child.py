"""A tor of our own that does not start, or ends: what is told of it. The tors are shell scripts."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from onion.child import ChildOptions, ChildTor, last_words, verify_config
from onion.errors import TorError
from onion.process import TorProcess
from tests.support.raw_callers import PATIENCE

ENDING = "Nov 22 11:37:50.549 [err] Bug: it fell over."


def written(directory: Path, script: str) -> Path:
    """A program that says it is a tor, and else does what `script` says."""
    path = directory / "tor"
    version = '[ "$1" = --version ] && echo "Tor version 0.4.9.12." && exit\n'
    path.write_text(f"#!/bin/sh\n{version}{script}\n")
    path.chmod(0o755)
    return path


def made(directory: Path, binary: Path, *bridges: str) -> ChildTor:
    return ChildTor(ChildOptions(directory / "data", directory / "run", binary, bridges=bridges))


@pytest.mark.parametrize(
    ("status", "output", "words"),
    [
        (1, [ENDING], "ended with status 1: Bug: it fell over."),
        (-9, [], "ended by signal 9"),
        (0, ["first", "last", ""], "last"),
        (0, [], ""),
        (None, [], ""),
    ],
)
def test_last_words_are_the_exit_and_the_last_line(status: int | None, output: list[str], words: str) -> None:
    assert last_words(status, output) == words


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("cat > /dev/null; exit 7", "ended with status 7"),
        ("cat > /dev/null; echo 'libevent.so is missing'; exit 127", "status 127: libevent.so is missing"),
        (f"cat > /dev/null; echo '{ENDING}'; exit 1", "it fell over"),
        ("cat > /dev/null; kill -KILL $$", "ended by signal 9"),
    ],
)
async def test_tor_that_does_not_start_leaves_its_last_words(tmp_path: Path, script: str, says: str) -> None:
    tor = made(tmp_path, written(tmp_path, script))
    with pytest.raises(TorError):
        await tor.start()
    assert tor.status.problem == "died"
    assert says in tor.status.detail


async def test_what_is_in_the_way_of_a_socket_is_told(tmp_path: Path) -> None:
    tor = made(tmp_path, written(tmp_path, "exit"))
    (tmp_path / "run" / "control").mkdir(parents=True)
    with pytest.raises(TorError) as caught:
        await tor.start()
    assert (caught.value.code, tor.status.problem) == ("system", "control")


async def test_configuration_is_read_as_it_would_be_used_and_nothing_is_made(tmp_path: Path) -> None:
    script = f'printf "%s\\n" "$@" > {tmp_path}/words; cat > {tmp_path}/torrc'
    binary = written(tmp_path, script)
    tor = made(tmp_path, binary, "192.0.2.1:443")
    await verify_config(tor, binary)
    assert "--verify-config" in (tmp_path / "words").read_text().splitlines()
    assert (tmp_path / "torrc").read_text() == tor.torrc()
    assert "Bridge 192.0.2.1:443\n" in tor.torrc()
    assert {path.name for path in tmp_path.iterdir()} == {"tor", "words", "torrc"}


async def test_configuration_that_tor_does_not_take_is_told_in_its_words(tmp_path: Path) -> None:
    complaint = "Nov 22 11:37:50.608 [warn] Failed to parse/validate config: Unknown option x."
    binary = written(tmp_path, f"cat > /dev/null; echo '{complaint}'; echo '{ENDING}'; exit 1")
    with pytest.raises(TorError) as caught:
        await verify_config(made(tmp_path, binary), binary)
    assert "Unknown option x." in caught.value.message
    with pytest.raises(TorError) as caught:
        await verify_config(made(tmp_path, binary, "a"), binary)
    assert caught.value.code == "bridge"


async def test_bridges_given_later_are_those_of_the_next_start(tmp_path: Path) -> None:
    tor = made(tmp_path, written(tmp_path, "exit"))
    await tor.use_bridges(["# mine", "192.0.2.1:443"])
    assert tor.uses_bridges
    assert "UseBridges 1\nBridge 192.0.2.1:443\n" in tor.torrc()
    with pytest.raises(TorError):
        await tor.use_bridges(["nonsense"])
    assert "Bridge 192.0.2.1:443\n" in tor.torrc()
    await tor.use_bridges([])
    assert "Bridge" not in tor.torrc()


async def test_program_that_stands_still_is_continued_to_end_in_order(tmp_path: Path) -> None:
    script = f"trap 'exit 3' TERM; cat; echo ready; read -r _ < {tmp_path}/never"
    os.mkfifo(tmp_path / "never")
    ready = asyncio.Event()
    process = await TorProcess.spawn(written(tmp_path, script), "", lambda _line: ready.set())
    async with asyncio.timeout(PATIENCE):
        await ready.wait()
        process.send_signal(signal.SIGSTOP)
        await process.stop()
    assert process.exit_status == 3
