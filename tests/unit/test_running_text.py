"""Sentences and words in a row, in English and in Chinese."""

from __future__ import annotations

from tests.support.speaking import speaking
from tuichat.running_text import enumerated, paragraph


def test_sentences_are_parted_by_a_space_unless_their_full_stop_is_wide() -> None:
    assert paragraph("No.", "Why?", "So.") == "No. Why? So."
    assert paragraph("没有。", "为什么？", "因此") == "没有。为什么？因此"
    assert paragraph("") == paragraph() == ""


def test_words_are_parted_as_the_language_does() -> None:
    assert enumerated(["verified", "pinned"]) == "verified, pinned"
    with speaking("zh_CN"):
        assert enumerated(iter(["已验证", "置顶"])) == "已验证，置顶"
