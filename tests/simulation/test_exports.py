"""Exports: what a person can read, whole or marked, and the same again after a fresh profile has taken it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections.abc import Awaitable, Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.support.file_story import DAY, KIB, FileStory, play
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_node import SimulatedNode, at_once, until
from tuichat.crypto.passphrase import Secret
from tuichat.errors import NotFoundError, StorageError, TuichatError, UsageError
from tuichat.model import Conversation, Message
from tuichat.model.exported import INCOMPLETE, MANIFEST
from tuichat.node.gate import GRACE, Gate
from tuichat.node.message_deeds import MOST_REACTIONS
from tuichat.node.node import Node
from tuichat.protocol.bodies import THE_TWO_OF_US, Text
from tuichat.store.deeds import EARLIER_KEPT

WORDS = "<script>alert(1)</script> & \"第三页有图表\" 👩‍🚀\n'second' line"
Story = Callable[[FileStory], Awaitable[None]]


def content_of(directory: Path) -> dict[str, bytes]:
    """Every file of an export but for whose it is and when it was made."""
    files = {
        str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }
    manifest = json.loads(files.pop(MANIFEST))
    counts = {name: manifest[name] for name in ("format", "version", "contacts", "messages", "files")}
    pages = {name: data for name, data in files.items() if name.startswith("pages/")}
    for name, data in pages.items():
        files[name] = data.replace(manifest["address"].encode(), b"ADDRESS")
    return {**files, MANIFEST: json.dumps(counts).encode()}


def unnamed(content: dict[str, bytes]) -> dict[str, bytes]:
    """The same without how nodes name messages, which another identity does anew."""
    return {
        name: re.sub(rb',"(wire_id|answers)":"[0-9a-f]*"', b"", data) if "messages/" in name else data
        for name, data in content.items()
    }


async def say_much(story: FileStory) -> None:
    """Words and files in both directions, all of it settled."""
    alice, bob = story.alice, story.bob
    await alice.say(bob, "hello")
    await bob.say(alice, WORDS)
    (offered,) = await story.offer(story.write("第三页.bin", 100 * KIB), caption="as promised <b>")
    await bob.node.file_accept(offered.id)
    await story.until_state(bob, offered.id, "complete")
    (unwanted,) = await story.offer(story.write("unwanted", 10))
    await bob.node.file_decline(unwanted.id)
    await story.until_state(alice, 2, "declined")
    await bob.node.contact_tag("alice", ["work"])
    await bob.node.conversation_set("alice", muted=True, archived=True)
    await bob.node.contact_add(fresh(story, "carol").address, "carol", "from the fair")
    for person in (alice, bob):
        assert await until(person.settled, DAY)


async def do_much(story: FileStory) -> None:
    """What can be done to messages, from both sides, all of it settled; bob's last one has most of it."""
    alice, bob = story.alice, story.bob
    hello, _words, promised, unwanted = await alice.node.messages("bob")
    secret = await alice.say(bob, "a secret")
    draft = await alice.say(bob, "first draft")
    assert await until(alice.settled, DAY)
    *_before, secret_there, draft_there = await bob.node.messages("alice")
    await bob.say(alice, "I shall keep it", secret_there.id)
    for text in ("second <b>draft</b>", "\u202ethird\u202c 稿"):
        await alice.node.edit(draft.id, text)
    await alice.say(bob, "see above", hello.id)
    for message in (secret, unwanted):
        await alice.node.unsend(message.id)
    assert await until(alice.settled, DAY)
    last = await bob.say(alice, "thanks", (await bob.node.messages("alice"))[2].id)
    for person in (bob, alice):
        assert await until(person.settled, DAY)
    await bob.node.react(last.id, "👍")
    await bob.node.react(draft_there.id, "👩🏽‍🚀")
    assert await until(bob.settled, DAY)
    for emoji in ("🐇", "👍"):
        await alice.node.react((await alice.node.messages("bob"))[-1].id, emoji)
    await alice.node.react(promised.id, "❤️")
    for text in ("thank you", "many thanks"):
        await bob.node.edit(last.id, text)
    for person in (alice, bob):
        assert await until(person.settled, DAY)


def fresh(story: FileStory, name: str) -> SimulatedNode:
    """A person who never talked to anybody."""
    return SimulatedNode(name, story.directory, story.network, SeededRng(name.encode()))


def test_export_import_export_is_the_same(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        await say_much(story)
        bob = story.bob
        made = await bob.node.export_to(str(tmp_path / "one"))
        assert (made.contacts, made.messages, made.files, made.missing) == (2, 4, 2, 0)
        other = fresh(story, "dora")
        signs_of_life = []
        other.still_works = lambda: signs_of_life.append("in a thousand lines, and at the end")
        await other.start()
        taken = await other.node.import_from(str(tmp_path / "one"))
        assert (taken.contacts, taken.messages, taken.files) == (2, 4, 2)
        assert len(signs_of_life) == 1
        assert (taken.same_identity, taken.verified, taken.ended) == (False, 0, 0)
        assert await other.node.messages("alice") == await bob.node.messages("alice")
        (received, _declined) = await other.node.file_list("alice")
        assert Path(received.path).read_bytes() == (tmp_path / "hers" / "第三页.bin").read_bytes()
        assert Path(received.path).parent == tmp_path / "dora" / "inbox"
        assert (await other.contact(story.alice)).conversation == Conversation(muted=True, archived=True)
        await other.node.export_to(str(tmp_path / "two"))
        assert unnamed(content_of(tmp_path / "one")) == unnamed(content_of(tmp_path / "two"))
        assert content_of(tmp_path / "one") != content_of(tmp_path / "two")
        with pytest.raises(UsageError, match="fresh profile only"):
            await other.node.import_from(str(tmp_path / "two"))
        await other.stop()
        await other.start()
        assert await other.node.messages("alice") == await bob.node.messages("alice")
        await other.stop()
        assert other.failures == []

    play(tmp_path, story)


async def taken_again(story: FileStory, person: SimulatedNode, place: Path) -> SimulatedNode:
    """Somebody's identity in a fresh profile that has taken an export, in place of the old one."""
    await person.stop()
    again = fresh(story, f"{person.name}-again")
    again.identity = person.identity
    await again.start()
    await again.node.import_from(str(place))
    return again


async def histories(person: SimulatedNode) -> list[tuple[Message, list[str]]]:
    """All that was said with alice, and what it said before."""
    messages = await person.node.messages("alice")
    return [(each, await person.node.message_earlier(each.id)) for each in messages]


def test_what_was_done_to_messages_is_the_same_after_an_import(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        await say_much(story)
        await do_much(story)
        alice, bob = story.alice, story.bob
        regretted = await bob.say(alice, "regretted")
        assert await until(bob.settled, DAY)
        with bob.store.transaction():
            bob.store._database.run("DELETE FROM messages WHERE id = ?", (regretted.id,))
        hers = (await alice.node.messages("bob"))[-1]
        await alice.say(bob, "about what is gone", hers.id)
        taken_back = await bob.say(alice, "taken back while she is away")
        for person in (alice, bob):
            assert await until(person.settled, DAY)
        await alice.stop()
        await bob.node.unsend(taken_back.id)
        before = await histories(bob)
        said = [message for message, _earlier in before]
        assert {message.unsent for message in said} == {"", "asked", "done"}
        assert [len(earlier) for _message, earlier in before if earlier] == [2, 2]
        quotes = [message.quote for message in said if message.quote]
        assert [quote.message is None for quote in quotes] == [False, False, False, True]
        assert [quote.unsent for quote in quotes] == [True, False, False, False]
        assert ("👍", "🐇", "👍") in [message.reactions for message in said]

        await bob.node.export_to(str(tmp_path / "one"))
        other = fresh(story, "dora")
        await other.start()
        await other.node.import_from(str(tmp_path / "one"))
        assert await histories(other) == before
        await other.node.export_to(str(tmp_path / "two"))
        assert unnamed(content_of(tmp_path / "one")) == unnamed(content_of(tmp_path / "two"))
        await other.stop()
        assert other.failures == []
        again = await taken_again(story, bob, tmp_path / "one")
        assert await histories(again) == before
        await again.node.export_to(str(tmp_path / "three"))
        assert content_of(tmp_path / "one") == content_of(tmp_path / "three")
        await again.stop()
        await alice.start()
        await bob.start()

    play(tmp_path, story)


def test_many_long_earlier_texts_come_along_a_page_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(story: FileStory) -> None:
        for name in ("one", "two", "three"):
            message = await story.bob.say(story.alice, name)
            for number in range(EARLIER_KEPT + 1 if name == "two" else 2):
                await story.bob.node.edit(message.id, f"{name} {number} \n" + "\n" * 100)
        before = await histories(story.bob)
        assert [len(earlier) for _message, earlier in before] == [2, EARLIER_KEPT, 2]
        monkeypatch.setattr("tuichat.node.exports._PAGE_BYTES", 1000)
        await story.bob.node.export_to(str(tmp_path / "out"))
        other = fresh(story, "dora")
        await other.start()
        await other.node.import_from(str(tmp_path / "out"))
        assert [earlier for _message, earlier in await histories(other)] == [each[1] for each in before]
        await other.stop()

    play(tmp_path, story)


def test_an_export_without_earlier_texts_and_names_is_taken(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        await say_much(story)
        await do_much(story)
        await story.bob.node.export_to(str(tmp_path / "out"))
        shutil.rmtree(tmp_path / "out" / "earlier")
        for path in (tmp_path / "out" / "messages").iterdir():
            path.write_bytes(unnamed({"messages/": path.read_bytes()})["messages/"])
        other = fresh(story, "dora")
        await other.start()
        await other.node.import_from(str(tmp_path / "out"))
        assert await other.node.messages("alice") == await story.bob.node.messages("alice")
        assert not any(earlier for _message, earlier in await histories(other))
        await other.stop()

    play(tmp_path, story)


def test_a_file_that_was_taken_back_during_the_export_is_offered_no_more(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        await say_much(story)
        await story.bob.node.export_to(str(tmp_path / "out"))
        edited(tmp_path / "out", "messages/1.jsonl", lambda line: line.update(text="", unsent="done"))
        other = fresh(story, "dora")
        await other.start()
        await other.node.import_from(str(tmp_path / "out"))
        last = (await other.node.messages("alice"))[-1]
        assert (last.kind, last.file, last.unsent) == ("file", None, "done")
        assert [file.name for file in await other.node.file_list()] == ["第三页.bin", "file"]
        await other.stop()

    play(tmp_path, story)


@pytest.mark.parametrize("goes", ["words", "contact"])
def test_what_goes_while_an_export_is_made_is_not_half_in_it(tmp_path: Path, goes: str) -> None:
    async def story(story: FileStory) -> None:
        await say_much(story)
        bob = story.bob

        async def changing_much_once_files_are_copied(work: Callable[[], Any]) -> Any:
            done = work()
            if (tmp_path / "out" / "files" / "1").exists():
                bob.off_loop = at_once
                await (bob.node.contact_erase if goes == "words" else bob.node.contact_remove)("alice")
                if goes == "words":
                    await bob.node.conversation_timer("alice", 60)
                    await bob.node.contact_erase("alice")
            return done

        bob.off_loop = changing_much_once_files_are_copied
        made = await bob.node.export_to(str(tmp_path / "out"))
        left = 2 if goes == "words" else 1
        assert (made.contacts, made.messages, made.files, made.missing) == (left, 0, 0, 0)
        assert list((tmp_path / "out" / "files").iterdir()) == []
        lines = map(json.loads, (tmp_path / "out" / "contacts.jsonl").read_text().splitlines())
        timers = [(line["conversation"]["timer"], line["timer_revision"] > 0) for line in lines]
        assert timers == [(60, True), (0, False)][-left:]
        other = fresh(story, "dora")
        await other.start()
        taken = await other.node.import_from(str(tmp_path / "out"))
        assert (taken.contacts, taken.messages, taken.files) == (left, 0, 0)
        await other.stop()

    play(tmp_path, story)


def test_an_export_that_takes_longer_than_locking_waits_for_it_ends_in_a_sentence(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        bob = story.bob
        await story.alice.say(bob, "hello")

        async def slow(work: Callable[[], Any]) -> Any:
            await asyncio.sleep(2 * GRACE)
            return work()

        async def opened(_secret: Secret) -> Node:
            await asyncio.sleep(0)
            return bob.node

        gate = Gate(opened, kind="daemon", clock=bob.clock)
        await gate.unlock("")
        bob.off_loop = slow
        exporting = asyncio.create_task(gate.export_to(str(tmp_path / "out")))
        await asyncio.sleep(1)
        await gate.lock()
        with pytest.raises(StorageError, match="was locked"):
            await exporting
        assert (tmp_path / "out" / INCOMPLETE).exists()

    play(tmp_path, story)


def test_whoever_comes_out_of_another_ones_export_is_asked_only_once_one_writes(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        await say_much(story)
        await story.bob.node.export_to(str(tmp_path / "out"))
        other = fresh(story, "dora")
        await other.start()
        await other.node.import_from(str(tmp_path / "out"))
        await other.stop()
        await other.start()
        await asyncio.sleep(DAY)
        assert [each.name for each in await story.alice.node.contact_list()] == ["bob"]
        await other.node.send("alice", "it is me, under another address")

        async def asked() -> bool:
            return any(each.state == "pending" for each in await story.alice.node.contact_list())

        assert await until(asked, DAY)
        await other.stop()
        assert other.failures == []

    play(tmp_path, story)


def test_the_same_identity_is_in_touch_again_and_nobody_is_verified(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        await say_much(story)
        bob = story.bob
        number = await bob.node.contact_verify("alice")
        await bob.node.contact_verify("alice", number.digits)
        await bob.node.export_to(str(tmp_path / "out"))
        await bob.stop()
        again = fresh(story, "bobby")
        again.identity = bob.identity
        await again.start()
        taken = await again.node.import_from(str(tmp_path / "out"))
        assert (taken.same_identity, taken.verified) == (True, 1)
        assert not (await again.contact(story.alice)).verified

        async def linked() -> bool:
            return (await again.contact(story.alice)).online

        assert await until(linked, DAY)
        await again.node.send("alice", "back again")
        await story.alice.say(bob, "good")
        assert await until(again.settled, DAY)
        assert await until(story.alice.settled, DAY)
        assert (await again.history(story.alice))[-1] == "good"
        assert (await story.alice.history(bob))[-1] == "back again"
        hers = {message.text: message for message in await story.alice.node.messages("bob")}
        his = {message.text: message for message in await again.node.messages("alice")}
        await story.alice.node.edit(hers["hello"].id, "changed later")
        await again.node.unsend(his[WORDS].id)
        await story.alice.node.react(hers["as promised <b>"].id, "👍")
        await story.alice.say(bob, "about that", hers["as promised <b>"].id)
        await again.node.edit(his["back again"].id, "here again")
        assert await until(again.settled, DAY)
        assert await until(story.alice.settled, DAY)
        changed = await again.node.message_get(his["hello"].id)
        assert (changed.text, changed.edited) == ("changed later", True)
        assert (await story.alice.node.message_get(hers[WORDS].id)).unsent == "done"
        assert (await again.node.message_get(his[WORDS].id)).unsent == "done"
        assert (await again.node.message_get(his["as promised <b>"].id)).reactions == ("👍",)
        answer = (await again.node.messages("alice"))[-1]
        assert (answer.text, answer.reply_to) == ("about that", his["as promised <b>"].id)
        await again.stop()
        assert again.failures == []
        await bob.start()

    play(tmp_path, story)


def test_two_imported_histories_go_on_about_the_same_messages_and_none_comes_twice(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        await say_much(story)
        await do_much(story)
        await story.alice.node.conversation_timer("bob", 3600)
        for person in (story.alice, story.bob):
            assert await until(person.settled, DAY)
        for person in (story.alice, story.bob):
            await person.node.export_to(str(tmp_path / f"{person.name}-out"))
        alice = await taken_again(story, story.alice, tmp_path / "alice-out")
        bob = await taken_again(story, story.bob, tmp_path / "bob-out")
        before = await bob.node.messages("alice")
        assert (await bob.contact(alice)).conversation.timer == 3600
        await bob.node.send("alice", "back again")
        assert await until(bob.settled, DAY)
        for message in await alice.node.messages("bob"):
            if not message.unsent and message.kind != "timer":
                await alice.node.react(message.id, "🐈")
        assert await until(alice.settled, DAY)
        after = await bob.node.messages("alice")
        assert [each.text for each in after] == [*(each.text for each in before), "back again"]
        assert all("🐈" in each.reactions for each in after if not each.unsent and each.kind != "timer")
        await bob.node.conversation_timer("alice", 60)
        assert await until(bob.settled, DAY)
        assert (await alice.contact(bob)).conversation.timer == 60
        for person in (alice, bob):
            await person.stop()
            assert person.failures == []
        await story.alice.start()
        await story.bob.start()

    play(tmp_path, story)


def test_import_cannot_be_tripped_by_a_contact_who_says_an_imported_name_again(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        await say_much(story)
        await story.bob.node.export_to(str(tmp_path / "out"))
        again = await taken_again(story, story.bob, tmp_path / "out")
        received = [row for row in again.store.messages.page(1, 50) if row.direction == "in"]
        names = [row.wire_id for row in received]

        async def linked() -> bool:
            return (await again.contact(story.alice)).online

        assert await until(linked, DAY)
        before = await histories(again)
        alice, contact = story.alice.node, story.alice.store.contacts.get(1)
        assert contact is not None
        for name in names:
            with alice._hub.change():
                text = Text(THE_TWO_OF_US, name, 0, "once more")
                alice._conversations.outbox(contact)._queue(None, text, 0, given=False)
        alice._links.queued(1)
        await story.alice.say(story.bob, "still there?")
        assert await until(story.alice.settled, DAY)
        assert (await histories(again))[:-1] == before
        assert (await histories(again))[-1][0].text == "still there?"
        await again.stop()
        await story.bob.start()

    play(tmp_path, story)


def test_what_waited_is_over_in_the_new_profile(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        await story.offer(story.write("waits.bin", 10))
        await story.bob.stop()
        await story.alice.say(story.bob, "waits")
        await story.alice.node.export_to(str(tmp_path / "out"))
        other = fresh(story, "dora")
        await other.start()
        taken = await other.node.import_from(str(tmp_path / "out"))
        assert taken.ended == 2
        assert (await other.node.messages("bob"))[-1].state == "cancelled"
        (file,) = await other.node.file_list()
        assert (file.state, file.reason) == ("cancelled", "restored")
        assert other.node.queued_count() == 0
        await other.stop()
        await story.bob.start()

    play(tmp_path, story)


def test_files_that_are_gone_or_changed_are_left_out_and_counted(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        await say_much(story)
        (tmp_path / "hers" / "第三页.bin").write_bytes(b"another")
        (tmp_path / "hers" / "unwanted").unlink()
        (tmp_path / "hers" / "unwanted").symlink_to(tmp_path / "hers")
        made = await story.alice.node.export_to(str(tmp_path / "out"))
        assert (made.files, made.missing) == (2, 2)
        assert list((tmp_path / "out" / "files").iterdir()) == []

    play(tmp_path, story)


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_page_runs_nothing_refers_to_nothing_and_says_what_was_said(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        await say_much(story)
        await do_much(story)
        await story.alice.say(story.bob, "/me waves <b>")
        await story.bob.say(story.alice, "/me waves back")
        assert await until(story.alice.settled, DAY)
        await story.bob.node.contact_rename("alice", "<i>alice</i>")
        await story.bob.node.export_to(str(tmp_path / "out"), "<i>alice</i>")
        await story.bob.node.export_to(str(tmp_path / "plain"), "<i>alice</i>", plain_page=True)
        (page,) = (tmp_path / "out" / "pages").iterdir()
        text = page.read_text(encoding="utf-8")
        found = Page(text)
        assert WORDS in found.words
        assert "as promised <b>" in found.words
        assert "第三页.bin" in found.words
        assert "files/1" in found.words
        shown = " ".join(found.words.split())
        assert "* <i>alice</i> waves <b>" in shown
        assert "* me waves back" in shown
        assert "<i>alice</i>: as promised <b> thanks" not in shown  # it was edited since
        assert "<i>alice</i>: as promised <b> many thanks" in shown
        assert "edited 👍 2 🐇" in shown
        assert "edited 👩🏽‍🚀" in shown
        assert shown.count("taken back") == 3  # a secret, the answer to it, and an offer
        assert "me: taken back" not in shown
        assert "<i>alice</i>: taken back" in shown
        assert "a secret" not in shown
        assert found.tags == {
            *("html", "head", "meta", "title", "style", "body", "h1"),
            *("p", "article", "header", "b", "time", "blockquote"),
        }
        assert found.attributes <= {"charset", "content", "http-equiv", "class", "dir", "datetime", "lang"}
        assert "url(" not in text
        assert "://" not in text
        (plain,) = (tmp_path / "plain" / "pages").iterdir()
        assert Page(plain.read_text(encoding="utf-8")).tags == found.tags - {"style"}
        assert len(list((tmp_path / "out" / "messages").iterdir())) == 1

    play(tmp_path, story)


def test_an_export_is_its_owners_alone_and_goes_over_nothing(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        await say_much(story)
        node, place = story.bob.node, tmp_path / "out"
        place.mkdir(mode=0o755)
        await node.export_to(str(place))
        for path in [place, *place.rglob("*")]:
            assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)
        assert not (place / INCOMPLETE).exists()
        before = content_of(place)
        (tmp_path / "link").symlink_to(tmp_path / "empty")
        (tmp_path / "empty").mkdir()
        for wrong in (
            place,
            tmp_path / "link",
            tmp_path / "hers" / "unwanted",
            tmp_path / "no" / "where",
            "out",
        ):
            with pytest.raises(UsageError):
                await node.export_to(str(wrong))
        with pytest.raises(NotFoundError):
            await node.export_to(str(tmp_path / "nobody"), "nobody")
        assert not (tmp_path / "nobody").exists()
        assert content_of(place) == before

    play(tmp_path, story)


def test_an_export_that_was_broken_off_is_marked_and_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(story: FileStory) -> None:
        await say_much(story)
        place, real = tmp_path / "out", os.fsync

        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("tuichat.store.export_place.os.fsync", full)
        with pytest.raises(StorageError, match="No space left"):
            await story.bob.node.export_to(str(place))
        monkeypatch.setattr("tuichat.store.export_place.os.fsync", real)
        assert (place / INCOMPLETE).exists()
        assert not (place / MANIFEST).exists()
        with pytest.raises(UsageError, match="no whole export"):
            await fresh_takes(story, place)

    play(tmp_path, story)


async def fresh_takes(story: FileStory, place: Path) -> None:
    """Import into somebody new; afterwards nothing of it may be there if it failed."""
    other = fresh(story, "dora")
    await other.start()
    try:
        await other.node.import_from(str(place))
    except TuichatError:
        assert await other.node.contact_list() == []
        assert await other.node.file_list() == []
        assert other.store.transfers.remains() == [] or await until(lambda: swept(other), 60)
        inbox = story.directory / "dora" / "inbox"
        assert not inbox.exists() or list(inbox.iterdir()) == []
        assert other.store.imports.is_fresh()
        raise
    finally:
        await other.stop()
        assert other.failures == []


async def swept(person: SimulatedNode) -> bool:
    return person.store.transfers.remains() == []


def edited(place: Path, name: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the last line of a file of an export."""
    *lines, last = (place / name).read_text(encoding="utf-8").splitlines()
    line = json.loads(last)
    change(line)
    (place / name).write_text("\n".join([*lines, json.dumps(line)]) + "\n", encoding="utf-8")


def a_link_in_place_of(place: Path, name: str) -> None:
    target = place.parent / "target"
    if (place / name).is_dir():
        shutil.move(place / name, target)
    else:
        target.write_bytes((place / name).read_bytes())
        (place / name).unlink()
    (place / name).symlink_to(target)


def a_pipe_in_place_of(place: Path, name: str) -> None:
    (place / name).unlink()
    os.mkfifo(place / name)


def same_again(place: Path, name: str) -> None:
    text = (place / name).read_bytes()
    (place / name).write_bytes(text + text)


def without_lines(path: Path, which: slice) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    assert lines[which]
    del lines[which]
    path.write_bytes(b"".join(lines))


def spoilt(**changes: object) -> Callable[[Path], object]:
    """The last message says something else of itself."""
    return lambda place: edited(place, "messages/1.jsonl", lambda line: line.update(changes))


def conversation_spoilt(**changes: object) -> Callable[[Path], object]:
    """The last contact's conversation is kept another way."""
    return lambda place: edited(place, "contacts.jsonl", lambda line: line["conversation"].update(changes))


def earlier_spoilt(**changes: object) -> Callable[[Path], object]:
    """So does the last earlier text."""
    return lambda place: edited(place, "earlier/1.jsonl", lambda line: line.update(changes))


def an_answer_to_somebody_else(place: Path) -> None:
    line = json.loads((place / "messages" / "1.jsonl").read_text(encoding="utf-8").splitlines()[0])
    line.update(id=99, contact=2)
    (place / "messages" / "2.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    spoilt(reply_to=99, quote={"message": 99})(place)


def too_many_earlier(place: Path) -> None:
    path = place / "earlier" / "1.jsonl"
    last = path.read_bytes().splitlines()[-1] + b"\n"
    path.write_bytes(last * (EARLIER_KEPT + 1))


PICTURES = [chr(0x1F400 + number) for number in range(MOST_REACTIONS + 1)]
BLANK: dict[str, Any] = {"text": "", "reply_to": None, "quote": None, "edited": False, "unsent": "done"}
BLANK |= {"reactions": [], "my_reactions": []}
LONG_AGO = "2026-01-01T00:00:00Z"


def taken_back(**changes: object) -> Callable[[Path], object]:
    """The last message was taken back, but for this."""

    def spoil(place: Path) -> None:
        shutil.rmtree(place / "earlier")
        for spoil in (spoilt(**BLANK), spoilt(**changes)):
            spoil(place)

    return spoil


HOSTILE_DEEDS: dict[str, Callable[[Path], object]] = {
    "answer to nothing": spoilt(reply_to=98, quote={"message": 98}),
    "answer below zero": spoilt(reply_to=-1, quote={"message": -1}),
    "answer to zero": spoilt(reply_to=0, quote={"message": 0}),
    "answer to something huge": spoilt(reply_to=2**63, quote={"message": 2**63}),
    "answer that quotes nothing": spoilt(quote=None),
    "answer that quotes another": spoilt(quote={"message": 2}),
    "named by too little": spoilt(wire_id="00"),
    "named by no digits": spoilt(wire_id="x" * 32),
    "answer by no digits": spoilt(answers="0" * 31),
    "answer to somebody else": an_answer_to_somebody_else,
    "edited file": spoilt(kind="file"),
    "unsent and said": taken_back(text="still here"),
    "unsent and an answer": taken_back(reply_to=1, quote={"message": 1}),
    "unsent and edited": taken_back(edited=True),
    "unsent with reactions": taken_back(reactions=["👍"]),
    "unsent with what it said before": spoilt(**BLANK),
    "theirs that I took back": taken_back(direction="in", received_at=LONG_AGO, unsent="asked"),
    "unsent otherwise": taken_back(unsent="maybe"),
    "reaction of words": spoilt(reactions=["no"], my_reactions=[]),
    "reaction that steers": spoilt(reactions=["👍\x1b[2J"], my_reactions=[]),
    "empty reaction": spoilt(reactions=[""], my_reactions=[]),
    "reaction twice": spoilt(reactions=["👍", "👍"], my_reactions=[]),
    "reaction that is not there": spoilt(reactions=["👍"], my_reactions=["🐇"]),
    "many reactions": spoilt(reactions=PICTURES, my_reactions=[]),
    "many of my reactions": spoilt(reactions=PICTURES, my_reactions=PICTURES),
    "said before by nobody": earlier_spoilt(message=98),
    "said before and not edited": earlier_spoilt(message=1),
    "long text before": earlier_spoilt(text="x" * 50_000),
    "number before": earlier_spoilt(text=5),
    "much before": too_many_earlier,
    "link to what was before": lambda place: a_link_in_place_of(place, "earlier/1.jsonl"),
    "link to all that was before": lambda place: a_link_in_place_of(place, "earlier"),
    "pipe of what was before": lambda place: a_pipe_in_place_of(place, "earlier/1.jsonl"),
}
HOSTILE: dict[str, Callable[[Path], object]] = {
    "no manifest": lambda place: (place / MANIFEST).unlink(),
    "marked": lambda place: (place / INCOMPLETE).touch(),
    "newer": lambda place: edited(place, MANIFEST, lambda line: line.update(version=2)),
    "another format": lambda place: edited(place, MANIFEST, lambda line: line.update(format="x")),
    "no address": lambda place: edited(place, MANIFEST, lambda line: line.update(address="x")),
    "no contacts": lambda place: (place / "contacts.jsonl").unlink(),
    "link to lines": lambda place: a_link_in_place_of(place, "contacts.jsonl"),
    "link to manifest": lambda place: a_link_in_place_of(place, MANIFEST),
    "link to folder": lambda place: a_link_in_place_of(place, "messages"),
    "link to bytes": lambda place: a_link_in_place_of(place, "files/1"),
    "pipe": lambda place: a_pipe_in_place_of(place, "contacts.jsonl"),
    "pipe of bytes": lambda place: a_pipe_in_place_of(place, "files/1"),
    "giant line": lambda place: (place / "contacts.jsonl").write_bytes(b"[" * 2**21),
    "deep line": lambda place: (place / "contacts.jsonl").write_bytes(b'{"id":' + b"[" * 10_000 + b"\n"),
    "cut line": lambda place: (place / "files.jsonl").write_bytes((place / "files.jsonl").read_bytes()[:-9]),
    "no json": lambda place: (place / "messages" / "1.jsonl").write_bytes(b"\xff\xfe\n"),
    "wrong type": lambda place: edited(place, "contacts.jsonl", lambda line: line.update(id="1")),
    "other state": lambda place: edited(place, "contacts.jsonl", lambda line: line.update(state="king")),
    "huge id": lambda place: edited(place, "messages/1.jsonl", lambda line: line.update(id=2**62)),
    "id of nothing": lambda place: edited(place, "messages/1.jsonl", lambda line: line.update(id=0)),
    "twice": lambda place: same_again(place, "messages/1.jsonl"),
    "contacts twice": lambda place: same_again(place, "contacts.jsonl"),
    "files twice": lambda place: same_again(place, "files.jsonl"),
    "same name": lambda place: edited(place, "contacts.jsonl", lambda line: line.update(name="alice")),
    "name as an option": lambda place: edited(place, "contacts.jsonl", lambda line: line.update(name="-x")),
    "no name": lambda place: edited(place, "contacts.jsonl", lambda line: line.update(name="\u202e")),
    "bad tag": lambda place: edited(place, "contacts.jsonl", lambda line: line.update(tags=["a b"])),
    "local time": lambda place: edited(
        place, "contacts.jsonl", lambda line: line.update(created_at="2026-01-01T00:00:00")
    ),
    "long text": lambda place: edited(place, "messages/1.jsonl", lambda line: line.update(text="x" * 50_000)),
    "whose message": lambda place: edited(place, "messages/1.jsonl", lambda line: line.update(contact=2)),
    "whose file": lambda place: edited(place, "files.jsonl", lambda line: line.update(contact=2)),
    "no such contact": lambda place: edited(place, "files.jsonl", lambda line: line.update(contact=9)),
    "file of no message": lambda place: edited(place, "files.jsonl", lambda line: line.update(message=99)),
    "path upwards": lambda place: edited(
        place, "files.jsonl", lambda line: line.update(stored="../hers/unwanted")
    ),
    "absolute path": lambda place: edited(
        place, "files.jsonl", lambda line: line.update(stored="/etc/passwd")
    ),
    "other bytes": lambda place: edited(place, "files.jsonl", lambda line: line.update(stored="files/1")),
    "bytes that are not there": lambda place: (place / "files" / "1").unlink(),
    "other size": lambda place: (place / "files" / "1").write_bytes(b"x"),
    "endless timer": conversation_spoilt(timer=2**40),
    "short timer": conversation_spoilt(timer=1),
    "timer of no number": lambda place: edited(
        place, "contacts.jsonl", lambda line: line.update(timer_revision=2**60)
    ),
    "lines of files gone": lambda place: without_lines(place / "files.jsonl", slice(None)),
    "a message gone": lambda place: without_lines(place / "messages" / "1.jsonl", slice(1)),
    "a contact gone": lambda place: without_lines(place / "contacts.jsonl", slice(-1, None)),
    "negative size": lambda place: edited(place, "files.jsonl", lambda line: line.update(size=-1)),
}


@pytest.mark.parametrize("cases", [HOSTILE, HOSTILE_DEEDS], ids=["lines", "deeds"])
def test_hostile_exports_end_in_a_sentence_and_change_nothing(
    tmp_path: Path, cases: dict[str, Callable[[Path], object]]
) -> None:
    async def story(story: FileStory) -> None:
        await say_much(story)
        if cases is HOSTILE_DEEDS:
            await do_much(story)
        await story.bob.node.export_to(str(tmp_path / "good"))
        for name, spoil in cases.items():
            place = tmp_path / name
            shutil.copytree(tmp_path / "good", place)
            shutil.rmtree(tmp_path / "target", ignore_errors=True)
            (tmp_path / "target").unlink(missing_ok=True)
            spoil(place)
            with pytest.raises(UsageError) as caught:
                await fresh_takes(story, place)
            assert caught.value.message
            assert "Nothing was imported" in caught.value.hint or name == "no address"
        await fresh_takes(story, tmp_path / "good")

    play(tmp_path, story)


def test_a_full_inbox_takes_nothing(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        await say_much(story)
        await story.bob.node.export_to(str(tmp_path / "out"))
        (tmp_path / "dora").write_text("in the way of the inbox")
        other = fresh(story, "dora")
        await other.start()
        with pytest.raises(StorageError):
            await other.node.import_from(str(tmp_path / "out"))
        assert await other.node.contact_list() == []
        await other.stop()

    play(tmp_path, story)
