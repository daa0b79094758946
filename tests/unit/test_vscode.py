"""The extension for VS Code: what it names is there, and its snippets make a spec."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from stdpdsl.compiler import check_text
from stdpdsl.editor.actions import COMMANDS
from stdpdsl.language.source import Source

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "editors" / "vscode"
PACKAGE = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
SNIPPETS = json.loads((FOLDER / "snippets.json").read_text(encoding="utf-8"))


def test_what_it_names_is_there():
    contributes = PACKAGE["contributes"]
    copied = (FOLDER / "copy.js").read_text(encoding="utf-8")
    paths = [contributes["languages"][0]["configuration"], contributes["grammars"][0]["path"]]
    for path in paths:
        name = path.rpartition("/")[2]
        assert name in copied and (ROOT / "grammars" / name).is_file()
    assert (FOLDER / contributes["snippets"][0]["path"]).is_file()
    script = (FOLDER / "extension.js").read_text(encoding="utf-8")
    for setting in contributes["configuration"]["properties"]:
        assert f'"{setting.rpartition(".")[2]}"' in script
    own = {command["command"] for command in contributes["commands"]}
    assert not own & set(COMMANDS.values())  # the client registers those of the server
    assert all(f'"{command}"' in script for command in own)
    assert PACKAGE["main"] == "./dist/extension.js" and "dist/extension.js" in str(PACKAGE)


def test_the_snippets_together_are_a_spec():
    parts = ["model snippets"]
    for name in ("neuron", "input layer", "layer", "connect", "rule", "sweep", "record", "run"):
        given: dict[str, str] = {}
        lines = []
        for line in SNIPPETS[name]["body"]:
            for number, default in re.findall(r"\$\{(\d+):([^}]*)\}", line):
                given[number] = default
            line = re.sub(r"\$\{(\d+):([^}]*)\}", r"\2", line)
            lines.append(re.sub(r"\$(\d)", lambda m, given=given: given.get(m[1], ""), line))
        parts.append("\n".join(lines))
    source = Source("snippets.stdp", "\n\n".join(parts))
    found = check_text(source, ROOT, [])[1]
    assert [d.code for d in found] == ["NAME020"]  # the rule is used by nothing


@pytest.mark.skipif(not shutil.which("node"), reason="takes Node.js")
@pytest.mark.parametrize("name", ["extension.js", "copy.js"])
def test_its_scripts_are_whole(name):
    subprocess.run(["node", "--check", str(FOLDER / name)], check=True)
