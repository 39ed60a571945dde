"""What is wrong with a file in TOML, in the chosen language: the parser's own words are English."""

from __future__ import annotations

import re

from tuichat.i18n import _


def toml_reason(error: Exception) -> str:
    """Why the parser refused a text, and where, without a full stop; words of a newer parser stay English."""
    words = str(error).rstrip(".")
    place = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", words, re.DOTALL)
    if place is not None:
        whole = _("{reason} (at line {line}, column {column})")
        return whole.format(reason=_said(place[1]), line=place[2], column=place[3])
    end = words.removesuffix(" (at end of document)")
    return words if end == words else _("{reason} (at end of document)").format(reason=_said(end))


def _said(words: str) -> str:
    for pattern, sentence in _table():
        found = re.fullmatch(pattern, words, re.DOTALL)
        if found is not None:
            return sentence.format(*map(_named, found.groups()))
    return words


def _named(part: str) -> str:
    """A section or key as it stands in the file; the parser shows a tuple."""
    return ".".join(re.findall(r"'([^']*)'", part)) if part.startswith("(") else part


def _table() -> tuple[tuple[str, str], ...]:
    return (
        (r"Invalid statement", _("Invalid statement")),
        (
            r"Expected newline or end of document after a statement",
            _("Expected newline or end of document after a statement"),
        ),
        (r"Expected '=' after a key in a key/value pair", _("Expected '=' after a key in a key/value pair")),
        (
            r"Expected (.+) at the end of (?:a table|an array) declaration",
            _("Expected {0} at the end of a section"),
        ),
        (r"Expected (.+)", _("Expected {0}")),
        (r"Found invalid character (.+)", _("Found invalid character {0}")),
        (r"Illegal character (.+)", _("Illegal character {0}")),
        (r"Cannot declare (.+) twice", _("Cannot declare {0} twice")),
        (r"Cannot overwrite a value", _("Cannot overwrite a value")),
        (r"Cannot mutate immutable namespace (.+)", _("Cannot change {0} any more")),
        (r"Cannot redefine namespace (.+)", _("Cannot define {0} again")),
        (r"Duplicate inline table key (.+)", _("{0} stands twice in the same table")),
        (r"Invalid initial character for a key part", _("Invalid initial character for a key part")),
        (r"Unclosed array", _("Unclosed array")),
        (r"Unclosed inline table", _("Unclosed inline table")),
        (r"Unescaped '\\' in a string", _("Unescaped '\\' in a string")),
        (r"Invalid hex value", _("Invalid hex value")),
        (
            r"Escaped character is not a Unicode scalar value",
            _("Escaped character is not a Unicode scalar value"),
        ),
        (r"Unterminated string", _("Unterminated string")),
        (r"Invalid date or datetime", _("Invalid date or datetime")),
        (r"Invalid value", _("Invalid value")),
    )
