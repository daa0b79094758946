"""What a kept result was computed by: functions of a script, and the runtime."""

import linecache
import shutil
import subprocess
import sys

from stdpdsl.execution.runtime_archive import runtime_archive
from stdpdsl.runtime.sources import code_of, runtime_digest

SCRIPT = """
from stdpdsl.runtime.data import full
LEVEL = {level}
def helper():
    return {number}
def hear(p):
    return full(helper() + p.AN.gain + LEVEL, 3)
"""


def script(**values):
    text = SCRIPT.format(**{"level": 1, "number": 2} | values)
    name = f"<script {values}>"
    linecache.cache[name] = len(text), None, text.splitlines(True), name
    namespace = {"__name__": "script"}
    exec(compile(text, name, "exec"), namespace)
    return namespace["hear"]


def test_it_holds_the_script_beside_the_runtime():
    def code(**values):
        return code_of(script(**values))

    assert "p.AN.gain" in code() and runtime_digest() in code()
    assert code() == code()
    assert len({code(), code(level=7), code(number=7)}) == 3


def digest(*before):
    """What another process, whose modules come from a place, has for the runtime."""
    code = "import sys; sys.path.insert(0, sys.argv[1]);"
    code += "from stdpdsl.runtime.sources import runtime_digest; print(runtime_digest())"
    command = [sys.executable, "-P", "-c", code, *map(str, before)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_the_runtime_is_what_its_modules_say(tmp_path):
    archive = tmp_path / "runtime.zip"
    archive.write_bytes(runtime_archive())
    assert digest(archive) == runtime_digest()
    shutil.unpack_archive(archive, tmp_path / "other")
    assert digest(tmp_path / "other") == runtime_digest()
    module = tmp_path / "other" / "stdpdsl" / "runtime" / "vectors.py"
    module.write_text(module.read_text() + "\n")
    assert digest(tmp_path / "other") != runtime_digest()
