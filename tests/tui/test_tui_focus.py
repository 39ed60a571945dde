"""Where the focus is can be seen in every theme: by a sign or an attribute, never by a colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Final

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, running, settle, top
from tests.support.memory_node import MemoryNode
from tests.support.scenes import SCENES
from tuichat.tui.glyphs import ASCII, UNICODE, Glyphs
from tuichat.tui.screens.first_run import FirstRun
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.screens.unlock import Unlock
from tuichat.tui.themes import load_palettes

Steps = tuple[str, ...]
Look = list[list[tuple[str, bool, bool]]]
"""The cells of a widget: what stands there, and whether it is bold or reversed."""

SCREENS: Final[tuple[Steps, ...]] = (
    ("/query bob",),
    ("/requests",),
    ("/add",),
    ("/search draft",),
    ("/card",),
    ("/invite",),
    ("/help",),
    ("/bridges",),
    ("/wipe",),
    ("/switch",),
    ("/settings",),
    ("/settings", "down", "enter"),
    ("/files",),
    ("/files", "o"),
    ("/invites",),
    ("/blocked",),
    ("/address",),
    ("/remove bob",),
    ("/verify bob",),
    ("/status",),
    ("/passphrase",),
    ("/query bob", "/link"),
    ("/query bob", "/memory on"),
    ("ctrl+p",),
    ("ctrl+q",),
    ("/query bob", "alt+end", "escape", "+"),
)
"""A command or keys, and more keys: each leads to another screen."""


def look(widget: Widget) -> Look:
    region = widget.region
    strips = widget.screen._compositor.render_strips()
    rows = []
    for strip in strips[region.y : region.bottom]:
        cells = [
            (
                letter,
                bool(segment.style and segment.style.bold),
                bool(segment.style and segment.style.reverse),
            )
            for segment in strip
            for letter in segment.text
        ]
        rows.append(cells[region.x : region.right])
    return rows


async def walked(pilot: Pilot[int], key: str) -> dict[Widget, dict[Widget, Look]]:
    """Each place that `key` leads to, with how all of them look while the focus is there."""
    places = pilot.app.screen.focus_chain
    seen: dict[Widget, dict[Widget, Look]] = {}
    for _step in range(len(places) + 1):
        await pilot.press(key)
        await pilot.pause()
        focused = pilot.app.focused
        if focused is not None:
            seen[focused] = {place: look(place) for place in places}
    return seen


@pytest.mark.parametrize(
    ("glyphs", "screens"), [(UNICODE, SCREENS), (ASCII, SCREENS[:3])], ids=["unicode", "ascii"]
)
async def test_the_focused_place_differs_from_every_other_by_more_than_colour(
    glyphs: Glyphs, screens: Sequence[Steps]
) -> None:
    themes = cycle(sorted(load_palettes()))
    node = MemoryNode.sample(FixedClock(), node="detached", files=True)
    node.incoming("bob", "see https://example.org/")
    seen_screens, places = set(), 0
    async with running(node, glyphs=glyphs) as (screen, pilot):
        for steps in screens:
            pilot.app.theme = next(themes)
            await follow(screen, pilot, steps)
            seen_screens.add(type(top(pilot)))
            seen = await walked(pilot, "shift+tab")
            for place, looks in seen.items():
                for other in seen.keys() - {place}:
                    assert looks[place] != seen[other][place], (steps, place, other)
            places += len(seen)
            while top(pilot) is not screen:
                await pilot.press("escape")
                await settle(pilot)
            screen.composer.focus()
    assert places >= len(screens)
    if screens is SCREENS:
        missing = {scene.screen for scene in SCENES.values()} - seen_screens
        assert missing == {FirstRun, Unlock}  # which have one place to type, and nothing behind it


async def follow(screen: MainScreen, pilot: Pilot[int], steps: Steps) -> None:
    for step in steps:
        if step.startswith("/"):
            await enter(screen, pilot, step)
        else:
            await pilot.press(step)
            await settle(pilot)


async def test_behind_a_question_the_input_has_no_cursor() -> None:
    def drawn() -> list[object]:
        return [(segment.text, segment.style) for segment in screen.composer.render_line(0)]

    async with running(MemoryNode.sample(FixedClock())) as (screen, pilot):
        with_cursor = drawn()
        await enter(screen, pilot, "/add")
        assert top(pilot) is not screen
        behind = drawn()
        assert behind != with_cursor
        await pilot.press("escape")
        await settle(pilot)
        assert drawn() == with_cursor
        screen.history.focus()
        await settle(pilot)
        assert drawn() == behind
