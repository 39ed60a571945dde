"""The interface line by line, on a node in memory: each command does what it says there, or says why not."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode, address_of
from tests.support.scripted_lines import ScriptedLines, Step, plain
from tuichat.errors import StorageError
from tuichat.file_words import is_open
from tuichat.plain.commands import DEEDS
from tuichat.plain.options import Options, spoken
from tuichat.plain.reading import usages
from tuichat.tui import slash
from tuichat.tui.glyphs import ASCII, CONSOLE

ERASED = "Nothing was done."


def sample() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), files=True)


async def played(node: MemoryNode, *steps: Step, **changes: Any) -> str:
    """What is shown while the steps are taken; at the end somebody leaves, whatever waits."""
    lines = ScriptedLines(*steps, "/quit", "quit")
    await plain(node, lines, Options(zone=UTC), **changes)
    return lines.text


# What is typed, and what must be seen of it.
WALK: dict[str, tuple[tuple[Step, ...], str]] = {
    "help": (("/help", "", ""), "/files [fetch N [--all] [DIR]|save N DIR|decline|pause|resume|cancel N]"),
    "add": ((f"/add {address_of('eve')} eve",), "You asked eve to be your contact."),
    "invite": (("/invite 30m",), "tuichat1:aaa"),
    "invites": (("/invite 1h", "/invites", "/invites revoke 1", "/invites"), "No invite is open."),
    "accept": (("/accept",), "== dave:"),
    "reject": (("/reject dave",), "they learn nothing"),
    "block": (("/block alice", "yes"), "/unblock alice undoes it."),
    "unblock": (("/block alice", "yes", "/unblock alice"), "No longer blocked."),
    "blocked": (("/block alice", "yes", "/blocked"), "(/unblock alice)"),
    "rename": (("/rename bob robert",), "bob is called robert now."),
    "remove": (("/remove alice", "yes"), "alice is removed."),
    "erase": (("/erase bob", "yes"), "bob is still a contact."),
    "card": (("/card bob",), address_of("bob")),
    "verify": (("/verify alice", "yes"), "alice is verified."),
    "msg": (("/msg alice hello",), "Queued for alice."),
    "files": (("/files",), "[bob] file 1:"),
    "query": (("/query alice",), "call me when you are back [queued]"),
    "search": (("/search draft",), "bob: did the draft reach you?"),
    "close": (("/1", "/close"), "The conversation is closed."),
    "requests": (("/requests",), "/accept dave, /reject dave or /block dave"),
    "mute": (("/mute bob",), "neither rings nor counts"),
    "unmute": (("/unmute bob",), "rings and counts again"),
    "pin": (("/pin bob",), "stands before the others"),
    "unpin": (("/unpin bob",), "in its place again"),
    "archive": (("/archive bob",), "archived until something comes in"),
    "unarchive": (("/unarchive bob",), "is listed again"),
    "archived": (("/archive bob", "/archived"), "/unarchive bob"),
    "tag": (("/tag bob work",), "Tags of bob: #work"),
    "untag": (("/tag bob work", "/untag bob work"), "Tags of bob: none"),
    "next": (("/next",), "== "),
    "switch": (("/switch", "ali"), "== alice:"),
    "unread": (("/query bob", "/unread"), "Nothing here is unread."),
    "bottom": (("/query bob", "/bottom"), "page 3 has the figures."),
    "top": (("/query bob", "/top"), "#1 14:00 bob: did the draft reach you?"),
    "reply": (("/query bob", "/reply #1 it did"), "me [answers bob: did the draft reach you?]: it did"),
    "edit": (("/query bob", "/edit #2 reading"), "me: reading [delivered, edited]"),
    "unsend": (("/query bob", "/unsend #2", "yes"), "taken back"),
    "react": (("/query bob", "/react #1 👍"), "did the draft reach you? [👍]"),
    "timer": (("/query bob", "/timer 1h", "/timer"), "Messages disappear after 1 hour"),
    "retention": (("/query bob", "/retention 90d", "/retention"), "deleted here after 90 days"),
    "memory": (("/query alice", "/memory on", "erase", "/memory"), "In memory only:"),
    "earlier": (("/query bob", "/edit #2 no", "/earlier"), "“reading it now”"),
    "me": (("/query bob", "/me waves"), "* me waves"),
    "cancel": (("/query alice", "/cancel", "yes"), "cancelled"),
    "copy": (("/query bob", "/copy #2"), "\nreading it now"),
    "address": (("/address qr",), "▄▄"),
    "clear": (("/clear",), "here it does nothing"),
    "bare": (("/bare",), "here it does nothing"),
    "mouse": (("/mouse",), "here it does nothing"),
    "theme": (("/theme light",), "here it does nothing"),
    "set": (("/set notify off",), "Told of what comes: off"),
    "settings": (("/settings receipts",), "false: nobody learns it"),
    "bridges": (("/bridges", "off", ""), "Tor takes the new way now"),
    "link": (("/msg bob https://例子.example", "/query bob", "/link"), "xn--fsqu00a.example"),
    "away": (("/away",), "/set privacy.presence true tells them"),
    "back": (("/back",), "not told whether you are here"),
    "ignore": (("/ignore alice", "yes"), "/unblock alice undoes it."),
    "passphrase": (("/passphrase", "one", "two"), "The two passphrases differ."),
    "duress": (("/duress",), "none can be given in its place"),
    "backup": (("/backup /nowhere/b", "sesame", "sesame"), "has your identity"),
    "import": (("/import /nowhere",), "Not imported: /nowhere"),
    "connect": (("/connect",), "Your node is connected."),
    "lock": (("/lock",), "a lock would keep nobody out"),
    "wipe": (("/wipe", "something else"), ERASED),
    "quit": ((), "keep goes on in the background"),
    "contacts": (("/contacts",), "/1 "),
    "messages": (("/query bob", "/messages"), "#3 14:00 bob: page 3"),
    "status": (("/status",), "tor: 100%, connected"),
}


@pytest.mark.parametrize("name", sorted(WALK))
async def test_a_command_does_what_it_says(name: str) -> None:
    steps, seen = WALK[name]
    assert seen in await played(sample(), *steps)


async def test_a_safety_number_is_drawn_as_a_code_where_that_can_be_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for argument in ("alice qr", "qr"):
        shown = await played(sample(), "/query alice", f"/verify {argument}", "yes")
        assert "alice is verified." in shown
        assert "▄▄" in shown.partition("tuichat-verify1:")[2]
    console = await played(sample(), "/verify alice qr", "", glyphs=spoken(CONSOLE))
    assert not {"▄", "▀"} & {*console}
    assert "████████" in console
    ascii_only = await played(sample(), "/verify alice qr", glyphs=spoken(ASCII))
    assert "This terminal cannot show a QR code" in ascii_only
    monkeypatch.setattr("tuichat.plain.code._columns", lambda: 40)
    assert "columns wide, and the terminal 40. Make it wider." in await played(sample(), "/verify alice qr")
    assert "/verify alice qr draws it as a code." in await played(sample(), "/verify alice", "")


async def test_the_hint_for_whom_there_is_one_comes_at_the_start() -> None:
    assert "Ctrl+D or /quit leaves.\nTry: this" in await played(sample(), hint="Try: this")


async def test_files_are_offered_and_conversations_exported_and_an_editor_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes.txt").write_text("notes", encoding="utf-8")
    script = tmp_path / "editor"
    script.write_text("#!/bin/sh\nprintf 'from afar' >\"$1\"\n", encoding="utf-8")
    script.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(script))
    node = sample()
    await node.draft_set(address_of("bob"), "From afar,")
    shown = await played(
        node,
        "/query bob",
        f"/file {tmp_path}/notes.txt -- as agreed",
        f"/export {tmp_path}/out",
        "/editor",
        "yes",
        scratch=lambda: tmp_path,
    )
    assert "“notes.txt” is offered to bob." in shown
    assert "It is not encrypted" in shown
    assert "me: from afar [queued]" in shown
    assert node.drafts[1] == "", "what the editor was given is sent, however it goes on"


def test_every_command_of_the_interface_is_walked_here() -> None:
    apart = {"file", "export", "editor"}  # they need a disk: above
    assert set(WALK) | apart == set(usages())
    assert set(slash.usages()) <= set(usages())
    assert set(DEEDS) - {"open"} == set(usages()) - {"quit", "connect", "wipe"}


@pytest.mark.parametrize(
    "line", ["/nonsense", "/Mouse me", "/files fetch", "/edit #99999 no", "/reply #4 no"]
)
async def test_what_is_not_understood_is_said_and_never_sent(line: str) -> None:
    node = sample()
    before = len(await node.messages("bob"))
    lines = ScriptedLines("/query bob", line, None, "quit")
    await plain(node, lines)
    assert len(await node.messages("bob")) == before
    assert "reading it now" in lines.text


async def test_two_slashes_send_one_and_a_text_goes_to_whom_the_prompt_names() -> None:
    node = sample()
    lines = ScriptedLines("nobody is there", "/query alice", "//etc", None, "quit")
    await plain(node, lines)
    assert "No conversation is open, so nothing was sent." in lines.text
    assert lines.prompts[:3] == ["> ", "> ", "alice> "]
    assert [m.text for m in await node.messages("alice")][-1:] == ["/etc"]


@pytest.mark.parametrize(("answer", "sent"), [("one", ["a\nb\nc"]), ("each", ["a", "b", "c"]), ("no", [])])
async def test_lines_that_come_at_once_are_asked_about(answer: str, sent: list[str]) -> None:
    node = sample()
    lines = ScriptedLines("/query alice", "a", "b", "c", lambda: None, answer, None, "quit", pasted=True)
    await plain(node, lines)
    assert [m.text for m in await node.messages("alice")][1:] == sent


async def test_what_came_at_once_with_a_text_is_text_and_no_command() -> None:
    node = sample()
    heap = ["the log:", "/usr/bin/tor is missing", "// and", "/close", ""]
    lines = ScriptedLines("/query alice", *heap, lambda: None, "one", "more", None, "quit", pasted=True)
    await plain(node, lines)
    sent = "the log:\n/usr/bin/tor is missing\n// and\n/close"
    assert "4 lines came at once. To alice:" in lines.text
    assert [m.text for m in await node.messages("alice")][1:] == [sent, "more"]
    nobody = ScriptedLines(*heap, None, "quit", pasted=True)
    await plain(node, nobody)
    assert nobody.text.count("nothing was sent") == 1


async def test_a_code_is_drawn_in_ascii_where_there_is_nothing_else() -> None:
    shown = await played(sample(), "/address qr", glyphs=ASCII)
    code = [line for line in shown.splitlines() if line.startswith("####")]
    assert len(code) > 20
    assert len({len(line) for line in code}) == 1
    assert set("".join(code)) == {"#", " "}


async def test_another_key_is_shown_and_decided_about() -> None:
    node = sample()
    node.change_key("alice")
    shown = await played(node, "/card alice", "trust")
    assert "The safety number with the other key:" in shown
    assert not (await node.contact_get("alice")).key_changed


async def test_a_code_is_drawn_of_an_invite_and_of_anothers_address() -> None:
    for command in ("/invite 30m qr", "/invite qr", "/card bob qr"):
        assert "▄▄" in await played(sample(), command)
        assert "▄▄" not in await played(sample(), command.removesuffix(" qr"))
        assert "This terminal cannot show a QR code" in await played(sample(), command, glyphs=spoken(ASCII))


async def test_status_and_card_say_what_a_link_is_at_and_when_it_is_tried_again() -> None:
    node = sample()
    node.set_stage("carol", "rendezvous")
    shown = await played(node, lambda: node.set_stage("alice", "waiting", 300.0), "/status", "/card carol")
    assert "You: reachable: who has your address can reach you" in shown
    assert "\nbob: linked\n" in shown
    assert "\nalice: not reachable, next try at 14:05\n" in shown
    assert "link: rendezvous\nmeeting them at a relay in the middle" in shown
    assert "link: linked\ndeleting:" in await played(sample(), "/card bob")
    assert "deleting: as the settings say" in shown


async def test_what_was_said_around_a_message_and_the_links_of_one_are_shown() -> None:
    node = sample()
    first = node.incoming("bob", "see https://first.example/a")
    numbers = [node.incoming("bob", f"line {number}").id for number in range(40)]
    node.incoming("bob", "see https://second.example/b")
    shown = await played(node, "/query bob", "/close", "/query bob", f"/messages #{numbers[12]}", "/unpin")
    around = shown.rpartition(f"#{numbers[2]} ")[2]
    assert f"#{numbers[12]} 14:00 bob: line 12" in around
    assert "line 22" in around
    assert "line 23" not in around.partition("stands in its place")[0]
    assert f"#{numbers[1]} " not in shown
    leads = await played(node, "/query bob", f"/link #{first.id}", f"/link #{numbers[0]}", "/link")
    assert leads.index("leads to first.example") < leads.index("cannot be done with this message")
    assert leads.index("cannot be done with this message") < leads.index("leads to second.example")


async def test_files_of_one_go_are_fetched_at_once_and_a_copy_is_saved_elsewhere(tmp_path: Path) -> None:
    node = sample()
    first = node.offer("bob", "a.pdf", 10)
    node.offer("bob", "b.pdf", 20, group=first.id)
    came = node.offer("bob", "came.txt", 4)
    node.end(came.id, "complete")
    (tmp_path / "received").write_text("came", encoding="utf-8")
    node.set_file(came.id, path=str(tmp_path / "received"))
    shown = await played(
        node,
        "/files",
        f"/files fetch {first.id} --all",
        f"/files save {came.id} {tmp_path}",
        f"/files save {first.id} {tmp_path}",
    )
    assert f"(/files fetch {first.id}, /files fetch {first.id} --all, /files decline {first.id})" in shown
    assert f"/files fetch {came.id} --all" not in shown
    assert f"/files save {came.id} DIR" in shown
    assert "This file is not here" in shown
    assert (tmp_path / "came.txt").read_text(encoding="utf-8") == "came"
    assert not [
        each.id for each in await node.file_list("bob", 50) if is_open(each) and each.name in "a.pdf b.pdf"
    ]


async def test_files_are_fetched_declined_and_paused_by_their_numbers() -> None:
    node = sample()
    offer = node.offer("bob", "plans.pdf", 5000)
    other = node.offer("bob", "more.pdf", 5000)
    shown = await played(
        node, f"/files fetch {offer.id}", f"/files pause {offer.id}", f"/files decline {other.id}", "yes"
    )
    assert f"file {offer.id}: plans.pdf" in shown
    assert (await node.file_get(offer.id)).state == "paused"
    assert (await node.file_get(other.id)).state == "declined"


async def test_settings_are_changed_kept_and_reset_as_far_as_that_is_possible_here() -> None:
    kept: list[tuple[str, ...]] = []
    shown = await played(
        sample(),
        "/settings",
        "/set privacy.receipts true",
        "/set ui.theme light",
        "/set files.quota much",
        "/set store.key_file /somewhere",
        "/settings reset files.quota",
        "/settings xyzzy",
        save=lambda name, text: kept.append((name, text)),
        reset=lambda name: kept.append((name,)),
    )
    assert kept == [("privacy.receipts", "true"), ("ui.theme", "light"), ("files.quota",)]
    assert "privacy.visibility: public" in shown
    assert "privacy.receipts: on. Takes effect at once." in shown
    assert "Theme: light. Takes effect when the interface starts next." in shown
    assert "files.quota cannot be 'much': it must be a number of bytes" in shown
    assert "store.key_file is changed in the file alone." in shown
    assert "files.quota: 20GiB." in shown
    assert "Nothing fits." in shown


async def test_where_nothing_is_kept_only_what_takes_effect_at_once_can_be_set() -> None:
    shown = await played(sample(), "/set privacy.receipts true", "/set notify off", "/settings notify")
    assert "Nothing is kept here, and privacy.receipts takes effect at a start only." in shown
    assert "Now: off, until you leave." in shown


async def test_words_that_disappear_are_not_called_back() -> None:
    node = sample()
    await node.conversation_timer("bob", 60)
    lines = ScriptedLines(
        "/msg bob burn", "/query bob", "burn", "/timer", "/query alice", "stays", "/quit", "quit"
    )
    await plain(node, lines, Options(zone=UTC))
    assert "burn" in [message.text for message in await node.messages("bob")]
    assert lines.recalled == ["/query bob", "/timer", "/query alice", "stays", "/quit"]


async def test_a_line_that_is_too_long_to_be_kept_is_sent_and_called_back_here() -> None:
    node, long = sample(), "é" * 5000
    lines = ScriptedLines("/query bob", long, None, "quit")
    await plain(node, lines)
    assert (await node.messages("bob"))[-1].text == long
    assert lines.recalled == ["/query bob", long]
    assert node.inputs == [("/query bob", None)]


async def test_a_line_is_sent_also_where_the_node_does_not_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    node = sample()

    async def refuse(*_anything: object) -> None:
        raise StorageError("The disk is full.", "Make room.")

    monkeypatch.setattr(node, "input_add", refuse)
    lines = ScriptedLines("/query bob", "all the same", None, "quit")
    await plain(node, lines)
    assert (await node.messages("bob"))[-1].text == "all the same"
    assert "all the same" in lines.recalled


async def test_an_address_alone_is_asked_and_an_invite_is_not_remembered() -> None:
    node = MemoryNode(FixedClock())
    shown = await played(node, address_of("eve"), "hello")
    assert "You asked" in shown
    assert [person.address for person in await node.contact_list()] == [address_of("eve")]
    assert slash.tells_no_secret("hello")
    assert not slash.tells_no_secret("tuichat1:aaaa")


@pytest.mark.parametrize("command", ["/unsend", "/cancel"])
async def test_what_waits_and_may_have_left_already_is_taken_back_all_the_same(command: str) -> None:
    node = sample()
    waiting = (await node.messages("alice"))[-1]
    node.given.add(waiting.id)
    shown = await played(node, "/query alice", command, "yes")
    assert "if it may have left, your contact's node is asked" in shown
    assert (await node.message_get(waiting.id)).unsent == "asked"


async def test_cancel_passes_over_what_waits_and_is_taken_back_already() -> None:
    node = sample()
    waiting = (await node.messages("alice"))[-1]
    asked = node.outgoing("alice", "perhaps on its way")
    node.given.add(asked.id)
    await node.unsend(asked.id)
    assert "Nothing waits" in await played(node, "/query alice", "/cancel", "yes", "/cancel")
    assert (await node.message_get(waiting.id)).state == "cancelled"
