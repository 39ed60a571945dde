"""What happens, as lines: each said once, when it changes, and nothing that concerns nobody here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from tuichat.i18n import _, ngettext
from tuichat.model import (
    Contact,
    ContactEvent,
    ContactRemovedEvent,
    File,
    FileEvent,
    LinkEvent,
    Message,
    MessageEvent,
    MessageRemovedEvent,
    MissedEvent,
    NoticeEvent,
    ServiceEvent,
    SignEvent,
    TorEvent,
)
from tuichat.plain.chat import Chat
from tuichat.plain.wording import link_word, request_text
from tuichat.tui.notification_ways import (
    message_words,
    no_desktop_words,
    request_words,
    sequence_of,
    show_on_desktop,
)
from tuichat.tui.session import Happening
from tuichat.tui.typed_here import typed_here
from tuichat.tui.words import blocked_sentence, key_sentence, problem_sentence, reachability, tor_progress

_REST_SECONDS: Final = 1.0

_PATIENCE_SECONDS: Final = 30.0
"""Nothing is said about a slow tor before."""

_GATHERED_SECONDS: Final = 0.5
"""What comes in elsewhere within this time is told together."""

_LOOKED_AT: Final = 50
"""Among so many of the newest messages is one that came in, if some are unread."""


class News:
    """Takes what happens once the profile is open."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._people: dict[int, Contact] = {}
        self._files: dict[int, tuple[str, ...]] = {}
        self._rests_until = float("-inf")
        self._coming: list[Message] = []
        self._elsewhere: dict[int, Message] = {}
        self._held: dict[int, Message] | None = None
        self._before: tuple[Mapping[int, Contact] | None, int] | None = None
        self._reach = ""
        self._patient = False
        self._tor = ""

    def begin(self) -> None:
        """What is known now is no news."""
        known = self._chat.known
        self._people, self._before = dict(known.people), None
        self._say_tor()
        self._say_reach()
        if self._chat.lines.interactive and known.tor.bootstrap < 100 and not self._patient:
            self._patient = True
            self._chat.spawn(self._lose_patience())

    async def _lose_patience(self) -> None:
        """Where tor does not get through, say what may be the reason, and what leads around it."""
        await asyncio.sleep(_PATIENCE_SECONDS)
        self._patient = False
        tor = self._chat.known.tor
        if tor.running and tor.bootstrap < 100 and not tor.problem:
            self._chat.say(blocked_sentence())

    def happened(self, event: Happening) -> None:
        """Say it, if it is worth a line."""
        self._chat.writing.happened(event)
        match event:
            case MessageEvent(message=message, new=new):
                self._message(message, new=new)
            case MessageRemovedEvent(message=number):
                self._chat.forget_message(number)
                if self._held is not None:
                    self._held.pop(number, None)
            case FileEvent(file=file):
                self._file(file)
            case ContactEvent(contact=person):
                self._person(person)
            case ContactRemovedEvent(contact=number):
                self._people.pop(number, None)
                if self._chat.contact == number:
                    self._chat.close()
            case LinkEvent(contact=number):
                self._link(number)
            case SignEvent(contact=number):
                self._sign(number)
            case TorEvent():
                self._say_tor()
            case ServiceEvent():
                self._say_reach()
            case NoticeEvent(text=text, contact=number):
                who = "" if number is None else f"[{self._chat.name_of(number)}] "
                self._chat.say(who + typed_here(text))
            case MissedEvent():
                self.hold()
                self._chat.spawn(self._load_missed())

    # What nobody told of: between two nodes, or because too much happened at once.

    def hold(self) -> None:
        """Let new messages wait until `go_on`: older ones are still to be shown by `catch_up`."""
        known = self._chat.known
        if self._before is None:
            self._before = dict(known.people) if known.address else None, self._chat.newest
        if self._held is None:
            self._held = {}

    def go_on(self) -> None:
        """Say what waited, but for what was shown meanwhile."""
        held, self._held = self._held, None
        for message in (held or {}).values():
            self._message(message, new=True)

    async def catch_up(self) -> None:
        """Say what is new since `hold`, after everything was read anew. Raises TuichatError."""
        people, newest = self._before or (None, self._chat.newest)
        for message in await self._chat.unseen(newest):
            self._show_soon(message)
        if people is not None:
            for person in list(self._chat.known.people.values()):
                self._person(person)
                unread = people[person.id].unread if person.id in people else 0
                if person.id != self._chat.contact and person.unread > unread:
                    await self._count_missed(person)
        self._before = None

    async def _count_missed(self, person: Contact) -> None:
        messages = await self._chat.node.messages(person.address, min(person.unread, _LOOKED_AT))
        came = [message for message in messages if message.direction == "in"]
        if came:
            self._count_elsewhere(came[-1])

    async def _load_missed(self) -> None:
        try:
            await self._chat.session.load()
            await self.catch_up()
        finally:
            self.go_on()

    # Messages.

    def _message(self, message: Message, *, new: bool) -> None:
        here = message.contact == self._chat.contact
        if self._held is not None and (new or message.id in self._held):
            self._held[message.id] = message
        elif not new:
            self._chat.changed(message)
        elif here and self._chat.claim(message.id):
            self._show_soon(message)
        elif not here and message.direction == "in":
            self._count_elsewhere(message)

    def _show_soon(self, message: Message) -> None:
        """Show it after those that came before, which may still have to ask for their files."""
        if not self._coming:
            self._chat.spawn(self._show())
        self._coming.append(message)

    async def _show(self) -> None:
        while self._coming:
            shown = self._coming.copy()
            try:
                await self._chat.show(shown)
            finally:
                del self._coming[: len(shown)]
            came = [message for message in shown if message.direction == "in"]
            if came:
                self._tell(came[-1].contact, came[-1])

    def forget(self) -> None:
        """Nothing is known of a locked profile."""
        self._people.clear()
        self._files.clear()
        self._held = self._before = None

    def _count_elsewhere(self, message: Message) -> None:
        """One line for all that comes within a moment."""
        if not self._elsewhere:
            self._chat.spawn(self._tell_elsewhere())
        self._elsewhere[message.contact] = message

    async def _tell_elsewhere(self) -> None:
        await asyncio.sleep(_GATHERED_SECONDS)
        came, self._elsewhere = self._elsewhere, {}
        await self._chat.session.recount()
        for contact in sorted(came):
            person = self._chat.known.people.get(contact)
            if person is None or person.conversation.muted or not person.unread:
                continue
            count = ngettext("{count} new", "{count} new", person.unread).format(count=f"{person.unread:,}")
            self._chat.say(f"[{person.name}] {count}")
            self._tell(contact, came[contact])

    def _tell(self, contact: int, message: Message | None = None) -> None:
        """Tell somebody who looks elsewhere of a message, or a request; once for all within a moment."""
        person, now = self._chat.known.people.get(contact), self._chat.clock.monotonic()
        wanted = person is not None and not person.conversation.muted and self._chat.notify != "off"
        if person is None or not wanted or now < self._rests_until:
            return
        self._rests_until = now + _REST_SECONDS
        words = request_words()
        if message is not None:
            words = message_words(person, message, content=self._chat.notify_content)
        if sequence := sequence_of(self._chat.notify, words):
            self._chat.lines.signal(sequence)
        elif self._chat.notify == "desktop":
            self._chat.spawn(self._tell_desktop(words))
        else:
            self._chat.lines.ring()

    async def _tell_desktop(self, words: str) -> None:
        if not await show_on_desktop(words):
            self._chat.notify = "bell"
            self._chat.say(no_desktop_words())
            self._chat.lines.ring()

    # Files and people.

    def _file(self, file: File) -> None:
        standing = (file.state, file.reason, file.paused_by)
        before, self._files[file.id] = self._files.get(file.id), standing
        if before != standing and (before is not None or file.state != "offered"):
            who = "" if file.contact == self._chat.contact else f"[{self._chat.name_of(file.contact)}] "
            self._chat.say(who + self._chat.file_line(file))

    def _person(self, now: Contact) -> None:
        before, self._people[now.id] = self._people.get(now.id), now
        if now.state == "pending" and (before is None or before.state != "pending"):
            self._chat.say(request_text(now))
            self._tell(now.id)
        elif before is None:
            return
        elif now.state == "accepted" and before.state == "requested":
            self._chat.say(_("{name} is your contact now.").format(name=now.name))
        elif now.key_changed and not before.key_changed:
            self._chat.say(f"[{now.name}] {key_sentence()} /card {now.name}")

    def _link(self, contact: int) -> None:
        now = self._chat.known.people.get(contact)
        before = self._people.get(contact)
        if now is None:
            return
        self._people[contact] = now
        if contact == self._chat.contact and (before is None or link_word(before) != link_word(now)):
            self._chat.say(f"{now.name}: {link_word(now)}")

    def _sign(self, contact: int) -> None:
        now, before = self._chat.known.people.get(contact), self._people.get(contact)
        if now is None:
            return
        self._people[contact] = now
        if contact != self._chat.contact or before is None:
            return
        if now.typing and not before.typing:
            self._chat.say(_("{name} is writing").format(name=now.name))
        elif now.presence and now.presence != before.presence:
            words = {"here": _("here"), "away": _("away")}
            self._chat.say(f"{now.name}: {words[now.presence]}")

    # Ourselves.

    def _say_tor(self) -> None:
        tor = self._chat.known.tor
        words = problem_sentence(tor) or tor_progress(tor)
        if words != self._tor and (tor.running or tor.problem):
            self._tor = words
            self._chat.say(_("tor: {state}").format(state=words))

    def _say_reach(self) -> None:
        known = self._chat.known
        if known.service.stage in ("offline", "tor"):
            return
        _role, state = reachability(known.tor, known.service, self._chat.options.glyphs)
        words = state.strip()
        if words != self._reach:
            self._reach = words
            self._chat.say(_("You: {state}").format(state=words))
