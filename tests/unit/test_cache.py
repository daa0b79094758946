"""Compiled code is shared only between runs that compile alike."""

from pathlib import Path

from cache import cython_cache


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
