"""How soon the first page of a search is there, in a history of a million messages.

Claims, for each kind of query (a rare and a common word, a phrase, the beginning of a word, one and two
Chinese characters, with and without filters):
  - the first page of 50 messages, with the places to be marked, takes the node less than 50 ms;
  - the rows of it take the encrypted database at most 1.3 times as long as plain SQLite FTS5 over the same
    texts, which is not encrypted, does not forget what was deleted, was filled in one go and optimized.

Both sides find the same messages, which is checked. The plain index is given Chinese characters with spaces
between them, for it would not find two of them otherwise; filters are conditions on its table.
"""

from __future__ import annotations

import asyncio
import gc
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from benchmarks import options, report
from tuichat.clock import SystemRng
from tuichat.model import from_milliseconds
from tuichat.node.contact_book import ContactBook, Presence
from tuichat.node.search_query import read_query
from tuichat.node.searching import STEP_MESSAGES, STEP_PAGES, Searching
from tuichat.store.records import MessageRow
from tuichat.store.search import Wanted
from tuichat.store.search_terms import folded
from tuichat.store.store import Store

AT_MOST_SECONDS = 0.05
AT_MOST_TIMES = 1.3
PAGE = 50

_BEGAN = 1_700_000_000_000
_MINUTE = 60_000
_EVERYBODY, _SELDOM = "Ada", "Bob"
_SELDOM_EVERY = 2_000
"""One message of so many is with the contact who seldom writes."""

_COLUMNS = (
    "id",
    "contact",
    "direction",
    "wire_id",
    "kind",
    "text",
    "sent_at",
    "received_at",
    "state",
    "body",
)
_FOR_PLAIN = """
    CREATE TABLE messages (id INTEGER PRIMARY KEY, contact, direction, wire_id, kind, text, sent_at,
        received_at, state, body);
    CREATE VIRTUAL TABLE found USING fts5 (text, content = '');
"""


@dataclass(frozen=True, slots=True)
class Query:
    """One kind of query: as a person types it, and for the plain index."""

    label: str
    typed: str
    match: str
    condition: str = ""
    values: tuple[int, ...] = ()


class Texts:
    """Messages that are the same in every run: words and characters as unequally frequent as in life."""

    def __init__(self, seed: int = 7) -> None:
        self._random = random.Random(seed)
        letters = "etaoinshrdlucmfwypvbgk"
        self.words = ["the", "and", "see", "tomorrow"]
        while len(self.words) < 30_000:
            length = self._random.randint(3, 10)
            self.words.append("".join(self._random.choices(letters, k=length)))
        self.signs = ["你", "好", "的", "明", "天"] + [chr(0x4E00 + 7 * n) for n in range(2_900)]
        self._word_weights = _weights(len(self.words))
        self._sign_weights = _weights(len(self.signs))

    def text(self, number: int) -> str:
        """The text of a message: every fourth is Chinese, and one of 50,000 has a rare word."""
        if number % 4 == 3:
            text = "".join(self._random.choices(self.signs, cum_weights=self._sign_weights, k=16))
        else:
            text = " ".join(self._random.choices(self.words, cum_weights=self._word_weights, k=12))
        return f"{text} Zanzibar" if number % 50_000 == 17 else text


def _weights(count: int) -> list[float]:
    """Cumulative, after Zipf."""
    total, found = 0.0, []
    for rank in range(1, count + 1):
        total += 1 / rank
        found.append(total)
    return found


class Plain:
    """SQLite as it comes, its index in one piece."""

    def __init__(self, path: Path, rows: Sequence[MessageRow]) -> None:
        self._connection = apsw.Connection(str(path))
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(_FOR_PLAIN)
        places = ", ".join("?" * len(_COLUMNS))
        with self._connection:
            for row in rows:
                values = tuple(getattr(row, name) for name in _COLUMNS)
                self._connection.execute(f"INSERT INTO messages VALUES ({places})", values)
                values = (row.id, folded(row.text))
                self._connection.execute("INSERT INTO found (rowid, text) VALUES (?, ?)", values)
        self._connection.execute("INSERT INTO found (found) VALUES ('optimize')")

    def find(self, query: Query) -> list[MessageRow]:
        """The first page."""
        sql = f"""SELECT m.* FROM found f CROSS JOIN messages m ON m.id = f.rowid
            WHERE found MATCH ? {query.condition} ORDER BY f.rowid DESC LIMIT {PAGE}"""
        found: list[Any] = self._connection.execute(sql, (query.match, *query.values)).fetchall()
        return [MessageRow(*row) for row in found]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    made = options.parser("benchmarks.search", __doc__, rounds=30)
    made.add_argument("--messages", type=options.at_least_one, default=1_000_000, metavar="N")
    chosen = options.parse(made, arguments)
    with tempfile.TemporaryDirectory(prefix="tcb") as directory:
        store = Store.open(Path(directory) / "tuichat.db", SystemRng().bytes(32))
        try:
            _measure(store, Path(directory), chosen.messages, chosen.rounds)
        finally:
            store.close()
    return 0


def _measure(store: Store, directory: Path, messages: int, rounds: int) -> None:
    began = time.perf_counter()
    rows = _fill(store, messages)
    print(f"\n{messages:,} messages written in {time.perf_counter() - began:.0f} s", flush=True)
    plain = Plain(directory / "plain.db", rows)
    seldom = rows[0].contact + 1
    middle = rows[messages // 2].sent_at
    del rows
    gc.collect()
    _index(store, messages)
    book = ContactBook(store, Presence(lambda _contact: "offline", lambda _contact, _message: False))
    searching = Searching(store, book)
    for query in _queries(seldom, middle):
        _compare(store, searching, plain, query, rounds)


def _fill(store: Store, messages: int) -> list[MessageRow]:
    """A contact who writes all the time, and one who seldom does; a minute between two messages."""
    texts = Texts()
    contacts = [
        store.contacts.add(bytes([number]) * 32, "accepted", name, created_at=_BEGAN).id
        for number, name in enumerate((_EVERYBODY, _SELDOM), 1)
    ]
    rows = []
    with store.transaction():
        for number in range(messages):
            at = _BEGAN + number * _MINUTE
            incoming = bool(number % 2)
            row = store.messages.add(
                contacts[number % _SELDOM_EVERY == 98],
                "in" if incoming else "out",
                number.to_bytes(16, "big"),
                "text",
                texts.text(number),
                sent_at=at,
                received_at=at if incoming else None,
                state="read" if incoming else "delivered",
            )
            rows.append(row)
    return rows


def _index(store: Store, messages: int) -> None:
    """As after an update: step by step, beside everything else."""
    store.search.begin_anew()
    steps: list[float] = []
    more = True
    while more:
        more = _timed(steps, lambda: store.search.index_some(STEP_MESSAGES))
    merges: list[float] = []
    more = True
    while more:
        more = _timed(merges, lambda: store.search.merge_some(STEP_PAGES))
    report.heading(
        f"A history of {messages:,} messages put into the index ({sum(steps + merges):.0f} s of steps)"
    )
    report.Series(f"a step of {STEP_MESSAGES} messages", steps, "ms").show_spread()
    report.Series(f"a step of merging {STEP_PAGES} pages", merges, "ms").show_spread()


def _queries(seldom: int, middle: int) -> list[Query]:
    day = from_milliseconds(middle)
    before = f"before:{day:%Y-%m-%dT%H:%M:%S}Z"
    limit = int(day.replace(microsecond=0).timestamp() * 1000)
    return [
        Query("a rare word", "zanzibar", "zanzibar"),
        Query("a common word", "the", "the"),
        Query("two common words", "see tomorrow", "see AND tomorrow"),
        Query("a phrase", '"see tomorrow"', '"see tomorrow"'),
        Query("the beginning of a word", "tomor*", "tomor*"),
        Query("two Chinese characters", "你好", '"你 好"'),
        Query("one Chinese character", "天", "天"),
        Query("a common word with a contact", f"the in:{_SELDOM}", "the", "AND m.contact = ?", (seldom,)),
        Query("a common word before a time", f"the {before}", "the", "AND m.sent_at < ?", (limit,)),
        Query(
            "all of it",
            f"the from:me in:{_SELDOM} {before}",
            "the",
            "AND m.direction = 'out' AND m.contact = ? AND m.sent_at < ?",
            (seldom, limit),
        ),
    ]


def _compare(store: Store, searching: Searching, plain: Plain, query: Query, rounds: int) -> None:
    wanted = _wanted(store, query)
    pages: list[float] = []
    ours: list[float] = []
    theirs: list[float] = []
    with asyncio.Runner() as runner:
        for _ in range(rounds):
            page = _timed(pages, lambda: runner.run(searching.find(query.typed, PAGE, None)))
            found = _timed(ours, lambda: store.search.find(wanted, PAGE, *store.search.bounds(wanted)))
            same = _timed(theirs, lambda: plain.find(query))
            ids = [row.id for row in same]
            assert ids == [row.id for row, _name in found] == [each.message.id for each in page.found]
    report.heading(f"{query.label}: {query.typed} ({len(found)} found, {rounds} rounds)")
    whole = report.Series("the first page, whole", pages, "ms")
    whole.show()
    report.limit(whole, at_most=AT_MOST_SECONDS)
    report.compare(
        report.Series("its rows, encrypted", ours, "ms"),
        report.Series("its rows, plain SQLite FTS5", theirs, "ms"),
        at_most=AT_MOST_TIMES,
    )


def _wanted(store: Store, query: Query) -> Wanted:
    read = read_query(query.typed)
    row = None if read.ref is None else store.contacts.by_petname(read.ref)
    contact = None if row is None else row.id
    return Wanted(read.phrases, contact, read.direction, read.kind, read.since, read.until)


def _timed(into: list[float], work: Callable[[], Any]) -> Any:
    began = time.perf_counter()
    found = work()
    into.append(time.perf_counter() - began)
    return found


if __name__ == "__main__":
    sys.exit(main())
