"""What a node's log keeps, and what it does not."""

from __future__ import annotations

import io
import logging

import pytest

from tuichat.bootstrap.logs import CarefulFormatter

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
    assert output.getvalue() == "error: asyncio\n"
    assert capsys.readouterr().err == ""
