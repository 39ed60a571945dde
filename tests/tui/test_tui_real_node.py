"""The interface in front of real nodes: an invite made by one is taken by the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from tests.support.homes import PASSPHRASE, Home, new_home
from tests.support.interface import top
from tuichat import bootstrap
from tuichat.api.client import AsyncClient
from tuichat.tui.app import TuichatApp
from tuichat.tui.context import Options
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.screens.new_invite import NewInvite
from tuichat.tui.screens.open_invites import OpenInvites

_PATIENCE = 150.0  # other processes bring it about, and a busy machine takes long


@asynccontextmanager
async def opened(home: Home, *, sealed: bool = False) -> AsyncIterator[tuple[TuichatApp, Pilot[int]]]:
    """The interface on a profile; it starts the node."""

    async def attach() -> AsyncClient:
        return await bootstrap.attach(home.paths, timeout=150.0)

    app = TuichatApp(attach, Options(theme="dark", blink=False, sealed=sealed))
    async with app.run_test() as pilot:
        yield app, pilot


async def until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    """Let the interface go on until it is so."""
    async with asyncio.timeout(_PATIENCE):
        while not condition():
            await pilot.pause(0.02)


async def write(app: TuichatApp, pilot: Pilot[int], line: str) -> None:
    main = app.main_screen()
    assert main is not None
    await until(pilot, lambda: main.ready and not main.composer.deaf)
    main.composer.take(line)
    await pilot.press("enter")


async def test_an_invite_made_in_one_interface_is_taken_and_listed_in_others() -> None:
    async with new_home() as inviter, new_home() as invited:
        inviter.make_profile(PASSPHRASE)
        invited.make_profile()
        async with opened(inviter, sealed=True) as (app, pilot):
            await pilot.press(*PASSPHRASE, "enter")
            await write(app, pilot, "/invite 30m")
            await until(pilot, lambda: isinstance(top(pilot), NewInvite))
            await pilot.press("c", "escape")
            text = app.clipboard
            await write(app, pilot, "/invites")
            await until(pilot, lambda: isinstance(top(pilot), OpenInvites) and "open until" in listed(pilot))
            await pilot.press("x", "y")
            await until(pilot, lambda: "No invite is open" in listed(pilot))
        async with opened(invited) as (app, pilot):
            await write(app, pilot, f"/add {text} zoe")
            main = app.main_screen()
            assert isinstance(main, MainScreen)
            await until(pilot, lambda: main.conversation.person is not None)
            assert main.conversation.person is not None
            assert (main.conversation.person.name, main.conversation.person.state) == ("zoe", "requested")


def listed(pilot: Pilot[int]) -> str:
    from textual.widgets import Static

    rows = top(pilot).query("#rows")
    return str(rows.first(Static).render()) if rows else ""
