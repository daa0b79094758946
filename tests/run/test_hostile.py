"""A stranger's spec reads what it may; what lies beside it has no effect."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stdpdsl import cli
from stdpdsl.compiler import check_text, compile_source
from stdpdsl.language import named_files
from stdpdsl.language.source import Source
from stdpdsl.runtime import cache
from stdpdsl.runtime import folder as folders

pytestmark = pytest.mark.real_process

ROOT = Path(__file__).parents[2]
STARTER = (ROOT / "templates" / "new" / "starter.stdp").read_text("utf-8").replace("NAME", "demo")
GRID = """    grid:
        learning.Apre = [0.005, 0.01, 0.02]
        ratio = [0.9, 1.05, 1.2]
"""
NAMED = {
    "table": (GRID, '    from: "{}.csv"\n'),
    "spikes": ("poisson: 20 Hz", 'spikes: from "{}.csv"'),
    "rates": ("poisson: 20 Hz", 'rates: from "{}.csv" every 10 ms'),
    "pairs": ("pattern: all_to_all", 'pattern: pairs from "{}.csv"'),
    "use": ("model demo\n", 'model demo\nuse "{}.csv"\n'),
    "sounds": ("model demo\n", 'model demo\nsound s:\n    stimuli: files("{}.wav")\n'),
    "labels": (
        "model demo\n",
        'model demo\nsound s:\n    stimuli: files("here.wav", labels = "{}.csv")\n',
    ),
}


def codes(text: str, folder: Path, *allowed: Path) -> list[str]:
    return [d.code for d in check_text(Source("s.stdp", text), folder, [], allowed=allowed)[1]]


@pytest.fixture
def tree(tmp_path):
    """A folder of a spec, and one beside it."""
    inside, secret = tmp_path / "inside", tmp_path / "secret"
    inside.mkdir()
    secret.mkdir()
    for folder in (inside, secret):
        for name in ("t.csv", "t.wav", "here.wav"):
            (folder / name).write_text("learning.Apre,ratio\n0.1,1\n")
    (inside / "link").symlink_to(secret)
    (inside / "linked.csv").symlink_to(secret / "t.csv")
    (inside / "linked.wav").symlink_to(secret / "t.wav")
    return inside, secret


@pytest.mark.parametrize("kind", NAMED)
def test_files_of_other_folders_are_not_read(tree, kind):
    inside, secret = tree
    old, new = NAMED[kind]
    for name in ("../secret/t", str(secret / "t"), "link/t", "linked", "x/../../secret/t"):
        text = STARTER.replace(old, new.format(name))
        assert codes(text, inside) == ["FILE004"], name
        assert "FILE004" not in codes(text, inside, secret)
    assert "FILE004" not in codes(STARTER.replace(old, new.format("t")), inside)
    assert "FILE004" not in codes(STARTER.replace(old, new.format("./x/../t")), inside)


@pytest.mark.parametrize("pattern", ["../secret/*", "/etc/*", "*", "link/*", "**/*"])
def test_patterns_match_nothing_outside(tree, pattern):
    """`*` finds `linked.wav`, a link that leads out."""
    old, new = NAMED["sounds"]
    assert codes(STARTER.replace(old, new.format(pattern)), tree[0]) == ["FILE004"]


def test_devices_and_pipes_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "t.csv")  # reading it would wait for ever
    (tmp_path / "z.csv").symlink_to("/dev/zero")
    old, new = NAMED["table"]
    for name in ("t", "z"):
        assert codes(STARTER.replace(old, new.format(name)), tmp_path) == ["FILE004"]


@pytest.mark.parametrize("kind", NAMED)
def test_names_of_devices_on_windows_are_no_files(tmp_path, kind):
    old, new = NAMED[kind]
    for name in ("CON", "sub/aux", "nul.old", "com1", "LPT9 .x", "prn:", "CON/t"):
        assert codes(STARTER.replace(old, new.format(name)), tmp_path) == ["FILE004"], name
    (tmp_path / "here.wav").touch()
    for name in ("console", "com", "aux_t", "com10"):
        assert "FILE004" not in codes(STARTER.replace(old, new.format(name)), tmp_path)


@pytest.mark.parametrize(
    "pattern", ["**/*", "**/x/*", "*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*"]
)
def test_patterns_end_where_links_lead_back(tmp_path, pattern):
    """Two such links, each 40 levels deep, are more folders than anyone can look into."""
    (tmp_path / "a").mkdir()
    (tmp_path / "t.wav").touch()
    for name in ("one", "two"):
        (tmp_path / "a" / name).symlink_to("..")
    old, new = NAMED["sounds"]
    source = Source("s.stdp", STARTER.replace(old, new.format(pattern)))
    (error,) = check_text(source, tmp_path, [])[1]
    assert error.code == "FILE004" and "has no end: `a/" in error.message
    assert "FILE004" not in codes(STARTER.replace(old, new.format("*")), tmp_path)


def test_patterns_that_look_into_too_much_are_refused(tmp_path, monkeypatch):
    """Links that lead nowhere back, but fork."""
    monkeypatch.setattr(named_files, "_MOST_FOLDERS", 1000)
    for k in range(12):
        (tmp_path / str(k)).mkdir()
        for name in ("one", "two"):
            (tmp_path / str(k) / name).symlink_to(tmp_path / str(k + 1))
    old, new = NAMED["sounds"]
    source = Source("s.stdp", STARTER.replace(old, new.format("0/**/*")))
    (error,) = check_text(source, tmp_path, [])[1]
    assert error.code == "FILE004" and "more than 1,000 folders" in error.message


def test_a_folder_is_allowed_on_the_command_line(tree, capsys):
    inside, secret = tree
    old, new = NAMED["table"]
    spec = inside / "s.stdp"
    spec.write_text(STARTER.replace(old, new.format("../secret/t")))
    assert cli.main(["check", str(spec)]) == 1
    assert "allow its folder: `--allow-read FOLDER`" in capsys.readouterr().out
    assert cli.main(["check", str(spec), "--allow-read", str(secret)]) == 0
    assert cli.main(["plan", str(spec), "--allow-read", str(secret)]) == 0
    assert cli.main(["check", str(spec), "--allow-read", str(tree[0] / "no")]) == 2


def test_messages_hold_no_control_characters(tmp_path, capsys, monkeypatch):
    """Neither a spec nor a file that it names can write to the terminal what it likes."""
    monkeypatch.chdir(tmp_path)
    Path("s.stdp").write_text(STARTER.replace("# A value", "# \x1b[2J\x9b \u202e A value"))
    assert cli.main(["check", "s.stdp"]) == 1
    old, new = NAMED["table"]
    Path("t.csv").write_text("learning.Apre,ratio\n0.1,\x1b[2Jx\n")
    Path("s.stdp").write_text(STARTER.replace(old, new.format("t")))
    assert cli.main(["check", "s.stdp"]) == 1
    said = capsys.readouterr().out
    assert "FILE003" in said and "SYN036" in said
    assert not {"\x1b", "\x9b", "\u202e"} & set(said)


# Preferences: Brian2 evaluates what such files hold ----------------------------------------------

EVIL = "codegen.target = open({!r}, 'w') and 'cython'\n"


def with_preferences(tmp_path):
    """A home and a working folder that hold preference files, and what they would leave behind."""
    home, here = tmp_path / "home", tmp_path / "here"
    (home / ".brian").mkdir(parents=True)
    here.mkdir()
    left = [tmp_path / "by_home", tmp_path / "by_here"]
    (home / ".brian" / "user_preferences").write_text(EVIL.format(str(left[0])))
    (here / "brian_preferences").write_text(EVIL.format(str(left[1])))
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    return here, environment, left


def test_brian2_by_itself_evaluates_preferences(tmp_path):
    """Else the next test would prove nothing."""
    here, environment, left = with_preferences(tmp_path)
    subprocess.run([sys.executable, "-c", "import brian2"], cwd=here, env=environment, check=True)
    assert all(path.exists() for path in left)


@pytest.mark.parametrize("command", ["script", "run"])
def test_preferences_are_not_evaluated(tmp_path, command):
    here, environment, left = with_preferences(tmp_path)
    text = STARTER.replace("duration: 2 s", "duration: 20 ms").replace("100 ms", "10 ms")
    (here / "s.stdp").write_text(text)
    if command == "script":
        source = Source("s.stdp", text)
        script = compile_source(source, here, [], "synapse", "numpy").run_script
        (here / "s.py").write_text(script)
        arguments = [str(here / "s.py")]
    else:
        arguments = ["-m", "stdpdsl.cli", "run", "s.stdp", "--target", "numpy"]
        environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        [sys.executable, *arguments], cwd=here, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not any(path.exists() for path in left)
    said = done.stdout + done.stderr
    assert "user_preferences is ignored" in said and "brian_preferences is ignored" in said


# Results from a stranger -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    text = STARTER.replace("duration: 2 s", "duration: 20 ms").replace("100 ms", "10 ms")
    (folder / "s.stdp").write_text(text)
    assert (
        cli.main(["run", str(folder / "s.stdp"), "-o", str(folder / "r"), "--target", "numpy"]) == 0
    )
    return folder / "r"


def forged(results, tmp_path, **changes):
    """Results whose metadata say something else, and are whole."""
    shutil.rmtree(tmp_path / "r", ignore_errors=True)
    shutil.copytree(results, tmp_path / "r")
    metadata = json.loads((results / "metadata.json").read_text("utf-8"))
    folders.write_metadata(tmp_path / "r" / "metadata.json", {**metadata, **changes})
    return str(tmp_path / "r")


@pytest.mark.parametrize(
    "changes",
    [
        {"tables": {"../../x": 0}},
        {"tables": {"blocks": "9"}},
        {"footers": 3},
        {"units": []},
        {"measures": 3},
        {"set": [1]},
        {"spec": {}},
        {"target": "sh"},
        {"lowering": "x"},
        {"lowering": 7},
        {"versions": ["x"]},
        {"until_stable": 3},
        {"until_stable": {}},
        {"until_stable": {"tolerance": "0.1", "window": None}},
        {"until_stable": {"tolerance": 0.1, "window": [1]}},
        {"until_stable": {"tolerance": True, "window": -1.0}},
        {"until_stable": {"tolerance": 0.1, "window": float("nan")}},
    ],
)
@pytest.mark.in_turn(5)
def test_metadata_that_stdpdsl_did_not_write(results, tmp_path, changes, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a page is written here
    forgery = forged(results, tmp_path, **changes)
    assert cli.main(["reproduce", forgery]) == 2
    said = capsys.readouterr().err
    assert any(w in said for w in ("not written by", "must be one of", "is not valid"))
    for command in ("summary", "report", "diagnose"):
        assert cli.main([command, forgery]) in (0, 1, 2)


def test_metadata_without_bottom(results, tmp_path, capsys):
    forgery = forged(results, tmp_path)
    Path(forgery, "metadata.json").write_text("[" * 200_000)
    for command in ("summary", "report", "diagnose", "reproduce"):
        assert cli.main([command, forgery]) in (1, 2)
        assert "metadata.json: is damaged" in capsys.readouterr().err


def test_results_write_no_control_characters(results, tmp_path, capsys):
    evil = "\x1b[2J\x9b\u202e<img src=x onerror=alert(1)>"
    forgery = forged(results, tmp_path, model=evil)
    assert cli.main(["compare", forgery, str(results)]) == 1
    assert not {"\x1b", "\x9b", "\u202e"} & set(capsys.readouterr().out)
    assert cli.main(["report", forgery, "-o", str(tmp_path / "r.html")]) == 0
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "&lt;img src=x" in page and "<img src=x" not in page


def test_settings_of_matplotlib_that_lie_there_have_no_effect(results, tmp_path):
    """They could have LaTeX run, with a stranger's preamble."""
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\naxes.titlesize: 90\n")
    pages = []
    for name in ("here", "elsewhere"):
        cwd = tmp_path if name == "here" else results.parent
        page = tmp_path / f"{name}.html"
        command = [sys.executable, "-m", "stdpdsl.cli", "report", str(results), "-o", str(page)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        pages.append(page.read_text("utf-8"))
    assert pages[0] == pages[1]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="who may write is told in another way")
def test_a_cache_that_others_can_write_is_not_used(tmp_path, monkeypatch):
    """Programs are kept there, with checksums that whoever changes them can write too."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.own_cache("programs") == tmp_path / "stdpdsl" / "programs"
    assert (tmp_path / "stdpdsl").stat().st_mode & 0o777 == 0o700
    for mode in (0o770, 0o707, 0o777):
        (tmp_path / "stdpdsl").chmod(mode)
        assert tmp_path not in cache.own_cache("programs").parents, oct(mode)
