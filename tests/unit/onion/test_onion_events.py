"""What tor's events mean for its status, for a dial and for a service."""

from __future__ import annotations

import re

import pytest

from onion.events import Event, dial_stage, status_after
from onion.tor import DialStage, Problem, TorStatus

ADDRESS = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid"
STARTING = TorStatus(version="0.4.9.11", alive=True, bootstrap=10, tag="conn_done")
READY = TorStatus(version="0.4.9.11", alive=True, bootstrap=100, tag="done")


def after(status: TorStatus, *lines: str) -> TorStatus:
    for line in lines:
        status = status_after(status, Event.parse(line))
    return status


def test_words_and_quoted_values_are_told_apart() -> None:
    event = Event.parse('STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=50 SUMMARY="a \\"quoted\\" = one" TAG=x')
    assert event.words == ("STATUS_CLIENT", "NOTICE", "BOOTSTRAP")
    assert event.fields == {"PROGRESS": "50", "SUMMARY": 'a "quoted" = one', "TAG": "x"}
    assert event.word(7) == ""


def test_progress_is_shown() -> None:
    line = 'STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=45 TAG=requesting_descriptors SUMMARY="Asking"'
    status = after(STARTING, line)
    assert (status.bootstrap, status.tag, status.summary) == (45, "requesting_descriptors", "Asking")
    assert not status.ready
    assert after(status, 'STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=100 TAG=done SUMMARY="Done"').ready


WARNING = 'STATUS_CLIENT WARN BOOTSTRAP PROGRESS=10 TAG=conn_done SUMMARY="x" WARNING="w" REASON={} COUNT={} '


@pytest.mark.parametrize(
    ("reason", "problem"),
    [
        ("NOROUTE", "no_network"),
        ("TIMEOUT", "blocked"),
        ("CONNECTREFUSED", "blocked"),
        ("IOERROR", "blocked"),
    ],
)
def test_failures_that_are_more_than_bad_luck_have_a_name(reason: str, problem: Problem) -> None:
    assert after(STARTING, WARNING.format(reason, 4) + "RECOMMENDATION=ignore").problem == ""
    assert after(STARTING, WARNING.format(reason, 5) + "RECOMMENDATION=ignore").problem == problem
    assert after(STARTING, WARNING.format(reason, 1) + "RECOMMENDATION=warn").problem == problem


def test_progress_after_a_failure_clears_it() -> None:
    blocked = after(STARTING, WARNING.format("TIMEOUT", 9) + "RECOMMENDATION=warn")
    assert after(blocked, 'STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=14 TAG=h SUMMARY="x"').problem == ""


def test_a_wrong_clock_is_told_apart_and_stays_until_tor_works() -> None:
    skewed = after(
        STARTING,
        "STATUS_GENERAL WARN CLOCK_SKEW SKEW=-7200 SOURCE=CONSENSUS",
        WARNING.format("TIMEOUT", 9) + "RECOMMENDATION=warn",
        'STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=30 TAG=x SUMMARY="x"',
    )
    assert skewed.problem == "clock_skew"
    assert after(skewed, "STATUS_CLIENT NOTICE CIRCUIT_ESTABLISHED").problem == ""
    assert after(skewed, 'STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=100 TAG=done SUMMARY="x"').problem == ""


@pytest.mark.parametrize(
    ("skew", "detail"),
    [
        ("172800", "by 48 hours ahead"),
        ("-172797", "by 48 hours behind"),
        ("-3590", "by 60 minutes behind"),
        ("", ""),
        ("x", ""),
    ],
)
def test_how_wrong_the_clock_is_goes_with_the_problem(skew: str, detail: str) -> None:
    skewed = after(STARTING, f"STATUS_GENERAL WARN CLOCK_SKEW SKEW={skew} SOURCE=CONSENSUS")
    assert (skewed.problem, skewed.detail) == ("clock_skew", detail)
    assert not re.search("[0-9]", skewed.detail.template)
    assert after(skewed, 'STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=30 TAG=x SUMMARY="x"').detail == detail
    assert after(skewed, "STATUS_CLIENT NOTICE CIRCUIT_ESTABLISHED").detail == ""
    assert after(skewed, 'STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=100 TAG=done SUMMARY="x"').detail == ""


def test_a_wrong_clock_is_told_apart_also_by_who_attaches_later() -> None:
    """The first thing asked is the bootstrap phase; the clock's own event was told before."""
    phase = (
        'STATUS_CLIENT WARN BOOTSTRAP PROGRESS=40 TAG=loading_keys SUMMARY="Loading authority key certs" '
        'WARNING="Clock skew -172797 in microdesc flavor consensus from CONSENSUS" REASON=CLOCK_SKEW COUNT=1 '
        "RECOMMENDATION=warn"
    )
    assert after(STARTING, phase).problem == "clock_skew"


def test_a_network_that_goes_away_is_told_only_of_a_ready_tor() -> None:
    assert after(READY, "NETWORK_LIVENESS DOWN").problem == "no_network"
    assert after(READY, "NETWORK_LIVENESS DOWN", "NETWORK_LIVENESS UP").problem == ""
    assert after(STARTING, "NETWORK_LIVENESS DOWN") == STARTING


@pytest.mark.parametrize(
    "line",
    [
        "",
        "NOTICE",
        "STATUS_CLIENT",
        "STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=abc",
        "HS_DESC",
        "CIRC 1 BUILT",
        'X="',
        "STATUS_GENERAL NOTICE OTHER",
    ],
)
def test_an_event_of_another_shape_changes_nothing(line: str) -> None:
    assert after(READY, line) == READY
    assert dial_stage(Event.parse(line)) is None


@pytest.mark.parametrize(
    ("line", "stage"),
    [
        (f"HS_DESC REQUESTED {ADDRESS} NO_AUTH $F~r id HSDIR_INDEX=1", "descriptor"),
        (f"HS_DESC RECEIVED {ADDRESS} NO_AUTH $F~r id", "introduction"),
        (
            f"CIRC 5 EXTENDED $F~r PURPOSE=HS_CLIENT_INTRO HS_STATE=HSCI_CONNECTING REND_QUERY={ADDRESS}",
            "introduction",
        ),
        (
            f"CIRC_MINOR 6 PURPOSE_CHANGED $F HS_STATE=HSCR_ESTABLISHED_WAITING REND_QUERY={ADDRESS}",
            "rendezvous",
        ),
        (f"HS_DESC UPLOADED {ADDRESS} UNKNOWN $F~r", None),
        (f"CIRC 5 BUILT $F PURPOSE=HS_SERVICE_REND HS_STATE=HSSR_CONNECTING REND_QUERY={ADDRESS}", None),
        ("HS_DESC REQUESTED notanaddress NO_AUTH $F~r id", None),
    ],
)
def test_a_dials_stages_are_read_from_its_events(line: str, stage: str | None) -> None:
    told = dial_stage(Event.parse(line))
    assert (told.stage if told else None) == stage
    assert told is None or isinstance(told, DialStage)
