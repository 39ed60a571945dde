"""Another language for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tuichat import i18n


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """All sentences are in `language` meanwhile, and as they were before afterwards."""
    before = i18n._translations
    i18n.use_language(language)
    try:
        yield
    finally:
        i18n._translations = before
