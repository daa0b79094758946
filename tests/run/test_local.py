"""Scripts as processes: what they say, and every way in which they end."""

import io
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from stdpdsl.execution import local, waiting
from stdpdsl.execution.interpreter import Interpreter, ready_interpreter, this_interpreter
from stdpdsl.execution.progress import Progress

pytestmark = pytest.mark.real_process

PREAMBLE = """
import json, os, signal, subprocess, sys, time
def say(event, **more):
    print(json.dumps({"event": event, **more}))
"""


def run(tmp_path, body):
    script = tmp_path / "script.py"
    script.write_text(PREAMBLE + textwrap.dedent(body))
    workdir = tmp_path / "work"
    workdir.mkdir()
    events = []
    waiting = this_interpreter().process(workdir)
    return local.run_script(script, ["--out", "x"], events.append, waiting), events


def test_events_arrive_and_other_output_is_logged(tmp_path):
    outcome, events = run(
        tmp_path,
        """
        assert sys.argv[1:] == ["--out", "x", "--events"]
        say("stage", name="simulating")
        print("just talk")
        print("[1, 2]")
        say("progress", t=0.5, duration=1.0, elapsed=2.0)
        print("WARNING    no compiler [brian2.codegen]", file=sys.stderr)
        say("done", folder="/there")
        """,
    )
    assert (outcome.status, outcome.message, outcome.folder) == (0, "", "/there")
    assert [event["event"] for event in events] == ["stage", "progress", "warning"]
    assert events[-1]["text"] == "no compiler [brian2.codegen]"
    log = (tmp_path / "work" / "log.txt").read_text()
    assert "just talk" in log and "[1, 2]" in log


def test_it_runs_in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "brian_preferences").write_text("codegen.target = 'numpy'")
    (tmp_path / "json5.py").write_text("")
    outcome, events = run(
        tmp_path,
        """
        assert not os.path.exists("brian_preferences")
        try:
            import json5
        except ImportError:
            say("done", folder=os.getcwd())
        """,
    )
    assert outcome.folder == str(tmp_path / "work")
    assert [event["text"] for event in events] == [
        "the file brian_preferences is ignored, because it could change results"
    ]


def test_a_crash_gives_the_last_lines(tmp_path):
    outcome, _ = run(tmp_path, "raise ValueError('lost')")
    assert outcome.status == 3
    assert outcome.message.startswith("the simulation failed\n")
    assert "ValueError: lost" in outcome.message
    assert "ValueError: lost" in outcome.log.read_text()


def test_a_crash_tells_what_caused_it(tmp_path):
    """Brian2 wraps the errors of an object in one that names the object."""
    outcome, _ = run(
        tmp_path,
        """
        import traceback
        class Wrapped(Exception):
            pass
        try:
            raise MemoryError("no room for 2000 x 2000")
        except MemoryError as error:
            raise Wrapped("Object was created here:\\n" + "a line\\n" * 20) from error
        """,
    )
    assert outcome.message.splitlines()[1] == "  MemoryError: no room for 2000 x 2000"


def test_an_error_in_the_spec_is_told_from_a_failed_simulation(tmp_path):
    outcome, _ = run(tmp_path, "say('error', text='no file a.wav', kind='spec'); sys.exit(1)")
    assert (outcome.status, outcome.message) == (1, "no file a.wav")


def test_a_failed_simulation(tmp_path):
    outcome, _ = run(tmp_path, "say('error', text='lo > hi', kind='simulation'); sys.exit(3)")
    assert (outcome.status, outcome.message) == (3, "lo > hi")


def test_results_with_a_failed_block_stand(tmp_path):
    outcome, _ = run(
        tmp_path,
        """
        say("error", text="block 3: nan", kind="simulation")
        say("done", folder="/there")
        sys.exit(3)
        """,
    )
    assert (outcome.status, outcome.message, outcome.folder) == (3, "block 3: nan", "/there")


def test_ending_without_a_word_is_a_failure(tmp_path):
    outcome, _ = run(tmp_path, "pass")
    assert (outcome.status, outcome.message) == (3, "the simulation ended without results")


def test_killed(tmp_path):
    outcome, _ = run(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)")
    assert outcome.status == 3
    assert "killed, perhaps because it ran out of memory" in outcome.message


def test_ended_by_another_signal(tmp_path):
    outcome, _ = run(tmp_path, "os.kill(os.getpid(), signal.SIGSEGV)")
    assert outcome.status == 3 and "terminated by SIGSEGV" in outcome.message


def test_what_a_killed_script_started_ends_too(tmp_path):
    outcome, events = run(
        tmp_path,
        """
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        say("started", pid=child.pid)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    assert outcome.status == 3
    assert ended(events[0]["pid"])


@pytest.mark.parametrize(
    "ignores, begins",
    [
        ("", "while True: pass"),  # never says anything, so no broken pipe ends it
        ("", "time.sleep(600)"),
        ("", "subprocess.run([sys.executable, '-c', 'while True: pass'])"),
        ("signal.signal(signal.SIGINT, signal.SIG_IGN)", "while True: pass"),
    ],
)
def test_a_script_ends_with_its_parent(tmp_path, ignores, begins):
    """Even if that is killed, which can tell nobody; what the script has started ends too, and its
    folder is deleted."""
    attached = waiting.attached.__file__
    patient = tmp_path / "attached.py"
    patient.write_text(Path(attached).read_text().replace("PATIENCE = 10.0", "PATIENCE = 0.5"))
    (tmp_path / "work").mkdir()
    (tmp_path / "script.py").write_text(f"{PREAMBLE}{ignores}\nprint(os.getpid())\n{begins}\n")
    parent = f"""
import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from stdpdsl.execution import local, waiting
from stdpdsl.execution.interpreter import this_interpreter
waiting.attached.__file__ = {str(patient)!r}
folder = Path({str(tmp_path)!r})
local.run_script(folder / "script.py", [], print, this_interpreter().process(folder / "work"))
"""
    process = subprocess.Popen([sys.executable, "-c", parent])
    log = tmp_path / "work" / "log.txt"
    started = time.monotonic()
    while not (log.exists() and log.read_text().endswith("\n")):
        assert process.poll() is None and time.monotonic() - started < 60
        time.sleep(0.02)
    script = int(log.read_text())
    process.kill()
    process.wait()
    assert ended(script) and all(ended(pid) for pid in group_of(script))
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("before", ["", "run_script(script, [], print, waiting, again=True)"])
def test_a_process_that_waits_for_a_script_ends_with_its_parent(tmp_path, before):
    script = tmp_path / "script.py"
    script.write_text("")
    parent = f"""
import sys, time
sys.path[:0] = {sys.path!r}
from pathlib import Path
from stdpdsl.execution.interpreter import this_interpreter
from stdpdsl.execution.local import run_script
waiting, script = this_interpreter().process(), Path({str(script)!r})
{before}
print(waiting.process.pid, waiting.workdir, flush=True)
time.sleep(60)
"""
    command = [sys.executable, "-c", parent]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    pid, folder = process.stdout.readline().split()
    assert not before or not ended(int(pid), 1)
    process.kill()
    process.communicate()
    assert ended(int(pid)) and not Path(folder).exists()


def test_a_process_runs_one_script_after_another(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    interpreter, pids = this_interpreter(), set()
    for number in (1, 2):
        waiting = interpreter.process()
        text = f"print('log {number}', file=sys.stderr); say('done', folder='/{number}')"
        script = waiting.workdir / "script.py"
        script.write_text(PREAMBLE + text)
        outcome = local.run_script(script, [], lambda event: None, waiting, again=True)
        assert (outcome.status, outcome.folder) == (0, f"/{number}")
        assert waiting.log.read_text() == f"log {number}\n"
        pids.add(waiting.process.pid)
        interpreter.take_back(waiting)
    waiting.close()
    assert len(pids) == 1 and ended(*pids) and not list(tmp_path.iterdir())


@pytest.mark.parametrize("last", ["sys.exit(3)", "sys.modules['brian2'] = sys", "1/0"])
def test_a_process_ends_where_a_script_failed_or_used_brian2(tmp_path, last):
    waiting = this_interpreter().process(tmp_path)
    script = tmp_path / "script.py"
    script.write_text(PREAMBLE + last)
    local.run_script(script, [], lambda event: None, waiting, again=True)
    assert waiting.ended and ended(waiting.process.pid)


@pytest.mark.skipif(not Path("/proc/self/comm").exists(), reason="only Linux shows it")
def test_a_process_shows_its_shard(tmp_path):
    code = "print(open('/proc/self/comm').read().strip(), file=sys.stderr)"
    script = tmp_path / "script.py"
    script.write_text(f"import sys\n{code}\nsys.exit(3)\n")
    waiting = this_interpreter().process()
    outcome = local.run_script(script, ["--shard", "12/345"], lambda event: None, waiting)
    assert "stdpdsl 12/345" in outcome.message


def test_nothing_is_left_where_no_script_comes(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with ready_interpreter("numpy") as ready:
        pid = ready.waiting[0].process.pid
        assert len(list(tmp_path.iterdir())) == 1
    assert ended(pid) and not list(tmp_path.iterdir())


def group_of(pid):
    """The processes of a process group."""
    numbers = filter(str.isdigit, os.listdir("/proc")) if os.path.isdir("/proc") else ()
    found = []
    for number in map(int, numbers):
        try:
            if os.getpgid(number) == pid:
                found.append(number)
        except ProcessLookupError:
            continue
    return found


def ended(pid, tries=50):
    """Whether a process is gone (a container may leave it unreaped)."""
    for _ in range(tries):
        try:
            if " Z " in Path(f"/proc/{pid}/stat").read_text():
                return True
            os.kill(pid, 0)
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_is_passed_on(tmp_path, number):
    threading.Timer(1.0, os.kill, (os.getpid(), number)).start()
    outcome, events = run(
        tmp_path,
        """
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            say("stage", name="tidied up")
            sys.exit(130)
        """,
    )
    assert (outcome.status, outcome.message) == (130, "interrupted")
    assert events == [{"event": "stage", "name": "tidied up"}]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_script_that_does_not_listen_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "PATIENCE", 0.3)
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    outcome, _ = run(tmp_path, "signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(60)")
    assert outcome.status == 130
    assert time.monotonic() - started < 20


def test_a_failing_listener_ends_the_script(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(PREAMBLE + "say('stage', name='x', pid=os.getpid()); time.sleep(60)")
    pids = []

    def listener(event):
        pids.append(event["pid"])
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        local.run_script(script, [], listener, this_interpreter().process(tmp_path))
    assert ended(pids[0])


EVENTS = [
    {"event": "stage", "name": "building"},
    {"event": "stage", "name": "simulating"},
    *({"event": "progress", "t": k / 40, "duration": 1.0, "elapsed": k} for k in range(41)),
    {"event": "warning", "text": "careful"},
]


def test_progress_in_plain_lines():
    stream, warnings = io.StringIO(), []
    with Progress(stream.write, False, warnings.append) as progress:
        for event in EVENTS:
            progress(event)
    lines = stream.getvalue().splitlines()
    assert lines[:2] == ["building", "simulating"]
    assert len(lines) == 13
    assert lines[2] == "simulating: 0% of 1 s, 0:00"
    assert lines[7] == "simulating: 50% of 1 s, 0:20, 0:20 left"
    assert lines[12] == "simulating: 100% of 1 s, 0:40"
    assert warnings == ["careful"]


def test_progress_on_a_terminal_is_one_line():
    stream, warnings = io.StringIO(), []
    with Progress(stream.write, True, warnings.append) as progress:
        for event in EVENTS:
            progress(event)
    text = stream.getvalue()
    assert "\n" not in text
    assert "simulating [########################] 100% of 1 s, 0:40" in text
    assert text.endswith("\r")


def test_nothing_is_left_where_no_process_can_be_started(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(OSError):
        Interpreter(str(tmp_path / "none"), tmp_path, {}).process()
    assert not list(tmp_path.iterdir())
