"""Every sentence a person sees passes through here, so that it can be said in their language."""

from __future__ import annotations

import gettext as _gettext
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from tuichat.languages import ENGLISH, system_language

_CATALOGUES = Path(__file__).parent / "data" / "locale"
_translations: _gettext.NullTranslations = _gettext.NullTranslations()


@runtime_checkable
class Fillable(Protocol):
    """A sentence of a package that is not ours, and what belongs into its `{name}` places."""

    @property
    def template(self) -> str: ...

    @property
    def fields(self) -> Mapping[str, object]: ...


def use_language(language: str | None) -> None:
    """Switch the catalogue: `language` like "zh_CN", or None for what the environment asks for."""
    global _translations
    languages = [language or system_language(os.environ)]
    _translations = _gettext.translation("tuichat", _CATALOGUES, languages=languages, fallback=True)


def language() -> str:
    """The chosen language as a page for a browser names it (BCP 47): "en" or "zh-CN"."""
    return _translations.info().get("language", ENGLISH).replace("_", "-")


def _(message: str) -> str:
    """The sentence in the chosen language; the English one where no translation exists."""
    return _translations.gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """The form of the sentence that fits `count`."""
    return _translations.ngettext(singular, plural, count)


def number_in(words: str, template: str, name: str) -> str | None:
    """The digits in the place `name` of `template`, a translated sentence; None if `words` do not say it."""
    parts = re.split(r"\{(\w+)\}", template)
    places = [r"([0-9]+)" if place == name else ".*?" for place in parts[1::2]]
    pattern = "".join(
        part for pair in zip(map(re.escape, parts[::2]), [*places, ""], strict=True) for part in pair
    )
    found = re.search(pattern, words)
    return found and found[1]


def translated(words: object) -> str:
    """A sentence of another package in the chosen language, its fields too; what is none, as it is.

    It is a plain `str` then, as it has to be for what is written as JSON.
    """
    if not isinstance(words, Fillable):
        return str(words)
    fields = {name: translated(value) for name, value in words.fields.items()}
    return str(_(words.template).format(**fields)) if words.template else ""
