"""Themes are legible, and a mistake in one names its file, its line and what belongs there."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path

import pytest
from textual.color import Color

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, notice_text, running
from tests.support.memory_node import MemoryNode
from tuichat.errors import UsageError
from tuichat.tui.themes import ROLES, Palette, load_palettes, read_palette

SHIPPED = load_palettes()
GOOD = (Path(__file__).parents[2] / "themes" / "dark.toml").read_text(encoding="utf-8")


def contrast(one: str, other: str) -> float:
    """WCAG 2.1, 1.4.3: (lighter + 0.05) / (darker + 0.05) of relative luminance."""

    def luminance(name: str) -> float:
        colour = Color.parse(name)
        parts = [channel / 255 for channel in (colour.r, colour.g, colour.b)]
        red, green, blue = (
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


# Viénot, Brettel, Mollon 1999: what remains of linear red, green, blue without cones for red, and for green.
WITHOUT_RED = ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0))
WITHOUT_GREEN = ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0))


def seen(name: str, eye: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    """A colour in CIE L*a*b* (D65) as such an eye sees it."""
    colour = Color.parse(name)
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.r / 255, colour.g / 255, colour.b / 255)
    ]
    red, green, blue = (
        min(1.0, max(0.0, sum(a * b for a, b in zip(row, linear, strict=True)))) for row in eye
    )
    white = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883,
    )
    x, y, z = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in white)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def test_at_least_eight_themes_are_shipped_for_every_kind_of_eye() -> None:
    assert len(SHIPPED) >= 8
    assert {"colour-safe-dark", "colour-safe-light", "contrast-dark", "mono", "ember"} <= set(SHIPPED)


@pytest.mark.parametrize("name", ["colour-safe-dark", "colour-safe-light"])
@pytest.mark.parametrize("eye", [WITHOUT_RED, WITHOUT_GREEN], ids=["protanopia", "deuteranopia"])
def test_states_and_people_differ_for_those_who_see_no_red_or_no_green(
    name: str, eye: tuple[tuple[float, ...], ...]
) -> None:
    palette = SHIPPED[name]
    states = [palette.colours[role] for role in ("accent", "unread", "danger", "linked")]
    for colours in (states, list(palette.people)):
        apart = {
            (one, other): math.dist(seen(one, eye), seen(other, eye))
            for one, other in combinations(colours, 2)
        }
        assert min(apart.values()) >= 20, apart  # of 100 from black to white; 2.3 are just seen


@pytest.mark.parametrize("name", ["contrast-dark", "contrast-light"])
def test_high_contrast_is_at_least_seven_to_one(name: str) -> None:
    palette = SHIPPED[name]
    texts = [palette.colours[role] for role in ROLES if role not in ("background", "rule", "chosen")]
    for ground in ("background", "chosen"):
        faint = {text: contrast(text, palette.colours[ground]) for text in (*texts, *palette.people)}
        assert min(faint.values()) >= 7, faint


def test_mono_is_grey_alone() -> None:
    for name in (*SHIPPED["mono"].colours.values(), *SHIPPED["mono"].people):
        colour = Color.parse(name)
        assert colour.r == colour.g == colour.b


def test_a_dark_a_light_and_a_sixteen_colour_theme_are_shipped() -> None:
    assert set(SHIPPED) >= {"dark", "light", "sixteen"}
    assert SHIPPED["dark"].dark
    assert not SHIPPED["light"].dark
    assert SHIPPED["sixteen"].terminal_colours


@pytest.mark.parametrize("name", [name for name, each in SHIPPED.items() if not each.terminal_colours])
@pytest.mark.parametrize("ground", ["background", "chosen"])
def test_every_text_is_at_least_four_and_a_half_to_one(name: str, ground: str) -> None:
    palette: Palette = SHIPPED[name]
    roles = ("text", "muted", "accent", "unread", "danger", "linked", "waiting")
    colours = [palette.colours[role] for role in roles] + list(palette.people)
    faint = {colour: round(contrast(colour, palette.colours[ground]), 2) for colour in colours}
    assert all(ratio >= 4.5 for ratio in faint.values()), faint


@pytest.mark.parametrize(
    ("old", "new", "line", "hint"),
    [
        ('accent = "#7db7e8"', 'accent = "#7db7eX"', 11, "ansi_cyan"),
        ('accent = "#7db7e8"', 'acent = "#7db7e8"', 11, "accent"),
        ("dark = true", 'dark = "yes"', 3, "true or false"),
        ('name = "dark"', 'name = "My Theme"', 2, "lower-case"),
    ],
)
def test_a_mistake_names_file_line_and_choices(
    tmp_path: Path, old: str, new: str, line: int, hint: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_palette(path)
    assert f"{path}, line {line}" in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["[", "name = 'x", "\0", "a = " + "[" * 5000])
def test_what_is_not_toml_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"mine\.toml"):
        read_palette(path)


def test_a_missing_role_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace('unread = "#e6b450"\n', ""), encoding="utf-8")
    with pytest.raises(UsageError, match="unread"):
        read_palette(path)


def test_a_theme_of_ones_own_is_found_and_may_replace_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD.replace('name = "dark"', 'name = "mine"'), encoding="utf-8")
    (tmp_path / "b.toml").write_text(GOOD.replace("#7db7e8", "#ffffff"), encoding="utf-8")
    palettes = load_palettes([tmp_path])
    assert "mine" in palettes
    assert palettes["dark"].colours["accent"] == "#ffffff"


async def test_a_theme_of_ones_own_that_is_newer_than_the_interface_can_be_chosen(tmp_path: Path) -> None:
    async with running(MemoryNode.sample(FixedClock()), themes=(tmp_path,)) as (screen, pilot):
        await enter(screen, pilot, "/theme mine")
        assert "no theme called mine" in notice_text(screen)
        mine = GOOD.replace('"dark"', '"mine"')
        ground = SHIPPED["dark"].colours["background"]
        for colour in ("#010203", "#030201"):
            (tmp_path / "mine.toml").write_text(mine.replace(ground, colour), encoding="utf-8")
            await enter(screen, pilot, "/theme mine")  # and once more, though it is in force
            assert "Theme: mine" in notice_text(screen)
            assert screen.styles.background.hex.lower() == colour
        (tmp_path / "mine.toml").write_text("name = 1", encoding="utf-8")
        await enter(screen, pilot, "/theme dark")
        assert "mine.toml" in notice_text(screen)
        assert pilot.app.theme == "mine"


async def test_behind_a_theme_whose_file_is_gone_comes_the_first(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(GOOD.replace('"dark"', '"mine"'), encoding="utf-8")
    async with running(MemoryNode.sample(FixedClock()), themes=(tmp_path,)) as (screen, pilot):
        await enter(screen, pilot, "/theme mine")
        file.unlink()
        await enter(screen, pilot, "/theme nonsense")  # the themes are read anew
        assert "no theme called nonsense" in notice_text(screen)
        await enter(screen, pilot, "/theme")
        assert pilot.app.theme == next(iter(SHIPPED))
        await enter(screen, pilot, "/theme")
        assert pilot.app.theme == list(SHIPPED)[1]
