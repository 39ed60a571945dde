"""What this person is writing, and the limits of what is kept of it."""

from __future__ import annotations

from tuichat.model.records import Record

MAX_DRAFT_BYTES = 64 * 1024
"""The longest draft that is kept, in bytes of UTF-8."""

MAX_INPUT_BYTES = 8 * 1024
"""The longest input that is remembered, in bytes of UTF-8."""

MAX_TAGS = 16
"""How many tags a contact may have."""

MAX_TAG_CHARACTERS = 32
"""The longest tag, in characters."""

MAX_WRITER_CHARACTERS = 64
"""The longest name of a front end, in characters."""


class Draft(Record, frozen=True, kw_only=True):
    """What is being written to a contact and was not sent; "" for nothing."""

    contact: int
    text: str
