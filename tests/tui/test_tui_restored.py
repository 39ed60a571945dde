"""The first thing that the interface says of a restored profile."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import running
from tests.support.memory_node import MemoryNode


@pytest.mark.parametrize("size", [(80, 24), (40, 15)])
async def test_what_a_node_tells_at_once_is_read_when_the_interface_stands(size: tuple[int, int]) -> None:
    node = MemoryNode.sample(FixedClock())
    node.told_first = ["bob: messages may be missing.", "A backup was restored: messages may be missing."]
    async with running(node, size=size) as (screen, _pilot):
        notice = screen.query_one("#notice", Static)
        assert str(notice.render()) == node.told_first[-1]
        assert notice.is_on_screen
        assert notice.has_class("-warning")
