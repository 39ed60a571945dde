"""What a soak says when it reached less than it was to."""

from __future__ import annotations

import argparse

import pytest

from benchmarks import options, power_loss

FEW = ("--states", "60", "--every-fault", "800")


@pytest.fixture(autouse=True)
def _few_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power_loss, "_CONTROL_STATES", 40)


def chosen(*words: str) -> argparse.Namespace:
    made = argparse.ArgumentParser()
    options.add_minutes(made, 15.0)
    return made.parse_args(words)


@pytest.mark.parametrize(
    ("words", "reached", "short", "seconds"),
    [((), 99, True, 900.0), ((), 100, False, 900.0), (("--minutes", "2"), 99, False, 120.0)],
)
def test_less_than_asked_for_is_a_failure_unless_the_time_was_chosen(
    words: tuple[str, ...], reached: int, short: bool, seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    assert options.ends_after(chosen(*words)) == seconds
    assert options.fell_short(chosen(*words), reached, 100, "cycles") == short
    assert ("FELL SHORT: 99 of 100 cycles" in capsys.readouterr().out) == short


@pytest.mark.parametrize(("words", "code"), [((), 1), (("--minutes", "0"), 0)])
def test_power_losses_that_were_too_few_are_told_by_the_exit_code(
    words: tuple[str, ...], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(power_loss, "MINUTES", 0.0)
    monkeypatch.setattr(power_loss, "_STATES_A_ROUND", 20)
    assert power_loss.main([*FEW, *words]) == code


def test_an_operation_whose_failure_is_swallowed_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power_loss, "fail_once", lambda _kind, at: "kept something" if at == 1 else "")
    assert power_loss.main([*FEW, "--minutes", "0"]) == 1
