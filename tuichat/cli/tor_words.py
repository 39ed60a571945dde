"""What hinders tor, told by every command that needs it."""

from __future__ import annotations

import asyncio
from typing import Final

from tuichat.api.client import AsyncClient
from tuichat.i18n import _
from tuichat.tor_words import hindrance, next_step

_START_SECONDS: Final = 5.0
"""Within that a node knows whether it can start tor at all."""

_LOOK_SECONDS: Final = 0.05


async def trouble(node: AsyncClient) -> str:
    """What hinders tor and what to do about it, once tor was to be started; "" if nothing does so far."""
    until = asyncio.get_running_loop().time() + _START_SECONDS
    while True:
        tor = (await node.status()).tor
        if tor.problem or tor.running or asyncio.get_running_loop().time() > until:
            break
        await asyncio.sleep(_LOOK_SECONDS)
    if not (found := hindrance(tor)):
        return ""
    return _("{what}. {next}").format(what=found[0].upper() + found[1:], next=next_step(tor))
