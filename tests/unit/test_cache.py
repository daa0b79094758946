"""Compiled code is shared only between runs that compile alike."""

import subprocess
import sys
from pathlib import Path

from stdpdsl import cli
from stdpdsl.brian2.runtime_names import definitions_in
from stdpdsl.cached import cached
from stdpdsl.runtime.cache import cython_cache, own_cache, stdpdsl_cache
from stdpdsl.runtime.imports import unread_preferences

SPEC = Path(__file__).parents[2] / "specs/oja_1982.stdp"


def test_the_key_decides(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    flags = ["-O3", "-ffp-contract=off"]
    first = cython_cache("2.11.0", flags)
    assert first == cython_cache("2.11.0", list(flags))
    assert first != cython_cache("2.11.0", ["-O3", "-ffast-math"])
    assert first != cython_cache("2.10.1", flags)
    assert Path(first).parent == tmp_path / "stdpdsl"


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert Path(cython_cache("2.11.0")).parent == tmp_path


def test_a_cache_that_is_not_used_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for mode, told in ((0o700, False), (0o775, True)):
        (tmp_path / "stdpdsl").mkdir(exist_ok=True)
        (tmp_path / "stdpdsl").chmod(mode)
        assert cli.main(["run", "nothing.stdp"]) == 1
        assert ("other users can write to it" in capsys.readouterr().err) == told


def test_one_rule_for_the_folder(tmp_path, monkeypatch):
    """The package and the scripts follow it on each system; a relative folder does not count."""
    for system, variable, base in (
        ("linux", "HOME", ".cache"),
        ("darwin", "HOME", "Library/Caches"),
        ("win32", "LOCALAPPDATA", ""),
    ):
        with monkeypatch.context() as patch:
            patch.setattr("sys.platform", system)
            patch.setenv(variable, str(tmp_path))
            for named in (None, "", "relative"):
                patch.delenv("XDG_CACHE_HOME", raising=False)
                if named is not None:
                    patch.setenv("XDG_CACHE_HOME", named)
                expected = tmp_path / base / "stdpdsl"
                assert stdpdsl_cache() == expected
                assert own_cache("programs") == expected / "programs"
            patch.setenv("XDG_CACHE_HOME", str(tmp_path / "named"))
            assert stdpdsl_cache() == tmp_path / "named" / "stdpdsl"


def test_a_user_without_a_home(tmp_path, monkeypatch):
    """As in a container that runs under a number: nothing is kept, and all goes on."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert stdpdsl_cache() is None
    assert own_cache("programs").parent.parent == tmp_path
    assert unread_preferences() == []
    assert cli.main(["cache", "clear"]) == 2


def test_definitions_are_those_of_the_text_whatever_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    module = tmp_path / "one.py"
    module.write_text("import math\nONE = 1\n\n\ndef area(r):\n    return ONE * math.pi * r**2\n")
    first = definitions_in([module])
    (kept,) = (tmp_path / "cache/stdpdsl/definitions").iterdir()
    assert definitions_in([module]) == first
    assert first.modules == {"ONE": "one", "area": "one"}
    for broken in (kept.read_bytes()[:40], b"[]", b"{}", b""):
        kept.write_bytes(broken)
        assert definitions_in([module]) == first
    module.write_text("def other():\n    return 2\n")
    assert definitions_in([module]).modules == {"other": "one"}


def test_another_version_makes_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    module = tmp_path / "maker.py"
    made = []

    def make():
        made.append(len(made))
        return {"number": made[-1]}

    for text, number in (("one", 0), ("one", 0), ("two", 1), ("one", 0)):
        module.write_text(text)
        assert cached("things", ["1", "a"], str(module), make) == {"number": number}
    assert cached("things", ["2", "a"], str(module), make) == {"number": 2}


def test_clearing_leaves_nothing_that_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert (
        subprocess.run(
            [sys.executable, "-m", "stdpdsl.cli", "compile", SPEC, "-o", tmp_path / "x.py"]
        ).returncode
        == 0
    )
    assert {path.name for path in (tmp_path / "cache/stdpdsl").iterdir()} == {
        "definitions",
        "grammar",
        "templates",
    }
    assert cli.main(["cache", "clear"]) == 0
    assert not (tmp_path / "cache/stdpdsl").exists()
