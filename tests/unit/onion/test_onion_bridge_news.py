"""What a tor with bridges tells of them, as it was seen to tell it, turned into a problem with its reason."""

from __future__ import annotations

import pytest

from onion.bridge_news import BridgeNews
from onion.events import Event, status_after
from onion.tor import TorStatus

STARTING = TorStatus(version="0.4.9.11", alive=True, bootstrap=2, tag="conn_done_pt")
UNREACHED = (
    "WARN Proxy Client: unable to connect OR connection (handshaking (proxy)) with 127.0.0.1:9 ID=<none> "
    'RSA_ID=0123456789ABCDEF0123456789ABCDEF01234567 ("general SOCKS server failure")'
)
ENDED = 'WARN Managed proxy "/bin/false" having PID 8760 terminated with status code 1'
BROKER = (
    'NOTICE Managed proxy "/usr/bin/snowflake-client": broker failure dial tcp [scrubbed]: connect: '
    "connection refused"
)
NONE_LEFT = "NOTICE Delaying directory fetches: No running bridges"
PLAIN = (
    'STATUS_CLIENT WARN BOOTSTRAP PROGRESS=5 TAG=conn SUMMARY="Connecting to a relay" WARNING="x" '
    'REASON={} COUNT=1 RECOMMENDATION=warn HOSTID="{}" HOSTADDR="127.0.0.1:9"'
)
HANDSHAKEN = 'STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=14 TAG=handshake SUMMARY="Handshaking with a relay"'


def after(status: TorStatus, *lines: str, news: BridgeNews | None = None) -> TorStatus:
    news = news or BridgeNews()
    for line in lines:
        event = Event.parse(line)
        status = news.after(status_after(status, event), event)
    return status


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (UNREACHED, "does not get through to the bridge"),
        (ENDED, "ends by itself"),
        (
            BROKER,
            "snowflake-client says: broker failure dial tcp [scrubbed]: connect: connection refused",
        ),
    ],
)
def test_transport_that_fails_three_times_is_a_bridge_that_does_not_get_through(line: str, says: str) -> None:
    assert after(STARTING, line, line) == STARTING
    told = after(STARTING, line, line, line)
    assert told.problem == "bridge"
    assert says in told.detail
    assert "127.0.0.1" not in told.detail


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("CONNECTREFUSED", "refuses the connection"),
        ("TIMEOUT", "does not answer"),
        ("IDENTITY", "another fingerprint"),
        ("PT_MISSING", "does not run"),
        ("MISC", ""),
    ],
)
def test_bootstrap_that_fails_with_bridges_is_no_blocked_tor_but_a_bridge(reason: str, says: str) -> None:
    told = after(STARTING, PLAIN.format(reason, "0" * 40))
    assert told.problem == "bridge"
    assert says in told.detail
    assert bool(says) == bool(told.detail)


def test_bridge_that_answers_ends_the_problem_and_the_count() -> None:
    news = BridgeNews()
    told = after(STARTING, UNREACHED, UNREACHED, UNREACHED, HANDSHAKEN, news=news)
    assert (told.problem, told.detail) == ("", "")
    assert after(STARTING, UNREACHED, UNREACHED, news=news).problem == ""


def test_last_bridge_that_is_lost_later_is_told_until_a_circuit_stands() -> None:
    ready = TorStatus(version="0.4.9.11", alive=True, bootstrap=100, tag="done")
    news = BridgeNews()
    built = "CIRC 7 BUILT $F~r PURPOSE=GENERAL"
    assert after(ready, built, *[UNREACHED] * 9, news=news) == ready
    told = after(ready, NONE_LEFT, news=news)
    assert told.problem == "bridge"
    assert "does not get through" in told.detail
    assert after(told, built, NONE_LEFT, news=news) == ready


def test_no_bridge_before_one_was_tried_is_no_failure() -> None:
    assert after(STARTING, NONE_LEFT, UNREACHED) == STARTING


def test_wrong_clock_is_told_before_bridges() -> None:
    skewed = after(STARTING, "STATUS_GENERAL WARN CLOCK_SKEW SKEW=-7200 SOURCE=OR", *[UNREACHED] * 5)
    assert skewed.problem == "clock_skew"


def test_bridge_that_is_lost_later_is_told_apart_from_a_network_that_is_away() -> None:
    ready = TorStatus(version="0.4.9.11", alive=True, bootstrap=100, tag="done")
    away = after(ready, "NETWORK_LIVENESS DOWN")
    assert away.problem == "no_network"
    assert after(ready, "NETWORK_LIVENESS DOWN", UNREACHED).problem == "bridge"
    assert after(ready, "NETWORK_LIVENESS DOWN", UNREACHED, "NETWORK_LIVENESS UP") == ready


@pytest.mark.parametrize(
    "line",
    [
        "",
        "NOTICE",
        "WARN something else failed",
        'NOTICE Managed proxy "/usr/bin/snowflake-client": offer created',
        'NOTICE Managed proxy "no path": all fails',
    ],
)
def test_other_lines_of_the_log_mean_nothing(line: str) -> None:
    assert after(STARTING, *[line] * 9) == STARTING


def test_words_of_another_program_are_one_plain_short_line() -> None:
    line = 'NOTICE Managed proxy "/opt/x/lyrebird": it failed \x1b[31m\u202e' + "y" * 500
    detail = after(STARTING, line, line, line).detail
    assert detail.startswith("lyrebird says: it failed [31my")
    assert detail.isascii()
    assert detail.isprintable()
    assert len(detail) < 150


@pytest.mark.parametrize(
    "place",
    [
        *("192.0.2.7", "192.0.2.7:443", "[2001:db8::7]:443", "2001:db8::7", "bridge.example.net:8443"),
        *("https://front.example/secret-path", "0123456789ABCDEF0123456789ABCDEF01234567"),
    ],
)
def test_words_of_another_program_do_not_tell_where_a_bridge_is(place: str) -> None:
    line = f'NOTICE Managed proxy "/opt/x/client": dial {place} failed: refused'
    detail = after(STARTING, line, line, line).detail
    assert detail == "client says: dial [...] failed: refused"
    far = f'NOTICE Managed proxy "/opt/x/client": it fails {"- " * 490} {place}'
    assert place[:6] not in after(STARTING, far, far, far).detail
