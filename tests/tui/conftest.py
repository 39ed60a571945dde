"""What the interface's tests need beside an interface."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from textual._compositor import Compositor
from textual.app import App

from tests.support.scenery import Before
from tests.support.screenshots import Album
from tuichat import i18n

Compare = Callable[..., None]

for name in ("TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "NO_COLOR"):
    os.environ.pop(name, None)  # what this person sits at


@pytest.fixture
def album(snapshot: SnapshotAssertion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Album:
    """What stands over another screen is drawn in its pictures only: there is no terminal to draw for."""
    draw = Compositor.render_update

    def seldom(self: Compositor, full: bool = False, **options: Any) -> Any:
        if full or not options.get("screen_stack"):
            return draw(self, full, **options)
        self._dirty_regions.clear()
        return None

    monkeypatch.setattr(Compositor, "render_update", seldom)
    return Album(snapshot, tmp_path)


@pytest.fixture
def snap_compare(album: Album) -> Compare:
    """Compares one picture of an interface, taken when `before` is done; the interface has not ended."""

    async def draw(app: App[Any], before: Before, size: tuple[int, int]) -> None:
        async with app.run_test(size=size) as pilot:
            await before(pilot)
            album.look(app)

    def compare(app: App[Any], before: Before, *, size: tuple[int, int] = (80, 24)) -> None:
        asyncio.run(draw(app, before, size))
        album.close()
        assert not app.return_code

    return compare


@pytest.fixture(params=["en", "zh_CN"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What everything is said in."""
    monkeypatch.setattr(i18n, "_translations", i18n._translations)
    i18n.use_language(request.param)
    return str(request.param)
