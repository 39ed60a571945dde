"""What happens while somebody sits before the interface line by line: a line each, once, and harmless."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date

import pytest
from msgspec.structs import replace

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import PASSPHRASE, MemoryNode, address_of
from tests.support.scripted_lines import ScriptedLines, Step, plain
from tuichat.errors import LockedError
from tuichat.model import Message, MissedEvent, Quote
from tuichat.plain import writing
from tuichat.plain.options import Options
from tuichat.plain.wording import message_text
from tuichat.tui.context import Way
from tuichat.tui.dates import Calendar

Happens = Callable[[MemoryNode], object]


def sample() -> MemoryNode:
    return MemoryNode.sample(FixedClock())


def newest(node: MemoryNode, ref: str) -> Message:
    return node._find(ref).history[-1]


# What happens with the conversation with bob open, and the lines that it makes.
LINES: list[tuple[Happens, list[str]]] = [
    (lambda node: node.incoming("bob", "are you there?"), ["14:00 bob: are you there?"]),
    (lambda node: node.incoming("bob", "one\ntwo"), ["14:00 bob: one\n  | two"]),
    (lambda node: node.outgoing("bob", "from elsewhere"), ["14:00 me: from elsewhere [queued]"]),
    (lambda node: node.edited_by_them(1, "did it?"), ["#1 14:00 bob: did it? [edited]"]),
    (lambda node: node.reacted_by_them(2, "👍"), ["#2 14:00 me: reading it now [delivered, 👍]"]),
    (lambda node: node.set_state(2, "read"), ["read: message 2"]),
    (lambda node: node.set_state(2, "sent"), []),
    (lambda node: node.outgoing("alice", "from elsewhere"), []),
    (lambda node: node.set_stage("bob", "waiting"), ["bob: not reachable"]),
    (lambda node: node.set_stage("alice", "linked"), []),
    (lambda node: node.signs("bob", typing=True), ["bob is writing"]),
    (lambda node: node.signs("bob", presence="away"), ["bob: away"]),
    (lambda node: node.notice("The disk is nearly full.", "warning"), ["The disk is nearly full."]),
    (lambda node: node.person("eve", state="pending", request_text="hi"), ["[request] eve asks to be your"]),
    (lambda node: node.change_key("alice"), ["[alice] This address showed another key."]),
    (lambda node: node.set_tor(bootstrap=40), ["tor: loading the list of relays"]),
    (lambda node: node.offer("bob", "plans.pdf", 5000), ["14:00 bob [file 1: plans.pdf"]),
]


@pytest.mark.parametrize(("happens", "lines"), LINES)
async def test_what_happens_is_said_in_a_line(happens: Happens, lines: list[str]) -> None:
    node = sample()
    before: list[int] = []
    shown = ScriptedLines("/query bob")

    def mark() -> None:
        before.append(len(shown.shown))

    shown._steps.extend([mark, lambda: happens(node), None, "quit"])
    await plain(node, shown)
    end = next(i for i, text in enumerate(shown.shown) if "not delivered yet" in text)
    said = [text for text in shown.shown[before[0] : end] if not text.startswith("Message ")]
    assert len(said) == len(lines), said
    assert all(text.startswith(line) for text, line in zip(said, lines, strict=True)), said


async def test_what_comes_elsewhere_is_counted_in_one_line_and_rings_once_unless_it_is_muted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tuichat.plain.news._GATHERED_SECONDS", 0.005)
    node = sample()

    def both() -> None:
        for number in range(20):
            node.incoming("alice", f"message {number}")
            node.incoming("小明", "muted")

    lines = ScriptedLines("/query bob", "/mute 小明", both, lambda: None, None, "quit")
    await plain(node, lines)
    assert lines.shown.count("[alice] 20 new") == 1
    assert "[小明]" not in lines.text
    assert lines.bells == 1


@pytest.mark.parametrize(
    ("way", "content", "signals"),
    [
        ("osc9", False, ["\x1b]9;tuichat: A new message.\x07"]),
        ("osc777", True, ["\x1b]777;notify;tuichat;alice: who is it\x07"]),
        ("off", True, []),
    ],
)
async def test_terminals_are_told_in_the_way_that_is_set(
    monkeypatch: pytest.MonkeyPatch, way: Way, content: bool, signals: list[str]
) -> None:
    monkeypatch.setattr("tuichat.plain.news._GATHERED_SECONDS", 0.005)
    node = sample()
    happens = (lambda: node.incoming("alice", "who is\nit"), lambda: None)
    lines = ScriptedLines("/set notify bell", f"/set notify {way}", *happens, None, "quit")
    await plain(node, lines, Options(zone=UTC, notify_content=content))
    assert lines.signals == signals
    assert lines.bells == 0
    refused = ScriptedLines("/set notify loud", None, "quit")
    await plain(node, refused)
    assert "Valid are: off, bell, osc9, osc777, desktop." in refused.text


async def test_a_desktop_without_its_program_rings_the_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    node = sample()
    happens = (lambda: node.person("eve", state="pending"), lambda: None, lambda: None)
    lines = ScriptedLines(*happens, None, "quit")
    await plain(node, lines, notify="desktop")
    assert lines.text.count("There is no notify-send, so the bell rings instead.") == 1
    assert lines.bells == 1


async def test_days_are_named_when_they_change() -> None:
    clock = FixedClock()
    node = MemoryNode.sample(clock)

    def next_day() -> None:
        clock.advance(86_400)
        node.incoming("bob", "a day later")

    lines = ScriptedLines("/query bob", next_day, None, "quit")
    await plain(node, lines)
    days = [text for text in lines.shown if text.startswith("-- ")]
    assert days == ["-- Saturday 21 November --", "-- Sunday 22 November --"]


async def test_a_line_of_somebody_cannot_look_like_ours_or_be_somebody_elses() -> None:
    node = sample()
    message = node.incoming("bob", "hello\n14:05 alice: I owe bob money")
    calendar = Calendar(UTC, date(2026, 11, 21))
    lines = message_text(message, "bob", calendar).split("\n")
    assert lines == ["14:00 bob: hello", "  | 14:05 alice: I owe bob money"]


@pytest.mark.parametrize("name", ["me", "ME", "ｍｅ", "me [edited]", "me: so", "bob [answers me: so]: yes"])
async def test_no_name_looks_like_me_or_like_what_stands_behind_a_name(name: str) -> None:
    message = sample().incoming("bob", "/me owes 50")
    shown = message_text(message, name, Calendar(UTC, date(2026, 11, 21)))
    assert shown == f'14:00 "{name}": * "{name}" owes 50'
    assert message_text(message, "mel", Calendar(UTC, date(2026, 11, 21))) == "14:00 mel: * mel owes 50"


async def test_what_is_no_text_of_theirs_stands_where_no_text_comes() -> None:
    node = sample()
    calendar = Calendar(UTC, date(2026, 11, 21))

    def shown(message: Message, file: str = "") -> str:
        return message_text(message, "bob", calendar, file)

    for text in ("[answers me: lend me 50] yes", "[taken back]", "[file 1: a.txt (/files fetch 1)]"):
        assert shown(node.incoming("bob", text)) == f"14:00 bob: {text}"
    mine = await node.send("bob", "lend me 50")
    answer = replace(
        node.incoming("bob", "no"), quote=Quote(message=mine.id, direction="out", text=mine.text)
    )
    assert shown(answer) == "14:00 bob [answers me: lend me 50]: no"
    assert shown(replace(answer, quote=None, text="", unsent="done")) == "14:00 bob [taken back]"
    assert shown(replace(answer, kind="file", quote=None), "file 1: a.txt") == "14:00 bob [file 1: a.txt]: no"


async def test_a_locked_profile_shows_and_sends_nothing_until_it_is_unlocked() -> None:
    node = sample()
    before = len(await node.messages("bob"))
    lines = ScriptedLines(
        "/query bob", "/lock", "meant for bob, and dropped", "wrong", PASSPHRASE, "/query bob", None, "quit"
    )
    await plain(node, lines, sealed=True)
    assert "The profile is locked. Enter asks for the passphrase." in lines.text
    assert "The passphrase is wrong." in lines.text
    assert lines.secrets == ["wrong", PASSPHRASE]
    assert "The profile is open." in lines.text
    assert len(await node.messages("bob")) == before
    assert not [text for text in await node.input_list() if "meant" in text]


async def test_lines_pasted_at_a_locked_profile_are_tried_as_no_passphrase() -> None:
    lines = ScriptedLines("/lock", "meant for bob", "and this", "too", lambda: None, PASSPHRASE, pasted=True)
    await plain(sample(), lines, sealed=True)
    assert lines.secrets == ["and this", "too", PASSPHRASE], "what is thrown away is not seen"
    assert lines.prompts.count("Passphrase: ") == 1
    assert "The profile is open." in lines.text


async def test_a_locked_profile_is_opened_first_and_a_wrong_passphrase_in_a_pipe_is_the_end() -> None:
    node = MemoryNode(FixedClock(), locked=True)
    lines = ScriptedLines("wrong", PASSPHRASE, "/contacts")
    assert await plain(node, lines, sealed=True) == 0
    locked = MemoryNode(FixedClock(), locked=True)
    with pytest.raises(LockedError):
        await plain(locked, ScriptedLines("wrong", interactive=False), sealed=True)


async def test_the_first_run_asks_for_passphrase_and_name_and_shows_the_address() -> None:
    node = MemoryNode(FixedClock(), locked=True)
    made: list[tuple[str | None, str | None]] = []

    async def create(name: str | None, passphrase: str | None) -> None:
        made.append((name, passphrase))

    lines = ScriptedLines("one", "another", PASSPHRASE, PASSPHRASE, "Ada")
    await plain(node, lines, Options(zone=UTC, create_profile=create))
    assert made == [("Ada", PASSPHRASE)]
    assert "The two were not the same." in lines.text
    assert lines.secrets == ["one", "another", PASSPHRASE, PASSPHRASE]
    assert node.address in lines.text
    assert node.online_asked


async def test_a_profile_without_a_passphrase_needs_a_second_enter() -> None:
    node = MemoryNode(FixedClock())
    made: list[tuple[str | None, str | None]] = []

    async def create(name: str | None, passphrase: str | None) -> None:
        made.append((name, passphrase))

    await plain(node, ScriptedLines("", None), Options(zone=UTC, create_profile=create))
    assert made == []
    await plain(node, ScriptedLines("", "", ""), Options(zone=UTC, create_profile=create))
    assert made == [(None, None)]


async def test_another_node_that_takes_over_is_found_again() -> None:
    node = sample()
    lines = ScriptedLines(
        "/query bob", lambda: node.break_off("handover"), lambda: None, "still here", None, "quit"
    )
    await plain(node, lines)
    assert "Another node takes over; looking for it..." in lines.text
    assert "Your node is connected." in lines.text
    assert newest(node, "bob").text == "still here"


def _gap(node: MemoryNode) -> None:
    """Nobody tells of what comes between two nodes."""
    node.break_off("handover")
    _comes(node)


def _comes(node: MemoryNode) -> None:
    node.incoming("bob", "in the gap")
    node.outgoing("bob", "said elsewhere")
    node.incoming("alice", "psst")
    node.incoming("小明", "muted")
    node.person("eve", state="pending", request_text="hi")


def _misses(node: MemoryNode) -> None:
    """Events come faster than they are read, and some are dropped."""
    readers, node.readers = node.readers, []
    _comes(node)
    node.readers = readers
    node._emit(MissedEvent(at=node.now(), first=1, last=4, reason="slow"))
    node.incoming("bob", "right behind")


@pytest.mark.parametrize("happens", [_gap, _misses])
async def test_what_came_while_nobody_told_of_it_is_shown_and_counted_afterwards(
    monkeypatch: pytest.MonkeyPatch, happens: Happens
) -> None:
    monkeypatch.setattr("tuichat.plain.news._GATHERED_SECONDS", 0.005)
    node = sample()
    steps: list[Step] = [
        "/mute 小明",
        "/query carol",
        "/query bob",
        lambda: happens(node),
        *[lambda: None] * 3,
    ]
    steps.extend([lambda: node.incoming("bob", "later"), None, "quit"])
    lines = ScriptedLines(*steps)
    await plain(node, lines)
    came = [text for text in lines.shown if text.startswith("14:00")]
    behind = ["14:00 bob: right behind"] if happens is _misses else []
    said = ["14:00 bob: in the gap", "14:00 me: said elsewhere [queued]", *behind, "14:00 bob: later"]
    assert came[-len(said) :] == said
    assert [text for text in came if text in said] == said
    assert lines.shown.count("[alice] 1 new") == 1
    assert "[小明]" not in lines.text
    assert "[carol]" not in lines.text
    assert lines.text.count("[request] eve asks to be your") == 1
    assert (await node.contact_get("bob")).unread == 0
    assert lines.bells == 1


async def test_what_is_edited_or_gone_before_it_could_be_shown_is_shown_as_it_is_then() -> None:
    node = sample()

    def missed() -> None:
        node._emit(MissedEvent(at=node.now(), first=1, last=4, reason="slow"))
        gone, edited = node.incoming("bob", "soon gone"), node.incoming("bob", "not quite")
        node.disappeared(gone.id)
        node.edited_by_them(edited.id, "at last")

    lines = ScriptedLines("/query bob", missed, lambda: None, None, "quit")
    await plain(node, lines)
    assert "soon gone" not in lines.text
    assert "not quite" not in lines.text
    assert lines.text.count("at last") == 1


async def test_what_came_before_a_node_that_is_locked_is_shown_once_it_is_open() -> None:
    node = sample()

    def locked() -> None:
        _gap(node)
        node._locked = True

    lines = ScriptedLines("/query bob", locked, lambda: None, "", PASSPHRASE, lambda: None, None, "quit")
    await plain(node, lines, sealed=True)
    assert lines.text.count("bob: in the gap") == 1
    assert lines.text.count("[request] eve") == 1


async def test_of_very_much_that_came_meanwhile_the_newest_is_shown_and_where_the_rest_is() -> None:
    node = sample()

    def much() -> None:
        node.break_off("handover")
        for number in range(70):
            node.incoming("alice", f"message {number}")

    lines = ScriptedLines("/query alice", much, lambda: None, lambda: None, "/unread", None, "quit")
    await plain(node, lines)
    before, _more, behind = lines.text.partition("20 more are unread: /unread")
    assert "message" not in before
    assert behind.count("alice: message") == 50 + 70
    assert behind.index("message 69") < behind.index("message 0")


async def test_what_is_unread_and_not_shown_of_a_conversation_that_is_opened_is_shown_by_unread() -> None:
    node = sample()
    for number in range(70):
        node.incoming("alice", f"message {number}")
    lines = ScriptedLines("/query alice", lambda: None, "/unread", None, "quit")
    await plain(node, lines)
    assert "20 more are unread: /unread" in lines.text
    assert lines.text.count("alice: message") == 50 + 70


async def test_a_pipe_waits_for_the_node_that_takes_over() -> None:
    node = sample()
    lines = ScriptedLines(
        "/query bob", lambda: node.break_off("handover"), "still here", "/messages", interactive=False
    )
    assert await plain(node, lines, attaching=0.2) == 0
    assert newest(node, "bob").text == "still here"


async def test_a_stopped_node_is_said_and_connected_again_when_asked() -> None:
    node = sample()
    steps: list[Step] = ["/query bob", lambda: node.break_off("stop"), "lost?", "/connect", lambda: None]
    lines = ScriptedLines(*steps, "found", None, "quit")
    await plain(node, lines)
    assert "Your node was stopped." in lines.text
    assert "There is no connection to your node, so nothing was done." in lines.text
    assert [m.text for m in await node.messages("bob")][-1:] == ["found"]


async def test_what_was_typed_while_there_is_no_node_is_called_back_before_and_after_there_is_one() -> None:
    node = sample()
    seen: list[list[str]] = []
    lines = ScriptedLines("/query bob", lambda: node.break_off("stop"), "lost?", "/add tuichat1:secret")
    lines._steps.extend(
        [lambda: seen.append(lines.recalled.copy()), "/connect", *[lambda: None] * 2, None, "quit"]
    )
    await plain(node, lines)
    assert seen == [["/query bob", "lost?"]]
    assert lines.recalled == ["/query bob", "lost?", "/connect"]
    assert node.inputs == [("/query bob", None), ("lost?", 1), ("/connect", 1)]


async def test_what_disappears_or_was_typed_at_a_lock_is_not_called_back_without_a_node_either() -> None:
    node = sample()
    await node.conversation_timer("bob", 60)
    lines = ScriptedLines("/query bob", lambda: node.break_off("stop"), "burn", None)
    await plain(node, lines)
    assert lines.recalled == ["/query bob"]
    locked = ScriptedLines("/query alice", "/lock", lambda: None, lambda: node.break_off("stop"))
    locked._steps.extend([PASSPHRASE, None])
    await plain(node, locked, sealed=True)
    assert locked.recalled == []
    assert PASSPHRASE not in [text for text, _contact in node.inputs]


@pytest.mark.parametrize(("answer", "kept"), [("keep", True), ("quit", False), (None, False)])
async def test_who_leaves_while_something_waits_is_asked(answer: str | None, kept: bool) -> None:
    node = sample()
    lines = ScriptedLines("/quit", "stay", None, answer)
    assert await plain(node, lines) == 0
    assert lines.text.count("1 message is not delivered yet.") == 2
    assert node.kept is kept


async def test_a_pipe_asks_nobody_and_ends_with_the_first_failure() -> None:
    node = sample()
    lines = ScriptedLines("/query bob", "hello", "/query nobody", "/nonsense", interactive=False)
    assert await plain(node, lines) == 7
    assert "14:00 me: hello [queued]" in lines.text
    assert node.kept


@pytest.mark.parametrize(("line", "wiped"), [("/wipe", "all"), ("/wipe --keep-files", "files kept")])
async def test_a_wipe_wants_the_profiles_name(line: str, wiped: str) -> None:
    node = sample()
    lines = ScriptedLines(line, "", line, "default", "never read")
    assert await plain(node, lines) == 0
    assert node.wiped == wiped
    assert lines.shown[-1] == "The profile was wiped."


async def test_many_messages_at_once_come_in_order_and_ring_once() -> None:
    node = sample()

    def many() -> None:
        for number in range(300):
            node.incoming("bob", f"message {number}")

    lines = ScriptedLines("/query bob", many, lambda: None, lambda: None, None, "quit")
    await plain(node, lines)
    shown = [text.rpartition(" ")[2] for text in lines.shown if text.startswith("14:00 bob: message")]
    assert shown == [str(number) for number in range(300)]
    assert lines.bells == 1
    assert (await node.contact_get("bob")).unread == 0


async def test_a_number_means_whom_it_stood_for_when_it_was_listed() -> None:
    node = sample()
    lines = ScriptedLines(lambda: node.incoming("alice", "first now"), "/1", "/9", None, "quit")
    await plain(node, lines)
    assert "bob> " in lines.prompts
    assert "There is no chat 9. /contacts lists them." in lines.text


async def test_a_draft_is_shown_and_over_once_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_QUIET_SECONDS", 0.001)
    node = sample()
    await node.draft_set(address_of("bob"), "half a sent\nand a half")
    loop = asyncio.get_running_loop()

    def elsewhere(text: str) -> Callable[[], object]:
        return lambda: loop.create_task(node.draft_set(address_of("bob"), text, "another"))

    lines = ScriptedLines(
        "/query bob", elsewhere("half"), elsewhere("half a sentence"), "other words", lambda: None,
        "half a sentence, and all of it", "/query bob", None, "quit",
    )  # fmt: skip
    await plain(node, lines)
    assert "Draft: half a sent\n  | and a half" in lines.text
    assert lines.text.count("Draft: half a sentence") == 1
    assert lines.recalled.count("half a sentence") == 1
    assert [message.text for message in (await node.messages("bob"))[-2:]] == [
        "other words",
        "half a sentence, and all of it",
    ]
    assert node.drafts[1] == ""
    piped = ScriptedLines("/query alice", interactive=False)
    await node.draft_set(address_of("alice"), "not for a script")
    await plain(node, piped)
    assert "not for a script" not in piped.text


@pytest.mark.parametrize("interactive", [True, False])
async def test_who_leaves_is_away_at_once_and_a_pipe_was_never_here(interactive: bool) -> None:
    node = sample()
    await plain(node, ScriptedLines("/query bob", "/quit", "quit", interactive=interactive))
    assert node.presences == ([True, False] if interactive else [])


async def test_a_draft_is_called_back_after_a_lock_too() -> None:
    node = sample()
    await node.draft_set(address_of("bob"), "half a sentence")
    lines = ScriptedLines(
        "/query bob", "/lock", lambda: None, "", PASSPHRASE, lambda: None, "/query bob", None, "quit"
    )
    await plain(node, lines, sealed=True)
    assert lines.text.count("Draft: half a sentence") == 2
    assert "half a sentence" in lines.recalled


async def test_where_messages_disappear_a_draft_is_shown_and_not_called_back() -> None:
    node = sample()
    await node.draft_set(address_of("bob"), "soon gone")
    await node.conversation_timer("bob", 60)
    lines = ScriptedLines("/query bob", None, "quit")
    await plain(node, lines)
    assert "Draft: soon gone" in lines.text
    assert "soon gone" not in lines.recalled


async def test_what_was_typed_elsewhere_is_called_back_here_and_gone_with_its_conversation() -> None:
    node = sample()
    loop = asyncio.get_running_loop()
    lines = ScriptedLines(
        "/query bob",
        "said here",
        lambda: loop.create_task(node.input_add("said there", address_of("bob"), "another")),
        None,
        "quit",
    )
    await plain(node, lines)
    assert lines.recalled == ["/query bob", "said here", "said there"]
    erased = ScriptedLines("/query alice", lambda: loop.create_task(node.contact_erase("bob")), None, "quit")
    await plain(node, erased)
    assert erased.recalled == ["/query bob", "/query alice"]
