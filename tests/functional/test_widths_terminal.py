"""Odd texts in real bytes on terminals of many opinions: every column holds, and nothing is left behind."""

from __future__ import annotations

import re
import tempfile

import pyte

from tests.support.drawn_interface import drawn_interface
from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode
from tests.support.odd_texts import PIECES, seeded_text
from tests.support.opinions import OPINIONS, OpinionatedScreen, cells_of
from tests.support.pty_terminal import PtyTerminal
from tests.support.tmux_terminal import tmux_terminal
from tuichat.protocol.sanitize import sanitize_name, sanitize_text
from tuichat.tui.clusters import disputed

LEFT, DELETE, END, BACKSPACE = "\x1b[D", "\x1b[3~", "\x1b[F", "\x7f"
ENVIRONMENT = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}


def odd_node() -> MemoryNode:
    """People and messages with everything in them that a peer can send."""
    node = MemoryNode.sample(FixedClock())
    for seed in range(8):
        name = sanitize_name(seeded_text(seed, 3)) or f"person {seed}"
        node.person(f"{name} {seed}", stage="linked" if seed % 2 else "offline")
        node.incoming(f"{name} {seed}", sanitize_text(seeded_text(seed, 3)))
    for seed in range(100, 110):
        text = sanitize_text(seeded_text(seed, 9))
        if seed % 2:
            node.outgoing("bob", text, state="delivered")
        else:
            node.incoming("bob", text)
    return node


def check(terminal: PtyTerminal) -> None:
    """What all agree on stands, on each of them, where the interface means it, and what is blank is blank."""
    meant = cells_of(terminal.meant)
    size = (terminal.meant.columns, terminal.meant.lines)
    screens: list[pyte.Screen] = [OpinionatedScreen(*size, opinion) for opinion in OPINIONS]
    for screen in [*screens, pyte.Screen(*size)]:
        terminal.draw_on(screen)
        seen = cells_of(screen)
        wrong = [
            (y, x, cell, seen[y][x])
            for y, row in enumerate(meant)
            for x, cell in enumerate(row)
            if cell and not disputed(cell) and seen[y][x] != cell
        ]
        assert not wrong, (wrong, terminal.text, "\n".join(map("".join, seen)))
        assert (screen.cursor.x, screen.cursor.y) == (terminal.meant.cursor.x, terminal.meant.cursor.y)


async def check_in_tmux(terminal: PtyTerminal) -> None:
    """tmux has the signs that stand behind everything odd in the columns that they were meant for."""
    rows = cells_of(terminal.meant)
    with tempfile.NamedTemporaryFile() as file:
        file.write(terminal.written)
        file.flush()
        async with tmux_terminal() as tmux:
            command = ["sh", "-c", f"cat {file.name}; exec cat"]
            tmux.start(command, {"LANG": "C.UTF-8"}, (len(rows[0]), len(rows)))
            await tmux.until("F1 help")
            for sign in ("│", "✓✓"):
                assert tmux.places(sign) == [
                    (y, x)
                    for y, row in enumerate(rows)
                    for x in range(len(row))
                    if row[x : x + len(sign)] == list(sign)
                ]


def written(terminal: PtyTerminal) -> str:
    """What stands in the input, behind the prompt and before the hints."""
    row = terminal.text.rstrip("\n").rpartition("\n")[2]
    return row.partition("  Esc choose")[0].removeprefix(" > ").rstrip()


async def until_written(terminal: PtyTerminal, text: str) -> None:
    await terminal.until_so(lambda: written(terminal) == text, f"an input with {text!r}")


async def test_columns_hold_on_every_terminal_and_what_is_seen_as_one_is_one() -> None:
    node = odd_node()
    async with drawn_interface(node, (80, 24), ENVIRONMENT) as terminal:
        await terminal.until("reachable")
        terminal.type("/query bob\r")
        await terminal.until("✓✓")
        check(terminal)

        for piece in PIECES:
            terminal.type(piece)
        await terminal.until("\u3164")
        check(terminal)
        terminal.type("\r")
        await terminal.until("⏳2")
        typed = re.sub("[\u200b\u00ad]", "", "".join(PIECES))
        assert (await node.messages("bob"))[-1].text == typed  # all but what never is text
        check(terminal)

        terminal.type("a👩\u200d👩\u200d👧b🇨🇳नि")
        await until_written(terminal, "a👩\u200d👩\u200d👧b🇨🇳नि")
        check(terminal)
        assert terminal.meant.cursor.x == 3 + 1 + 2 + 1 + 2 + 1
        terminal.type(LEFT * 4 + BACKSPACE)
        await until_written(terminal, "👩\u200d👩\u200d👧b🇨🇳नि")
        check(terminal)
        terminal.type(DELETE)
        await until_written(terminal, "b🇨🇳नि")
        assert terminal.meant.cursor.x == 3
        check(terminal)
        await check_in_tmux(terminal)
        terminal.type(END + BACKSPACE * 2)
        await until_written(terminal, "b")
        check(terminal)

        terminal.resize(40, 15)
        await terminal.until("‹ bob")
        check(terminal)
        terminal.resize(120, 40)
        await terminal.until("┬")
        check(terminal)
