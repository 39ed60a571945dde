"""Sentences for people, which an application can still say in another language."""

from __future__ import annotations


class Sentence(str):
    """English words with what belongs into them filled in; an application translates the template instead.

    Args:
        template: a literal, with `{name}` places for the fields.
        fields: what belongs into the places. One that is a sentence itself is translated, too.
    """

    __slots__ = ("fields", "template")

    def __new__(cls, template: str, **fields: str | int) -> Sentence:
        made = super().__new__(cls, template.format(**fields))
        made.template = str(template)  # plain, should it be a sentence itself
        made.fields = fields
        return made

    template: str
    fields: dict[str, str | int]


NOTHING = Sentence("")


def reason_of(failure: OSError) -> Sentence:
    """Why the system refuses something, without a full stop, in its own words, which are English."""
    words = failure.strerror or type(failure).__name__
    template = words.replace("{", "{{").replace("}", "}}")
    return Sentence(template)
