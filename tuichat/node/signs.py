"""Signs of life: that somebody is writing, and whether they are there. They pass, and nothing keeps them.

Each goes only over a link that stands, to accepted contacts, and only if the settings want it; what others
send is shown either way, for a moment or while the link lasts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from tuichat.model import Presence, SignEvent, from_milliseconds
from tuichat.node.events import EventHub
from tuichat.protocol import frames
from tuichat.store.store import Store

WRITING_SECONDS: Final = 10.0
"""How long somebody is shown as writing after they said so last."""

SAY_AGAIN_SECONDS: Final = 5.0
"""It is said at most so often that this person goes on writing."""

HERE_SECONDS: Final = 150.0
"""How long this person counts as here without the interface saying so again: it may have been killed."""


@dataclass(frozen=True, slots=True)
class SignRules:
    """What of me others are told."""

    receipts: bool = False
    typing: bool = False
    presence: bool = False


class Hearers(Protocol):
    """The links of all contacts."""

    def pass_on(self, contact: int, frame: frames.Frame) -> bool:
        """Send a frame over the contact's link; False if there is none."""
        ...

    def linked(self) -> list[int]:
        """The contacts with a link that stands."""
        ...


@dataclass(slots=True)
class _Heard:
    presence: Presence = ""
    writing: asyncio.TimerHandle | None = None


class Signs:
    """Those of all contacts, and mine.

    Attributes:
        rules: what of me others are told.
    """

    def __init__(self, rules: SignRules, store: Store, hub: EventHub, hearers: Callable[[], Hearers]) -> None:
        self.rules = rules
        self._store = store
        self._hub = hub
        self._hearers = hearers
        self._heard: dict[int, _Heard] = {}
        self._said_at: dict[int, float] = {}
        self._here: dict[str, asyncio.TimerHandle] = {}

    def settle(self, rules: SignRules) -> None:
        """Others are told this of me from now on; who was told that I am here hears the last of it."""
        if self.rules.presence and not rules.presence:
            for front_end in list(self._here):
                self.be(here=False, front_end=front_end)
        self.rules = rules

    # -- theirs --

    def of(self, contact: int) -> tuple[bool, Presence]:
        """Whether a contact is writing, and whether they are there."""
        heard = self._heard.get(contact)
        return (False, "") if heard is None else (heard.writing is not None, heard.presence)

    def hear(self, contact: int, frame: frames.Typing | frames.Presence) -> None:
        """A contact says something of themself; told only if it is another thing than before."""
        before = self.of(contact)
        heard = self._heard.setdefault(contact, _Heard())
        if isinstance(frame, frames.Presence):
            heard.presence = "here" if frame.here else "away"
        else:
            self._stop(heard)
            if frame.now:
                loop = asyncio.get_running_loop()
                heard.writing = loop.call_later(WRITING_SECONDS, self._over, contact)
        if self.of(contact) != before:
            self._tell(contact)

    def link_began(self, contact: int) -> None:
        """Say whether I am here, if others are told."""
        if self.rules.presence and self._is_accepted(contact):
            self._hearers().pass_on(contact, frames.Presence(here=bool(self._here)))

    def link_ended(self, contact: int) -> None:
        """What was heard over a link is over with it."""
        self._said_at.pop(contact, None)
        heard = self._heard.pop(contact, None)
        if heard is not None:
            self._stop(heard)
            self._tell(contact)

    def _over(self, contact: int) -> None:
        heard = self._heard.get(contact)
        if heard is not None:
            heard.writing = None
            self._tell(contact)

    @staticmethod
    def _stop(heard: _Heard) -> None:
        if heard.writing is not None:
            heard.writing.cancel()
            heard.writing = None

    def _tell(self, contact: int) -> None:
        writing, presence = self.of(contact)
        at = from_milliseconds(self._hub.now())
        self._hub.tell(SignEvent(at=at, contact=contact, typing=writing, presence=presence))

    # -- mine --

    def write(self, contact: int, *, now: bool, at: float) -> None:
        """This person writes to a contact, or has stopped, at monotonic time `at`."""
        said_at = self._said_at.get(contact)
        if not self.rules.typing or not self._is_accepted(contact):
            return
        if now and (said_at is None or at - said_at >= SAY_AGAIN_SECONDS):
            if self._hearers().pass_on(contact, frames.Typing(now=True)):
                self._said_at[contact] = at
        elif not now and said_at is not None:
            del self._said_at[contact]
            self._hearers().pass_on(contact, frames.Typing(now=False))

    def be(self, *, here: bool, front_end: str = "") -> None:
        """This person is at a front end for now, or is not; they are here while they are at any of them."""
        if not self.rules.presence:
            return
        was_here, before = bool(self._here), self._here.pop(front_end, None)
        if before is not None:
            before.cancel()
        if here:
            loop = asyncio.get_running_loop()
            self._here[front_end] = loop.call_later(HERE_SECONDS, self._has_left, front_end)
        if bool(self._here) is not was_here:
            self._say_presence()

    def close(self) -> None:
        """Nothing is due any more."""
        for heard in self._heard.values():
            self._stop(heard)
        for here in self._here.values():
            here.cancel()

    def _has_left(self, front_end: str) -> None:
        del self._here[front_end]
        if not self._here:
            self._say_presence()

    def _say_presence(self) -> None:
        for contact in self._hearers().linked():
            self.link_began(contact)

    def _is_accepted(self, contact: int) -> bool:
        row = self._store.contacts.get(contact)
        return row is not None and row.state == "accepted"
