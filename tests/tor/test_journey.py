"""Two people, two terminals, real tor: from the first run to the wipe by nothing but keys."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.journey import FIGURES, Journey, travelled
from tests.support.network_thread import NetworkThread
from tests.support.session_page import PAGE, outline, windows, written

pytestmark = [pytest.mark.tor, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def journey(tor_network: NetworkThread) -> AsyncIterator[Journey]:
    async with travelled(tor_network.torrc) as gone:
        yield gone


async def test_file_arrives_as_it_was_sent(journey: Journey) -> None:
    assert journey.received == FIGURES


async def test_both_see_the_same_safety_number(journey: Journey) -> None:
    hers, his = journey.numbers
    assert hers == his
    assert len(hers) == 60


async def test_nothing_of_a_profile_is_left_but_the_name_of_its_lock(journey: Journey) -> None:
    assert {path.name for path in journey.left} <= {"lock", "run"}
    assert all(path.is_dir() or not path.read_bytes().strip() for path in journey.left)


async def test_recorded_session_is_this_way(journey: Journey) -> None:
    page = PAGE.read_text(encoding="utf-8")
    mend = "run: .venv/bin/python -m tests.support.session_page, and read it"
    assert outline(page) == outline(written(journey.scenes)), mend
    for scene, window in zip(journey.scenes, windows(page), strict=True):
        for text in scene.seen:
            assert text in window, mend
