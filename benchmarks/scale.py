"""What grows with contacts and messages: a node's start, memory, first delivery, and what it looks up.

Claims, up to 1,000 contacts, ten messages waiting for each, and 1,000,000 stored messages:
  - a node serves, and delivers its first message, as soon with a million messages as with 10,000;
  - a contact's waiting messages and a page at either end of a history of half a million take as long as in a
    short one, and memory stays as it is.

A claim is met if the last size takes at most twice as long as the first, and 1 ms. After SIGKILL a large
database is read to its end, so that start is longer.

The number of messages grows at 1,000 contacts, and the number of contacts at 10,000 messages. Contacts cost
something: each has a task, keys, and a name to compare. Start and memory are those of `tuichat daemon run`,
from its process's start to its first answer, without a tor. All else is measured in this process, where the
friend's node is joined to it and nobody else is there: dials to the others wait in vain, as many as may be.
The friend is whoever was met last, for whom a message waits since before; or stands in the middle of all
contacts, and is written to while dials hang; or is who was met longest ago, and calls.
"""

from __future__ import annotations

import asyncio
import signal
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from benchmarks import options, report
from benchmarks.crowded import PatientTransport, Person, befriend
from benchmarks.homes import PEER, ROOT, Home, new_home
from benchmarks.joined import JoinedTransport
from benchmarks.processes import resident_mb
from benchmarks.throughput import measure_throughput
from tuichat.api.client import AsyncClient
from tuichat.errors import UnreachableError
from tuichat.model import MessageEvent
from tuichat.network.transport import Answerer
from tuichat.node.dial_line import KEPT_PLACES, PLACES
from tuichat.node.node import Node
from tuichat.protocol.knock import Preamble
from tuichat.store.store import Store

_AT_MOST_RATIO, _AT_MOST_MORE = 2.0, 1.0
_KILLED = "from process to answer, after SIGKILL"
_DATABASE = "database"

_FEW_CONTACTS, _FEW_MESSAGES = 10, 10_000
_STEPS = 3
_PAGE = 50
_LOOKS = 20
_SETTLED_SECONDS = 2.0
_PATIENCE = 120.0
_TEXT = "this one waited"
_Place = Literal["met last", "in the middle", "calls"]
_STRANGE = bytes(Preamble(1, 1, bytes(16))) + bytes(64)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    made = options.parser("benchmarks.scale", __doc__, rounds=3)
    made.add_argument("--contacts", type=options.at_least_one, default=1_000, metavar="N", help="at most")
    made.add_argument("--messages", type=options.at_least_one, default=1_000_000, metavar="N", help="at most")
    made.add_argument(
        "--minutes", type=float, default=10.0, metavar="N", help="after so many no further size is begun"
    )
    made.add_argument(
        "--on-a-link", type=int, default=400, metavar="N", help="short messages that a link carries; 0: none"
    )
    chosen = options.parse(made, arguments)
    ends = time.monotonic() + chosen.minutes * 60
    few = min(_FEW_CONTACTS, chosen.contacts), min(_FEW_MESSAGES, chosen.messages)
    by_messages = [(chosen.contacts, count) for count in _between(few[1], chosen.messages)]
    by_contacts = [(count, few[1]) for count in _between(few[0], chosen.contacts)]
    seen: dict[tuple[int, int], _Seen] = {}
    for size in dict.fromkeys((*by_contacts, *by_messages)):
        if time.monotonic() < ends:
            seen[size] = asyncio.run(_measure(*size, chosen.rounds))
    _show("messages", by_messages, seen)
    _show("contacts", by_contacts, seen)
    if chosen.on_a_link:
        measure_throughput(chosen.rounds, chosen.on_a_link)
    return 0


def _between(low: int, high: int) -> list[int]:
    """Sizes from `low` to `high`, each so many times the one before."""
    if low >= high:
        return [high]
    ratio = (high / low) ** (1 / (_STEPS - 1))
    return [round(low * ratio**step) for step in range(_STEPS)]


@dataclass(slots=True)
class _Seen:
    """What was measured at one size, by label: seconds, and megabytes (2^20 bytes)."""

    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    megabytes: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    async def timed(self, label: str, call: Callable[[], Awaitable[object]]) -> None:
        began = time.perf_counter()
        await call()
        self.seconds[label].append(time.perf_counter() - began)

    def looked(self, label: str, call: Callable[[], object]) -> None:
        """Of many calls the middle one: a single one is too short."""
        taken = []
        for _ in range(_LOOKS):
            began = time.perf_counter()
            call()
            taken.append(time.perf_counter() - began)
        self.seconds[label].append(statistics.median(taken))


async def _measure(contacts: int, messages: int, rounds: int) -> _Seen:
    seen = _Seen()
    with new_home() as home:
        me, friend = Person(home.paths.home), Person(home.paths.home / "friend")
        await befriend(me, friend)
        me.fill(contacts, messages)
        seen.megabytes[_DATABASE].append(me.paths.database.stat().st_size / 2**20)
        for _ in range(rounds):
            await _daemon(home, _Seen(), "", signal.SIGKILL)
            await _daemon(home, seen, _KILLED, signal.SIGTERM)
            await _daemon(home, seen, "from process to answer", signal.SIGTERM)
        for _ in range(rounds):
            for place in get_args(_Place):
                await _in_process(me, friend, seen, place)
    return seen


async def _daemon(home: Home, seen: _Seen, label: str, end: signal.Signals) -> None:
    """Start `daemon run`, see when it answers and what memory it has, and end it."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *home.command("daemon", "run"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
    )
    try:
        client = await _connected(home, process)
        await client.status()
        seen.seconds[label].append(time.perf_counter() - began)
        if end == signal.SIGTERM:
            await asyncio.sleep(_SETTLED_SECONDS)
            seen.megabytes["memory after the start"].append(resident_mb(process.pid))
            await client.contact_list()
            await client.messages(PEER, _PAGE)
            seen.megabytes["memory after contacts and a page"].append(resident_mb(process.pid))
        await client.close()
    finally:
        process.send_signal(end)
        await process.wait()


async def _connected(home: Home, process: asyncio.subprocess.Process) -> AsyncClient:
    async with asyncio.timeout(_PATIENCE):
        while process.returncode is None:
            try:
                return await AsyncClient.open(home.socket)
            except UnreachableError:
                await asyncio.sleep(0.005)
    raise RuntimeError("the node did not start")


async def _in_process(me: Person, friend: Person, seen: _Seen, place: _Place) -> None:
    """A node's life here: look things up offline, then come online and deliver to the friend."""
    everybody: dict[bytes, Answerer] = {}
    began = time.perf_counter()
    store = me.store()
    seen.seconds["open the database"].append(time.perf_counter() - began)
    row = store.contacts.by_petname(PEER)
    assert row is not None
    store.contacts.update(row.id, last_linked_at=_met_at(store, row.id, place))
    if place == "in the middle":
        me.queue(store, row.id, ["this one waited, too"])  # as something waits for each of the others
    transport = PatientTransport(me.onion, everybody)
    node = me.node(store, transport)
    theirs = friend.node(friend.store(), JoinedTransport(friend.onion, everybody))
    try:
        await seen.timed("Node.start", node.start)
        await _look(node, store, row.id, seen)
        if place != "in the middle":
            await _queued(node, store, row.id, seen)
        await _deliver(node, theirs, transport, seen, place)
        await _callers(node, everybody[me.onion], seen)
    finally:
        await theirs.close()
        await node.close()


def _met_at(store: Store, friend: int, place: _Place) -> int:
    """When the friend was linked last, in milliseconds; the others are as old as their records."""
    if place == "met last":
        return int(time.time() * 1000)
    others = sorted(row.created_at for row in store.contacts.all() if row.id != friend)
    return others[len(others) // 2] if others and place == "in the middle" else 1


async def _deliver(node: Node, theirs: Node, transport: PatientTransport, seen: _Seen, place: _Place) -> None:
    if place == "calls":
        await node.go_online()
        await theirs.start()
        await seen.timed("friend calls until delivered", _delivery(node, theirs.go_online))
        return
    await theirs.go_online()  # and not started: it calls nobody, so that who begins is no chance
    if place == "met last":
        await seen.timed("online until delivered", _delivery(node, node.go_online))
        return
    await node.go_online()
    hanging = min(len(await node.contact_list()) - 1, PLACES - KEPT_PLACES)
    async with asyncio.timeout(_PATIENCE):
        while transport.in_vain < hanging:  # noqa: ASYNC110 - its tasks bring it about
            await asyncio.sleep(0.001)
    await seen.timed("written while dials hang until delivered", _delivery(node, lambda: _send(node)))


async def _send(node: Node) -> int:
    """Write to the friend; the message's id."""
    return (await node.send(PEER, _TEXT)).id


async def _look(node: Node, store: Store, friend: int, seen: _Seen) -> None:
    await seen.timed("list contacts, first time", node.contact_list)
    await seen.timed("list contacts, again", node.contact_list)
    oldest = store.messages.page(friend, 1, after=0)[0].id
    await seen.timed("newest page", lambda: node.messages(PEER, _PAGE))
    await seen.timed("oldest page", lambda: node.messages(PEER, _PAGE, after=oldest))
    seen.looked("a contact's record", lambda: node._book.contact(friend))


async def _queued(node: Node, store: Store, friend: int, seen: _Seen) -> None:
    """Let one message wait, and search the outbox for it."""
    message = await _send(node)
    await seen.timed("status (the outbox's totals)", node.status)
    seen.looked("a contact's waiting messages", lambda: store.outbox.unacked(friend))
    seen.looked("how many wait for a contact", lambda: store.outbox.count(friend))
    seen.looked("a waiting message", lambda: store.outbox.by_message(message))


async def _callers(node: Node, answerer: Answerer, seen: _Seen) -> None:
    """How long a stranger's nonsense keeps a node: what it must know to tell is learnt when it is needed."""
    for label in ("a caller, after a contact changed, first", "a caller, after a contact changed"):
        await node.invite_create()
        seen.seconds[label].append(_took(lambda: answerer(_STRANGE)))
    seen.looked("another caller", lambda: answerer(_STRANGE))


def _took(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _delivery(node: Node, begin: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
    """What begins so, and returns when the message was delivered."""
    events = node.subscribe()

    async def deliver() -> None:
        async with asyncio.timeout(_PATIENCE):
            await begin()
            async for event in events:
                if not isinstance(event, MessageEvent) or event.message.text != _TEXT:
                    continue
                if event.message.state == "delivered":
                    return

    return deliver


def _show(grows: str, sizes: Sequence[tuple[int, int]], seen: dict[tuple[int, int], _Seen]) -> None:
    """A line for each label, with a column for each size and the ratio of the last to the first."""
    measured = [size for size in sizes if size in seen]
    if not measured:
        return
    contacts, messages = measured[-1]
    fixed = f"{contacts:,} contacts" if grows == "messages" else f"{messages:,} messages"
    report.heading(f"As {grows} grow, with {fixed} (medians)")
    counts = [size[1 if grows == "messages" else 0] for size in measured]
    print(f"  {'':46}" + "".join(f"{count:>13,}" for count in counts) + f"{'last : first':>14}")
    for name, unit, factor in (("seconds", "ms", 1000.0), ("megabytes", "MB", 1.0)):
        for label in getattr(seen[measured[0]], name):
            found = [statistics.median(getattr(seen[size], name)[label]) * factor for size in measured]
            columns = "".join(f"{value:>10.{1 if value >= 10 else 3}f} {unit}" for value in found)
            print(f"  {label:46}{columns}{found[-1] / found[0]:>14.2f}{_verdict(grows, label, found)}")


def _verdict(grows: str, label: str, found: Sequence[float]) -> str:
    """Whether what must not grow with the messages does."""
    if len(found) < 2 or grows == "contacts" or label in (_KILLED, _DATABASE):
        return ""
    met = found[-1] <= _AT_MOST_RATIO * found[0] + _AT_MOST_MORE
    limits = f"{_AT_MOST_RATIO:g}, and {_AT_MOST_MORE:g} more"
    return f"   target: at most {limits}: {'met' if met else 'MISSED'}"


if __name__ == "__main__":
    sys.exit(main())
