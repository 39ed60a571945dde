"""Names with blanks, and long ones."""

from __future__ import annotations

import re

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, notice_text, rows_text, running, settle
from tests.support.memory_node import MemoryNode
from tuichat.tui.known import Known
from tuichat.tui.remembered import addressee
from tuichat.tui.widgets.title import Title


async def test_a_name_with_blanks_is_meant_as_a_whole() -> None:
    node = MemoryNode.sample(FixedClock())
    ann, lee = node.person("Ann"), node.person("Ann Lee")
    async with running(node) as (main, pilot):
        await enter(main, pilot, "/msg Ann Lee good morning")
        assert [message.text for message in await node.messages(lee.address)] == ["good morning"]
        await enter(main, pilot, "/msg Ann Leeds is far")
        assert [message.text for message in await node.messages(ann.address)] == ["Leeds is far"]
        await enter(main, pilot, "/tag Ann Lee work")
        assert (await node.contact_get("Ann Lee")).tags == ("work",)
        await enter(main, pilot, "/rename Ann Lee Ann L")
        assert (await node.contact_get(lee.address)).name == "Ann L"
        for line in ("/msg Ann L", "/msg nobody"):
            await enter(main, pilot, line)
            assert "/msg NAME TEXT" in notice_text(main)
        await enter(main, pilot, "/msg nobody hello")
        assert "no contact called nobody" in notice_text(main)


def test_what_is_said_to_a_name_with_blanks_is_kept_as_long_as_they_allow() -> None:
    node, known = MemoryNode(FixedClock()), Known()
    for person in (node.person("Ann"), node.person("Ann Lee")):
        known.people[person.id] = person
    meant = addressee("/msg Ann Lee good morning", None, known)
    assert meant is not None
    assert meant.name == "Ann Lee"


@pytest.mark.parametrize("name", ["x" * 64, "长" * 64])
async def test_a_name_that_is_cut_keeps_a_blank_before_what_stands_behind_it(name: str) -> None:
    node = MemoryNode(FixedClock())
    node.person(name)
    async with running(node) as (main, pilot):
        title = main.query_one(Title)
        assert "… ◌ not reachable" in title.render_line(0).text
        await pilot.press("alt+i")
        await settle(pilot)
        assert re.search("…  ?not verified", rows_text(pilot).splitlines()[0])
