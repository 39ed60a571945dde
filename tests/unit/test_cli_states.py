"""States in a person's language: every line that tells one has it from the catalogue."""

from __future__ import annotations

import gettext
from datetime import UTC, datetime
from typing import get_args

import pytest

from tests.support.fixed_clock import START, FixedClock
from tests.support.memory_node import MemoryNode
from tuichat import i18n
from tuichat.cli import contact, messages, send, waiting
from tuichat.model import ContactState, Message, MessageState

NOW = datetime.fromtimestamp(START, tz=UTC)


class Shouting(gettext.NullTranslations):
    """A language that has capitals only."""

    def gettext(self, message: str) -> str:
        return message if "{" in message else message.upper()


@pytest.fixture(autouse=True)
def shouting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_translations", Shouting())


def message(state: MessageState) -> Message:
    return Message(
        id=7, contact=1, direction="out", kind="text", text="", sent_at=NOW, received_at=None, state=state
    )


@pytest.mark.parametrize("state", get_args(MessageState))
async def test_message_tells_its_state_in_the_chosen_language(state: MessageState) -> None:
    bob = MemoryNode(FixedClock()).person("bob")
    assert send.shown(message(state)) == f"7  {state.upper()}"
    if state not in ("delivered", "read"):
        assert f"[7 {state.upper()}]" in messages.shown(message(state), bob, NOW)


def test_message_that_is_not_as_far_as_it_should_be_is_told_in_the_chosen_language() -> None:
    error = waiting._not_there(message("sent"), "delivered", "")
    assert error.message == "Message 7 is SENT, not yet DELIVERED."


@pytest.mark.parametrize("state", get_args(ContactState))
async def test_contact_tells_their_state_in_the_chosen_language(state: ContactState) -> None:
    person = MemoryNode(FixedClock()).person("bob", state=state)
    assert contact.shown(person).endswith(f"  {state.upper()}")
