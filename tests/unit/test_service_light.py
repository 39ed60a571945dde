"""Three lights, and how far our own service is: the same in status, events and interface."""

from __future__ import annotations

import pytest

from tuichat.cli.status import shown
from tuichat.model import Light, ServiceStage, ServiceState, Status, TorState
from tuichat.network.service_light import lit
from tuichat.tui.glyphs import UNICODE
from tuichat.tui.words import reachability

READY = TorState(bootstrap=100, running=True)
HINDERED = TorState(bootstrap=100, running=True, problem="no_network")
FOUND = ServiceState(published=True, reachable=True)
REFUSED = ServiceState(detail="Tor refused.")


@pytest.mark.parametrize(
    ("tor", "service", "stage", "light", "role", "text"),
    [
        (TorState(), ServiceState(), "offline", "yellow", "muted", "◌ offline"),
        (TorState(running=True), ServiceState(), "tor", "yellow", "waiting", "◍ tor 0%"),
        (TorState(running=True, bootstrap=45), FOUND, "tor", "yellow", "waiting", "◍ tor 45%"),
        (TorState(problem="missing"), ServiceState(), "tor", "red", "danger", "✗ no tor"),
        (HINDERED, FOUND, "tor", "red", "danger", "✗ no network"),
        (READY, ServiceState(), "publishing", "yellow", "waiting", "◍ publishing"),
        (READY, REFUSED, "unpublished", "red", "danger", "✗ cannot be published, trying"),
        (HINDERED, REFUSED, "tor", "red", "danger", "✗ no network"),
        (READY, ServiceState(published=True), "checking", "yellow", "waiting", "◍ published, checking"),
        (READY, ServiceState(missed=2), "no_answer", "red", "danger", "✗ not reachable, trying"),
        (READY, FOUND, "reachable", "green", "linked", "● reachable"),
    ],
)
def test_light_and_stage_follow_from_tor_and_service(
    tor: TorState, service: ServiceState, stage: ServiceStage, light: Light, role: str, text: str
) -> None:
    found = lit(tor, service)
    assert (found.stage, found.light) == (stage, light)
    assert reachability(tor, found, UNICODE) == (role, text)


def test_why_the_service_cannot_be_published_is_told() -> None:
    status = Status(address="a", node="daemon", locked=False, tor=READY, service=lit(READY, REFUSED))
    assert "red, cannot be published, trying on: Tor refused\n" in shown(status)


def test_light_that_was_right_before_does_not_stay() -> None:
    assert lit(HINDERED, lit(READY, FOUND)).light == "red"
    assert lit(READY, lit(HINDERED, FOUND)).light == "green"
