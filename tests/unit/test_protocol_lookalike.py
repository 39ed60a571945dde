"""Names that can be taken for each other, and names that must be left in peace."""

from __future__ import annotations

import itertools
import unicodedata

import pytest

from tuichat.protocol.lookalike import _TAKEN_FOR, lookalikes, mixed_scripts, skeleton, skeletons

REAL_NAMES = [
    *("小明", "Zoë", "Łukasz", "Ünal", "Дмитрий", "Γιώργος", "田中 Taro", "Ian", "Lan", "Lia", "Ila", "Ali"),
    *("All", "Анна", "Anna", "Bob", "Вова", "Մարիամ", "김철수", "Kim김", "たなかタロウ", "陳大文", "علي"),
    *("דוד", "राम", "रमा", "O’Brien", "Jean-Luc", "Nguyễn Văn", "bob2", "bob3", "Ḥasan", "Søren", "אבי Avi"),
    *("ნინო", "สมชาย"),
]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("раураl", "paypal"),  # Cyrillic а, р, у
        ("аррӏе", "apple"),  # Cyrillic throughout
        ("ΗELEN", "Helen"),  # Greek eta
        ("Αlice", "alice"),  # Greek alpha
        ("ցօօցle", "google"),  # Armenian
        ("ᎪᏞᏆᏟᎬ".replace("Ꮖ", "Ӏ"), "ALICE"),  # Cherokee
        ("ꓐꓳꓐ", "bob"),  # Lisu
        ("ВОВ", "BOB"),
        ("вob", "Bob"),
        ("ｂｏｂ", "bob"),
        ("𝐛𝐨𝐛", "bob"),
        ("ʙᴏʙ", "bob"),
        ("AIice", "alice"),
        ("a1ice", "Alice"),
        ("a|ice", "alice"),
        ("lan", "Ian"),
        ("b0b", "BOB"),
        ("bob٢", "bob2"),
        ("Marnie", "Mamie"),
        ("vvilliam", "William"),
        ("b o-b.", "bob"),
        ("b\u200dob", "bob"),
        ("bob\u00a0", "bob"),
        ("O’Brien", "OBrien"),
        ("ḅoḅ", "bob"),
        ("Zoë", "Zoe"),
        ("Łukasz", "lukasz"),
        ("İbrahim", "ibrahim"),
        ("ロ", "口"),
        ("エ藤", "工藤"),
        ("己", "已"),
        ("bob", "bob"),
    ],
)
def test_known_attack_is_seen_in_both_directions(name: str, other: str) -> None:
    assert lookalikes(name, ["nobody", other]) == [other]
    assert lookalikes(other, [name]) == [name]


def test_real_names_are_not_taken_for_each_other() -> None:
    for name, other in itertools.permutations(REAL_NAMES, 2):
        assert lookalikes(name, [other]) == []


@pytest.mark.parametrize("name", REAL_NAMES)
def test_real_name_mixes_no_scripts(name: str) -> None:
    assert not mixed_scripts(name)


@pytest.mark.parametrize(
    "name", ["pаypal", "Βob", "bοb", "раypal", "a b bо", "x-раy", "b\u200dоb", "Иван田", "Աnna"]
)
def test_word_of_mixed_scripts_is_seen(name: str) -> None:
    assert mixed_scripts(name)


@pytest.mark.parametrize(
    "name", ["Bob Иванов", "Ünal-Γιώργος", "田中Taro", "김Kim", "ひろしヒロシ弘", "bob 🙂", "", "12", "..."]
)
def test_scripts_side_by_side_are_no_mixture(name: str) -> None:
    assert not mixed_scripts(name)


def test_name_of_marks_alone_is_like_itself_and_not_like_every_other() -> None:
    assert lookalikes("...", ["---", "...", ""]) == ["..."]


def test_skeleton_of_a_skeleton_is_the_same() -> None:
    for name in REAL_NAMES:
        assert skeleton(skeleton(name)) == skeleton(name)


def test_each_character_of_the_table_stands_once_and_survives_to_be_looked_up() -> None:
    odd = [character for others in _TAKEN_FOR.values() for character in others]
    assert len(odd) == len(set(odd))
    for character in odd:
        assert not character.isascii()
        assert unicodedata.normalize("NFKD", character) == character
        assert character not in _TAKEN_FOR


def test_long_and_hostile_names_take_no_time_to_speak_of() -> None:
    for character in ("\u0301", "ﷺ", "각", "\U0001f469\u200d", "I", "а", "\x00", "\ud800"):
        assert len(skeletons(character * 64)) == 2
        mixed_scripts(character * 64)
