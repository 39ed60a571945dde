"""Where a link leads is seen before it is opened, however long it is."""

from __future__ import annotations

import asyncio

import pytest
from textual.widget import Widget

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, running, settle, top
from tests.support.memory_node import MemoryNode
from tuichat.tui.screens import link_question
from tuichat.tui.screens.link_question import LinkQuestion


async def test_no_link_is_so_long_that_the_place_it_leads_to_is_out_of_sight() -> None:
    node = MemoryNode(FixedClock())
    node.person("bob", stage="linked")
    long = "x" * 20_000
    node.incoming("bob", f"https://a.example/{long} https://bank.example@evil.example/{long}")
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/link")
        await settle(pilot)
        question = top(pilot)
        assert isinstance(question, LinkQuestion)
        assert "a.example" in in_sight(question.query_one("#leads"))
        question.query_one(".box").scroll_end(animate=False)
        await settle(pilot)
        await pilot.press("n")
        await settle(pilot)
        assert "leads to evil.example" in in_sight(question.query_one("#leads"))
        assert "before the @" in in_sight(question.query_one("#cautions"))
        assert "x" * 40 in in_sight(question.query_one("#link"))


def in_sight(widget: Widget) -> str:
    """What of a widget is on the screen."""
    seen = widget.screen.region.intersection(widget.region)
    rows = range(seen.y - widget.region.y, seen.bottom - widget.region.y)
    return "\n".join(widget.render_line(row).text for row in rows)


async def test_a_link_is_opened_once_and_not_by_the_key_that_asks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []
    done = asyncio.Event()

    async def hand(_program: str, url: str) -> None:
        opened.append(url)
        await done.wait()

    monkeypatch.setattr(link_question, "open_link", hand)
    monkeypatch.setattr(link_question, "browser", lambda _environment: "browser")
    node = MemoryNode.sample(FixedClock())
    node.incoming("bob", "see https://a.example/x")
    async with running(node) as (screen, pilot):
        screen.open(1)
        await settle(pilot)
        await pilot.press("escape", "o", "o", "o")
        await settle(pilot)
        assert isinstance(top(pilot), LinkQuestion)
        assert opened == []
        await pilot.press("y", "y", "y")
        await settle(pilot)
        assert opened == ["https://a.example/x"]
        assert "Opening..." in in_sight(top(pilot).query_one("#told"))
        done.set()
        await settle(pilot)
        assert top(pilot) is screen


@pytest.mark.parametrize("size", [(80, 24), (40, 15)])
async def test_all_of_a_link_and_the_keys_behind_it_are_reached_by_keys(size: tuple[int, int]) -> None:
    node = MemoryNode(FixedClock())
    node.person("bob", stage="linked")
    node.incoming("bob", f"https://a.example/{'x' * 2_500}/end")
    async with running(node, size=size) as (screen, pilot):
        await enter(screen, pilot, "/link")
        keys, box = top(pilot).query_one(".keys"), top(pilot).query_one(".box")
        assert "Esc close" not in in_sight(keys)
        for way in ("end", "home", "pagedown", "down", "up", "pageup"):
            before = box.scroll_y
            await pilot.press(way)
            await settle(pilot)
            assert box.scroll_y != before, way
        assert box.scroll_y == 0
        await pilot.press("end")
        await settle(pilot)
        assert "Esc close" in in_sight(keys)
        assert "/end" in in_sight(top(pilot).query_one("#link"))
