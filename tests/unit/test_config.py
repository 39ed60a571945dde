"""The settings file: what it may say, what a mistake in it gets, and how a key is changed in place."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
from argparse import Namespace
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tuichat.bootstrap.starting import _check_settings, _environment
from tuichat.cli import config_edit
from tuichat.cli.config_edit import edited, set_key, toml, unset_key
from tuichat.cli.context import Context
from tuichat.cli.output import Output
from tuichat.cli.passphrase import PassphraseSources
from tuichat.clock import SystemClock
from tuichat.config import Config, FilesConfig, load_config, parse_config, read_config_text, value_of
from tuichat.errors import StorageError, UsageError
from tuichat.hook_settings import Hook
from tuichat.settings import SETTINGS

KEY = "0123456789ABCDEF" * 2 + "01234567"
"""A bridge's fingerprint."""

OBFS4 = f"obfs4 1.2.3.4:1 {KEY} cert={'a' * 69}A iat-mode=0"


def written(directory: Path, text: str | bytes) -> Path:
    path = directory / "tuichat.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_no_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load_config(tmp_path / "tuichat.toml", {}) == Config()


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("tor.binary", '[tor]\nbinary = "/opt/tor"\n'),
        ("tor.extra_torrc", '[tor]\nextra_torrc = "net.torrc"\n'),
        ("hooks", '[[hooks]]\nevent = "*"\nexec = ["true"]\n'),
    ],
)
def test_a_file_that_others_may_change_names_no_program(
    tmp_path: Path, setting: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, text)
    for mode in (0o600, 0o644, 0o400):
        path.chmod(mode)
        load_config(path, {})
    for mode in (0o620, 0o602, 0o666):
        path.chmod(mode)
        with pytest.raises(UsageError, match=setting) as refused:
            load_config(path, {})
        assert refused.value.hint.endswith(f"chmod 600 {path}")
    path.chmod(0o600)
    of_another = list(path.stat())
    of_another[stat.ST_UID] = 4321
    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", lambda _path: os.stat_result(of_another))
        with pytest.raises(UsageError, match=setting):
            load_config(path, {})
    path.write_text('[ui]\ntheme = "dark"\n', encoding="utf-8")
    path.chmod(0o666)
    assert load_config(path, {}).ui.theme == "dark"


def test_file_is_read_and_environment_wins(tmp_path: Path) -> None:
    path = written(
        tmp_path, '[tor]\nbinary = "/opt/tor"\nextra_torrc = "net.torrc"\n[ui]\ntime_format = "12h"\n'
    )
    config = load_config(path, {"TUICHAT_UI__TIME_FORMAT": "24h", "TUICHAT_HOME": "/nowhere"})
    assert config.tor.binary == "/opt/tor"
    assert config.tor.extra_torrc == tmp_path / "net.torrc"
    assert config.ui.time_format == "24h"


def test_bridges_from_the_environment_are_one_a_line_or_an_array(tmp_path: Path) -> None:
    path = tmp_path / "tuichat.toml"
    one = load_config(path, {"TUICHAT_TOR__BRIDGES": f"{OBFS4}\n\n5.6.7.8:9\n"})
    other = load_config(path, {"TUICHAT_TOR__BRIDGES": f'["{OBFS4}", "5.6.7.8:9"]'})
    assert one.tor.bridges == other.tor.bridges == (OBFS4, "5.6.7.8:9")


def test_bad_bridge_of_several_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "tuichat.toml"
    with pytest.raises(UsageError) as caught:
        set_key(path, "tor.bridges", f"# mine\n\n{OBFS4}\nobfs4 1.2.3.4:1 {KEY}\n")
    assert caught.value.message.startswith("line 4 of the list: tor.bridges cannot be 'obfs4 1.2.3.4:1")
    assert "needs cert=" in caught.value.message
    assert not path.exists()
    set_key(path, "tor.bridges", f"{OBFS4}\n\nsnowflake\n")
    assert load_config(path, {}).tor.bridges == (OBFS4, "snowflake")


def test_settings_about_files_are_amounts_numbers_and_a_path(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '[files]\ndirectory = "in"\ncircuits = 4\nauto_accept_below = "10MiB"\nquota = 5000000\n',
    )
    found = load_config(path, {}).files
    assert found == FilesConfig(tmp_path / "in", 4, 10 * 2**20, 5_000_000)
    elsewhere = load_config(path, {"TUICHAT_FILES__DIRECTORY": "in", "TUICHAT_FILES__CIRCUITS": "16"}).files
    assert (elsewhere.directory, elsewhere.circuits) == (Path.cwd() / "in", 16)
    for never in ("", "0"):
        assert load_config(path, {"TUICHAT_FILES__AUTO_ACCEPT_BELOW": never}).files.auto_accept_below == 0


def test_settings_about_files_are_shown_as_they_can_be_written(tmp_path: Path) -> None:
    config = load_config(tmp_path / "none", {"TUICHAT_FILES__AUTO_ACCEPT_BELOW": "1500 kb"})
    assert value_of(config, "files.quota") == "20GiB"
    assert value_of(config, "files.auto_accept_below") == "1500kB"
    assert value_of(config, "files.circuits") == 12
    assert value_of(config, "files.directory") == ""


def test_hooks_are_read_in_order_and_survive_a_change_of_another_setting(tmp_path: Path) -> None:
    text = (
        '[[hooks]] # mine\nevent = "message.*"\nexec = ["~/bin/x", "a b"]\n\n'
        '[ui]\nimages = true\n[[hooks]]\nevent = "file.complete"\nexec = ["y"]\ndeadline = "1m"\n'
    )
    path = written(tmp_path, text)
    set_key(path, "ui.images", "false")
    assert path.read_text() == text.replace("true", "false")
    first, second = load_config(path, {}).hooks
    assert first == Hook("message.*", (str(Path("~/bin/x").expanduser()), "a b"), 10)
    assert second == Hook("file.complete", ("y",), 60)
    assert [first.wants(name) for name in ("message.received", "file.complete")] == [True, False]


def test_switch_stands_with_or_without_quotes_and_keeps_its_comment(tmp_path: Path) -> None:
    path = written(tmp_path, '[ui]\nimages = "true" # mine\n')
    assert load_config(path, {}).ui.images is True
    assert load_config(path, {"TUICHAT_UI__IMAGES": "false"}).ui.images is False
    set_key(path, "ui.images", "false")
    assert path.read_text() == "[ui]\nimages = false # mine\n"
    set_key(path, "ui.images", "true")
    assert path.read_text() == "[ui]\nimages = true # mine\n"
    assert load_config(path, {}).ui.images is True


def test_number_is_written_without_quotes_and_keeps_its_comment(tmp_path: Path) -> None:
    path = written(tmp_path, "[files]\ncircuits = 8 # enough\nquota = 1_000_000 # little\n")
    set_key(path, "files.circuits", "4")
    set_key(path, "files.quota", "2GB")
    assert path.read_text() == '[files]\ncircuits = 4 # enough\nquota = "2GB" # little\n'


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('\n\n[tor]\nmode = "sistem"\n', 4, "child, system"),
        ("# hello\n[tor]\n\nmode = 3\n", 4, "child, system"),
        ('[tor]\nmodus = "child"\n', 2, "tor.mode"),
        ('[tro]\nmode = "child"\n', 1, "[tor]"),
        ('tor.mode = "x"\n', 1, "child, system"),
        ("mode = 1\n", 1, "[tor]"),
        ("[tor]\nbridges = [1]\n", 2, "list of strings"),
        ('[tor]\nbridges = [\n"1.2.3.4:1", "a"]\n', 2, "neither an address nor a transport"),
        ('[tor]\nbridges = ["bridge 1.2.3.4:1 x"]\n', 2, "bridges.torproject.org"),
        ('[tor]\ncontrol = "run/control"\n', 2, "HOST:PORT"),
        ('[tor]\nsocks = "127.0.0.1:99999"\n', 2, "HOST:PORT"),
        ('[tor]\nbinary = "a\\nb"\n', 2, "one line"),
        ('[tor]\nbinary = "~nobody-of-this-name/tor"\n', 2, "no such user"),
        ('[tor]\nextra_torrc = "~nobody-of-this-name/x"\n', 2, "no such user"),
        ('[tor]\nmode = "system"\nbridges = ["1.2.3.4:1"]\n', 3, "child"),
        ('[tor]\nextra_torrc = "x"\nmode = "system"\n', 2, "child"),
        ('[ui]\ntime_format = "25h"\n', 2, "24h, 12h"),
        ("[ui]\nimages = 1\n", 2, "true or false"),
        ('[ui]\nimages = "yes"\n', 2, "false, true"),
        ("[ui]\n\nnotify = {}\n", 3, "osc777"),
        ("[ui]\nnotify = 1\n", 2, "osc777"),
        ("[privacy]\nreceipts = 1\n", 2, "true or false"),
        ('[privacy]\ntyping = "yes"\n', 2, "false, true"),
        ("[files]\ncircuits = 17\n", 2, "from 1 to 16"),
        ("[files]\ncircuits = 0\n", 2, "from 1 to 16"),
        ("[files]\ncircuits = -1\n", 2, "from 1 to 16"),
        ("[files]\ncircuits = true\n", 2, "string"),
        ("[files]\ncircuits = 1.5\n", 2, "string"),
        ('[files]\n\ncircuits = "many"\n', 3, "from 1 to 16"),
        ('[files]\nauto_accept_below = "10 megs"\n', 2, "500kB, 10MiB or 20GiB"),
        ("[files]\nauto_accept_below = -5\n", 2, "500kB, 10MiB or 20GiB"),
        ('[files]\nquota = "9999999999TiB"\n', 2, "500kB, 10MiB or 20GiB"),
        ('[files]\nquota = ""\n', 2, "more than nothing"),
        ("[files]\nquota = 0\n", 2, "more than nothing"),
        ('[files]\ndirectory = "a\\nb"\n', 2, "one line"),
        ('[files]\ndirectory = "~nobody-of-this-name/x"\n', 2, "no such user"),
        ("[files]\ninbox = 1\n", 2, "files.directory, files.circuits, files.auto_accept_below, files.quota"),
        ('[http]\nlisten = "0.0.0.0:9450"\n', 2, "other machines must not ask"),
        ('[http]\nlisten = "192.0.2.1:9450"\n', 2, "127.0.0.1:PORT"),
        ('[http]\nlisten = "127.0.0.256:9450"\n', 2, "127.0.0.1:PORT"),
        ('[http]\nlisten = "127.0.0.1:0"\n', 2, "127.0.0.1:PORT"),
        ('[http]\nlisten = "[::]:9450"\n', 2, "[::1]:PORT"),
        ('[http]\nlisten = "localhost:9450"\n', 2, "127.0.0.1:PORT"),
        ('[http]\nlisten = "run/http"\n', 2, "absolute path"),
        (f'[http]\nlisten = "/{"x" * 100}"\n', 2, "absolute path"),
        ('[log]\nlevel = "loud"\n', 2, "error, warning, info, debug"),
        ('\n[[hooks]]\nevent = "message"\nexec = ["x"]\n', 3, "message.received, message.written"),
        ('[[hooks]]\nexec = ["x"]\n', 1, "needs an event"),
        ('[[hooks]]\nevent = "*"\nexec = ["x"]\n[[hooks]]\nevent = 3\n', 5, "needs an event"),
        ('[[hooks]]\nevent = "*"\nexec = ["x"]\n\n[[hooks]]\nevent = "*"\n', 5, "a list of words"),
        ('[[hooks]]\nevent = "*"\nexec = "x y"\n', 3, "a list of words"),
        ('[[hooks]]\nevent = "*"\nexec = []\n', 3, "a list of words"),
        ('[[hooks]]\nevent = "*"\nexec = ["x", "a\\nb"]\n', 3, "control characters"),
        ('[[hooks]]\nevent = "*"\nexec = ["bin/x"]\n', 3, "absolute path"),
        ('[[hooks]]\nevent = "*"\nexec = ["~nobody-of-this-name/x"]\n', 3, "absolute path"),
        ('[[hooks]]\nevent = "*"\ncommand = "x"\n', 3, "event, exec, deadline"),
        ('[[hooks]]\nevent = "*"\nexec = ["x"]\ndeadline = 10\n', 4, '"1s" to "1h"'),
        ('[[hooks]]\nevent = "*"\nexec = ["x"]\ndeadline = "2h"\n', 4, '"1s" to "1h"'),
        ('[ui]\n\n[hooks]\nevent = "*"\n', 3, "[[hooks]]"),
        ('hooks = "x"\n', 1, "[[hooks]]"),
        ('[[hooks]]\nevent = "*"\nexec = ["x"]\n' * 33, 97, "more than 32"),
    ],
)
def test_mistake_names_file_line_and_what_is_valid(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load_config(path, {})
    whole = f"{caught.value.message} {caught.value.hint}"
    assert f"{path}, line {line}" in whole
    assert says in whole


@pytest.mark.parametrize("text", [b"[tor\n", b"a = [" * 2000, b'x = "\xff"', b"\0", b"#" * 300_000])
def test_file_that_is_no_toml_is_told_in_a_sentence(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        load_config(written(tmp_path, text), {})
    assert "tuichat.toml" in caught.value.message


def test_file_that_is_not_utf_8_can_be_mended(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_config(written(tmp_path, b'[ui]\ntheme = "\xff"\n'), {})
    assert "line 2" in caught.value.message
    assert "UTF-8" in caught.value.hint


def test_file_that_somebody_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_config(tmp_path / "tuichat.toml", {}, required=True)
    assert "tuichat.toml" in caught.value.message
    assert load_config(written(tmp_path, ""), {}, required=True) == Config()


def test_directory_in_the_files_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        load_config(tmp_path, {})


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("TUICHAT_TOR__MODE", "both", "child, system"),
        ("TUICHAT_TOR__MODUS", "child", "tor.mode"),
        ("TUICHAT_HOOKS__EXEC", "1", "[[hooks]]"),
        ("TUICHAT_FILES__QUOTA", "much", "TUICHAT_FILES__QUOTA: files.quota cannot be 'much'"),
        ("TUICHAT_FILES__CIRCUITS", "", "from 1 to 16"),
        ("TUICHAT_TOR__BRIDGES", "[1, 2]", "list of strings"),
        ("TUICHAT_TOR__BRIDGES", "[", "list"),
        ("TUICHAT_TOR__BRIDGES", "[" * 5000, "list"),
        ("TUICHAT_TOR__BRIDGES", '["\udcff"]', "UTF-8"),
        ("TUICHAT_TOR__BINARY", "\udcff", "TUICHAT_TOR__BINARY: tor.binary cannot be '\\udcff'"),
        ("TUICHAT_TOR__CONTROL", "/\udcff", "UTF-8"),
        ("TUICHAT_FILES__DIRECTORY", "/\udcff", "UTF-8"),
    ],
)
def test_mistake_in_the_environment_names_the_variable(
    tmp_path: Path, variable: str, value: str, says: str
) -> None:
    with pytest.raises(UsageError) as caught:
        load_config(tmp_path / "tuichat.toml", {variable: value})
    assert says in f"{caught.value.message} {caught.value.hint}"


def test_relative_path_where_the_current_directory_is_gone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, gone = tmp_path / "tuichat.toml", tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(UsageError) as caught:
        load_config(path, {"TUICHAT_TOR__EXTRA_TORRC": "net.torrc"})
    assert "current directory is gone" in caught.value.message
    assert load_config(path, {"TUICHAT_TOR__EXTRA_TORRC": "/net.torrc"}).tor.extra_torrc == Path("/net.torrc")


def test_relative_paths_in_the_environment_lead_a_node_elsewhere_to_the_same_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, setting in SETTINGS.items():
        if setting.is_path:
            monkeypatch.setenv(setting.variable, "some/where")
            assert _environment()[setting.variable] == f"{tmp_path}/some/where", name
    for text in ("", "~/x", "/y"):
        monkeypatch.setenv("TUICHAT_FILES__DIRECTORY", text)
        assert _environment()["TUICHAT_FILES__DIRECTORY"] == text


def test_pipe_is_read_only_where_somebody_named_it(tmp_path: Path) -> None:
    path = tmp_path / "tuichat.toml"
    os.mkfifo(path)
    for read in (
        lambda: load_config(path, {}),
        lambda: load_config(path, {}, required=True, patient=False),
        lambda: set_key(path, "ui.time_format", "12h"),
    ):
        with pytest.raises(UsageError) as caught:
            read()
        assert f"{path} is a pipe" in caught.value.message
    with ThreadPoolExecutor() as threads:
        writing = threads.submit(path.write_text, '[ui]\ntime_format = "12h"\n')
        assert load_config(path, {}, required=True).ui.time_format == "12h"
        writing.result()


def test_settings_from_a_pipe_are_read_once_and_give_no_node_that_starts_now_others(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    words = Namespace(config=path, home=tmp_path / "home", profile=None)
    context = Context(words, Output(), {}, PassphraseSources(None, None, {}), SystemClock())
    with ThreadPoolExecutor() as threads:
        writing = threads.submit(path.write_text, '[privacy]\nvisibility = "contacts"\n')
        assert context.config().privacy.visibility == "contacts"
        writing.result()
    assert context.config(required=False).privacy.visibility == "contacts"
    for named in (path, Path("/dev/fd/63"), Path("/dev/stdin"), tmp_path):
        with pytest.raises(UsageError, match="no plain file") as refused:
            _check_settings(named)
        assert "--config" in refused.value.hint
    for named in (written(tmp_path, ""), tmp_path / "none.toml", Path(os.devnull)):
        _check_settings(named)


def test_set_keeps_every_other_byte(tmp_path: Path) -> None:
    text = '# mine\n[tor] # how\n  binary = "tor" # the old one\n\n[ui]\ntime_format="24h"'
    path = written(tmp_path, text)
    set_key(path, "tor.binary", "/opt/tor")
    assert path.read_text() == text.replace('  binary = "tor" # the', 'binary = "/opt/tor" # the') + "\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["tuichat.toml"]


def test_set_keeps_owner_and_mode_behind_a_link_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, link, given = written(tmp_path, "# mine\n"), tmp_path / "link", []
    link.symlink_to(path)
    owner = (path.stat().st_uid, path.stat().st_gid)
    monkeypatch.setattr(os, "fchown", lambda _descriptor, user, group: given.append((user, group)))
    for mode in (0o640, 0o600, 0o400):
        path.chmod(mode)
        set_key(link, "ui.time_format", "12h" if mode == 0o640 else "24h")
        assert path.stat().st_mode & 0o7777 == mode
        assert link.is_symlink()
    assert given == [(-1, owner[1]), (owner[0], -1)] * 3


@pytest.mark.parametrize(("before", "after"), [(0o660, 0o600), (0o604, 0o600), (0o664, 0o644)])
def test_set_lets_nobody_in_where_the_group_cannot_be_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int, after: int
) -> None:
    path = written(tmp_path, "# mine\n")
    path.chmod(before)
    of_another = list(path.stat())
    of_another[stat.ST_GID] += 1

    def refuse(_descriptor: int, _user: int, _group: int) -> None:
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(os, "fchown", refuse)
        patched.setattr(os, "fstat", lambda _descriptor: os.stat_result(of_another))
        set_key(path, "ui.time_format", "12h")
    assert path.stat().st_mode & 0o7777 == after


def test_set_replaces_nothing_but_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device reads as empty, and in the place of one there would be a file; none is touched here."""
    listening, path = tmp_path / "device", tmp_path / "link"
    path.symlink_to(listening)
    monkeypatch.setattr(config_edit, "read_config_text", lambda _path: "")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(listening))
        for named in (path, listening):
            with pytest.raises(UsageError, match="no plain file"):
                set_key(named, "ui.time_format", "12h")
        assert listening.is_socket()
    assert len(list(tmp_path.iterdir())) == 2


def test_two_changes_at_once_are_done_one_behind_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, asked = written(tmp_path, '[ui]\nkeys = "vi"\n'), []

    def read(path: Path) -> str | None:
        directory = os.open(tmp_path, os.O_RDONLY)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(directory)
        asked.append(path)
        return read_config_text(path)

    monkeypatch.setattr(config_edit, "read_config_text", read)
    set_key(path, "ui.time_format", "12h")
    unset_key(path, "ui.keys")
    assert len(asked) == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["tuichat.toml"]


def test_set_replaces_a_value_of_several_lines(tmp_path: Path) -> None:
    path = written(tmp_path, '[tor]\nbridges = [\n  "1.2.3.4:1",\n  "[::1]:2",\n]\nbinary = "x"\n')
    set_key(path, "tor.bridges", "9.9.9.9:9")
    assert path.read_text() == '[tor]\nbridges = ["9.9.9.9:9"]\nbinary = "x"\n'


@pytest.mark.parametrize("name", list(SETTINGS))
def test_each_key_is_set_in_a_new_file_and_read_back(tmp_path: Path, name: str) -> None:
    choices, form = SETTINGS[name].choices, SETTINGS[name].form
    some = {"list": "192.0.2.1:1", "count": "7", "size": "3MiB", "time": "10m", "text": "/a/b"} | (
        {"text": {"ui.theme": "paper", "ui.keys": "vi"}.get(name, "/a/b")}
    )
    value = (choices() or ("any",))[-1] if choices else some[form]
    path = tmp_path / "deep" / "tuichat.toml"
    set_key(path, name, value)
    found = value_of(load_config(path, {}), name)
    read: dict[str, object] = {"list": (value,), "switch": value == "true"}
    assert found == (int(value) if form == "count" else read.get(form, value))
    assert path.stat().st_mode & 0o777 == 0o600


def test_key_is_taken_out_with_all_of_its_lines_and_nothing_else(tmp_path: Path) -> None:
    text = f'# mine\n[tor]\nbridges = [\n  "{OBFS4}",\n]\nmode = "child" # so\n\n[ui]\nkeys = "vi"\n'
    path = written(tmp_path, text)
    unset_key(path, "tor.bridges")
    assert path.read_text(encoding="utf-8") == '# mine\n[tor]\nmode = "child" # so\n\n[ui]\nkeys = "vi"\n'
    for name in ("tor.bridges", "log.level"):
        before = path.stat().st_mtime_ns
        unset_key(path, name)
        assert path.stat().st_mtime_ns == before
    path.write_text('ui.keys = "vi"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="in a way that cannot be changed from here"):
        unset_key(path, "ui.keys")
    with pytest.raises(UsageError, match="no setting"):
        unset_key(path, "ui.colour")


def test_refused_value_leaves_the_file_alone(tmp_path: Path) -> None:
    path = written(tmp_path, '[tor]\nbridges = ["1.2.3.4:1"]\n')
    for name, value in (("tor.mode", "both"), ("tor.mode", "system"), ("tor.nothing", "1")):
        with pytest.raises(UsageError):
            set_key(path, name, value)
    assert path.read_text() == '[tor]\nbridges = ["1.2.3.4:1"]\n'


def test_unusual_layout_is_left_to_an_editor(tmp_path: Path) -> None:
    path = written(tmp_path, 'tor = { mode = "child" }\n')
    with pytest.raises(UsageError, match="cannot be changed from here"):
        set_key(path, "tor.binary", "x")
    assert path.read_text() == 'tor = { mode = "child" }\n'


def test_set_in_a_read_only_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        set_key(Path("/proc/tuichat.toml"), "ui.time_format", "12h")


def test_quoting_survives_a_round_trip(tmp_path: Path) -> None:
    for value in ('a"b\\c', "é 火", "#x", "'"):
        text = edited("", "tor.binary", value)
        assert parse_config(text, tmp_path) == {"tor.binary": value}
    assert toml(()) == "[]"


def test_value_that_cannot_be_is_told_once_and_not_as_a_line_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "tuichat.toml"
    for name, value in (("ui.time_format", "13h"), ("tor.bridges", "a")):
        with pytest.raises(UsageError) as caught:
            set_key(path, name, value)
        assert caught.value.message.startswith(f"{name} cannot be {value!r}")
        assert ", line" not in caught.value.message
        assert caught.value.candidates == ()
        assert caught.value.hint
        assert not path.exists()


@pytest.mark.parametrize(
    ("written_as", "seconds"), [("10m", 600), ("1h", 3600), ("2s", 2), ("off", 0), ("", 0), ("1D", 86_400)]
)
def test_the_time_after_which_a_node_locks_itself(tmp_path: Path, written_as: str, seconds: int) -> None:
    path = written(tmp_path, f'[privacy]\nauto_lock = "{written_as}"\n')
    assert load_config(path, {}).privacy.auto_lock_seconds == seconds


@pytest.mark.parametrize("wrong", ["0m", "10", "ten", "-1m", "10m 5s"])
def test_what_is_no_such_time_is_told(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(UsageError, match="such as 10m"):
        load_config(written(tmp_path, f'[privacy]\nauto_lock = "{wrong}"\n'), {})


@pytest.mark.parametrize(
    ("written_as", "seconds"), [("90d", 7_776_000), ("52w", 31_449_600), ("off", 0), ("", 0)]
)
def test_the_age_at_which_messages_are_deleted(tmp_path: Path, written_as: str, seconds: int) -> None:
    path = written(tmp_path, f'[privacy]\nretention = "{written_as}"\n')
    assert load_config(path, {}).privacy.retention_seconds == seconds


@pytest.mark.parametrize("wrong", ["0d", "90", "ninety days", "-1d"])
def test_what_is_no_such_age_is_told(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(UsageError, match="such as 90d"):
        load_config(written(tmp_path, f'[privacy]\nretention = "{wrong}"\n'), {})


def test_a_theme_of_ones_own_beside_the_file_can_be_chosen_and_no_unknown_one(tmp_path: Path) -> None:
    own = tmp_path / "themes"
    own.mkdir()
    (own / "sea.toml").write_text('name = "sea"\n', encoding="utf-8")
    (own / "odd.toml").write_bytes(b"\xff[")
    path = written(tmp_path, b'[ui]\ntheme = "sea"\n')
    assert load_config(path, {}).ui.theme == "sea"
    with pytest.raises(UsageError, match=r"TUICHAT_UI__THEME: ui\.theme cannot be 'lake'") as caught:
        load_config(path, {"TUICHAT_UI__THEME": "lake"})
    assert "sea" in caught.value.hint
    with pytest.raises(UsageError, match=r"line 2: ui\.theme cannot be 'lake'"):
        load_config(written(tmp_path, b'[ui]\ntheme = "lake"\n'), {})


@pytest.mark.parametrize("place", ["/run/tuichat/http", "127.0.0.1:9450", "127.3.2.1:65535", "[::1]:1"])
def test_http_is_listened_for_on_this_machine(tmp_path: Path, place: str) -> None:
    assert load_config(written(tmp_path, f'[http]\nlisten = "{place}"\n'), {}).http.listen == place
