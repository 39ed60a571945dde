"""docs/protocol.md says what the code does, where both can be compared."""

from __future__ import annotations

import re
from itertools import accumulate
from pathlib import Path
from typing import get_args

import pytest

from tests.vectors.rebuild_transcript import sample_frames
from tuichat.crypto import envelope, identity, kem, noise, ratchet_chains
from tuichat.node import deed_arrivals, delivery, first_contact, message_deeds, reach
from tuichat.protocol import bodies, frames, invites, knock, link, session
from tuichat.store import deeds
from tuichat.store.records import InviteState

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")


def test_page_lists_every_frame_with_its_number() -> None:
    listed = {
        name: int(number) for number, name in re.findall(r"^\| (\d+) \| ([A-Z]+) \|", PAGE, re.MULTILINE)
    }
    assert listed == {name: frame.type for name, frame in sample_frames().items()}


@pytest.mark.parametrize(
    "name",
    ["HELLO", "KEEP", "NEW", "ACK", "RESYNC", "RECEIVED", "GONE", "PING", "PONG", "TYPING", "PRESENCE"],
)
def test_page_gives_each_field_of_a_fixed_frame_its_size(name: str) -> None:
    row = re.search(rf"^\| \d+ \| {name} \| (.+) \|$", PAGE, re.MULTILINE)
    assert row is not None
    sizes = [int(size) for size in re.findall(r"[a-z](\d+)(?:,|$)", row[1])]
    assert sum(sizes) + 1 == len(frames.encode(sample_frames()[name]))


def test_page_draws_an_invite_as_it_is() -> None:
    section = PAGE.split("**C2. An invite**")[1].split("A reader passes over")[0]
    rows = [(int(at), int(size)) for at, size in re.findall(r"^\| (\d+) \| (\d+) \|", section, re.MULTILINE)]
    assert [at for at, _ in rows] == list(accumulate([0, *(size for _, size in rows[:-1])]))
    length = sum(size for _, size in rows)
    text = str(invites.Invite(bytes(32), bytes(32), bytes(16), 0)).removeprefix(invites.PREFIX)
    assert f"{length} bytes, {len(text)} characters" in section
    assert len(text) == -(-length * 8 // 5)


def test_page_knows_every_state_of_an_invite() -> None:
    section = PAGE.split("Its maker keeps it")[1].split("The replies")[0]
    named = set(re.findall(r"\b(open|bound|closed|revoked)\b", section))
    assert named == set(get_args(InviteState))


def test_page_lists_every_label_and_no_other() -> None:
    section = PAGE.split("| label | key |")[1].split("\n\n")[0]
    listed = set(re.findall(r"^\| `([a-z ]+)` \|", section, re.MULTILINE))
    calls = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tuichat").rglob("*.py"))
    assert listed == set(re.findall(r'\bkdf\(\s*[\w.]+, "([^"]+)"', calls))


@pytest.mark.parametrize(
    "value",
    [
        identity.CERTIFICATE_LENGTH,
        kem.PUBLIC_LENGTH,
        kem.CIPHERTEXT_LENGTH,
        noise.MAX_MESSAGE,
        knock.PREAMBLE_LENGTH,
        link.MESSAGE1_LENGTH,
        link.MESSAGE2_LENGTH,
        link.MESSAGE3_OVERHEAD,
        link.MAX_FRAME,
        link.REKEY_INTERVAL,
        frames.MAX_NAME_CHARACTERS,
        frames.MAX_REQUEST_TEXT_BYTES,
        *envelope.ENVELOPE_SIZES,
        envelope.MAX_BODY,
        envelope.SEALED_HEADER_LENGTH,
        ratchet_chains.MAX_SKIP,
        ratchet_chains.MAX_SKIPPED,
        bodies.MAX_TEXT_BYTES,
        bodies.MAX_TTL,
        bodies.MAX_EMOJI_BYTES,
        deeds.MAX_WAITING,
        message_deeds.MOST_REACTIONS,
        deed_arrivals.WAITING_SECONDS // 86_400,
        delivery.OPENED_KEPT,
        first_contact.MAX_PENDING,
        reach.MAX_KEYS,
        reach.SPARE_KEYS,
        session.WINDOW_BEYOND_DELIVERED,
    ],
)
def test_page_names_every_size(value: int) -> None:
    assert re.search(rf"\b{value:,}\b", PAGE)


def test_page_lists_every_kind_of_body_with_its_elements() -> None:
    listed = {
        int(number): elements
        for number, elements in re.findall(r"^\| (\d+) \| [a-z ]+ \| (conv.+) \|$", PAGE, re.M)
    }
    known = {each.__struct_config__.tag: each.__struct_fields__ for each in get_args(bodies.Body)}
    names = {kind: tuple(re.sub(r"\d+", "", elements).split(", ")) for kind, elements in listed.items()}
    assert names == known


def test_page_names_the_suite_and_the_latest_time() -> None:
    assert noise.XXHFS_PSK0.name.decode() in PAGE
    assert str(bodies.MAX_SENT_AT) in PAGE


def test_tokens_on_the_page_are_those_that_are_spoken() -> None:
    lines = re.findall(r"^    (?:->|<-) (.+)$", PAGE, re.MULTILINE)
    spoken = [", ".join(token.value for token in message) for message in noise.XXHFS_PSK0.messages]
    assert [line.replace("psk0", "psk") for line in lines] == spoken
