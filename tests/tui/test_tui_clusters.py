"""What a reader sees as one is one; nothing is lost, and no width is smaller than the interface counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.support.odd_texts import odd_texts
from tuichat.tui.clusters import boundaries, clusters, countable


@pytest.mark.parametrize(
    "parts",
    [
        ["é", "e\u0301", "e\u0301\u0323", "x"],
        ["👩\u200d👩\u200d👧", "👩🏽\u200d🚀", "👍🏽", "❤\ufe0f\u200d🔥", "👍"],
        ["🇨🇳", "🇩🇪", "🇫", "a"],
        ["1\ufe0f\u20e3", "#\ufe0f\u20e3", "1"],
        ["🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "🏴"],
        ["ᄒ\u119e\u11ab", "ᄀ\u1161", "각", "ᄀᄀ각\u11a8", "각"],
        ["नि", "क्षि", "क्\u200dष", "स"],
        ["நி", "க்", "ஷ"],
        ["น้ำ", "ที่", "ก"],
        ["ש\u05c1\u05b8", "ל", "ו\u05b9", "ם"],
        ["م\u0651\u064e", "\u0640", "ب\u200d", "ه"],
    ],
)
def test_clusters_are_what_a_reader_sees_as_one(parts: list[str]) -> None:
    assert [cluster.text for cluster in clusters("".join(parts))] == parts


@given(odd_texts())
def test_nothing_is_lost_and_the_widths_are_those_of_the_interface(text: str) -> None:
    found = clusters(text)
    assert "".join(cluster.text for cluster in found) == text
    assert len(boundaries(text)) == len(found) + 1
    assert sum(cluster.width for cluster in found) == cell_len(countable(text))
    assert all(cluster.width <= cluster.most for cluster in found)


@given(st.text(max_size=20))
def test_any_text_comes_apart_into_itself(text: str) -> None:
    assert "".join(cluster.text for cluster in clusters(text)) == text
