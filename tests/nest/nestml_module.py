"""Builds rules of the library, exported to NESTML, as one module for NEST.

As a script: `python nestml_module.py FOLDER RULE...` writes FOLDER/installed/exportedmodule.so.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

MODULE = "exportedmodule"

RELAY = """# Repeats what its teacher sends. What a synapse delivers changes nothing.
model relay_neuron:
    state:
        heard real = 0

    input:
        teacher <- spike
        learned <- spike

    output:
        spike

    onReceive(teacher):
        emit_spike()

    onReceive(learned):
        heard += 1
"""

HEADERS = ("ltdl.h", "gsl/gsl_odeiv.h", "boost/sort/spreadsort/spreadsort.hpp")

CONFIG = """#!/bin/sh
case "$1" in
    --prefix) echo "{nest}" ;;
    --version) echo "{version}" ;;
    --compiler) echo "{compiler}" ;;
    --cflags) echo "-std=c++20 -O2 -fopenmp -w {abi}" ;;
    --includes) echo "-I{nest}/include/nest" ;;
    --libdir) echo lib ;;
    --static-libraries) echo OFF ;;
    *) echo ;;
esac
"""


def missing() -> str:
    """What keeps a module from being built here; empty if nothing does."""
    for module, package in (("nest", "nest-simulator"), ("pynestml", "nestml")):
        spec = find_spec(module)
        if spec is None or spec.origin is None:  # such as this folder, which is also called nest
            return f"{package} is not installed"
    for program in ("cmake", "make", "g++"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    for header in HEADERS:
        command = ["g++", "-std=c++20", "-fsyntax-only", "-x", "c++", "-"]
        tried = subprocess.run(
            command, input=f"#include <{header}>", text=True, capture_output=True
        )
        if tried.returncode:
            return f"{header} is not found: apt-get install libboost-dev libgsl-dev libltdl-dev"
    return ""


def works(config: str | None) -> bool:
    """Whether this nest-config tells of a compiler and headers that are here."""
    if config is None:
        return False

    def told(option: str) -> list[str]:
        return subprocess.run([config, option], text=True, capture_output=True).stdout.split()

    compiler, includes = told("--compiler"), told("--includes")
    headers = [Path(i.removeprefix("-I")) / "nest_types.h" for i in includes]
    return bool(compiler) and bool(shutil.which(compiler[0])) and any(h.exists() for h in headers)


def installation(folder: Path) -> Path:
    """A folder with a bin/nest-config that works: that of the wheel names where it was built."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = shutil.which("nest-config", path=path)
    if works(own):
        return Path(own).parents[1]
    nest = Path(find_spec("nest").origin).parent
    # The wheel may have been compiled with the std::string from before C++11, which is named Ss.
    old = re.search(rb"_ZN4nest\w*RKSs", (nest / "nestkernel_api.so").read_bytes())
    config = folder / "prefix" / "bin" / "nest-config"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(
        CONFIG.format(
            nest=nest,
            version=version("nest-simulator"),
            compiler=shutil.which("g++"),
            abi=f"-D_GLIBCXX_USE_CXX11_ABI={0 if old else 1}",
        )
    )
    config.chmod(0o755)
    return folder / "prefix"


def build(folder: Path, rules: list[str]) -> None:
    from pynestml.frontend.pynestml_frontend import generate_nest_target

    from stdpdsl.compiler import library
    from stdpdsl.exchange.to_nestml import export

    models = {"relay_neuron": RELAY} | {f"{r}_synapse": export(library()[r]) for r in rules}
    for name, text in models.items():
        (folder / f"{name}.nestml").write_text(text, encoding="utf-8")
    ports = sorted({port.name.id for r in rules for port in library()[r].ports})
    # NESTML looks for a port among those of the first synapse of a pair only: each gets all.
    paired = {f"{r}_synapse": {"post_ports": ["post_spikes"], "vt_ports": ports} for r in rules}
    prefix = installation(folder)
    os.environ["PATH"] = f"{prefix / 'bin'}{os.pathsep}{os.environ['PATH']}"
    generate_nest_target(
        input_path=[str(folder / f"{name}.nestml") for name in models],
        target_path=str(folder / "generated"),
        install_path=str(folder / "installed"),
        logging_level="ERROR",
        module_name=MODULE,
        codegen_opts={
            "nest_path": str(prefix),
            "neuron_parent_class": "StructuralPlasticityNode",
            "neuron_parent_class_include": "structural_plasticity_node.h",
            "neuron_synapse_pairs": [{"neuron": "relay_neuron", "synapses": paired}],
            "weight_variable": dict.fromkeys(paired, "w"),
        },
    )


if __name__ == "__main__":
    build(Path(sys.argv[1]), sys.argv[2:])
