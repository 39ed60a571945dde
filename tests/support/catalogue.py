"""The catalogues of sentences in other languages, kept in step with the source.

    .venv/bin/python -m tests.support.catalogue            brings them up to date, and lists what is missing
    .venv/bin/python -m tests.support.catalogue --check    lists only; fails if anything is to be done

A catalogue is tuichat/data/locale/LANGUAGE/LC_MESSAGES/tuichat.po: entries sorted by the file that says the
sentence first, and nothing after a sentence is said no more. Beside it stands tuichat.mo, what the program
reads: the format of the GNU manual of gettext, "The Format of GNU MO Files", without a hash table.
"""

from __future__ import annotations

import ast
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.sentences import ROOT, Found, sentences

LOCALE = ROOT / "tuichat" / "data" / "locale"
_MAGIC = 0x950412DE


@dataclass(frozen=True, slots=True)
class Entry:
    """A sentence and its translation, "" where there is none yet; `files` say it, the first one first."""

    words: str
    plural: str
    translation: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A .po file: the comment at its top, what it says about itself, and its entries."""

    comment: str
    header: str
    entries: tuple[Entry, ...]

    def brought_up_to(self, found: Iterable[Found]) -> Catalogue:
        """With an entry for each sentence that is `found` and no other; what is translated stays so."""
        known = {each.words: each for each in self.entries}
        entries: dict[str, Entry] = {}
        for each in found:
            before = entries.get(each.words)
            if before is None:
                old = known.get(each.words)
                entries[each.words] = Entry(
                    each.words, each.plural, old.translation if old else "", (each.file,)
                )
            elif each.file not in before.files or each.plural:
                files = before.files if each.file in before.files else (*before.files, each.file)
                entries[each.words] = replace(before, files=files, plural=before.plural or each.plural)
        return replace(self, entries=tuple(entries.values()))

    def missing(self) -> list[Entry]:
        """The entries without a translation."""
        return [each for each in self.entries if not each.translation]


def read(path: Path) -> Catalogue:
    """Raises ValueError for what this program would not write: a fuzzy entry, one left over, another word."""
    comments: list[str] = []
    entries: list[Entry] = []
    first, header = "", None
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        lines = block.strip("\n").split("\n")
        notes = [line for line in lines if line.startswith("#")]
        fields = _fields([line for line in lines if line and not line.startswith("#")])
        if not fields:
            comments.append("\n".join(notes))
        elif header is None:
            first, header = "\n".join(notes), fields["msgstr"]
        else:
            entries.append(_entry(notes, fields))
    if header is None:
        raise ValueError(f"{path} says nothing about itself")
    return Catalogue("\n\n".join([*comments, first]).strip("\n"), header, tuple(entries))


def _fields(lines: list[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in lines:
        if not line.startswith('"'):
            name, _, line = line.partition(" ")
            if name not in ("msgid", "msgid_plural", "msgstr", "msgstr[0]") or name in fields:
                raise ValueError(f"not in a catalogue of ours: {name} {line}")
            fields[name] = ""
        fields[name] += str(ast.literal_eval(line))
    return fields


def _entry(notes: list[str], fields: dict[str, str]) -> Entry:
    if any(not note.startswith("#: ") for note in notes):
        raise ValueError(f"not in a catalogue of ours: {notes}")
    files = tuple(file for note in notes for file in note[3:].split(" "))
    plural = fields.get("msgid_plural", "")
    return Entry(fields["msgid"], plural, fields["msgstr[0]" if plural else "msgstr"], files)


def written(catalogue: Catalogue) -> str:
    """The .po file."""
    head = f'{catalogue.comment}\nmsgid ""\nmsgstr {_quoted(catalogue.header)}\n'
    return "\n".join([head, *map(_block, catalogue.entries)])


def _block(entry: Entry) -> str:
    lines = [f"#: {file}" for file in entry.files]
    lines.append(f"msgid {_quoted(entry.words)}")
    if entry.plural:
        lines.append(f"msgid_plural {_quoted(entry.plural)}")
    lines.append(f"msgstr{'[0]' if entry.plural else ''} {_quoted(entry.translation)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """In quotation marks; what has several lines with one for each, as is the custom."""
    marks = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
    lines = ["".join(marks.get(each, each) for each in line) for line in text.splitlines(keepends=True)]
    return f'"{"".join(lines)}"' if len(lines) < 2 else "\n".join(['""', *(f'"{line}"' for line in lines)])


def compiled(catalogue: Catalogue) -> bytes:
    """The .mo file: sorted by the English words, so that the same entries always give the same bytes."""
    pairs = [(b"", catalogue.header.encode())]
    for each in catalogue.entries:
        if each.translation:
            key = f"{each.words}\0{each.plural}" if each.plural else each.words
            pairs.append((key.encode(), each.translation.encode()))
    pairs.sort()
    start = 28 + 16 * len(pairs)
    tables, texts = [], b""
    for column in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<II", len(pair[column]), start + len(texts)))
            texts += pair[column] + b"\0"
    head = struct.pack("<7I", _MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start)
    return head + b"".join(tables) + texts


def catalogues() -> Iterator[Path]:
    """The .po files there are."""
    yield from sorted(LOCALE.glob("*/LC_MESSAGES/tuichat.po"))


def main(arguments: list[str]) -> int:
    """As the top of this file says; 1 if something is missing or, with --check, not up to date."""
    found, status = sentences(), 0
    for path in catalogues():
        before = read(path)
        now = before.brought_up_to(found)
        for file, content in ((path, written(now).encode()), (path.with_suffix(".mo"), compiled(now))):
            if not file.exists() or file.read_bytes() != content:
                if "--check" in arguments:
                    print(f"{file.relative_to(ROOT)} is not up to date")
                    status = 1
                else:
                    file.write_bytes(content)
        for entry in now.missing():
            print(f"{entry.files[0]}: {entry.words!r}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
