"""Where a link leads is seen before it is opened, however long it is."""

from __future__ import annotations

from textual.widget import Widget

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, running, settle, top
from tests.support.memory_node import MemoryNode
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
