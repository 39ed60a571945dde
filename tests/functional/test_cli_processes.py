"""The command line as a process: its streams in any state, signals at any moment, and what it loads."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.homes import PASSPHRASE, Home, new_home
from tests.support.memory_node import MemoryNode
from tuichat import bootstrap
from tuichat.api.server import ApiServer
from tuichat.model import MessageEvent
from tuichat.store.profile import open_profile

ROOT = Path(__file__).parents[2]
SECONDS = 60.0


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
    return {**kept, "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), **changes}


@asynccontextmanager
async def sample_home() -> AsyncIterator[tuple[Home, MemoryNode]]:
    """A home in which a node in memory serves."""
    async with new_home() as home:
        home.paths.home.mkdir(mode=0o700)
        node = MemoryNode.sample(FixedClock())
        server = ApiServer(node, bootstrap.socket_path(home.paths, create=True))
        await server.start()
        try:
            yield home, node
        finally:
            await server.close()


async def shell(home: Home, line: str, **changes: str) -> tuple[int, str, str]:
    """Run a line of shell in which T is tuichat with this home."""
    line = line.replace("T ", f"{sys.executable} -m tuichat --home {home.paths.home} ")
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", line),
        env=environment(**changes),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    async with asyncio.timeout(SECONDS):
        stdout, stderr = await process.communicate()
    assert process.returncode is not None
    assert b"Traceback" not in stderr
    assert b"Exception ignored" not in stderr
    return process.returncode, stdout.decode("utf-8", "surrogateescape"), stderr.decode()


async def test_a_reader_that_leaves_ends_it_in_silence() -> None:
    async with sample_home() as (home, node):
        node.fill("bob", 2000)
        code, _out, err = await shell(home, "set -o pipefail; T messages bob --limit 2000 | head -n 1")
        assert (code, err) == (0, "")
        code, _out, err = await shell(home, "set -o pipefail; T --help | true")
        assert (code, err) == (0, "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
async def test_closed_streams_disturb_nothing(closed: str) -> None:
    async with sample_home() as (home, node):
        code, _out, err = await shell(home, f"T send bob hello {closed}")
        assert (code, err) == (0, "")
        assert (await node.messages("bob"))[-1].text == "hello"


async def test_output_that_cannot_be_written_is_told() -> None:
    async with sample_home() as (home, _node):
        for words in ("messages bob", "--help", "--version", "send --help"):
            code, _out, err = await shell(home, f"T {words} >/dev/full")
            assert code == 1, words
            assert "No space left" in err


@pytest.mark.parametrize(
    "changes",
    [
        {"LANG": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "POSIX", "PYTHONIOENCODING": "latin-1"},
    ],
)
async def test_any_locale_can_print_any_text(changes: dict[str, str]) -> None:
    async with sample_home() as (home, _node):
        code, out, err = await shell(home, "T contact list; T messages bob; T --json messages bob", **changes)
        assert (code, err) == (0, "")
        assert "\\u" in out or "第" in out


async def test_words_and_input_that_are_no_utf8_are_told() -> None:
    async with sample_home() as (home, _node):
        for line in (
            "T send bob $'\\xff\\xfe'",
            "printf '\\xff\\xfe' | T send bob",
            "printf 'a\\0b' | T send bob",
            "T send bob </dev/null",
            "head -c 60000 /dev/zero | tr '\\0' x | T send bob",
        ):
            code, out, err = await shell(home, line)
            assert (code, out) in ((2, ""), (1, "")), line
            assert err.startswith("tuichat: "), line


async def test_a_current_directory_that_is_gone_is_no_surprise() -> None:
    async with sample_home() as (home, _node):
        gone = home.paths.home / "gone"
        gone.mkdir()
        line = f"cd {gone}; rmdir {gone}; {sys.executable} -m tuichat --home /nonexistent/home address"
        code, out, err = await shell(home, line)
        assert (code, out) == (1, "")
        assert f"{ROOT / 'run'} --home /nonexistent/home init" in err


async def test_a_path_of_any_bytes_can_be_printed() -> None:
    async with sample_home() as (home, _node):
        line = f"TUICHAT_HOME=$'/none/\\xff' {sys.executable} -m tuichat --json config path"
        code, out, err = await shell(home, line)
        assert (code, err) == (0, "")
        assert out.startswith('{"schema":1,"path":"/none/')


async def test_a_path_of_a_profile_that_is_no_utf8_is_refused() -> None:
    async with sample_home() as (home, _node):
        lines = {
            f"TUICHAT_HOME={home.paths.home}/$'\\xff' {sys.executable} -m tuichat": "TUICHAT_HOME",
            f"XDG_DATA_HOME={home.paths.home}/$'\\xff' {sys.executable} -m tuichat": "--home",
            f"XDG_CONFIG_HOME={home.paths.home}/$'\\xff' {sys.executable} -m tuichat": "--config",
        }
        for program, named in lines.items():
            for words in ("init --no-passphrase", "status", "contact list", "daemon run", "config show"):
                code, out, err = await shell(home, f"{program} {words}")
                assert (code, out) == (2, ""), words
                assert "not valid UTF-8" in err
                assert named in err
        assert not list(home.paths.home.glob("*\udcff*"))


async def test_a_home_that_cannot_be_has_its_sentence() -> None:
    async with sample_home() as (home, _node):
        (home.paths.home / "file").touch()
        (home.paths.home / "loop").symlink_to("loop")
        for name in ("x" * 300, "file/below", "loop"):
            program = f"{sys.executable} -m tuichat --home {home.paths.home}/{name}"
            code, out, err = await shell(home, f"{program} init --no-passphrase")
            assert (code, out, err.count("\n")) == (1, "", 1)
            assert "cannot be used" in err
            code, out, err = await shell(home, f"{program} doctor")
            assert (code, err) == (1, "")
            assert "cannot be read" in out


async def test_control_characters_in_a_word_do_not_reach_the_terminal() -> None:
    async with sample_home() as (home, _node):
        code, _out, err = await shell(home, "T $'\\e]0;owned\\a'; T --profile $'\\x9b31m' status")
        assert code == 2
        assert not any(ord(character) < 32 and character != "\n" for character in err)
        assert "\x9b" not in err


async def interrupted(home: Home, number: signal.Signals, *words: str, awaited: bytes) -> tuple[int, bytes]:
    """Send a signal once `awaited` came on standard output; the exit code and standard error."""
    process = await home.command(*words)
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(SECONDS):
        if awaited:
            await process.stdout.readuntil(awaited)
        process.send_signal(number)
        _rest, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, errors


async def until_it_waits(process: int) -> None:
    """Between its last look for signals and the system's read Python hears none for a moment."""
    while True:
        status = await asyncio.to_thread(Path(f"/proc/{process}/stat").read_text, encoding="ascii")
        if status.rpartition(")")[2].split()[0] == "S":
            return
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_waiting_at_a_pipe_is_ended_by_a_signal(number: signal.Signals) -> None:
    async with sample_home() as (home, node):
        await node.lock()
        pipe = home.paths.home / "pipe"
        os.mkfifo(pipe)
        for option in ("--config", "--passphrase-file"):
            process = await home.command("contact", "list", options=(option, str(pipe)))
            writing = await asyncio.to_thread(os.open, pipe, os.O_WRONLY)  # done when somebody reads
            async with asyncio.timeout(SECONDS):
                await until_it_waits(process.pid)
                process.send_signal(number)
                assert await process.communicate() == (b"", b"")
            os.close(writing)
            assert process.returncode == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_an_ending_signal_is_130_without_a_word(number: signal.Signals) -> None:
    async with sample_home() as (home, _node):
        follow = ("messages", "bob", "--follow")
        assert await interrupted(home, number, *follow, awaited=b"page 3") == (130, b"")
        events = ("events", "--since", "0")
        assert await interrupted(home, number, *events, awaited=b"\n") == (130, b"")


async def test_what_waits_for_others_is_ended_by_a_signal_too() -> None:
    async with sample_home() as (home, node):
        node.sample_files()
        accept = ("--json", "files", "accept", "1", "--wait")
        assert await interrupted(home, signal.SIGTERM, *accept, awaited=b"\n") == (130, b"")
        events = node.subscribe()
        process = await home.command("send", "bob", "hi", "--wait", "read")
        async with asyncio.timeout(SECONDS):
            while not isinstance(await anext(events), MessageEvent):
                pass
            while len(node.readers) < 2:  # noqa: ASYNC110 - it waits for what becomes of the message
                await asyncio.sleep(0.01)
            await until_it_waits(process.pid)
            process.send_signal(signal.SIGINT)
            output, errors = await process.communicate()
        assert (process.returncode, output) == (130, b"")
        assert errors == b"Message 9 stays queued; it is sent when a node next runs.\n"


async def test_a_hangup_is_ignored_under_nohup() -> None:
    async with sample_home() as (home, node):
        events = node.subscribe()
        program = f"{sys.executable} -m tuichat --home {home.paths.home}"
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", f"trap '' HUP; exec {program} send bob hi --wait delivered"),
            env=environment(),
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(SECONDS):
            while not isinstance(await anext(events), MessageEvent):
                pass
            process.send_signal(signal.SIGHUP)
            node.set_state(6, "delivered")
            output, _errors = await process.communicate()
        assert (process.returncode, output) == (0, b"6  delivered\n")


async def test_messages_follow_prints_what_comes() -> None:
    async with sample_home() as (home, node):
        process = await home.command("--json", "messages", "bob", "--follow", "--limit", "1")
        assert process.stdout is not None
        async with asyncio.timeout(SECONDS):
            await process.stdout.readuntil(b"page 3")
            await process.stdout.readline()
            node.incoming("alice", "not for this conversation")
            node.incoming("bob", "and then")
            assert b'"text":"and then"' in await process.stdout.readline()
            process.send_signal(signal.SIGINT)
            await process.communicate()
        assert process.returncode == 130


async def test_who_follows_ends_when_nobody_reads_any_more() -> None:
    async with sample_home() as (home, _node):
        for words in ("messages bob --follow", "events --since 0"):
            code, _out, err = await shell(home, f"set -o pipefail; T {words} | head -n 1")
            assert (code, err) == (0, ""), words


def _is_stopped(pid: int) -> bool:
    # under a system-call trace it is a small letter
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith(("T", "t"))


async def test_who_follows_sleeps_and_wakes_as_the_shell_asks() -> None:
    async with sample_home() as (home, node):
        process = await home.command("messages", "bob", "--follow")
        assert process.stdout is not None
        async with asyncio.timeout(SECONDS):
            await process.stdout.readuntil(b"page 3")
            process.send_signal(signal.SIGTSTP)
            node.incoming("bob", "while it slept")
            await home.wait_until(lambda: _is_stopped(process.pid))
            process.send_signal(signal.SIGCONT)
            await process.stdout.readuntil(b"while it slept\n")
            process.terminate()
            assert await process.communicate() == (b"", b"")
        assert process.returncode == 130


async def test_rpc_passes_lines_through_and_ends_with_its_input() -> None:
    async with sample_home() as (home, _node):
        calls = [
            '{"jsonrpc":"2.0","id":1,"method":"hello"}',
            '{"jsonrpc":"2.0","id":2,"method":"no"}',
            "rubbish",
        ]
        quoted = " ".join(f"'{call}'" for call in calls)
        code, out, err = await shell(home, f"printf '%s\\n' {quoted} | T rpc")
        assert (code, err) == (0, "")
        answers = out.splitlines()
        assert len(answers) == 3
        assert any('"id":1' in line and '"result"' in line for line in answers)
        assert any('"id":2' in line and "-32601" in line for line in answers)
        assert any("-32700" in line for line in answers)


async def test_sending_loads_no_interface_no_network_and_no_cipher() -> None:
    async with sample_home() as (home, _node):
        code = (
            "import sys; from tuichat.cli.run import run;"
            f"code = run(['--home', {str(home.paths.home)!r}, 'send', 'bob', 'hello']);"
            "print(code, [m for m in ('textual', 'rich', 'aiohttp', 'nacl', 'cryptography', 'apsw', 'stem',"
            " 'segno', 'onion', 'tuichat.node', 'tuichat.tui', 'tuichat.store.store') if m in sys.modules])"
        )
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", code), env=environment(), stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(SECONDS):
            output, _errors = await process.communicate()
        assert output.decode().splitlines() == ["6  queued", "0 []"]


def at_terminal(home: Home, *words: str, typed: list[bytes]) -> tuple[int, bytes]:
    """Run tuichat with a terminal of its own; each line is typed when the next prompt has come."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.clear()
        os.environ.update(environment(TERM="xterm"))
        os.execv(sys.executable, [sys.executable, "-m", "tuichat", "--home", str(home.paths.home), *words])
    seen = b""
    for line in typed:
        prompt = b""
        while not prompt.rstrip().endswith(b":"):
            prompt += os.read(terminal, 1024)
        assert not termios.tcgetattr(terminal)[3] & termios.ECHO
        os.write(terminal, line)
        seen += prompt
    while True:
        try:
            seen += os.read(terminal, 1024)
        except OSError:
            break
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen


async def test_init_asks_twice_on_the_terminal_and_shows_nothing_typed() -> None:
    async with new_home() as home:
        code, seen = at_terminal(home, "init", typed=[b"one two\n", b"one three\n"])
        assert code == 6
        assert b"differ" in seen
        assert b"one" not in seen
        assert not home.paths.home.exists()


@pytest.mark.parametrize("typed", [[b"\x03"], [b"one\n", b"\x03"]])
async def test_interrupting_a_prompt_leaves_nothing_behind(typed: list[bytes]) -> None:
    async with new_home() as home:
        code, _seen = at_terminal(home, "init", typed=typed)
        assert code == 130
        assert not home.paths.home.exists()


async def test_a_locked_profile_is_unlocked_from_the_terminal() -> None:
    async with new_home() as home:
        home.make_profile(PASSPHRASE)
        code, seen = at_terminal(home, "address", typed=[PASSPHRASE.encode() + b"\n"])
        assert code == 0, seen
        assert len(seen.split()[-1]) == 56
        code, seen = at_terminal(home, "address", typed=[])
        assert code == 0, seen


async def test_a_passphrase_is_changed_at_the_terminal_and_the_new_one_asked_for_twice() -> None:
    async with new_home() as home:
        home.make_profile(PASSPHRASE)
        old = PASSPHRASE.encode() + b"\n"
        code, seen = at_terminal(home, "passphrase", typed=[old, b"second\n", b"third\n"])
        assert (code, b"differ" in seen) == (6, True)
        code, seen = at_terminal(home, "passphrase", typed=[old, b"second\n", b"second\n"])
        assert (code, b"new passphrase opens" in seen) == (0, True)
        open_profile(home.paths, "second")
