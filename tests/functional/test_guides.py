"""The guides in docs/ show what the program does: each command in them runs and prints what stands below it.

A block of a guide that is marked `console` is played: a line that begins with `$ ` is a command, the lines
below it are what it prints, standard output before standard error; `...` in them stands for anything. The
command succeeds, or `$ echo $?` below it shows its exit code. What happened meanwhile is said in comments
that no reader sees: `<!-- play: node sample -->` is a directive of the scripts in `cli/`.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.functional.test_cli_scripts import SECONDS, World, short_directory
from tuichat.cli.commands import build_parser

ROOT = Path(__file__).parents[2]
GUIDES = [
    guide
    for guide in sorted((ROOT / "docs").glob("*.md"))
    if "\n```console\n" in guide.read_text(encoding="utf-8")
]

PAGES = [ROOT / "README.md", *(page for page in sorted((ROOT / "docs").glob("*.md")))]


@dataclass
class Shown:
    """A command as a guide shows it; `directive` is set for what happens meanwhile."""

    line: int
    command: str = ""
    directive: str = ""
    printed: list[str] = field(default_factory=list)
    exit_code: int = 0


def shown_in(guide: Path) -> Iterator[Shown]:
    """What a guide shows, in order."""
    step: Shown | None = None
    inside = False
    for number, line in enumerate(guide.read_text(encoding="utf-8").splitlines(), 1):
        found = re.fullmatch(
            r"\s*(?:\$ (?P<command>.+)|<!-- play: (?P<directive>.+) -->|(?P<end>```.*))", line
        )
        if inside and step is not None and found is None:
            step.printed.append(line)
        elif inside and step is not None and line.strip() == "$ echo $?":
            step.exit_code = -1  # the next line says it
        elif found is not None and not (found["command"] and not inside):
            if step is not None:
                yield _whole(step)
            step = None
            if found["end"]:
                inside = line.strip() == "```console"
            else:
                step = Shown(number, found["command"] or "", found["directive"] or "")
    if step is not None:
        yield _whole(step)


def _whole(step: Shown) -> Shown:
    if step.exit_code == -1:
        step.exit_code = int(step.printed.pop())
    return step


async def run(world: World, step: Shown) -> tuple[int | None, list[str]]:
    """Exit code and printed lines of a command."""
    program, *words = shlex.split(step.command)
    assert program == "tuichat", f"line {step.line}: not a command of ours"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tuichat",
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=world.environment,
        cwd=world.directory,
        start_new_session=True,
    )
    async with asyncio.timeout(SECONDS):
        stdout, stderr = await process.communicate()
    return process.returncode, (stdout + stderr).decode().splitlines()


def fits(line: str, printed: str) -> bool:
    """Whether a printed line is what the guide shows, three dots standing for anything."""
    return re.fullmatch(".*".join(re.escape(part) for part in line.split("...")), printed) is not None


@pytest.mark.parametrize("guide", GUIDES, ids=[guide.stem for guide in GUIDES])
async def test_guide_shows_what_happens(guide: Path) -> None:
    with short_directory() as directory:
        world = World(directory, AsyncExitStack())
        world.environment |= {"COLUMNS": "100", "TZ": "UTC"}
        try:
            for step in shown_in(guide):
                if step.directive:
                    await world.change(step.directive)
                    continue
                code, printed = await run(world, step)
                where = f"{guide.name}:{step.line}: {step.command}\n" + "\n".join(printed)
                assert code == step.exit_code, where
                assert len(printed) == len(step.printed), where
                for line, real in zip(step.printed, printed, strict=True):
                    assert fits(line, real), f"{line!r} is not {real!r}\n{where}"
        finally:
            await world.end()


@pytest.mark.parametrize("guide", PAGES, ids=[page.stem for page in PAGES])
def test_every_command_that_a_page_names_exists(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    fence = re.compile(r"^```\w*$(.*?)^```$", re.MULTILINE | re.DOTALL)
    named = re.findall(r"`(?:tuichat|\./run)\s([a-z][^`#|]*)", fence.sub("", text))
    for block in fence.findall(text):
        named += re.findall(r"^(?:\$ )?(?:tuichat|\./run) ([a-z][^\n#|<]*)", block, re.MULTILINE)
    for words in named:
        parser = build_parser()
        for word in words.split():
            if word in parser.subcommands:
                parser = parser.subcommands[word]
            elif word.startswith("--"):
                known = {name for action in parser.arguments for name in action.option_strings}
                assert word in known, f"tuichat {words}"
            else:
                assert not parser.subcommands, f"tuichat {words}"


def test_a_guide_that_shows_something_else_is_found(tmp_path: Path) -> None:
    guide = tmp_path / "wrong.md"
    guide.write_text("```console\n$ tuichat x\none\ntwo ... end\n$ echo $?\n2\n```\n$ tuichat outside\n")
    (step,) = shown_in(guide)
    assert (step.command, step.printed, step.exit_code) == ("tuichat x", ["one", "two ... end"], 2)
    assert fits("two ... end", "two and a half end")
    assert not fits("two ... end", "two and a half")
