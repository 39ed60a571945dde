"""What a person types to find messages.

    words            each must be in the text, or in the name of the file
    "exact phrase"   these words one behind the other; “these” marks do as well
    begin*           a word that begins so; behind a phrase, its last word does
    in:NAME          with this contact: a name, an address, or the beginning of one; in:"Two Words"
    from:me          what I wrote; from:them, what came
    kind:text        of this kind, as `--json` names it
    has:file         with a file
    after:TIME       at this time or later, by the clock here; before:TIME, earlier
    in:"a ""b"" c"   a quotation mark in quotation marks is written twice; “these” in straight ones once

A time is a date, 2026-01-31, at whose midnight it is, or has a time of day: 2026-01-31T12:00. One without a
zone (Z, +02:00) is local. Each filter stands once at most. Case, diacritics and punctuation do not count;
where a word is written without spaces to its neighbours, as in Chinese, it is found within what stands there.
Any other word with a colon, and any in quotation marks, is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, get_args

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.model import Direction, MessageKind
from tuichat.store.search_terms import Phrase, phrase

MAX_QUERY: Final = 1_000
"""The most characters of a query."""

_FILTERS: Final = ("in", "from", "kind", "has", "before", "after")
_KEY: Final = re.compile(f"({'|'.join(_FILTERS)}):", re.IGNORECASE)
_MARKS: Final = str.maketrans("“”„‟", '""""')
_QUOTED: Final = re.compile(r'"((?:[^"]|"")*)"(\*?)')
_TWICE: Final = re.compile('([“”„‟"])[“”„‟"]')
_BARE: Final = re.compile(r"\S+")
_FROM: Final[dict[str, Direction]] = {"me": "out", "them": "in"}


@dataclass(frozen=True, slots=True)
class Query:
    """What was understood. `ref` names a contact; times are milliseconds, `until` is left out."""

    phrases: tuple[Phrase, ...] = ()
    ref: str | None = None
    direction: Direction | None = None
    kind: MessageKind | None = None
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class _Word:
    key: str
    value: str
    prefix: bool = False


def read_query(text: str) -> Query:
    """Understand what was typed.

    Raises:
        UsageError: there is nothing to look for, or a filter or a quotation mark is wrong.
    """
    if len(text) > MAX_QUERY:
        raise UsageError(_("A search has at most {most} characters.").format(most=MAX_QUERY))
    query, given = Query(), set[str]()
    for word in _words(text):
        if not word.key:
            found = phrase(word.value, prefix=word.prefix)
            query = query if found is None else replace(query, phrases=(*query.phrases, found))
            continue
        if word.key in given:
            raise UsageError(_("{key}: can stand once only.").format(key=word.key))
        given.add(word.key)
        query = _filtered(query, word)
    if query == Query():
        raise UsageError(
            _("There is nothing to look for."), _("Type a word, or a filter such as in:NAME or has:file.")
        )
    return query


def _words(text: str) -> Iterator[_Word]:
    alike = text.translate(_MARKS)  # as long as the text, which has what a name has
    at = 0
    while (start := _BARE.search(text, at)) is not None:
        at = start.start()
        key = _KEY.match(text, at)
        begin = at if key is None else key.end()
        if alike[begin : begin + 1] == '"':
            is_straight = text[begin] == '"'
            match = _QUOTED.match(text if is_straight else alike, begin)
            if match is None:
                raise UsageError(_("A quotation mark is not closed."), _("Close it, or leave it out."))
            inside = text[match.start(1) : match.end(1)]
            value = inside.replace('""', '"') if is_straight else _TWICE.sub(r"\1", inside)
            star = match[2] == "*"
        else:
            match = re.compile(r"\S*").match(text, begin)
            assert match is not None
            value, star = match[0].rstrip("*"), match[0].endswith("*")
        at = match.end()
        yield _Word("" if key is None else key[1].lower(), value, star)


def _filtered(query: Query, word: _Word) -> Query:
    if not word.value:
        raise UsageError(
            _("Behind {key}: something must stand, without a space.").format(key=word.key),
            _('To look for the word itself: "{key}"').format(key=word.key),
        )
    return _SET[word.key](query, word.value)


def _chosen(key: str, value: str, choices: tuple[str, ...]) -> str:
    if value.lower() not in choices:
        known = ", ".join(f"{key}:{choice}" for choice in choices)
        raise UsageError(
            _("There is no {word}.").format(word=f"{key}:{value}"), _("Choose: {words}").format(words=known)
        )
    return value.lower()


def _of_kind(query: Query, value: str) -> Query:
    kinds: tuple[MessageKind, ...] = get_args(MessageKind)
    chosen = _chosen("kind", value, kinds)
    return _with_kind(query, next(kind for kind in kinds if kind == chosen))


def _with_file(query: Query, value: str) -> Query:
    _chosen("has", value, ("file",))
    return _with_kind(query, "file")


def _with_kind(query: Query, kind: MessageKind) -> Query:
    if query.kind not in (None, kind):
        raise UsageError(_("Only messages of the kind file have a file."), _("Leave out kind: or has:file."))
    return replace(query, kind=kind)


def _time(key: str, value: str) -> int:
    """In milliseconds of Unix time, not before its beginning."""
    try:
        at = datetime.fromisoformat(value.upper())
        aware = at.astimezone() if at.tzinfo is None else at
        return max(0, int(aware.astimezone(UTC).timestamp() * 1000))
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            _("{word} is no time.").format(word=f"{key}:{value}"),
            _("Write a date or a date and a time: {key}:2026-01-31 or {key}:2026-01-31T12:00").format(
                key=key
            ),
        ) from None


_SET: Final[dict[str, Callable[[Query, str], Query]]] = {
    "in": lambda query, value: replace(query, ref=value),
    "from": lambda query, value: replace(query, direction=_FROM[_chosen("from", value, tuple(_FROM))]),
    "kind": _of_kind,
    "has": _with_file,
    "before": lambda query, value: replace(query, until=_time("before", value)),
    "after": lambda query, value: replace(query, since=_time("after", value)),
}
