"""What is installed: the lock file, and the wheel and the sdist, which need no network."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def locked() -> list[Requirement]:
    lines = (ROOT / ".ci" / "requirements.lock").read_text(encoding="utf-8").splitlines()
    for line in lines:  # one version each, and nothing of the place where it was made
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][\w.]*( ; [\w.'<>=*! ]+)?", line), line
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_lock_file_is_within_the_bounds(python):
    environment = {"python_version": python, "python_full_version": f"{python}.1"}

    def holds(requirement):
        return requirement.marker is None or requirement.marker.evaluate(environment)

    versions: dict[str, str] = {}
    for requirement in filter(holds, locked()):
        assert requirement.name not in versions
        versions[requirement.name] = str(requirement.specifier).removeprefix("==")
    extras = PROJECT["optional-dependencies"]
    for text in (*PROJECT["dependencies"], *extras["test"]):
        asked = Requirement(text)
        if holds(asked):
            assert versions[asked.name] in asked.specifier, text


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A wheel and an sdist of this checkout."""
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))


@pytest.mark.slow
def test_the_wheel_works_without_a_network(built, tmp_path):
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--target", str(tmp_path / "site"), str(built[0])], check=True)
    environment = {
        **os.environ,
        "PYTHONPATH": str(tmp_path / "site"),
        "XDG_CACHE_HOME": str(tmp_path),
    }

    def stdpdsl(*arguments):
        code = f"import sys, stdpdsl.cli as c; sys.exit(c.main({list(arguments)!r}))"
        done = subprocess.run(
            [sys.executable, "-P", "-c", code],
            cwd=tmp_path,
            env=environment,
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = "import stdpdsl; print(stdpdsl.__file__)"
    path = subprocess.check_output(
        [sys.executable, "-P", "-c", where], env=environment, text=True, cwd=tmp_path
    )
    assert path.startswith(str(tmp_path / "site"))
    stdpdsl("new", "first")
    assert json.loads(stdpdsl("check", "first.stdp", "--format", "json")) == []
    assert "def network(" in stdpdsl("compile", "first.stdp")
    assert "UNIT002" in stdpdsl("explain", "UNIT002")
    assert "triplet" in stdpdsl("rules")


@pytest.mark.slow
def test_the_sdist_makes_the_same_wheel(built, tmp_path):
    with tarfile.open(built[1]) as file:
        file.extractall(tmp_path, filter="data")
        names = file.getnames()
    made = re.compile(r"^[^/]+/results/|\.results/|\.parquet$|__pycache__|\.venv")
    assert [name for name in names if made.search(name)] == []
    (source,) = tmp_path.iterdir()
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    wheels = [zipfile.ZipFile(path) for path in (built[0], next(tmp_path.glob("*.whl")))]
    first, second = ({i.filename: i.CRC for i in wheel.infolist()} for wheel in wheels)
    assert first == second and len(first) > 200
