"""What tells people apart in every theme."""

from __future__ import annotations

from typing import Final

PEOPLE: Final = 8
"""How many colours people are told apart by; a shorter list in a theme repeats."""
