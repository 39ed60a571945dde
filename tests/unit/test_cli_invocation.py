"""Commands in hints, as they have to be typed where this tuichat was started."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from tuichat.cli.invocation import Invocation

HINT = "Make one: tuichat init"


def words(**given: object) -> argparse.Namespace:
    return argparse.Namespace(**{"home": None, "profile": None, "config": None, **given})


def program(directory: Path, name: str) -> Path:
    """An executable file of this name."""
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_hint_repeats_what_says_which_profile_it_is() -> None:
    invocation = Invocation("tuichat-test")
    invocation.understood(words(home=Path("/tmp/a b"), profile="work", config=Path("/c")))
    options = "--home '/tmp/a b' --profile work --config /c"
    assert invocation.filled(HINT) == f"Make one: tuichat {options} init"
    assert (
        invocation.filled("Unlock it (tuichat unlock), or not")
        == f"Unlock it (tuichat {options} unlock), or not"
    )
    assert invocation.filled("Or run tuichat daemon run.") == f"Or run tuichat {options} daemon run."


@pytest.mark.parametrize(
    "hint",
    [
        "To another place: tuichat --home DIR restore FILE",
        "Another tuichat is at work.",
        "Keep tuichat open.",
    ],
)
def test_hint_that_names_its_own_profile_or_no_command_stays(hint: str) -> None:
    invocation = Invocation("tuichat-test")
    invocation.understood(words(home=Path("/tmp/h1")))
    assert invocation.filled(hint) == hint


def test_checkout_is_started_by_its_own_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main = program(tmp_path, "tuichat/__main__.py")
    invocation = Invocation(str(main))
    assert invocation.filled(HINT) == "Make one: python3 -m tuichat init"
    script = program(tmp_path, "run")
    assert invocation.filled(HINT) == f"Make one: {script} init"
    monkeypatch.chdir(tmp_path)
    assert invocation.filled(HINT) == "Make one: ./run init"


def test_programs_are_named_where_the_current_directory_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, script = program(tmp_path, "tuichat/__main__.py"), program(tmp_path, "run")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert Invocation(str(main)).filled(HINT) == f"Make one: {script} init"
    assert Invocation("tuichat/__main__.py").filled(HINT) == "Make one: python3 -m tuichat init"
    assert Invocation("bin/tuichat").filled(HINT) == "Make one: bin/tuichat init"


def test_installed_program_is_named_by_its_path_only_where_path_does_not_lead_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = program(tmp_path, "bin/tuichat")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Invocation(str(installed)).filled(HINT) == f"Make one: {installed} init"
    monkeypatch.setenv("PATH", str(installed.parent))
    assert Invocation(str(installed)).filled(HINT) == HINT


@pytest.mark.parametrize(
    "hint", ["建立一个：tuichat init", "请解锁（tuichat init），或", "原因见 tuichat init。"]
)
def test_commands_in_a_chinese_hint_repeat_it_too(hint: str) -> None:
    invocation = Invocation("tuichat-test")
    invocation.understood(words(profile="work"))
    assert invocation.filled(hint) == hint.replace("tuichat", "tuichat --profile work")
    assert invocation.filled("请让 tuichat 开着。") == "请让 tuichat 开着。"
