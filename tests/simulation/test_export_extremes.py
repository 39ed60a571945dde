"""An export of the longest and latest that anybody can say can be imported: no peer makes one worthless."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.support.file_story import DAY, FileStory, play
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_node import SimulatedNode, until
from tuichat.model import MAX_REQUEST_BYTES, Contact, Imported, Message
from tuichat.model.exported import CONTACTS
from tuichat.protocol.bodies import (
    MAX_CAPTION_BYTES,
    MAX_MEDIA_TYPE,
    MAX_PLACE,
    MAX_REVISION,
    MAX_SENT_AT,
    MAX_TEXT_BYTES,
    MAX_TTL,
    THE_TWO_OF_US,
    Edit,
    File,
    Reaction,
    Text,
    Timer,
)
from tuichat.store.messages import LATEST

Said = Text | Edit | Reaction | Timer | File

TABS = "a" + "\t" * (MAX_REQUEST_BYTES - 2) + "b"
LATE = {
    "of the last moment": MAX_SENT_AT,
    "of the last moment that is kept": LATEST,
    "of the first": 0,
}


def named(number: int) -> bytes:
    return number.to_bytes(16, "big")


def queue(person: SimulatedNode, body: Said) -> None:
    """Have somebody's node say to their contact what its own interface would not."""
    node = person.node
    (row,) = person.store.contacts.all()
    with node._hub.change():
        node._conversations.outbox(row)._queue(None, body, node._hub.now(), given=False)
    node._links.queued(row.id)


async def calm(story: FileStory) -> None:
    for person in (story.alice, story.bob):
        assert await until(person.settled, DAY)
    await asyncio.sleep(60)


async def taken(
    story: FileStory, place: Path, *, same: bool = False
) -> tuple[Imported, list[Contact], list[Message]]:
    """What somebody new, or bob on a new machine, has after importing bob's export; and that is exported."""
    dora = SimulatedNode("dora", story.directory, story.network, SeededRng(b"dora"))
    if same:
        await story.bob.stop()
        dora.identity = story.bob.identity
    await dora.start()
    try:
        imported = await dora.node.import_from(str(place))
        await dora.node.export_to(str(place.with_name("again")))
        return imported, await dora.node.contact_list(), await dora.node.messages("alice")
    finally:
        await dora.stop()
        assert dora.failures == []


@pytest.mark.parametrize("same", [False, True], ids=["another identity", "the same identity"])
def test_what_a_contact_may_say_is_imported_however_late_and_long_it_is(tmp_path: Path, same: bool) -> None:
    async def story(story: FileStory) -> None:
        two = THE_TWO_OF_US
        said: list[Said] = [
            Text(two, named(100 + at), sent_at, text) for at, (text, sent_at) in enumerate(LATE.items())
        ]
        said += [
            Text(two, named(1), MAX_SENT_AT, "x" * MAX_TEXT_BYTES, ttl=MAX_TTL),
            Text(two, named(2), MAX_SENT_AT, "\t" * MAX_TEXT_BYTES),
            Edit(two, named(3), MAX_SENT_AT, named(1), "y" + "\t" * (MAX_TEXT_BYTES // 4 - 1)),
            Edit(two, named(4), MAX_SENT_AT, named(100), "\t" * MAX_TEXT_BYTES),
            Reaction(two, named(5), named(1), "👩🏽‍🚀", 1),
            Timer(two, named(6), MAX_SENT_AT, MAX_TTL, MAX_REVISION),
            File(
                two,
                named(7),
                MAX_SENT_AT,
                "\u0958" * 255,
                2**40,
                "\u0958" * MAX_MEDIA_TYPE,
                "\t" * MAX_CAPTION_BYTES,
                key=b"k" * 32,
                root=b"r" * 32,
                path=b"p" * 32,
                place="/".join(["\u0958" * 63] * (MAX_PLACE // 64)),
                ttl=MAX_TTL,
            ),
        ]
        for body in said:
            queue(story.alice, body)
        await calm(story)
        before = await story.bob.node.messages("alice")
        assert len(before) == len(said) - 2  # an edit and a reaction; the other edit nobody can read
        await story.bob.node.export_to(str(tmp_path / "out"))
        imported, _contacts, after = await taken(story, tmp_path / "out", same=same)
        assert imported.messages == len(before)
        assert [(each.text, each.sent_at) for each in after] == [(each.text, each.sent_at) for each in before]

    play(tmp_path, story)


async def asked_at_length(story: FileStory, monkeypatch: pytest.MonkeyPatch) -> Contact:
    """A stranger's node does not sanitise what it asks bob with; the request as bob has it."""
    eve = SimulatedNode("eve", story.directory, story.network, SeededRng(b"eve"))
    await eve.start()
    monkeypatch.setattr("tuichat.node.node.check_request_text", lambda text: text)
    await eve.node.contact_add(story.bob.address, "bob", TABS)

    async def has_come() -> bool:
        return len(await story.bob.node.contact_list()) == 2

    assert await until(has_come, DAY)
    await eve.stop()
    assert eve.failures == []
    return next(each for each in await story.bob.node.contact_list() if each.state == "pending")


def test_a_request_that_grows_when_it_is_sanitised_is_cut_and_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(story: FileStory) -> None:
        request = await asked_at_length(story, monkeypatch)
        assert request.request_text == "a" + " " * (MAX_REQUEST_BYTES - 1)
        await story.bob.node.export_to(str(tmp_path / "out"))
        _imported, contacts, _messages = await taken(story, tmp_path / "out")
        assert request.request_text in [each.request_text for each in contacts]

    play(tmp_path, story)


def test_an_export_with_a_request_that_is_too_long_is_imported_with_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(story: FileStory) -> None:
        request = await asked_at_length(story, monkeypatch)
        await story.bob.node.export_to(str(tmp_path / "out"))
        file = tmp_path / "out" / CONTACTS
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        for line in lines:
            line["request_text"] += "\t" * (MAX_REQUEST_BYTES if line["id"] == request.id else 0)
        file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
        _imported, contacts, _messages = await taken(story, tmp_path / "out")
        assert request.request_text in [each.request_text for each in contacts]

    play(tmp_path, story)
