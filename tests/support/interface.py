"""The interface with a node in memory behind it, at a fixed time, without anything that moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any, Final, cast

import msgspec
from textual import app as textual_app
from textual import pilot as textual_pilot
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, TextArea

from tests.support.at_rest import wait_for_rest
from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode
from tuichat.tui.app import TuichatApp
from tuichat.tui.context import CreateProfile, Graphics, Options, Way
from tuichat.tui.glyphs import UNICODE, Glyphs
from tuichat.tui.node_client import NodeClient
from tuichat.tui.screens.main import MainScreen

textual_app.wait_for_idle = textual_pilot.wait_for_idle = wait_for_rest  # type: ignore[attr-defined]
"""A pilot goes on when the interface has come to rest, not when this process is idle."""

_PATIENCE: Final = 5000
"""Turns of the loop until something is said to hang: half a minute at least."""

Prepare = Callable[[MemoryNode], None]


def interface(
    node: MemoryNode,
    *,
    theme: str = "dark",
    keys: str = "default",
    notify: Way = "off",
    notify_content: bool = False,
    hint: str = "",
    glyphs: Glyphs = UNICODE,
    create_profile: CreateProfile | None = None,
    save: Callable[[str, str], None] | None = None,
    sealed: bool = False,
    started: asyncio.Event | None = None,
    scratch: Callable[[], Path] | None = None,
    images: bool = False,
    graphics: Graphics | None = None,
    blink: bool = False,
    themes: tuple[Path, ...] = (),
    keymaps: tuple[Path, ...] = (),
) -> TuichatApp:
    """An app that attaches to `node`, as soon as that has `started`."""

    async def attach() -> NodeClient:
        if started is not None:
            await started.wait()
        return node

    options = Options(
        theme=theme,
        theme_directories=themes,
        keys=keys,
        keymap_directories=keymaps,
        notify=notify,
        notify_content=notify_content,
        hint=hint,
        glyphs=glyphs,
        zone=UTC,
        blink=blink,
        create_profile=create_profile,
        save=save,
        sealed=sealed,
        images=images,
        graphics=graphics,
    )
    if scratch is not None:
        options = msgspec.structs.replace(options, scratch=scratch)
    return TuichatApp(attach, options, FixedClock())


@asynccontextmanager
async def running(
    node: MemoryNode, *, size: tuple[int, int] = (80, 24), **options: object
) -> AsyncIterator[tuple[MainScreen, Pilot[int]]]:
    """The main screen of a running interface, loaded."""
    app = interface(node, **options)  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield cast(MainScreen, app.main_screen()), pilot


async def settle(pilot: Pilot[int]) -> None:
    """Wait until nothing is under way: a node in memory answers within a few turns of the loop."""
    mains = [each for each in pilot.app.screen_stack if isinstance(each, MainScreen)]
    while not all(main.ready for main in mains):
        await pilot.pause()
    for _turn in range(5):
        await pilot.pause()
    while not pilot.app._exit and any(
        isinstance(each, MainScreen) and each.catching_up for each in pilot.app.screen_stack
    ):
        await pilot.pause(0.02)  # what has ended draws nothing any more
    for screen in pilot.app.screen_stack:
        for field in [*screen.query(Input), *screen.query(TextArea)]:
            field.cursor_blink = False  # a picture that takes long would else show the cursor, or not
    await pilot.pause()


async def resize(pilot: Pilot[Any], columns: int, rows: int) -> None:
    """Give the terminal another size, and wait until the screen is laid out in it: Textual waits a moment."""
    await pilot.resize_terminal(columns, rows)
    for _turn in range(_PATIENCE):
        timer, laid_out = pilot.app._resize_timer, pilot.app.screen._compositor.size
        if timer is None and laid_out == (columns, rows):
            break
        await pilot.pause()
    else:
        raise AssertionError(f"it is not {columns}x{rows}: {laid_out} of {pilot.app.size}, {timer}")


async def enter(screen: MainScreen, pilot: Pilot[int], line: str) -> None:
    """Write a line, as if typed, and press Enter."""
    screen.composer.take(line)
    await pilot.press("enter")
    await settle(pilot)


def seen(screen: MainScreen, selector: str) -> bool:
    """Whether a widget is on screen now."""
    return screen.query_one(selector).is_on_screen


def top(pilot: Pilot[int]) -> Screen[object]:
    """The screen that is seen."""
    return pilot.app.screen


def history_text(screen: MainScreen) -> str:
    """The rows of the history as they are on screen."""
    history = screen.history
    return "\n".join(history.render_line(y).text.rstrip() for y in range(history.size.height)).strip("\n")


def rows_text(pilot: Pilot[int]) -> str:
    """The rows to pick one of, on the screen in front, also those that are scrolled away."""
    from tuichat.tui.widgets.pick_list import PickList

    lines = pilot.app.screen.query_one(PickList)._lines
    return "\n".join("".join(text for _role, text in line.parts).rstrip() for line in lines)


def notice_text(screen: MainScreen) -> str:
    """The sentence above the input."""
    from textual.widgets import Static

    return str(screen.query_one("#notice", Static).render())
