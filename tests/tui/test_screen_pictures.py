"""The pictures of the pages show the interface as it is, and need nothing but what is in them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.support.screen_pictures import ALL, PICTURES, drawn
from tests.support.svg_screen import portable

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", list(ALL))
async def test_picture_is_as_the_interface_draws_it_now(name: str) -> None:
    mend = "run: .venv/bin/python -m tests.support.screen_pictures, and look at them"
    assert (PICTURES / f"{name}.svg").read_text(encoding="utf-8") == await drawn(ALL[name]), mend


def test_there_is_no_other_picture_and_each_is_shown_on_a_page() -> None:
    pages = "".join(
        page.read_text(encoding="utf-8") for page in (ROOT / "README.md", *ROOT.glob("docs/*.md"))
    )
    for path in PICTURES.iterdir():
        assert path.stem in ALL
        assert f"pictures/{path.name})" in pages


@pytest.mark.parametrize("name", list(ALL))
def test_picture_loads_nothing(name: str) -> None:
    svg = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
    ElementTree.fromstring(svg)
    links = set(re.findall(r"https?://[^\s\"<]+", svg))
    assert links <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}  # a namespace and a comment
    assert "@font-face" not in svg
    assert "url(" not in svg.replace("url(#t-clip-terminal)", "")


def test_rules_are_shapes_and_words_stand_at_their_cells() -> None:
    clip = 'clip-path="url(#terminal-1-line-0)"'
    before = f'<text class="terminal-1-r1" x="12.2" y="20" textLength="85.4" {clip}>──&#160;小明│</text>'
    rule, first, second, bar = portable(before).splitlines()
    assert rule == '<rect class="t-r1" x="12.2" y="13.09" width="24.4" height="1.22"/>'
    assert first == '<text class="t-r1" x="48.8" y="20" textLength="24.4">小</text>'
    assert second == '<text class="t-r1" x="73.2" y="20" textLength="24.4">明</text>'
    assert bar == '<rect class="t-r1" x="103.09" y="1.5" width="1.22" height="24.4"/>'
