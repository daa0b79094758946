"""Compiled code is shared only between runs that compile alike."""

from pathlib import Path

from cache import cython_cache
from stdpdsl import cli


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
        assert ("others can write into" in capsys.readouterr().err) == told
