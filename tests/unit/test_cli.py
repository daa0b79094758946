"""The command line: what it prints, where, and its exit codes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import types
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import stdpdsl
from stdpdsl import cli
from stdpdsl.language.diagnostics import CompileError, Diagnostic
from stdpdsl.language.explanations import codes, explanation
from stdpdsl.language.source import Span
from stdpdsl.runtime import results as support

ROOT = Path(__file__).parents[2]
SCRIPT = (
    f"sys_path = {str(ROOT)!r}"
    + """
import json, os, sys
from pathlib import Path
sys.path.insert(0, sys_path)
from stdpdsl.runtime.folder import RESULT_FORMAT, write_metadata
out = Path(sys.argv[sys.argv.index("--out") + 1])
out.mkdir()
arguments = [os.getcwd(), *sys.argv[1:]]
metadata = {"format": RESULT_FORMAT, "tables": {}, "footers": {}, "not_finite": []}
metadata |= {"shard": [1, 1], "time_reached": 1.0}
write_metadata(out / "metadata.json", {**metadata, "arguments": arguments})
print(json.dumps({"event": "stage", "name": "simulating"}))
print(json.dumps({"event": "done", "folder": str(out)}))
"""
)


@dataclass
class Plan:
    target: str = "numpy"
    blocks: int = 1
    shards: int = 1
    most: int = 1
    workers: int = 1

    def render(self):
        return "4 blocks"


@dataclass
class Compiled:
    run_script: str
    diagnostics: tuple = ()
    plan: Plan = None
    settings: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)
    experiment: object = field(default_factory=lambda: types.SimpleNamespace(sounds=()))

    @property
    def script(self):
        return self.run_script


@pytest.fixture
def compiler(monkeypatch, tmp_path):
    """A stand-in whose specs say what is to happen; it records how it was called."""
    monkeypatch.chdir(tmp_path)
    calls = []

    def found(source):
        at = source.text.find("wrong")
        if at < 0:
            return []
        return [Diagnostic("NAME001", Span(source, at, at + 5), "`wrong` is wrong")]

    def check_text(source, folder, sets, allowed):
        calls.append((source.name, folder, sets))
        return None, found(source)

    def compile_source(
        source, folder, sets, parameters, target, workers, allowed, until_stable, keep_state
    ):
        calls.append((folder, sets, parameters, target))
        if "bug" in source.text:
            raise RuntimeError("we did not think of this")
        if found(source):
            raise CompileError(found(source))
        warning = Diagnostic("SYN009", Span(source, 0, 1), "odd", severity="warning")
        script = source.text.partition("script:")[2] or SCRIPT
        return Compiled(script, (warning,) if "odd" in source.text else (), Plan())

    module = types.ModuleType("stdpdsl.compiler")
    module.check_text, module.compile_source = check_text, compile_source
    monkeypatch.setitem(sys.modules, "stdpdsl.compiler", module)
    monkeypatch.setattr(stdpdsl, "compiler", module, raising=False)
    Path("good.stdp").write_text("model good\n")
    Path("bad.stdp").write_text("model bad\n    wrong\n")
    return calls


def status_of(*arguments):
    try:
        return cli.main(list(arguments))
    except SystemExit as stop:
        return stop.code


def test_help_and_version(capsys):
    assert status_of("--help") == 0
    text = capsys.readouterr().out
    for name in ("new", "check", "plan", "compile", "run", "summary", "cache", "130"):
        assert name in text
    assert status_of("--version") == 0
    assert capsys.readouterr().out == f"stdpdsl {stdpdsl.__version__}\n"


def test_help_imports_next_to_nothing():
    code = (
        "import sys, stdpdsl.cli as c; c.argument_parser();"
        "print([m for m in sys.modules if m in {HEAVY}])"
    )
    heavy = {
        "numpy",
        "lark",
        "jinja2",
        "pyarrow",
        "brian2",
        "json",
        "tempfile",
        "importlib.metadata",
    }
    command = [sys.executable, "-c", code.replace("HEAVY", str(heavy)[1:-1])]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "[]\n"


def test_a_check_imports_no_tables():
    """pyarrow takes a sixth of the time of a check, which needs it for files alone."""
    spec = Path(__file__).with_name("auditory_map.stdp")
    code = (
        f"import sys; from stdpdsl.cli import main; status = main(['check', {str(spec)!r}]);"
        " print(status, 'pyarrow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split()[-2:] == ["0", "False"], done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("fly",),
        ("check",),
        ("run", "good.stdp", "--target", "gpu"),
        ("run", "good.stdp", "--set", "tau_m"),
        ("run", "good.stdp", "--set", "=3"),
        ("run", "good.stdp", "--over"),
        ("summary",),
        ("summary", "x", "--format", "xml"),
    ],
)
def test_a_wrong_command_line(compiler, capsys, arguments):
    assert status_of(*arguments) == 2
    assert "usage: stdpdsl" in capsys.readouterr().err
    assert compiler == []


def test_new_writes_a_spec_once(compiler, capsys):
    assert status_of("new", "my_study") == 0
    assert capsys.readouterr().out == "wrote my_study.stdp; next: stdpdsl run my_study.stdp\n"
    text = Path("my_study.stdp").read_text()
    assert "model my_study\n" in text and "NAME" not in text
    Path("my_study.stdp").write_text("mine")
    assert status_of("new", "my_study.stdp") == 2
    assert capsys.readouterr().err == "my_study.stdp: error: exists already\n"
    assert Path("my_study.stdp").read_text() == "mine"
    assert status_of("new", "my-study") == 2
    assert "letters, digits and underscores" in capsys.readouterr().err
    assert status_of("new", "nowhere/study") == 2
    assert "there is no such file or folder" in capsys.readouterr().err


def test_check(compiler, capsys):
    assert status_of("check", "good.stdp") == 0
    assert capsys.readouterr().out == "1 spec checked: 0 errors, 0 warnings\n"
    assert status_of("check", "good.stdp", "bad.stdp") == 1
    text = capsys.readouterr().out
    assert "bad.stdp:2:5: error[NAME001]: `wrong` is wrong" in text
    assert text.endswith("2 specs checked: 1 error, 0 warnings\n")
    assert compiler[0] == ("good.stdp", Path("."), [])


def test_check_as_json(compiler, capsys):
    assert status_of("check", "bad.stdp", "missing.stdp", "--format", "json") == 1
    shown = capsys.readouterr()
    assert [(row["file"], row["line"]) for row in json.loads(shown.out)] == [("bad.stdp", 2)]
    assert shown.err == "missing.stdp: error: there is no such file or folder\n"
    assert status_of("check", "good.stdp", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize("command", ["check", "plan", "compile", "run"])
def test_files_that_are_no_specs(compiler, capsys, command):
    Path("folder.stdp").mkdir()
    Path("latin.stdp").write_bytes("# ok\nmodel x  # Hörbahn\n".encode("latin-1"))
    for name, words in [
        ("missing.stdp", "missing.stdp: error: there is no such file or folder"),
        ("folder.stdp", "folder.stdp: error: is a folder"),
        ("latin.stdp", "latin.stdp:2: error: is not text in UTF-8 (byte 0xf6); save it as UTF-8"),
        ("good.stdp/x", "good.stdp/x: error: its folder is a file"),
    ]:
        assert status_of(command, name) == 1
        assert capsys.readouterr().err == words + "\n"
    assert sorted(os.listdir()) == ["bad.stdp", "folder.stdp", "good.stdp", "latin.stdp"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without named pipes")
@pytest.mark.parametrize("command", ["check", "plan", "compile", "run", "fmt"])
def test_a_pipe_that_nobody_writes_to(compiler, capsys, command):
    os.mkfifo("pipe.stdp")
    assert status_of(command, "pipe.stdp") == 1
    assert "pipe.stdp: error: is a pipe, not a file" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file(compiler, capsys):
    Path("good.stdp").chmod(0)
    assert status_of("check", "good.stdp") == 1
    assert "permission denied" in capsys.readouterr().err


def test_plan(compiler, capsys):
    arguments = ["--set", "A1.tau_m=20 ms", "--target", "cython", "--parameters", "namespace"]
    assert status_of("plan", "good.stdp", *arguments) == 0
    assert capsys.readouterr().out == "4 blocks\n"
    assert compiler == [(Path("."), ["A1.tau_m=20 ms"], "namespace", "cython")]


def test_compile(compiler, capsys):
    assert status_of("compile", "good.stdp") == 0
    assert capsys.readouterr().out == SCRIPT
    assert status_of("compile", "good.stdp", "-o", "script.py") == 0
    assert Path("script.py").read_text().startswith(SCRIPT)
    capsys.readouterr()
    assert status_of("compile", "good.stdp", "-o", "./good.stdp") == 2
    assert "is not a script that stdpdsl wrote" in capsys.readouterr().err
    assert status_of("compile", "good.stdp", "-o", "no/where.py") == 2
    assert capsys.readouterr().err == "no/where.py: error: there is no such file or folder\n"


def test_errors_of_the_spec_stop_everything(compiler, capsys):
    for command in ("plan", "compile", "run"):
        assert status_of(command, "bad.stdp") == 1
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "bad.stdp:2:5: error[NAME001]: `wrong` is wrong" in shown.err
        assert shown.err.endswith("1 error; nothing was written\n")
    assert sorted(os.listdir()) == ["bad.stdp", "good.stdp"]


def test_warnings_are_shown(compiler, capsys):
    Path("odd.stdp").write_text("odd\n")
    assert status_of("compile", "odd.stdp") == 0
    shown = capsys.readouterr()
    assert shown.out == SCRIPT
    assert "odd.stdp:1:1: warning[SYN009]: odd" in shown.err


def test_run(compiler, capsys, tmp_path):
    Path("sub").mkdir()
    Path("sub/odd.stdp").write_bytes(b"odd\r\n")
    assert status_of("run", "sub/odd.stdp", "--set", "x=1") == 0
    shown = capsys.readouterr()
    assert shown.out == (
        "simulating\nresults are in odd.results; next: stdpdsl summary odd.results\n"
    )
    out = tmp_path / "odd.results"
    workdir, *arguments = json.loads((out / "metadata.json").read_text())["arguments"]
    place = str(tmp_path / "odd.results.shards" / "0001-of-0001")
    data = str(tmp_path / "sub")
    assert arguments == ["--out", place, "--data", data, "--shard", "1/1", "--events"]
    assert workdir != str(tmp_path) and not Path(workdir).exists()
    assert (out / "script.py").read_text() == SCRIPT
    assert (out / "spec.stdp").read_bytes() == b"odd\r\n"
    assert compiler == [(Path("sub"), ["x=1"], "synapse", "auto")]


def test_run_refuses_a_folder_before_it_compiles(compiler, capsys):
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("mine")
    assert status_of("run", "good.stdp", "-o", "mine") == 2
    assert "mine: is not empty and contains no stdpdsl results" in capsys.readouterr().err
    assert status_of("run", "good.stdp", "-o", "mine", "--overwrite") == 2
    assert compiler == []


def test_run_that_fails_keeps_script_and_log(compiler, capsys):
    body = """
        import os, sys
        from pathlib import Path
        out = sys.argv[sys.argv.index("--out") + 1]
        Path(f"{out}.partial-{os.getpid()}").mkdir()
        os.kill(os.getpid(), 9)
    """
    Path("crash.stdp").write_text("script:" + textwrap.dedent(body))
    assert status_of("run", "crash.stdp", "-o", "out") == 3
    message = capsys.readouterr().err
    assert message.startswith("crash.stdp: the simulation was killed")
    workdir = Path(message.rstrip("\n").rpartition(" ")[2])
    assert sorted(os.listdir(workdir)) == ["log.txt", "script.py"]
    shutil.rmtree(workdir)
    assert sorted(os.listdir()) == ["bad.stdp", "crash.stdp", "good.stdp"]


def test_an_interrupted_run_leaves_nothing(compiler, capsys, monkeypatch, tmp_path):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    Path("slow.stdp").write_text("script:import time; time.sleep(60)")
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    assert status_of("run", "slow.stdp", "-o", "out") == 130
    assert capsys.readouterr().err == "slow.stdp: interrupted; nothing was saved\n"
    assert not Path("out").exists() and os.listdir("tmp") == []


def test_a_bug_of_ours(compiler, capsys):
    Path("bug.stdp").write_text("bug\n")
    assert status_of("plan", "bug.stdp") == 70
    message = capsys.readouterr().err
    assert "sorry, this is a bug in stdpdsl: RuntimeError: we did not think of this" in message
    report = Path(message.rstrip("\n.").rpartition(" ")[2])
    assert "we did not think of this" in report.read_text()
    report.unlink()


def test_interrupted_while_compiling(compiler, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["stdpdsl.compiler"], "compile_source", interrupted)
    assert status_of("plan", "good.stdp") == 130
    assert capsys.readouterr().err == "stdpdsl: interrupted\n"


def test_fmt(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    neat, messy = "constants:\n    x = 1  # one\n", "constants: x=1 # one\n"
    Path("neat.stdp").write_text(neat)
    Path("messy.stdp").write_text(messy)
    Path("link.stdp").symlink_to("messy.stdp")
    assert status_of("fmt", "--check", "neat.stdp", "messy.stdp") == 1
    assert capsys.readouterr().out == (
        "messy.stdp: would be formatted\n1 spec would be formatted, 1 already\n"
    )
    assert Path("messy.stdp").read_text() == messy
    os.chmod("messy.stdp", 0o640)
    assert status_of("fmt", "link.stdp") == 0
    assert Path("messy.stdp").read_text() == neat and Path("link.stdp").is_symlink()
    assert Path("messy.stdp").stat().st_mode & 0o777 == 0o640
    assert status_of("fmt", "--check", "neat.stdp", "messy.stdp") == 0
    assert sorted(os.listdir()) == ["link.stdp", "messy.stdp", "neat.stdp"]


def test_fmt_goes_on_after_what_it_cannot_read(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("wrong.stdp").write_text("layer A\n")
    Path("messy.stdp").write_text("constants: x=1\n")
    assert status_of("fmt", "wrong.stdp", "none.stdp", "messy.stdp") == 1
    out, err = capsys.readouterr()
    assert "error[SYN" in err and "none.stdp: error: there is no such file or folder" in err
    assert out.endswith("1 spec formatted, 0 already, 2 could not be read\n")
    assert Path("wrong.stdp").read_text() == "layer A\n"


def test_explain(capsys):
    for code in codes():
        assert status_of("explain", code) == 0
        text = capsys.readouterr().out
        assert text.startswith(f"{code}: {explanation(code).title}\n") and "```" not in text
        assert "\nWrong:\n\n    " in text and "\nRight:\n\n    " in text
    assert status_of("explain", "unit002") == 0
    assert status_of("explain", "UNIT02") == 2
    assert "there is no error code `UNIT02`; did you mean `UNIT002`?" in capsys.readouterr().err


@pytest.fixture
def dataset(tmp_path):
    sweep = {"Apre": np.array([0.1, 0.2])}
    tables = {"blocks": {"rate": "float64"}}
    with support.Results(tmp_path / "r", sweep, {"rate": "Hz"}, {}, tables) as results:
        results.blocks(np.arange(2), {"rate": np.array([1.0, 2.0]), "status": "ok"})
        results.commit()
    return tmp_path / "r"


def test_cache_clear(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    program = tmp_path / "stdpdsl" / "programs" / "key" / "main"
    program.parent.mkdir(parents=True)
    program.write_bytes(b"x" * 2500)
    (tmp_path / "other").write_text("not ours")
    assert status_of("cache", "clear") == 0
    assert capsys.readouterr().out == f"freed 2.5 kB in {tmp_path / 'stdpdsl'}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
    assert status_of("cache", "clear") == 0


def test_summary(dataset, capsys):
    assert status_of("summary", str(dataset), "--sort=-rate") == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["1", "ok", "0.2", "2"]
    assert status_of("summary", str(dataset), "--format", "csv") == 0
    assert capsys.readouterr().out.splitlines()[0] == "block,status,Apre,rate"
    assert status_of("summary", str(dataset), "--sort", "x") == 1
    assert "no column x to sort by" in capsys.readouterr().err
    assert status_of("summary", str(dataset.parent)) == 1
    assert "holds no stdpdsl results" in capsys.readouterr().err


@pytest.mark.parametrize(
    "condition, blocks",
    [
        ("Apre > 0.15", ["1"]),
        ("status == ok and not rate > 1 Hz", ["0"]),
        ("status != ok", []),
        ("1 < 2", ["0", "1"]),
    ],
)
def test_summary_of_some(dataset, capsys, condition, blocks):
    assert status_of("summary", str(dataset), "--format", "csv", "--where", condition) == 0
    rows = capsys.readouterr().out.splitlines()[1:]
    assert [row.partition(",")[0] for row in rows] == blocks


@pytest.mark.parametrize(
    "condition, message",
    [
        ("Apree > 1", "--where:1:1: error[NAME004]: there is no column `Apree`"),
        ("Apre > b", "--where:1:8: error[NAME004]: there is no column `b`"),
        ("Apre > ok", "numbers and words cannot be compared"),
        ("Apre", "this is not a condition; an example: `Apre > 1e-3`"),
        ("Apre >", "--where:1:7: error[SYN001]"),
    ],
)
def test_summary_of_what_is_not_there(dataset, capsys, condition, message):
    assert status_of("summary", str(dataset), "--where", condition) == 2
    assert message in capsys.readouterr().err


def test_a_closed_pipe_is_no_error(dataset):
    command = [sys.executable, "-m", "stdpdsl.cli", "summary", str(dataset)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_colours_only_on_a_terminal(compiler, capsys, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    status_of("check", "bad.stdp")
    assert "\x1b[" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    status_of("check", "bad.stdp")
    assert "\x1b[" not in capsys.readouterr().out
