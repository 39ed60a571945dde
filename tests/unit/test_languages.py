"""Which language is spoken, by what the environment says."""

from __future__ import annotations

import pytest

from tuichat import i18n
from tuichat.languages import locale_of, system_language

ASKED_FOR = {
    "zh_CN": (
        {"LANG": "zh_CN.UTF-8"},
        {"LANG": "zh"},
        {"LANG": "zh_SG.UTF-8"},
        {"LANG": "zh_CN.GB18030"},
        {"LANG": "zh_Hans"},
        {"LANG": "zh_Hans_HK.UTF-8"},
        {"LANG": "zh-Hans-CN"},
        {"LANG": "zh_CN@cjknarrow"},
        {"LC_ALL": "zh_CN.UTF-8", "LANG": "en_US.UTF-8", "LC_MESSAGES": "en_US.UTF-8"},
        {"LC_ALL": "", "LC_MESSAGES": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"},
        {"LANG": "de_DE.UTF-8", "LANGUAGE": "de:zh_CN:en"},
        {"LANG": "zh_TW.UTF-8", "LANGUAGE": "zh_TW:zh_CN"},
        {"LANG": "zh_CN.UTF-8", "LANGUAGE": ""},
        {"LANG": "C.UTF-8", "LANGUAGE": "zh_CN"},
        {"LANGUAGE": "zh_CN"},
        {"LANG": "zh_CN.UTF-8", "LANGUAGE": "de:fr"},
    ),
    "en": (
        {},
        {"LANG": "C.UTF-8"},
        {"LANG": "en_GB.UTF-8"},
        {"LANG": "de_DE.UTF-8"},
        {"LANG": "zh_TW.UTF-8"},
        {"LANG": "zh_HK"},
        {"LANG": "zh_Hant_CN"},
        {"LANG": "zh_TW.UTF-8", "LANGUAGE": "zh_TW:zh_HK:en:zh_CN"},
        {"LANG": "zh_CN.UTF-8", "LANGUAGE": "en:zh_CN"},
        {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"},
        {"LC_ALL": "C", "LANGUAGE": "zh_CN"},
        {"LC_MESSAGES": "POSIX", "LANG": "zh_CN.UTF-8"},
        {"LC_TIME": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"},
        {"LANG": "zh_CN.UTF-8", "TERM": "linux"},
    ),
}


@pytest.mark.parametrize(
    ("language", "environment"),
    [(language, each) for language, environments in ASKED_FOR.items() for each in environments],
)
def test_language_is_the_first_that_the_system_names_and_tuichat_speaks(
    language: str, environment: dict[str, str]
) -> None:
    assert system_language(environment) == language


def test_locale_of_a_category_is_the_first_that_says_something() -> None:
    environment = {"LC_ALL": "", "LC_TIME": "en_DK.UTF-8", "LANG": "en_US.UTF-8"}
    assert locale_of(environment, "LC_TIME") == "en_DK.UTF-8"
    assert locale_of(environment, "LC_MESSAGES") == "en_US.UTF-8"
    assert locale_of({}, "LC_TIME") == ""


def test_setting_outdoes_the_environment_and_the_environment_is_followed_without_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(i18n, "_translations", i18n._translations)
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_SG.UTF-8")
    said = []
    for language in (None, "en", "zh_CN"):
        i18n.use_language(language)
        said.append(i18n._("Monday"))
    assert said == ["星期一", "Monday", "星期一"]
