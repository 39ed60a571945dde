"""Finding a profile's node, and starting one if there is none."""

from __future__ import annotations

import asyncio

from tuichat.api.client import AsyncClient
from tuichat.bootstrap.profiles import socket_path
from tuichat.errors import TuichatError, UnreachableError
from tuichat.i18n import _
from tuichat.store.profile_lock import lock_holder
from tuichat.store.profile_paths import ProfilePaths

ATTACH_SECONDS = 10.0
_PAUSE = 0.05


class NoNodeError(UnreachableError):
    """No node runs, and none was to be started."""


async def attach(paths: ProfilePaths, *, start: bool = True, timeout: float = ATTACH_SECONDS) -> AsyncClient:
    """Connect to the profile's node; if none runs and `start` is true, to a detached one started now.

    A node that starts, ends or hands over just then (its lock is held, but nothing listens) is waited for.

    Raises:
        NoNodeError: none runs, and `start` is false.
        UnreachableError: it did not come up within `timeout` seconds.
        TuichatError: whatever keeps a started node from running.
    """
    try:
        async with asyncio.timeout(timeout):
            while True:
                if (client := await _connected(paths)) is not None:
                    return client
                if lock_holder(paths.lock) is not None:
                    await asyncio.sleep(_PAUSE)
                elif start:
                    from tuichat.bootstrap.starting import start_detached  # seldom needed: costs imports

                    await start_detached(paths)
                else:
                    raise _no_node()
    except TimeoutError:
        raise _no_answer() from None


async def reattach(paths: ProfilePaths, *, timeout: float = ATTACH_SECONDS) -> AsyncClient:
    """After a node said that it hands over: connect to the next one, which may take a moment to come.

    Raises:
        UnreachableError: none came within `timeout` seconds.
    """
    try:
        async with asyncio.timeout(timeout):
            while True:
                if (client := await _connected(paths)) is not None:
                    return client
                await asyncio.sleep(_PAUSE)
    except TimeoutError:
        raise _no_answer() from None


async def _connected(paths: ProfilePaths) -> AsyncClient | None:
    """A client that the node has greeted; None if nobody listens, or only one who is about to end."""
    try:
        client = await AsyncClient.open(socket_path(paths))
    except UnreachableError:
        return None
    try:
        await client.hello()
    except UnreachableError:
        await client.close()
        if client.refusal is not None:
            raise
        return None
    except (TuichatError, asyncio.CancelledError):
        await client.close()
        raise
    return client


def _no_node() -> NoNodeError:
    return NoNodeError(_("No node is running."), _("Start one: tuichat daemon run"))


def _no_answer() -> UnreachableError:
    return UnreachableError(
        _("The profile's node does not answer."), _("Another tuichat may be starting or ending; try again.")
    )
