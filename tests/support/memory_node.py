"""A whole node in memory: the same promises as the real one, no disk, no network, driven by the test.

`MemoryNode.sample(clock)` has people in it: bob (linked), alice, 小明 (offline), carol (who was asked), and a
request from dave; with `files=True` also files, see `sample_files`. Everything is deterministic: addresses
come from names, times from the clock. What it does with files is in `memory_files`.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from onion.address import OnionAddress
from onion.errors import AddressError
from onion.keys import public_key
from tests.support.memory_deeds import MemoryDeeds, quote_of
from tests.support.memory_desk import MemoryDesk
from tests.support.memory_files import MemoryFiles
from tests.support.memory_tokens import MemoryTokens
from tuichat.clock import Clock
from tuichat.errors import KeyNotTrustedError, LockedError, NotFoundError, TuichatError, UsageError
from tuichat.event_buffer import EventBuffer
from tuichat.i18n import translated
from tuichat.model import (
    API_VERSION,
    MAX_TEXT_BYTES,
    AnyEvent,
    Backup,
    ClosingEvent,
    Contact,
    ContactCounts,
    ContactEvent,
    ContactRemovedEvent,
    ContactState,
    DatabaseCheck,
    Direction,
    EventLog,
    Found,
    FoundPage,
    Hello,
    Invite,
    LinkEvent,
    LinkStage,
    LockedEvent,
    Message,
    MessageEvent,
    MessageState,
    MissedEvent,
    NodeKind,
    NoticeEvent,
    OutboxCounts,
    SafetyNumber,
    ServiceEvent,
    ServiceState,
    Status,
    TorEvent,
    TorState,
)
from tuichat.model.reread import Reread
from tuichat.network.service_light import lit
from tuichat.node.contact_book import SHORTEST_PREFIX
from tuichat.node.search_query import Query, read_query
from tuichat.protocol.lookalike import lookalikes
from tuichat.protocol.sanitize import sanitize_name
from tuichat.store.search_terms import places

VERSION = "0.1.0.dev0"
PASSPHRASE = "correct horse"
DIGITS = "415298801327764900113552871906620174458010293566478812039475"
OTHER_DIGITS = DIGITS[::-1]
CODE = f"tuichat-verify1:{'a' * 207}"


def address_of(name: str) -> str:
    """The onion address that the person of this name has in tests: valid, the same every time."""
    seed = hashlib.sha256(name.encode()).digest()
    return str(OnionAddress.from_public_key(public_key(seed)))


@dataclass
class Person:
    """A contact and the conversation with them."""

    record: Contact
    history: list[Message] = field(default_factory=list)
    queued: set[int] = field(default_factory=set)
    read_up_to: int = 0

    def shown(self) -> Contact:
        """The contact as the API tells it, with its counts."""
        unread = sum(1 for m in self.history if m.direction == "in" and m.id > self.read_up_to)
        last = self.history[-1].received_at or self.history[-1].sent_at if self.history else None
        return msgspec.structs.replace(
            self.record, queued=len(self.queued), unread=unread, last_message_at=last
        )


class MemoryNode(MemoryFiles, MemoryDesk, MemoryDeeds, MemoryTokens):
    """Implements NodeApi. Attributes that tests read: `kept`, `online_asked`, `stopped` (why), `readers`,
    `bridges`. `bridges_fail` is raised where bridges are to be used."""

    def __init__(
        self, clock: Clock, *, name: str = "me", node: NodeKind = "daemon", locked: bool = False
    ) -> None:
        super().__init__()
        self.address = address_of(name)
        self.log = "a1b2c3d4e5f60718"
        self.kept = False
        self.online_asked = False
        self.reread = 0
        self.bridges: list[str] | None = None
        self.bridges_fail: UsageError | None = None
        self.stopped: str | None = None
        self._clock = clock
        self._node: NodeKind = node
        self._locked = locked
        self._passphrase = PASSPHRASE
        self.activity = 0
        self.wiped = ""
        self.key_files: list[bytes | None] = []
        self._people: dict[int, Person] = {}
        self._messages: dict[int, Person] = {}
        self._durable: list[AnyEvent] = []
        self._forgotten = 0
        self.readers: list[EventBuffer] = []
        self.invites: list[Invite] = []
        self.backups: dict[str, str | None] = {}
        self.sound = True
        self.whole = True
        self.told_first: list[str] = []
        self._tor = TorState(version="0.4.9.12")
        self._service = ServiceState()

    @classmethod
    def sample(cls, clock: Clock, *, node: NodeKind = "daemon", files: bool = False) -> MemoryNode:
        """A node with people and a few messages, tor at 100 and the service reachable."""
        made = cls(clock, node=node)
        made.person("bob", stage="linked", verified=True)
        made.person("alice", stage="waiting")
        made.person("小明", suggested_name="Xiao Ming")
        made.person("carol", state="requested")
        made.person("dave", state="pending", request_text="we met at the fair", suggested_name="Dave")
        made.set_tor(bootstrap=100, summary="Done", running=True)
        made.set_service(published=True, reachable=True)
        made.incoming("bob", "did the draft reach you?")
        made.outgoing("bob", "reading it now", state="delivered")
        made.incoming("bob", "page 3 has the figures. 第三页有图表 👩‍🚀")
        made.incoming("小明", "晚上见 🍜")
        made.outgoing("alice", "call me when you are back", state="queued")
        if files:
            made.sample_files()
        return made

    # What tests do to it.

    def person(
        self,
        name: str,
        *,
        state: ContactState = "accepted",
        stage: LinkStage = "offline",
        suggested_name: str = "",
        request_text: str = "",
        verified: bool = False,
        address: str | None = None,
    ) -> Contact:
        """Put a contact in; tells it to the readers of events."""
        number = max(self._people, default=0) + 1
        record = Contact(
            id=number,
            address=address or address_of(name),
            name=name,
            suggested_name=suggested_name,
            state=state,
            verified=verified,
            confirmed=state == "accepted",
            online=stage == "linked",
            stage=stage,
            request_text=request_text,
            queued=0,
            unread=0,
            created_at=self.now(),
            last_message_at=None,
            alike=self._alike(number, name, suggested_name),
        )
        self._people[number] = Person(record)
        return self._tell_contact(self._people[number])

    def change_key(self, ref: str) -> Contact:
        """A contact's address shows another key."""
        return self._change(self._find(ref), key_changed=True)

    def incoming(self, ref: str, text: str) -> Message:
        """A message arrives from a contact."""
        return self._append(self._find(ref), "in", text, "delivered")

    def outgoing(self, ref: str, text: str, state: MessageState = "queued") -> Message:
        """A message of ours, in whatever state."""
        return self._append(self._find(ref), "out", text, state)

    def set_state(self, message: int, state: MessageState) -> Message:
        """A message of ours moves on: sent, delivered, failed, and so on."""
        person = self._messages_of(message)
        index = next(i for i, m in enumerate(person.history) if m.id == message)
        changed = msgspec.structs.replace(person.history[index], state=state)
        person.history[index] = changed
        _count_queued(person, changed)
        self._emit(MessageEvent(at=self.now(), seq=self._next(), message=changed, new=False))
        self._tell_contact(person)
        return changed

    def set_stage(self, ref: str, stage: LinkStage, retry_in: float | None = None) -> None:
        """A contact's link moves to another stage."""
        person = self._find(ref)
        person.record = msgspec.structs.replace(person.record, stage=stage, online=stage == "linked")
        retry_at = None if retry_in is None else self.now() + timedelta(seconds=retry_in)
        self._emit(LinkEvent(at=self.now(), contact=person.record.id, stage=stage, retry_at=retry_at))

    def set_tor(self, **changes: object) -> None:
        """tor's state changes: any fields of TorState."""
        self._tor = msgspec.convert({**msgspec.structs.asdict(self._tor), **changes}, TorState)
        self._emit(TorEvent(at=self.now(), tor=self._tor))
        self._tell_service(self._service)

    def set_service(self, *, published: bool, reachable: bool, missed: int = 0) -> None:
        """Our service is published, lost, or probed."""
        self._tell_service(
            ServiceState(published=published, reachable=reachable, checked_at=self.now(), missed=missed)
        )

    def _tell_service(self, service: ServiceState) -> None:
        self._service = lit(self._tor, service)
        self._emit(ServiceEvent(at=self.now(), service=self._service))

    def notice(self, text: str, level: Literal["info", "warning", "error"] = "info") -> None:
        """A sentence for the person."""
        self._emit(NoticeEvent(at=self.now(), text=text, level=level))

    def fill(self, ref: str, count: int) -> None:
        """A long history at once, one line a minute, every third ours, without events."""
        person = self._find(ref)
        begin = self.now() - timedelta(minutes=count)
        for index in range(count):
            number = len(self._messages) + 1
            at = begin + timedelta(minutes=index)
            ours = index % 3 == 2
            person.history.append(
                Message(
                    id=number,
                    contact=person.record.id,
                    direction="out" if ours else "in",
                    kind="text",
                    text=f"line {index + 1} 第{index + 1}行 and some words to wrap around the edge 🙂",
                    sent_at=at,
                    received_at=None if ours else at,
                    state="delivered",
                )
            )
            self._messages[number] = person
        person.read_up_to = len(self._messages)

    def forget_events(self) -> None:
        """Durable events so far can no longer be told: `subscribe(since)` then says so."""
        self._forgotten = self._next() - 1

    def break_off(self, reason: Literal["handover", "stop", "idle", "wipe"]) -> None:
        """The node ends under its clients."""
        self._emit(ClosingEvent(at=self.now(), reason=reason))
        for reader in self.readers:
            reader.close()

    def now(self) -> datetime:
        """The clock's time as the records have it."""
        return datetime.fromtimestamp(self._clock.now(), tz=UTC)

    def queued_count(self) -> int:
        """How many messages wait."""
        return sum(len(person.queued) for person in self._people.values())

    def has_work(self) -> bool:
        """Whether something waits, or a file is under way."""
        return self.queued_count() > 0 or self.under_way() > 0

    async def start(self) -> None:
        """As the real node's: nothing to do here."""

    async def close(self) -> None:
        """As the real node's: readers of events end."""
        for reader in self.readers:
            reader.close()

    # NodeApi.

    async def hello(self, token: str | None = None) -> Hello:
        if token is not None:
            await self.admit(token)
        return Hello(api=API_VERSION, version=VERSION, node=self._node, pid=4711, locked=self._locked)

    async def status(self) -> Status:
        if self._locked:
            return Status(address=None, node=self._node, locked=True, version=VERSION, pid=4711)
        accepted = [p.record for p in self._people.values() if p.record.state == "accepted"]
        queued = [m for p in self._people.values() for m in p.history if m.id in p.queued]
        return Status(
            address=self.address,
            node=self._node,
            locked=False,
            tor=self._tor,
            service=self._service,
            contacts=ContactCounts(accepted=len(accepted), online=sum(c.online for c in accepted)),
            outbox=OutboxCounts(queued=len(queued), oldest_at=min((m.sent_at for m in queued), default=None)),
            version=VERSION,
            pid=4711,
            kept=self.kept,
            transfers=self.under_way(),
        )

    async def unlock(self, passphrase: str, key_file: bytes | None = None) -> None:
        if self._locked:
            self.key_files.append(key_file)
            if passphrase != self._passphrase:
                raise LockedError("The passphrase is wrong.")
            self._locked = False
            self._emit(LockedEvent(at=self.now(), locked=False))

    async def lock(self) -> None:
        self._check_open()
        self._locked = True
        self._emit(LockedEvent(at=self.now(), locked=True))

    async def active(self) -> None:
        self.activity += 1

    async def passphrase(
        self,
        current: str,
        new: str | None,
        key_file: bytes | None = None,
        new_key_file: bytes | None = None,
    ) -> None:
        if current != self._passphrase:
            raise LockedError("The passphrase is wrong.")
        self._passphrase = new or ""

    async def duress(self, current: str, passphrase: str | None, key_file: bytes | None = None) -> None:
        if current != self._passphrase:
            raise LockedError("The passphrase is wrong.")

    async def wipe(self, keep_files: bool = False) -> None:
        self.wiped = "files kept" if keep_files else "all"
        self.break_off("wipe")

    async def go_online(self) -> None:
        self._check_open()
        self.online_asked = True

    async def use_bridges(self, lines: list[str]) -> None:
        self._check_open()
        if self.bridges_fail is not None:
            raise self.bridges_fail
        self.bridges = lines

    async def reload(self) -> Reread:
        self.reread += 1
        return Reread()

    async def stop(self, reason: Literal["stop", "handover"] = "stop") -> None:
        self.stopped = reason
        self.break_off(reason)

    async def keep_until_delivered(self) -> None:
        self._check_open()
        self.kept = True

    async def contact_add(self, address: str, name: str | None = None, message: str = "") -> Contact:
        self._check_open()
        try:
            parsed = str(OnionAddress.parse(address))
        except AddressError as error:
            raise UsageError(translated(error.message), translated(error.hint)) from None
        if parsed == self.address:
            raise UsageError("This is your own address.", "Give it to the person you want to talk to.")
        known = next((p for p in self._people.values() if p.record.address == parsed), None)
        if known is None:
            self._check_name_is_free(name)
            return self.person(name or parsed[:8], state="requested", address=parsed, request_text=message)
        return await self.contact_accept(parsed) if known.record.state == "pending" else known.shown()

    async def contact_get(self, ref: str) -> Contact:
        self._check_open()
        return self._find(ref).shown()

    async def contact_list(self) -> list[Contact]:
        self._check_open()
        return sorted((person.shown() for person in self._people.values()), key=lambda c: c.name)

    async def contact_accept(self, ref: str) -> Contact:
        person = self._find(ref)
        if person.record.state != "pending":
            raise UsageError(f"{person.record.name} has not asked to be a contact.")
        return self._change(person, state="accepted")

    async def contact_reject(self, ref: str) -> None:
        person = self._find(ref)
        if person.record.state != "pending":
            raise UsageError(f"{person.record.name} has not asked to be a contact.")
        self._remove(person)

    async def contact_block(self, ref: str) -> Contact:
        return self._change(self._find(ref), state="blocked", stage="offline", online=False)

    async def contact_unblock(self, ref: str) -> Contact:
        return self._change(self._find(ref), state="requested")

    async def contact_remove(self, ref: str) -> None:
        self._remove(self._find(ref))

    async def contact_rename(self, ref: str, name: str) -> Contact:
        person = self._find(ref)
        if name != person.record.name:
            self._check_name_is_free(name)
        return self._change(person, name=name)

    async def contact_verify(self, ref: str, digits: str | None = None) -> SafetyNumber:
        person = self._find(ref)
        if digits is not None:
            if "".join(digits.split()).lower() not in (DIGITS, CODE):
                raise TuichatError("The safety number does not match. Nothing was changed.", "Compare again.")
            self._change(person, verified=True)
        return SafetyNumber(
            contact=person.record.id,
            digits=DIGITS,
            verified=person.record.verified,
            code=CODE,
            changed_digits=OTHER_DIGITS if person.record.key_changed else "",
        )

    async def contact_trust(self, ref: str, accept: bool) -> Contact:
        person = self._find(ref)
        if not person.record.key_changed:
            raise UsageError(f"{person.record.name} has shown no other key.")
        taken = {"verified": False, "confirmed": False} if accept else {}
        return self._change(person, key_changed=False, **taken)

    async def invite_create(self, seconds: int = 86_400) -> Invite:
        self._check_open()
        now = self.now()
        invite = Invite(
            id=len(self.invites) + 1,
            state="open",
            created_at=now,
            expires_at=now + timedelta(seconds=seconds),
        )
        self.invites.append(invite)
        return msgspec.structs.replace(invite, text=f"tuichat1:{'a' * 149}")

    async def backup(self, path: str, passphrase: str | None = None, force: bool = False) -> Backup:
        self._check_open()
        if path in self.backups and not force:
            raise UsageError(f"{path} is there already.")
        self.backups[path] = passphrase
        at = datetime.fromtimestamp(self._clock.now(), tz=UTC)
        return Backup(path=path, bytes=4096, made_at=at, own_passphrase=passphrase is not None)

    async def check_database(self) -> DatabaseCheck:
        self._check_open()
        return DatabaseCheck(sound=self.sound, bytes=4096)

    async def invite_list(self) -> list[Invite]:
        self._check_open()
        return list(self.invites)

    async def invite_revoke(self, invite: int) -> None:
        self._check_open()
        if not 1 <= invite <= len(self.invites):
            raise NotFoundError(f"There is no invite {invite}.")
        revoked = msgspec.structs.replace(self.invites[invite - 1], state="revoked")
        self.invites[invite - 1] = revoked

    async def send(self, ref: str, text: str, reply_to: int | None = None) -> Message:
        person = self._find(ref)
        if not text.strip():
            raise UsageError("There is no text to send.")
        if len(text.encode()) > MAX_TEXT_BYTES:
            raise UsageError("The text is longer than 48 KiB.", "Send it as a file: --file.")
        if person.record.state in ("pending", "blocked"):
            raise UsageError(f"{person.record.name} is not an accepted contact.")
        if person.record.key_changed:
            raise KeyNotTrustedError(f"{person.record.name}'s key has changed.", "tuichat contact trust")
        return self._append(person, "out", text, "queued", reply_to=reply_to)

    async def cancel(self, message: int) -> Message:
        if message not in self._messages_of(message).queued or message in self.given:
            raise UsageError("This message has left already.")
        return self.set_state(message, "cancelled")

    async def message_get(self, message: int) -> Message:
        return next(m for m in self._messages_of(message).history if m.id == message)

    async def messages(
        self, ref: str, limit: int = 50, before: int | None = None, after: int | None = None
    ) -> list[Message]:
        history = self._find(ref).history
        if limit < 1:
            raise UsageError("The limit must be at least 1.")
        if after is not None:
            return [m for m in history if m.id > after][:limit]
        return [m for m in history if before is None or m.id < before][-limit:]

    async def search(self, query: str, limit: int = 50, before: int | None = None) -> FoundPage:
        self._check_open()
        wanted = read_query(query)
        only = None if wanted.ref is None else self._find(wanted.ref)
        everything = [m for p in self._people.values() if only in (None, p) for m in p.history]
        newest_first = sorted(everything, key=lambda m: -m.id)
        found = [self._fitting(m, wanted) for m in newest_first if before is None or m.id < before]
        return FoundPage(found=tuple(each for each in found if each is not None)[:limit], whole=self.whole)

    async def mark_read(self, ref: str, up_to: int) -> None:
        person = self._find(ref)
        if up_to > person.read_up_to:
            person.read_up_to = up_to
            self._tell_contact(person)

    async def mark_shown(self, ref: str, first: int, last: int) -> None:
        for message in [each for each in self._find(ref).history if first <= each.id <= last]:
            if message.direction == "in" and message.timer and message.expires_at is not None:
                ends = self.now() + timedelta(seconds=message.timer)
                if ends < message.expires_at:
                    self.change_message(message.id, expires_at=ends)

    async def event_log(self) -> EventLog:
        self._check_open()
        last = len(self._durable)
        return EventLog(log=self.log, first=min(self._forgotten + 1, last), last=last)

    def subscribe(self, since: int | None = None, log: str | None = None) -> EventBuffer:
        reader = EventBuffer()
        reader.grow(len(self._durable))
        last = len(self._durable)
        if since is not None and (since > last or log not in (None, self.log)):
            reader.put(MissedEvent(at=self.now(), first=min(last, 1), last=last, reason="other_log"))
            since = last
        elif since is not None and since < self._forgotten:
            reason: Literal["pruned"] = "pruned"
            reader.put(MissedEvent(at=self.now(), first=since + 1, last=self._forgotten, reason=reason))
        if since is not None:
            for event in self._durable[max(since, self._forgotten) :]:
                reader.put(event)
        for text in self.told_first:
            reader.put(NoticeEvent(at=self.now(), text=text, level="warning"))
        self.readers.append(reader)
        return reader

    def follow(self, since: int | None = None, log: str | None = None) -> EventBuffer:
        """As the gate's."""
        told, self.told_first = self.told_first, []
        try:
            return self.subscribe(since, log)
        finally:
            self.told_first = told

    # Inside.

    def _next(self) -> int:
        return len(self._durable) + 1

    def _emit(self, event: AnyEvent) -> None:
        if event.seq is not None:
            self._durable.append(event)
        self.readers = [reader for reader in self.readers if not reader.closed]
        for reader in self.readers:
            reader.put(event)

    def _append(
        self,
        person: Person,
        direction: Direction,
        text: str,
        state: MessageState,
        file: int | None = None,
        reply_to: int | None = None,
    ) -> Message:
        message = Message(
            id=len(self._messages) + 1,
            contact=person.record.id,
            direction=direction,
            kind="text" if file is None else "file",
            text=text,
            sent_at=self.now(),
            received_at=self.now() if direction == "in" else None,
            state=state,
            file=file,
            reply_to=reply_to,
            quote=None if reply_to is None else quote_of(self._message(reply_to)),
        )
        person.history.append(message)
        self._messages[message.id] = person
        _count_queued(person, message)
        _desk_follows(person, message)
        self._emit(MessageEvent(at=self.now(), seq=self._next(), message=message, new=True))
        self._tell_contact(person)
        return message

    def _change(self, person: Person, **changes: object) -> Contact:
        fields = {**msgspec.structs.asdict(person.record), **changes}
        fields["alike"] = self._alike(person.record.id, fields["name"], fields["suggested_name"])
        person.record = msgspec.convert(fields, Contact)
        return self._tell_contact(person)

    def _alike(self, own: int, *names: str) -> tuple[str, ...]:
        others = [person.record.name for number, person in self._people.items() if number != own]
        return tuple(other for name in names if name for other in lookalikes(name, others))

    def _tell_contact(self, person: Person) -> Contact:
        shown = person.shown()
        self._emit(ContactEvent(at=self.now(), seq=self._next(), contact=shown))
        return shown

    def _remove(self, person: Person) -> None:
        del self._people[person.record.id]
        self._forget_writing(person.record.id)
        self._forget_files(person.record.id)
        self._emit(ContactRemovedEvent(at=self.now(), seq=self._next(), contact=person.record.id))

    def _check_open(self) -> None:
        if self._locked:
            raise LockedError("The profile is locked.", "tuichat unlock")

    def _check_name_is_free(self, name: str | None) -> None:
        names = {person.record.name for person in self._people.values()}
        if name in names:
            free = next(f"{name}{n}" for n in range(2, len(names) + 3) if f"{name}{n}" not in names)
            raise UsageError(f"There is a contact called {name} already.", candidates=(free,))

    def _find(self, ref: str) -> Person:
        self._check_open()
        people = list(self._people.values())
        found = [p for p in people if p.record.name == ref]
        found = found or [p for p in people if p.record.name == sanitize_name(ref)]
        with suppress(AddressError):
            found = found or [p for p in people if p.record.address == str(OnionAddress.parse(ref))]
        prefix = ref.strip().lower()
        if not found and len(prefix) >= SHORTEST_PREFIX:
            found = [p for p in people if p.record.address.startswith(prefix)]
        if len(found) != 1:
            names = tuple(p.record.name for p in found or people)
            raise NotFoundError("No single contact fits.", "tuichat contact list", names)
        return found[0]

    def _fitting(self, message: Message, wanted: Query) -> Found | None:
        """As the index would find it, or not."""
        at = (message.received_at or message.sent_at).timestamp() * 1000
        name = "" if message.file is None else self._file(message.file).name
        if (
            wanted.direction not in (None, message.direction)
            or wanted.kind not in (None, message.kind)
            or not (wanted.since or 0) <= at < (wanted.until or at + 1)
            or not all(places(message.text, [each], 1) or places(name, [each], 1) for each in wanted.phrases)
        ):
            return None
        return Found(
            message=message,
            places=tuple(places(message.text, wanted.phrases, 100)),
            file_name=name,
            name_places=tuple(places(name, wanted.phrases, 100)),
        )

    def _messages_of(self, message: int) -> Person:
        self._check_open()
        if message not in self._messages:
            raise NotFoundError("There is no such message.")
        return self._messages[message]


def _count_queued(person: Person, message: Message) -> None:
    if message.direction == "out" and message.state in ("queued", "sent"):
        person.queued.add(message.id)
    else:
        person.queued.discard(message.id)


def _desk_follows(person: Person, message: Message) -> None:
    """What comes in brings a conversation back; who answers has read everything."""
    changes = {"archived": False} if message.direction == "in" else {"unread_from": None}
    kept = msgspec.structs.replace(person.record.conversation, **changes)
    person.record = msgspec.structs.replace(person.record, conversation=kept)
