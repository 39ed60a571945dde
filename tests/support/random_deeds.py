"""What people in a random story do to messages: answer, edit, unsend and react, whatever is on its way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TypeVar

from tests.support.judge import Judge
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_node import SimulatedNode
from tuichat.errors import UsageError
from tuichat.model import Message

Choice = TypeVar("Choice")

EMOJI = ("👍", "🎉", "👩🏽‍🚀")


class RandomDeeds:
    """Draws from a source of its own, so that stories are told as they were without it."""

    def __init__(self, judge: Judge, rng: SeededRng) -> None:
        self._judge = judge
        self._rng = rng
        self._count = 0

    def who(self, people: Sequence[SimulatedNode]) -> Iterator[SimulatedNode]:
        """Who does something now, if anybody does; one may do several things."""
        person = self.one_of(people)
        for _ in range(int(self._rng.uniform(0, 5)) - 2):
            if person.running:
                yield person

    def one_of(self, choices: Sequence[Choice]) -> Choice:
        """Any of them."""
        return choices[int(self._rng.uniform(0, len(choices)))]

    async def do(self, person: SimulatedNode, other: SimulatedNode) -> None:
        """One deed in the conversation of two; nothing if it is refused."""
        messages = await person.node.messages(other.name, limit=12)
        if messages:
            with suppress(UsageError):
                await self._do(person, other, self.one_of(messages))

    async def _do(self, person: SimulatedNode, other: SimulatedNode, message: Message) -> None:
        self._count += 1
        match self.one_of(("edit", "edit", "unsend", "react", "react", "react", "answer")):
            case "edit":
                await self._edit(person, other, message)
            case "react":
                await person.node.react(message.id, self.one_of(EMOJI))
            case "answer":
                await person.say(other, f"{person.name} answers {self._count}", message.id)
            case "unsend":
                text = person.first_text(message)
                if (await person.node.unsend(message.id)).state == "cancelled":
                    self._judge.cancelled.add(text)

    async def _edit(self, person: SimulatedNode, other: SimulatedNode, message: Message) -> None:
        text = f"edited {self._count} by {person.name}"
        before = await person.edit(other, message, text)
        if before:
            self._judge.corrected[before] = text
