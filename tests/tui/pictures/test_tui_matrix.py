"""How every screen looks: three sizes, a dark and a light theme, English and Chinese.

One interface is resized and changes its theme while it shows the scene: what does not follow is seen in the
pictures.
"""

from __future__ import annotations

import asyncio
import importlib
import pkgutil

import pytest
from textual.screen import Screen

from tests.support.interface import settle
from tests.support.memory_node import MemoryNode
from tests.support.scenes import SCENES, Scene
from tests.support.screenshots import STEPS, Album, in_all_looks
from tuichat import tui
from tuichat.tui.screens.picture_screen import PictureScreen


@pytest.mark.parametrize("name", SCENES)
def test_scene(album: Album, language: str, name: str) -> None:
    asyncio.run(draw(SCENES[name], SCENES[name].people(), album))
    album.close()


async def draw(scene: Scene, node: MemoryNode, album: Album) -> None:
    app = scene.make(node)
    async with app.run_test(size=STEPS[0][0]) as pilot:
        await scene.before(pilot)
        assert type(app.screen) is scene.screen
        await in_all_looks(pilot, album, settle)
    assert not app.return_code


def test_every_screen_is_in_a_scene() -> None:
    """Wherever in the interface it is written; those that others are made of stand in none."""
    for module in pkgutil.walk_packages(tui.__path__, f"{tui.__name__}."):
        importlib.import_module(module.name)
    own = [each for each in _below(Screen) if each.__module__.startswith(f"{tui.__name__}.")]
    whole = {each for each in own if not each.__subclasses__()}
    assert whole - {scene.screen for scene in SCENES.values()} == {PictureScreen}  # in test_tui_pictures.py


def _below(kind: type[Screen[object]]) -> set[type[Screen[object]]]:
    return {kind, *(each for below in kind.__subclasses__() for each in _below(below))}
