"""docs/protocol.md says what the code does, where both can be compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.vectors.rebuild_transcript import sample_frames
from tuichat.crypto import envelope, identity, kem, noise, ratchet_chains
from tuichat.protocol import bodies, frames, knock, link, padding

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")


def test_page_lists_every_frame_with_its_number() -> None:
    listed = {
        name: int(number) for number, name in re.findall(r"^\| (\d+) \| ([A-Z]+) \|", PAGE, re.MULTILINE)
    }
    assert listed == {name: frame.type for name, frame in sample_frames().items()}


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
        *padding.ENVELOPE_SIZES,
        padding.MAX_BODY,
        envelope.SEALED_HEADER_LENGTH,
        envelope.MAX_BODY,
        ratchet_chains.MAX_SKIP,
        ratchet_chains.MAX_SKIPPED,
        bodies.MAX_TEXT_BYTES,
        bodies.MAX_TTL,
    ],
)
def test_page_names_every_size(value: int) -> None:
    assert re.search(rf"\b{value:,}\b", PAGE)


def test_page_names_the_suite_and_the_latest_time() -> None:
    assert noise.XXHFS_PSK0.name.decode() in PAGE
    assert str(bodies.MAX_SENT_AT) in PAGE


def test_tokens_on_the_page_are_those_that_are_spoken() -> None:
    lines = re.findall(r"^    (?:->|<-) (.+)$", PAGE, re.MULTILINE)
    spoken = [", ".join(token.value for token in message) for message in noise.XXHFS_PSK0.messages]
    assert [line.replace("psk0", "psk") for line in lines] == spoken
