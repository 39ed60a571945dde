"""What a node's log keeps, and what it does not."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from onion.child import ChildOptions, ChildTor
from tests.support.guard.log_canary import is_node, leak_in
from tuichat.bootstrap.logs import CarefulFormatter, leads_to_journal

ROOT = Path(__file__).parents[2]

ADDRESS = "t36xxdi2p5xj2tvsagutaqdt7pzym3k6vcjxoj5apkc3badl5uriahqd"


def logged(name: str, message: str, *values: object) -> str:
    """The lines of an error with an exception in flight."""
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(CarefulFormatter())
    logger = logging.Logger(name)
    logger.addHandler(handler)
    try:
        raise ValueError(f"cannot reach {ADDRESS}")
    except ValueError:
        logger.exception(message, *values)
    return output.getvalue()


def test_a_librarys_words_and_every_exceptions_text_stay_out() -> None:
    for name in ("asyncio", "aiohttp.server", "stem"):
        line = logged(name, "peer %s said %s", ADDRESS, "hello")
        assert ADDRESS not in line
        assert "hello" not in line
        assert name in line
        assert "ValueError" in line


def test_our_own_words_are_kept_without_the_exceptions_text() -> None:
    line = logged("tuichat.api.connection", "%s failed", "contact.add")
    assert "contact.add failed" in line
    assert "test_node_logs.py" in line
    assert ADDRESS not in line
    assert line.count("\n") == 1


def test_a_record_without_an_exception_that_says_so_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(CarefulFormatter())
    logger = logging.Logger("asyncio")
    logger.addHandler(handler)
    logger.error("Unclosed connector", exc_info=False)
    assert output.getvalue().endswith("Z error: asyncio\n")
    assert capsys.readouterr().err == ""


def record(level: int, message: str, name: str = "tuichat.node") -> logging.LogRecord:
    return logging.LogRecord(name, level, __file__, 1, message, None, None)


def test_a_record_is_one_line_whatever_is_in_it() -> None:
    line = CarefulFormatter().format(record(logging.WARNING, "two\nlines\x1b[2J\u2028 and more"))
    assert line.endswith("Z warning: tuichat.node: two lines [2J  and more")


def test_the_journal_is_told_the_priority_and_no_time() -> None:
    careful = CarefulFormatter(journal=True)
    for level, number in ((10, 7), (20, 6), (25, 6), (30, 4), (40, 3), (50, 2)):
        line = careful.format(record(level, "so it is"))
        assert line.startswith(f"<{number}>")
        assert line.endswith(": tuichat.node: so it is")


def test_programs_get_an_object_a_line() -> None:
    for journal in (False, True):
        line = CarefulFormatter("json", journal=journal).format(record(logging.ERROR, 'a "word" 小'))
        said = json.loads(line.removeprefix("<3>"))
        assert said.pop("time").endswith("Z")
        assert said == {"level": "error", "logger": "tuichat.node", "message": 'a "word" 小'}


def test_stderr_is_the_journals_only_while_it_leads_there(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("wb") as stream:
        found = os.fstat(stream.fileno())
        connected = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        assert leads_to_journal(connected, stream.fileno())
        assert not leads_to_journal({}, stream.fileno())
        assert not leads_to_journal(connected, 0)
    assert not leads_to_journal(connected, 1 << 20)


def test_our_tor_logs_without_addresses_and_to_nobody_but_us(tmp_path: Path) -> None:
    torrc = ChildTor(ChildOptions(tmp_path / "tor", tmp_path / "run")).torrc().splitlines()
    assert "SafeLogging 1" in torrc
    assert [line for line in torrc if line.startswith("Log ")] == ["Log warn stdout"]


# -- the check over the whole suite can fail --


@pytest.mark.parametrize(
    "leak",
    [
        f"contact {ADDRESS} added",
        f"seed {'0123456789abcdef' * 4}",
        "key rZK3m1Zp0q9Yw7T2c5V8b4N6x1L0k3J9h2G5f8D7s4A=",
        "Bob wrote",
        "from 小明: ok",
        'dialled ("alice",)',
        "text: hello there",
    ],
)
def test_a_name_a_text_an_address_and_a_key_are_seen(leak: str) -> None:
    assert leak_in(leak)


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-26T22:05:23Z error: asyncio: KeyError at /opt/tuichat/bobbin/test_hello.py:30",
        "warning: tuichat.node: This tor has a known weakness.",
        "error: tuichat.supervisor: house failed: KeyError at "
        "test_acknowledged_message_survives_a_power_loss_of_2_disks:12",
        "info: tuichat.node: tor is at 100%",
    ],
)
def test_what_a_node_may_say_is_none(line: str) -> None:
    assert not leak_in(line)


def test_a_test_that_logs_an_address_at_any_level_fails(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.support.careful_logs import careful_logs\n")
    (tmp_path / "test_it.py").write_text(
        "import logging\n"
        f"def test_ours(): logging.getLogger('tuichat.x').debug('to %s', '{ADDRESS}')\n"
        f"def test_a_librarys(): logging.getLogger('aiohttp.x').debug('to %s', '{ADDRESS}')\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [*command, str(tmp_path)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert b"test_it.py::test_ours" in done.stdout
    assert b"logged, and must not be" in done.stdout
    assert b"2 passed, 1 error" in done.stdout


def test_a_nodes_process_that_says_too_much_is_written_down(tmp_path: Path) -> None:
    said = tmp_path / "said"
    code = (
        "import logging, sys\n"
        "from tuichat.bootstrap.logs import set_up_logs\n"
        "from tuichat.daemon_config import LogConfig\n"
        "set_up_logs(LogConfig())\n"
        f"logging.getLogger('tuichat.x').debug('to %s', '{ADDRESS}')\n"
        f"logging.getLogger('aiohttp.x').debug('to %s', '{ADDRESS}')\n"
        "print('for alice', file=sys.stderr)\n"
    )
    environment = {**os.environ, "LOG_CANARY_RECORD": str(said)}
    command = [sys.executable, "-c", code, "daemon", "run"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    assert done.stderr == b"for alice\n"
    lines = said.read_text(encoding="utf-8").splitlines()
    assert [("test_node_logs.py" in line, ADDRESS in line, "alice" in line) for line in lines] == [
        (True, True, False),
        (True, False, True),
    ]
    assert not is_node(["python", "-m", "tuichat", "send", "alice"])
