"""Invariants of requests: strangers' are bounded and make room among themselves; each is one commit."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from tests.support.handshakes import person
from tests.support.invariants import holds, scratch
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode
from tests.support.virtual_time import run_virtual
from tuichat.crypto.identity import Identity, parse_certificate
from tuichat.node.first_contact import MAX_PENDING, Shown
from tuichat.protocol.frames import Accepted, Gone, Received, Request
from tuichat.protocol.knock import PROTOCOL_VERSION
from tuichat.store.records import ContactRow

FRIENDS: Final = ("accepted", "requested", "blocked")


def strangers_make_room_among_themselves() -> None:
    """Of 301 requests the oldest goes, and nobody who is no stranger; who was invited takes no place."""

    async def story(node: SimulatedNode) -> None:
        for number, state in enumerate(FRIENDS):
            node.store.contacts.add(bytes([number]) * 32, state, state, created_at=0)  # type: ignore[arg-type]
        strangers = [_stranger(number) for number in range(MAX_PENDING + 1)]
        for stranger in strangers:
            holds("a stranger is told something", isinstance(_ask(node, stranger), Received))
        kept = _pending(node)
        holds(f"{len(kept)} requests are kept", len(kept) == MAX_PENDING)
        holds("it is not the oldest that went", kept == [stranger.onion for stranger in strangers[1:]])
        await node.node.invite_create()
        guest = _stranger(MAX_PENDING + 1)
        holds("the invited one is not let in", isinstance(_ask(node, guest, invite=1), Accepted))
        holds("the invited one took a stranger's place", _pending(node) == kept)
        for state in FRIENDS:
            row = node.store.contacts.by_petname(state)
            holds(f"who was {state} made room", row is not None and row.state == state)

    _play(story)


def a_request_is_judged_in_one_commit() -> None:
    """Whoever becomes a contact does so with keys and version, or not at all."""

    async def story(node: SimulatedNode) -> None:
        await node.node.invite_create()
        for asking, invite in ((_stranger(1), 1), (_stranger(2), None)):
            if invite is None:
                node.store.contacts.add(asking.onion, "requested", "asked", created_at=0)
            holds("a contact is not let in", isinstance(_ask(node, asking, invite), Accepted))
            row = node.store.contacts.by_onion(asking.onion)
            holds("a contact is kept in part", row is not None and _is_whole(row, asking))

    _play(story)


def _is_whole(row: ContactRow, asking: Identity) -> bool:
    keys = (row.sig, row.ik, row.epoch, row.version)
    return keys == (asking.sig, asking.ik, asking.epoch, PROTOCOL_VERSION) and row.state == "accepted"


def _stranger(number: int) -> Identity:
    return person(f"stranger {number}")


def _ask(node: SimulatedNode, asking: Identity, invite: int | None = None) -> Accepted | Received | Gone:
    request = Request(asking.onion, b"", "", "let me in")
    shown = Shown(parse_certificate(asking.certificate), PROTOCOL_VERSION)
    reply, _contact = node.node._first_contact.on_request(request, shown, invite)
    return reply


def _pending(node: SimulatedNode) -> list[bytes]:
    """Who waits for an answer, the oldest request first."""
    rows = [row for row in node.store.contacts.all() if row.state == "pending"]
    return [row.onion for row in sorted(rows, key=lambda row: row.id)]


def _play(story: Callable[[SimulatedNode], Coroutine[Any, Any, None]]) -> None:
    async def whole(directory: Path) -> None:
        node = SimulatedNode("alice", directory, SimulatedNetwork(SeededRng(b"network")), SeededRng(b"alice"))
        await node.start()
        try:
            await story(node)
        finally:
            await node.stop()

    with scratch() as directory:
        run_virtual(whole(directory))
