"""Make every picture of the pages anew, as the pages say: `python tests/page_outputs.py`.

`specs/report.png` is the top of the report of README's first session, `specs/tuning.png` is what
the tutorial's code draws, and `specs/explore.ipynb` is executed. Takes Chromium or Chrome, and
`pip install -e '.[test]'`.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import chdir
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SPECS = ROOT / "specs"
NOTEBOOK = SPECS / "explore.ipynb"
SCREENSHOT = (
    "--headless",
    "--hide-scrollbars",
    "--window-size=1240,820",
    "--screenshot=report.png",
    "first.html",
)


def main():
    for make in (report, tuning, notebook):
        with tempfile.TemporaryDirectory() as folder, chdir(folder):
            print(f"{make.__name__}: {make().relative_to(ROOT)}")


def report():
    """README's first session, and what a browser shows of its report."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    session = re.search(r"^```console\n(\$ stdpdsl new first\n.*?)^```$", text, re.M | re.S)[1]
    for line in re.findall(r"^\$ stdpdsl (.*)$", session, re.M):
        stdpdsl(*(word for word in shlex.split(line) if word != "--open"))
    from stdpdsl.report.pdf import BROWSERS, browser_here

    browser = browser_here()
    if browser is None:
        sys.exit(f"no browser was found: {', '.join(BROWSERS)}")
    subprocess.run(
        [*browser, f"--user-data-dir={Path('profile').resolve()}", *SCREENSHOT],
        check=True,
        capture_output=True,
    )
    return keep("report.png", SPECS / "report.png")


def tuning():
    """What the tutorial's code leaves, all of its blocks run in order."""
    text = (SPECS / "tutorial.md").read_text(encoding="utf-8")
    names = {}
    for kind, name, code in re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", text, re.M | re.S):
        if kind == "stdp":
            Path(name).write_text(code, encoding="utf-8")
        elif kind == "python":
            exec(code, names)
        for line in re.findall(r"^\$ stdpdsl (run .*)$", code if kind == "console" else "", re.M):
            stdpdsl(*shlex.split(line))
    return keep("tuning.png", SPECS / "tuning.png")


def notebook():
    """The notebook, with its outputs."""
    import nbformat

    nbformat.write(executed(), NOTEBOOK)
    return NOTEBOOK


def executed():
    """The notebook as it is after running all of its cells, without what differs from run to run:
    the bar, and times."""
    import nbformat
    from nbclient import NotebookClient

    found = nbformat.read(NOTEBOOK, as_version=4)
    os.environ["PYTHONPATH"] = str(ROOT)  # of the kernel
    client = NotebookClient(
        found,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(SPECS)}},
    )
    client.execute()
    found.metadata.pop("widgets", None)
    for cell in found.cells:
        cell.get("outputs", [])[:] = [o for o in cell.get("outputs", []) if not is_bar(o)]
    return found


def is_bar(output):
    kind = "application/vnd.jupyter.widget-view+json"
    return output.get("name") == "stderr" or kind in output.get("data", {})


def stdpdsl(*words):
    """A command of ours, in the current folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    command = [sys.executable, "-m", "stdpdsl.cli", *words]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def keep(made, place):
    shutil.copyfile(made, place)
    return place


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
