"""Names and numbers for a completion, from the node that runs; none is started, and nobody is asked."""

from __future__ import annotations

import asyncio
import contextlib
import unicodedata
from collections.abc import Iterable

from msgspec.structs import replace

from tuichat.api.node_api import NodeApi
from tuichat.cli.commands import parser_for
from tuichat.cli.context import Context, run_async
from tuichat.cli.unfinished import Place
from tuichat.errors import TuichatError

_SECONDS = 2.0
"""After that long nobody waits at a Tab any more."""

_FILES = 100
_MESSAGES = 20
_CONVERSATIONS = 3
_MOVING = ("Cc", "Cs", "Zl", "Zp")

_FILE_STATES = {
    "accept": ("offered",),
    "decline": ("offered",),
    "cancel": ("offered", "waiting", "active", "paused"),
    "pause": ("waiting", "active"),
    "resume": ("paused", "failed"),
}
"""For which command of `files` which are worth to be offered; for others all are."""


def known_words(context: Context, place: Place, dest: str) -> tuple[str, ...]:
    """What fits the argument `dest`; nothing if no node runs, or it is locked, slow or strange."""

    async def asked() -> list[str]:
        from tuichat import bootstrap

        profile = replace(context, words=parser_for(()).parse_args(place.before))
        if not bootstrap.socket_path(profile.paths()).exists():
            return []
        async with asyncio.timeout(_SECONDS):
            client = await bootstrap.attach(profile.paths(), start=False, timeout=_SECONDS)
            async with client:
                return [] if (await client.hello()).locked else await words_from(client, place, dest)

    with contextlib.suppress(TuichatError, TimeoutError, OSError, SystemExit):
        return usable(place, run_async(asked()))
    return ()


def usable(place: Place, words: Iterable[str]) -> tuple[str, ...]:
    """Without what cannot be typed on a line, or would be an option there."""
    return tuple(
        word
        for word in words
        if not any(unicodedata.category(character) in _MOVING for character in word)
        and not (place.options and word.startswith("-"))
    )


async def words_from(node: NodeApi, place: Place, dest: str) -> list[str]:
    """What a node that is not locked knows for the argument `dest`."""
    if dest == "ref":
        contacts = await node.contact_list()
        asking = place.path in (("contact", "accept"), ("contact", "reject"))
        return [contact.name for contact in contacts if not asking or contact.state == "pending"]
    if dest in ("tag", "tags"):
        return sorted({tag for contact in await node.contact_list() for tag in contact.tags})
    if dest == "id" and place.path[0] == "invite":
        return [str(invite.id) for invite in await node.invite_list() if invite.state == "open"]
    if dest in ("id", "before") and place.path[0] == "files":
        return await _files(node, _FILE_STATES.get(place.path[-1], ()))
    if dest == "message" or (dest in ("reply", "before") and place.path[0] != "search"):
        return await _messages(node, place)
    return []


async def _files(node: NodeApi, states: Iterable[str]) -> list[str]:
    files = await node.file_list(limit=_FILES)
    return [str(file.id) for file in reversed(files) if not states or file.state in states]


async def _messages(node: NodeApi, place: Place) -> list[str]:
    """Of the conversation that is named, or of those in which most lately something was said."""
    refs = list(place.given[:1]) if place.path[0] in ("send", "messages") else []
    if not refs:
        said = [contact for contact in await node.contact_list() if contact.last_message_at is not None]
        said.sort(key=lambda contact: str(contact.last_message_at), reverse=True)
        refs = [contact.address for contact in said[:_CONVERSATIONS]]
    found = [message for ref in refs for message in await node.messages(ref, _MESSAGES)]
    if place.path[0] in ("edit", "unsend"):
        found = [message for message in found if message.direction == "out" and not message.unsent]
    if place.path[0] == "cancel":
        found = [message for message in found if message.direction == "out" and message.state == "queued"]
    return [str(message.id) for message in sorted(found, key=lambda message: -message.id)]
