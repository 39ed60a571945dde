"""Where the focus is can be seen in every theme: by a sign or an attribute, never by a colour alone."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, running, settle, top
from tests.support.memory_node import MemoryNode
from tuichat.tui.glyphs import ASCII, UNICODE, Glyphs

Look = list[list[tuple[str, bool, bool]]]
"""The cells of a widget: what stands there, and whether it is bold or reversed."""

SCREENS = (
    "",
    "/requests",
    "/add",
    "/search draft",
    "/card",
    "/invite",
    "/help",
    "/bridges",
    "/wipe",
    "/switch",
    "/settings",
    "/files",
    "/invites",
    "/blocked",
    "/address",
    "/remove bob",
    "/verify bob",
)


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
    ("theme", "glyphs", "screens"),
    [("dark", UNICODE, 17), ("mono", UNICODE, 3), ("light", UNICODE, 3), ("sixteen", ASCII, 3)],
)
async def test_the_focused_place_differs_from_every_other_by_more_than_colour(
    theme: str, glyphs: Glyphs, screens: int
) -> None:
    places = 0
    async with running(MemoryNode.sample(FixedClock()), theme=theme, glyphs=glyphs) as (screen, pilot):
        for command in SCREENS[:screens]:
            await enter(screen, pilot, command)
            seen = await walked(pilot, "shift+tab")
            for place, looks in seen.items():
                for other in seen.keys() - {place}:
                    assert looks[place] != seen[other][place], (command, place, other)
            places += len(seen)
            while top(pilot) is not screen:
                await pilot.press("escape")
                await settle(pilot)
            screen.composer.focus()
    assert places >= screens + 5


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
