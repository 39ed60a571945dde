"""Links in a text: where they are, and where they really lead."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

import msgspec

from tuichat.i18n import _

# Browsers read a backslash as a slash: what stands behind one is no name of a place, and no part of a link.
_LINK: Final = r"(?i:https?://[^\s<>\"'`\\“”‘’「」『』《》（），。、！？；：]+)"
_NEVER_LAST: Final = ".,;:!?)]}"
_BRACKETS: Final = {")": "(", "]": "[", "}": "{"}
_UNSEEN: Final = "[\u180b-\u180d\u180f\ufe00-\ufe0f]"
"""Variation selectors: browsers pass over them (UTS 46, "ignored")."""

_LONGEST_HOST: Final = 253
_WIDE_DOT: Final = "\u3002"
"""Browsers read it as a dot, as they do its halfwidth form, which NFKC turns into it."""


class Link(msgspec.Struct, frozen=True):
    """One of them: from which place of the text to which, and what is handed to a browser."""

    start: int
    end: int
    url: str


def links(text: str) -> list[Link]:
    """Those of a text, in their order. A sign that ends the sentence belongs to none."""
    if "://" not in text:
        return []
    found = []
    for match in re.finditer(_LINK, text):
        url = match[0]
        while url[-1] in _NEVER_LAST and not _closes(url):
            url = url[:-1]
        if 0 < len(host_of(url)) <= _LONGEST_HOST:
            found.append(Link(match.start(), match.start() + len(url), url))
    return found


def _closes(url: str) -> bool:
    """Whether a bracket at the end has its other half within the link."""
    opening = _BRACKETS.get(url[-1])
    return opening is not None and url.count(opening) >= url.count(url[-1])


def host_of(url: str) -> str:
    """Whom a link leads to, as programs write it: letters that are not ASCII in punycode, `xn--`."""
    host = re.sub(_UNSEEN, "", unicodedata.normalize("NFKC", _host(url))).replace(_WIDE_DOT, ".")
    return ".".join(_label(label) for label in host.split("."))


def cautions(url: str) -> list[str]:
    """What misleads in a link, a sentence each; none if nothing does."""
    told = []
    if not _host(url).isascii():
        told.append(_("Its letters are not all Latin: programs know it as {host}.").format(host=host_of(url)))
    elif "xn--" in host_of(url):
        told.append(_("Its name is written in punycode: a browser may show other letters."))
    if "@" in urlsplit(url).netloc:
        told.append(_("What stands before the @ is not where it leads."))
    if url.lower().startswith("http:") and not _host(url).endswith(".onion"):
        told.append(_("It is not encrypted: whoever is on the way can read and change it."))
    return told


def _host(url: str) -> str:
    """Whom it leads to, "" if nobody can say: browsers read %2e in a name as a dot, others do not."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
    return "" if "%" in host else host


def _label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.lower().encode("punycode").decode("ascii")
