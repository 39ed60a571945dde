"""The command line, played from readable scripts in `cli/*.txt` against real processes.

A script is read line by line:

    # a comment
    $ tuichat contact list         run it; HOME and DIR in the words are directories of this script
    < text                         what the command reads from standard input, one line; stands before it
    TUICHAT_PROFILE=work           set for the commands that follow; NAME= takes it away again
    > bob +[a-z2-7]{56} .*         the next line of standard output matches this; a group (?P<WORD>...) of it
                                   gives WORD a meaning, like HOME's
    > ...                          any number of lines, which do not matter here
    ? There is no contact          somewhere in standard error this matches
    = 7                            the exit code, 0 if not given
    ^ incoming bob "hello"         what happens once the lines above have been printed: as behind "!", or
    ^ interrupt                    the person presses Ctrl+C
    ! node sample                  do something to the world: see `World`

After each command all of its standard output must have been matched, standard error must be empty unless
something in it was expected, and there must be no traceback.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode
from tuichat import bootstrap
from tuichat.api.server import ApiServer
from tuichat.cli.commands import build_parser
from tuichat.cli.unfinished import place_behind
from tuichat.model import MessageEvent
from tuichat.store.database import Database
from tuichat.store.profile import open_profile
from tuichat.store.profile_lock import lock_holder

SCRIPTS = sorted((Path(__file__).parent / "cli").glob("*.txt"))
ROOT = Path(__file__).parents[2]
SECONDS = 60.0

_CLOCK = """\
import time
_began = time.monotonic()
time.time = lambda: {seconds} + time.monotonic() - _began
"""


def _matched(patterns: list[str], lines: list[str]) -> dict[str, str] | None:
    """The groups of `patterns` if they fit the lines, "..." any number of them; None if they do not."""
    whole = "".join("(?:.*\n)*?" if pattern == "..." else f"(?:{pattern})\n" for pattern in patterns)
    match = re.fullmatch(whole, "".join(f"{line}\n" for line in lines))
    return None if match is None else match.groupdict()


@dataclass
class Step:
    """A command with what is expected of it, or with `command` empty a directive in `world`."""

    number: int
    command: str = ""
    world: str = ""
    stdin: str = ""
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    exit_code: int = 0
    meanwhile: list[tuple[int, str]] = field(default_factory=list)


def steps_of(script: Path) -> Iterator[Step]:
    """The steps of a script, in order."""
    step: Step | None = None
    stdin = ""
    for number, line in enumerate(script.read_text(encoding="utf-8").splitlines(), 1):
        sign, rest = line[:1], line[2:]
        if sign in ("$", "!") or re.match(r"[A-Z_]+=", line):
            if step is not None:
                yield step
            step, stdin = _opened(number, line, stdin), ""
        elif sign == "<":
            stdin += rest + "\n"
        elif sign in (">", "?", "=", "^"):
            assert step is not None, f"{script.name}:{number}: nothing to expect of"
            _expect(step, sign, rest)
        else:
            assert sign in ("", "#"), f"{script.name}:{number}: not understood"
    if step is not None:
        yield step


def _opened(number: int, line: str, stdin: str) -> Step:
    if line.startswith("$ "):
        return Step(number, command=line[2:], stdin=stdin)
    return Step(number, world=line[2:] if line.startswith("! ") else line)


def _expect(step: Step, sign: str, rest: str) -> None:
    if sign == ">":
        step.stdout.append(rest)
    elif sign == "?":
        step.stderr.append(rest)
    elif sign == "^":
        step.meanwhile.append((len(step.stdout), rest))
    else:
        step.exit_code = int(rest)


class World:
    """What a script plays in: a home, a directory for its files, an environment, perhaps a node.

    Directives: `node sample`, `node locked` and `node detached` serve a node in memory for HOME;
    `files` puts the sample's files there; `fetches` lets whatever is accepted come at once;
    `offer NAME FILE SIZE` lets a contact offer a file, with `of ID` in one go with another;
    `file ID STATE REASON` ends one;
    `incoming NAME TEXT` lets a message arrive there; `disappears ID SECONDS` lets one do so once seen;
    `deliver` delivers whatever is sent from then on;
    `key NAME` lets a contact's address show another key;
    `tor PROBLEM TEXT` lets its tor be hindered, with tor's own words;
    `unreachable TIMES` lets no answer of its own service have come so often, 0 while it waits for the first;
    `keep` lets the node stay until it has delivered;
    `newer` ends the node and makes HOME's database one that a later version wrote;
    `clock SECONDS` lets the processes that are started from then on begin at that Unix time;
    `write FILE TEXT` writes a file below DIR that is its owner's, escapes as in Python; `mode FILE OCTAL`
    changes its mode; `remove FILE` removes it; `directory NAME` and `pipe NAME` make one.
    """

    def __init__(self, directory: Path, stack: AsyncExitStack) -> None:
        self.directory = directory
        self.environment = {
            **os.environ,
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
        }
        self._stack = stack
        self._node = MemoryNode(FixedClock())
        self._tasks: set[asyncio.Task[None]] = set()
        self._words = {"HOME": str(directory / "home"), "DIR": str(directory)}

    async def change(self, line: str) -> None:
        """Carry out a directive, or set a variable."""
        if match := re.fullmatch(r"([A-Z_]+)=(.*)", line):
            name, value = match[1], self._filled(match[2])
            self.environment.pop(name, None)
            self.environment |= {name: value} if value else {}
            return
        word, *rest = shlex.split(line)
        if word == "node":
            await self._serve(rest[0])
        elif word in ("files", "fetches", "offer", "file"):
            self._change_files(word, rest)
        elif word == "incoming":
            self._node.incoming(rest[0], rest[1].replace("\\n", "\n"))
        elif word == "changes":
            self._node.change_message(int(rest[0]), **{rest[1]: rest[2]})
        elif word == "disappears":
            seconds = int(rest[1])
            latest = self._node.now() + timedelta(days=30, seconds=seconds)
            self._node.change_message(int(rest[0]), timer=seconds, expires_at=latest)
        elif word == "key":
            self._node.change_key(rest[0])
        elif word == "deliver":
            self._deliver()
        elif word == "tor":
            self._node.set_tor(problem=rest[0], detail=rest[1], running=False)
        elif word == "unreachable":
            self._node.set_service(published=True, reachable=False, missed=int(rest[0]))
        elif word == "keep":
            await self._node.keep_until_delivered()
        elif word == "newer":
            await self._write_newer()
        elif word == "clock":
            self._set_clock(rest[0])
        elif word == "write":
            path = self.directory / rest[0]
            path.touch(0o600)
            path.write_bytes(rest[1].encode().decode("unicode_escape").encode("latin-1"))
        elif word == "remove":
            (self.directory / rest[0]).unlink()
        elif word == "directory":
            (self.directory / rest[0]).mkdir(0o700)
        elif word == "pipe":
            os.mkfifo(self.directory / rest[0], 0o600)
        else:
            assert word == "mode"
            (self.directory / rest[0]).chmod(int(rest[1], 8))

    def _change_files(self, word: str, rest: list[str]) -> None:
        if word == "files":
            self._node.sample_files()
        elif word == "fetches":
            self._node.fetches = True
        elif word == "offer":
            name = rest[1].encode().decode("unicode_escape").encode("latin-1").decode()
            self._node.offer(rest[0], name, int(rest[2]), group=int(rest[4]) if rest[3:] else None)
        else:
            self._node.end(int(rest[0]), *rest[1:])  # type: ignore[arg-type]

    async def run(self, step: Step) -> None:
        """Run a command and hold it to what is expected."""
        program, *words = [self._filled(word) for word in shlex.split(step.command)]
        assert program == "tuichat"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tuichat",
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.environment,
            cwd=self.directory,
            start_new_session=True,  # no terminal to ask for a passphrase on
        )
        async with asyncio.timeout(SECONDS):
            seen = await self._watch(process, step.meanwhile)
            stdout, stderr = await process.communicate(step.stdin.encode())
        self._check(step, process.returncode, (seen + stdout).decode(), stderr.decode())

    async def _watch(self, process: asyncio.subprocess.Process, meanwhile: list[tuple[int, str]]) -> bytes:
        """What a command prints until the last of what happens meanwhile."""
        assert process.stdout is not None
        seen = b""
        for lines, happening in meanwhile:
            while seen.count(b"\n") < lines:
                line = await process.stdout.readline()
                assert line, seen
                seen += line
            if happening == "interrupt":
                process.send_signal(signal.SIGINT)
            else:
                await self.change(happening)
        return seen

    def _check(self, step: Step, exit_code: int | None, stdout: str, stderr: str) -> None:
        where = f"line {step.number}: {step.command}\n{stdout}{stderr}"
        assert "Traceback" not in stderr, where
        assert exit_code == step.exit_code, where
        lines = stdout.splitlines()
        if "..." in step.stdout:
            groups = _matched([self._filled(pattern) for pattern in step.stdout], lines)
            assert groups is not None, f"{step.stdout} does not fit\n{where}"
            self._words |= groups
        else:
            self._check_lines(step.stdout, lines, where)
        assert bool(step.stderr) == bool(stderr), where
        for pattern in step.stderr:
            assert re.search(self._filled(pattern), stderr), f"{pattern!r} is missing\n{where}"

    def _check_lines(self, patterns: list[str], lines: list[str], where: str) -> None:
        assert len(lines) == len(patterns), where
        for line, pattern in zip(lines, patterns, strict=True):
            match = re.fullmatch(self._filled(pattern), line)
            assert match, f"{pattern!r} is not {line!r}\n{where}"
            self._words |= match.groupdict()

    def _filled(self, text: str) -> str:
        return re.sub(rf"\b({'|'.join(self._words)})\b", lambda match: self._words[match[1]], text)

    async def _serve(self, kind: str) -> None:
        self._node = MemoryNode.sample(FixedClock(), node="detached" if kind == "detached" else "daemon")
        if kind == "locked":
            await self._node.lock()
        home = Path(self._words["HOME"])
        home.mkdir(mode=0o700, exist_ok=True)
        paths = bootstrap.profile_paths(home, "default", None)
        path = bootstrap.socket_path(paths, create=True)
        server = ApiServer(self._node, path)
        await server.start()
        self._stack.push_async_callback(server.close)

    def _set_clock(self, seconds: str) -> None:
        (self.directory / "sitecustomize.py").write_text(_CLOCK.format(seconds=seconds), encoding="utf-8")
        self.environment["PYTHONPATH"] = f"{self.directory}:{ROOT}"

    async def _write_newer(self) -> None:
        paths = bootstrap.profile_paths(Path(self._words["HOME"]), "default", None)
        await _ended(paths.lock)
        database = Database(paths.database, open_profile(paths, None).database_key)
        database.run("ALTER TABLE messages RENAME COLUMN text TO words")
        database.run("PRAGMA user_version = 9999")
        database.trust()
        database.close()

    def _deliver(self) -> None:
        async def delivering() -> None:
            async for event in self._node.subscribe():
                if isinstance(event, MessageEvent) and event.new:
                    self._node.set_state(event.message.id, "delivered")

        self._tasks.add(asyncio.create_task(delivering()))

    async def end(self) -> None:
        """Nothing goes on after the script."""
        await self._stack.aclose()
        for task in self._tasks:
            task.cancel()
        for lock in self.directory.rglob("lock"):
            await _ended(lock)


async def _ended(lock: Path) -> None:
    """End the node that a command has left running."""
    while (holder := lock_holder(lock)) is not None and holder.pid != os.getpid():
        if holder.pid is not None:
            os.kill(holder.pid, signal.SIGTERM)
        await asyncio.sleep(0.05)


@contextmanager
def short_directory() -> Iterator[Path]:
    """A directory whose name leaves room for a socket's path."""
    directory = Path(tempfile.mkdtemp(prefix="tc"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


CONTRACT = """
    init --name --no-passphrase; address --qr; invite create --expires --qr; invite list; invite revoke;
    contact add --name --message; contact list; contact requests; contact accept; contact reject;
    contact block; contact unblock; contact remove; contact rename; contact verify;
    send --file --reply --wait --timeout; edit; unsend; react; cancel; timer;
    messages --limit --before --follow; events --since; search --in; files list; files accept --to;
    files decline; files cancel; files pause; files resume; status --wait --timeout; daemon run; daemon stop;
    lock; unlock; passphrase; backup; restore; export; import; wipe; rpc; doctor; config path; config show;
    config set; completion; demo
"""
"""Every command that scripts of people may rely on, with its options."""


def test_every_command_and_option_is_shown_in_a_script() -> None:
    parser = build_parser()
    shown: dict[str, set[str]] = {}
    for script in SCRIPTS:
        for step in steps_of(script):
            words = shlex.split(step.command)[1:]
            if words:
                path = " ".join(place_behind(words, parser).path)
                shown.setdefault(path, set()).update(word.partition("=")[0] for word in words)
    for line in " ".join(CONTRACT.split()).split(";"):
        words = line.split()
        options = {word for word in words if word.startswith("--")}
        command = " ".join(word for word in words if word not in options)
        assert command in shown
        assert options <= shown[command], command


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
async def test_script_plays_as_written(script: Path) -> None:
    with short_directory() as directory:
        world = World(directory, AsyncExitStack())
        try:
            for step in steps_of(script):
                await (world.run(step) if step.command else world.change(step.world))
        finally:
            await world.end()
