"""Invariants of invites: each makes one contact, whatever is cut and whoever crashes, and none again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.support.invariants import holds, scratch
from tests.support.invite_circle import DAY, Circle, linked, talk
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual
from tuichat.node.reach import Visibility

CUTS: Final = range(1, 17)
"""More messages than it takes to come by an invite and to say something each way."""

ARRIVALS: Final = range(1, 8)

VISIBILITIES: Final[tuple[Visibility, ...]] = ("public", "contacts")


def an_invite_makes_one_contact_whatever_is_cut() -> None:
    """Every connection is lost with one of the messages; the first bearer comes in, and the second never."""
    for visibility in VISIBILITIES:
        for cut_at in CUTS:
            _play(visibility, partial(_cut, cut_at), str(cut_at))


def an_invite_makes_one_contact_whoever_crashes() -> None:
    """One of the two dies as a message reaches them, and comes back."""
    for name in ("alice", "bob"):
        for number in ARRIVALS:
            _play("public", partial(_crash, name, number), f"{name}{number}")


def an_invite_brings_nobody_back_who_was_removed() -> None:
    """Not over the very link that it brought about, nor later."""

    async def story(circle: Circle) -> None:
        await circle.bob.node.contact_add(await circle.invite(), "alice")
        holds("bob does not come in", await until(lambda: linked(circle.alice, circle.bob), DAY))
        await circle.alice.node.contact_remove(circle.bob.address)
        await asyncio.sleep(DAY)
        states = [contact.state for contact in await circle.alice.node.contact_list()]
        holds(f"bob is back: {states}", "accepted" not in states)
        holds("the invite is good for somebody", await _state(circle) == "revoked")

    for visibility in VISIBILITIES:
        _play(visibility, story)


async def _cut(number: int, circle: Circle) -> None:
    text = await circle.invite()
    circle.network.cut_at = number
    await _come_in(circle, text)


async def _crash(name: str, number: int, circle: Circle) -> None:
    text = await circle.invite()
    person = circle.alice if name == "alice" else circle.bob
    fallen = asyncio.get_running_loop().create_future()

    def fall() -> None:
        person.die()
        fallen.set_result(None)

    _on_arrival(circle, person, number, fall)
    coming = asyncio.ensure_future(circle.bob.node.contact_add(text, "alice"))
    await asyncio.wait({fallen}, timeout=600)
    await asyncio.gather(coming, return_exceptions=True)
    if fallen.done():
        await asyncio.sleep(5)
        await person.start()
    circle.network.on_arrival.clear()
    await _come_in(circle, text)


def _on_arrival(circle: Circle, person: SimulatedNode, number: int, event: Callable[[], None]) -> None:
    """Let something happen when so many more messages have reached the person."""
    then = event if number == 1 else lambda: _on_arrival(circle, person, number - 1, event)
    circle.network.on_arrival[person.onion] = then


async def _come_in(circle: Circle, text: str) -> None:
    """Bob becomes a contact by the invite, Carol does not, and the invite is closed when Bob calls as one."""
    if not await circle.bob.node.contact_list():
        await circle.bob.node.contact_add(text, "alice")
    for one, other in ((circle.alice, circle.bob), (circle.bob, circle.alice)):
        holds("the first bearer does not come in", await until(partial(linked, one, other), 2 * DAY))
    await talk(circle.alice, circle.bob)
    await circle.carol.node.contact_add(text, "alice")
    await asyncio.sleep(600)
    others = [contact.address for contact in await circle.alice.node.contact_list() if contact.online]
    holds("the second bearer comes in", others == [circle.bob.address])
    holds("the invite is not the first bearer's", await _state(circle) in ("bound", "closed"))
    (invite,) = await circle.alice.node.invite_list()
    holds("the invite is somebody else's", invite.used_by == circle.bob.address)
    if circle.alice.visibility == "public":
        holds("the second bearer is not told", not circle.carol.node._store.contacts.all()[0].invite)
    circle.network.cut_all()
    await asyncio.sleep(60)
    holds("the contact does not come back", await until(lambda: linked(circle.alice, circle.bob), DAY))
    holds("the invite stays open to its bearer", await _state(circle) == "closed")


async def _state(circle: Circle) -> str:
    (invite,) = await circle.alice.node.invite_list()
    return invite.state


def _play(
    visibility: Visibility, story: Callable[[Circle], Coroutine[Any, Any, None]], seed: str = ""
) -> None:
    async def whole(directory: Path) -> None:
        circle = Circle(directory, seed)
        circle.alice.visibility = circle.bob.visibility = visibility
        async with circle:
            await story(circle)

    with scratch() as directory:
        run_virtual(whole(directory))
