"""Which of our languages a system asks for: by its locale's name, or by its list of languages.

The variables are those of the GNU gettext manual, "Locale Environment Variables" and "The LANGUAGE variable":
of LC_ALL, LC_MESSAGES and LANG the first that says something is the locale; unless that is C or POSIX, and
nothing more, a list in LANGUAGE comes before it.
A name is LANGUAGE[_SCRIPT][_TERRITORY][.CODESET][@MODIFIER].
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

ENGLISH: Final = "en"
"""The language of the source: there is no catalogue for it."""

SIMPLIFIED_CHINESE: Final = "zh_CN"

_SIMPLIFIED: Final = frozenset({"", "CN", "SG", "MY", "HANS"})
_NEUTRAL: Final = frozenset({"", "C", "POSIX"})


def system_language(environment: Mapping[str, str]) -> str:
    """The first language of the system that tuichat speaks; English where it speaks none of them.

    On the Linux console it is English: no font of it has Chinese characters, so a Chinese sentence is a
    row of boxes there. Whoever runs a console that shows them names the language in the settings.
    """
    if environment.get("TERM") == "linux":
        return ENGLISH
    return next((found for name in _asked_for(environment) if (found := language_of(name))), ENGLISH)


def language_of(name: str) -> str | None:
    """Our language for a locale's name or a tag such as "zh-Hans"; None if it is none of ours.

    Traditional Chinese is none: who reads it did not ask for the other script, and says so in LANGUAGE or in
    the settings if that is better than English. GNU gettext keeps the two apart in the same way.
    """
    language, *parts = re.split("[_-]", re.split("[.@]", name, maxsplit=1)[0])
    if language.lower() == "en" or _is_neutral(name):
        return ENGLISH
    first = parts[0].upper() if parts else ""
    return SIMPLIFIED_CHINESE if language.lower() == "zh" and first in _SIMPLIFIED else None


def locale_of(environment: Mapping[str, str], category: str) -> str:
    """The locale's name for a category such as "LC_TIME"; "" if none is set."""
    return next((name for key in ("LC_ALL", category, "LANG") if (name := environment.get(key, ""))), "")


def _asked_for(environment: Mapping[str, str]) -> list[str]:
    name = locale_of(environment, "LC_MESSAGES")
    if name in ("C", "POSIX"):
        return []
    return [*filter(None, environment.get("LANGUAGE", "").split(":")), name]


def _is_neutral(name: str) -> bool:
    """Whether a locale's name stands for no language: C and POSIX, with whatever character set."""
    return name.split(".")[0].upper() in _NEUTRAL
