"""What the interface knows of the node between two questions: people, files, tor, and our own service."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from tuichat.model import (
    AnyEvent,
    Contact,
    ContactEvent,
    ContactRemovedEvent,
    FileEvent,
    FileRemovedEvent,
    LinkEvent,
    ServiceEvent,
    ServiceState,
    SignEvent,
    Status,
    TorEvent,
    TorState,
)
from tuichat.tui.files import KnownFiles
from tuichat.tui.link_times import LinkTimes
from tuichat.tui.person_colours import PEOPLE
from tuichat.tui.slash import Names

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Known:
    """Records by id, kept up to date by events.

    Attributes:
        without_node: no node was found, or it was stopped: nobody is linked, and nobody reaches us.
    """

    def __init__(self) -> None:
        self.people: dict[int, Contact] = {}
        self._sorted: tuple[list[Contact], list[Contact]] = [], []
        self.files = KnownFiles()
        self.retry_at: dict[int, datetime | None] = {}
        self.link_times = LinkTimes()
        self.tor = TorState()
        self.service = ServiceState()
        self.address = ""
        self.name = ""
        self.without_node = False

    def node_went(self) -> None:
        """What was so only while a node was there; what was said and what waits stay."""
        self.without_node = True
        self.tor, self.service = TorState(), ServiceState()
        ended = {"stage": "offline", "online": False, "typing": False, "presence": ""}
        self.people = {
            number: msgspec.structs.replace(person, **ended) for number, person in self.people.items()
        }
        self.retry_at.clear()
        self.link_times.forget()

    def load(self, status: Status, people: list[Contact]) -> None:
        """Everything anew, after attaching or after events were missed."""
        self.people = {person.id: person for person in people}
        self.files.read_anew()
        self.tor = status.tor
        self.service = status.service
        self.address = status.address or ""
        self.name = status.name

    def forget(self) -> None:
        """Nothing is known of a locked profile."""
        self.people.clear()
        self._sorted = [], []
        self.files.forget()
        self.retry_at.clear()
        self.link_times.forget()
        self.address = self.name = ""

    def apply(self, event: AnyEvent) -> bool:
        """Take in one event; whether anything that is kept here changed."""
        match event:
            case ContactEvent(contact=person):
                self.people[person.id] = person
            case ContactRemovedEvent(contact=number):
                self.people.pop(number, None)
                self.files.forget_contact(number)
            case FileEvent(file=file):
                self.files.put(file)
            case FileRemovedEvent(file=number):
                self.files.remove(number)
            case LinkEvent(contact=number, stage=stage, retry_at=retry_at):
                self.link_times.take(event)
                if number in self.people:
                    changed = msgspec.structs.replace(
                        self.people[number], stage=stage, online=stage == "linked"
                    )
                    self.people[number] = changed
                self.retry_at[number] = retry_at
            case SignEvent(contact=number, typing=typing, presence=presence):
                if number in self.people:
                    signs = {"typing": typing, "presence": presence}
                    self.people[number] = msgspec.structs.replace(self.people[number], **signs)
            case TorEvent(tor=tor):
                self.tor = tor
            case ServiceEvent(service=service):
                self.service = service
            case _:
                return False
        return True

    def conversations(self, opened: int | None = None) -> list[Contact]:
        """Whom there is a conversation with: pinned first, unread first, then the latest, then by name.

        Those that were archived are left out, but for the one that is `opened`.
        """
        shown = self._with_conversation()
        return [person for person in shown if not person.conversation.archived or person.id == opened]

    def archived(self) -> list[Contact]:
        """Whose conversation was archived."""
        return [person for person in self._with_conversation() if person.conversation.archived]

    def _with_conversation(self) -> list[Contact]:
        """In the order of the list; a thousand people are sorted only when one of them is another now."""
        people = list(self.people.values())
        if people != self._sorted[0]:  # the same records are not looked into
            shown = [person for person in people if person.state in {"accepted", "requested"}]
            self._sorted = people, sorted(shown, key=_list_order)
        return self._sorted[1]

    def requests(self) -> list[Contact]:
        """Who asks to be a contact, the oldest first."""
        pending = [person for person in self.people.values() if person.state == "pending"]
        return sorted(pending, key=lambda person: (person.created_at, person.id))

    def blocked(self) -> list[Contact]:
        """Who was blocked, by name."""
        found = [person for person in self.people.values() if person.state == "blocked"]
        return sorted(found, key=lambda person: person.name)

    def names(self) -> Names:
        """Whom words may mean."""
        return Names(
            tuple(person.name for person in self._with_conversation()),
            tuple(person.name for person in self.requests()),
            tuple(person.name for person in self.blocked()),
        )

    def unread(self) -> int:
        """How many messages of all conversations but the muted ones were not seen yet."""
        return sum(person.unread for person in self.conversations() if not person.conversation.muted)

    def queued(self) -> int:
        """How many own messages wait."""
        return sum(person.queued for person in self.people.values())

    def named(self, name: str) -> Contact | None:
        """The contact with exactly this petname, else the one whose address this is."""
        wanted = name.strip()
        found = (p for p in self.people.values() if wanted in {p.name, p.address})
        return next(found, None)

    def named_first(self, words: str) -> tuple[Contact | None, str]:
        """Whom `words` begin with, and what stands behind the name; all of them if they begin with nobody's.

        A name may have blanks, and its beginning be another name: the longest is meant.
        """
        found, length = None, 0
        for person in self.people.values():
            for name in (person.name, person.address):
                if len(name) > length and words.startswith(name) and not words[len(name) :][:1].strip():
                    found, length = person, len(name)
        return found, words[length:].strip()


def colour_of(address: str) -> int:
    """Which of the theme's colours for people this one has: by key, so that a name cannot borrow it."""
    import hashlib  # loads ciphers, which the first picture does not need

    return hashlib.sha256(address.encode()).digest()[0] % PEOPLE


def _list_order(person: Contact) -> tuple[bool, bool, float, str]:
    latest = person.last_message_at or _NEVER
    waits = person.unread > 0 and not person.conversation.muted
    return not person.conversation.pinned, not waits, -latest.timestamp(), person.name
