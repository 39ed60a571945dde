"""What a person types to find messages: understood, or refused with a sentence."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.stores import add_contact, open_store, receive
from tuichat.errors import UsageError
from tuichat.node.search_query import MAX_QUERY, Query, read_query
from tuichat.store.search import Wanted
from tuichat.store.search_terms import Phrase
from tuichat.store.store import Store

DAY = 1_769_817_600_000
"""2026-01-31 in UTC."""


@pytest.fixture
def east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A zone two hours ahead."""
    monkeypatch.setenv("TZ", "EET-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("typed", "phrases"),
    [
        ("Hello wörld", [Phrase(("hello",)), Phrase(("world",))]),
        ('"good morning" bob', [Phrase(("good", "morning")), Phrase(("bob",))]),
        ("“good morning”", [Phrase(("good", "morning"))]),
        ("hel* 你好*", [Phrase(("hel",), True), Phrase(("你", "好"))]),
        ('"good mor"*', [Phrase(("good", "mor"), True)]),
        ("foo_bar.p*", [Phrase(("foo", "bar", "p"), True)]),
        ('"in:bob"', [Phrase(("in", "bob"))]),
        ('"he said “good” morning" bob', [Phrase(("he", "said", "good", "morning")), Phrase(("bob",))]),
        ('“good morning"* “bob”', [Phrase(("good", "morning"), True), Phrase(("bob",))]),
        ("note:this http://a.b", [Phrase(("note", "this")), Phrase(("http", "a", "b"))]),
        (
            '5" AND NOT (x OR -y) ^z {a}',
            [Phrase((w,)) for w in ("5", "and", "not", "x", "or", "y", "z", "a")],
        ),
        ("what ?! *", [Phrase(("what",))]),
    ],
)
def test_words_phrases_and_beginnings(typed: str, phrases: list[Phrase]) -> None:
    assert read_query(typed) == Query(phrases=tuple(phrases))


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("in:bob", Query(ref="bob")),
        ('IN:"Bob ""B"" Smith"', Query(ref='Bob "B" Smith')),
        ('in:"The “Boss”"', Query(ref="The “Boss”")),
        ('in:"“Boss"', Query(ref="“Boss")),
        ('in:"„Boss‟ ""B"""', Query(ref='„Boss‟ "B"')),
        ("in:“The Boss”", Query(ref="The Boss")),
        ("in:“The ““Boss”” ”", Query(ref="The “Boss” ")),
        ("in:The“Boss”", Query(ref="The“Boss”")),
        ("from:me", Query(direction="out")),
        ("from:Them", Query(direction="in")),
        ("kind:text", Query(kind="text")),
        ("has:file", Query(kind="file")),
        ("has:file kind:file", Query(kind="file")),
        ("after:2026-01-31T00:00Z", Query(since=DAY)),
        ("before:2026-01-31t00:00:00.500z", Query(until=DAY + 500)),
        ("after:2026-01-31 before:2026-02-01", Query(since=DAY - 7_200_000, until=DAY + 79_200_000)),
        ('after:"2026-01-31 02:00"', Query(since=DAY)),
        ("before:1960-01-01", Query(until=0)),
    ],
)
@pytest.mark.usefixtures("east")
def test_filters_and_local_times(typed: str, query: Query) -> None:
    assert read_query(typed) == query


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            "   ",
            "*",
            "?!",
            '""',
            '"not closed',
            "in:",
            'in:""',
            "in: bob",
            'in:"bob',
            'in:"bob”',
            "in:“bob",
        ),
        *("in:a in:b", "from:bob", "kind:voice-mail", "has:picture", "has:file kind:text"),
        *(
            "before:tomorrow",
            "after:2026-13-01",
            "after:0001-01-01T00:00+23:59",
            "after:9999-12-31T23:59-23:59",
        ),
        "x" * (MAX_QUERY + 1),
    ],
)
def test_what_cannot_be_understood_is_a_sentence(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_query(typed)
    assert caught.value.message[-1] in ".:"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(tmp_path_factory.mktemp("store"))
    receive(opened, add_contact(opened).id, 1, "hello 你好")
    yield opened
    opened.close()


def asked(store: Store, typed: str) -> list[int]:
    query = read_query(typed)
    wanted = Wanted(query.phrases, None, query.direction, query.kind, query.since, query.until)
    return [row.id for row, _name in store.search.find(wanted, 10, *store.search.bounds(wanted))]


WORDS = [
    '"',
    '""',
    "*",
    "in:",
    "before:",
    "2026-01-31",
    " ",
    "NEAR(",
    "AND",
    "^",
    "{document}:",
    "-",
    "'",
    "\x80",
    "\0",
]


@settings(max_examples=300)
@given(st.one_of(st.text(), st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=3))).map("".join)))
def test_no_query_is_an_error_of_the_database(store: Store, typed: str) -> None:
    with suppress(UsageError):
        assert asked(store, typed) in ([], [1])


@pytest.mark.parametrize("typed", ["a " * 500, "你" * 1000, '"' + "a " * 499 + '"', "a* " * 333])
def test_the_longest_queries_are_answered(store: Store, typed: str) -> None:
    assert asked(store, typed) == []


def test_nothing_outside_the_texts_is_found(store: Store, tmp_path: Path) -> None:
    """Neither what the index has to filter by, nor the place between a file's name and the text."""
    for typed in ("cin", "din", "ktext", "e", "\x80din", "c1"):
        assert asked(store, typed) == []
