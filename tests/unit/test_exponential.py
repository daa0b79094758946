"""The exp() in pathways has the bits of the C library's."""

import subprocess

import pytest

from stdpdsl.runtime.compiler import compiler, program_flags
from stdpdsl.runtime.exponential import exp_support, inline_exps, table

MAIN = """
int main() {
    long long other = 0;
    unsigned long long state = 1;
    for (int k = 0; k < 1000000; k++) {
        state = state*6364136223846793005ull + 1442695040888963407ull;
        const double part = (state >> 11)/9007199254740992.;
        const double x = (part - 0.5)*(k % 2 ? 40 : 1600);
        other += !(brian::inline_exp(x) == std::exp(x));
    }
    const double ends[] = {0., -0., 1e-300, 511.9999, 512., -745.2, 710., INFINITY, -INFINITY};
    for (double x : ends) other += !(brian::inline_exp(x) == std::exp(x));
    other += !std::isnan(brian::inline_exp(NAN)) + !(brian::inline_exp(1.f) == std::exp(1.f));
    std::cout << other << std::endl;
}
"""


@pytest.mark.skipif(not compiler(), reason="needs a C++ compiler")
def test_every_value_has_the_bits_of_the_librarys(tmp_path):
    includes = ("cmath", "cstdint", "cstring", "iostream")
    support, code = exp_support()
    text = "".join(f"#include <{name}>\n" for name in includes)
    (tmp_path / "main.cc").write_text(f"{text}namespace brian {{{support}{code}}}{MAIN}")
    command = [compiler(), *program_flags(), "main.cc", "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True)
    said = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True)
    assert said.stdout == "0\n"


def test_the_table_holds_powers_of_two():
    assert len(table()) == 256
    assert table()[:4] == [0, 0x3FF0000000000000, 0x3C9B3B4F1A88BF6E, 0x3FEFF63DA9FB3335]


def test_only_loops_over_synapses_change():
    loop = "x = exp(a); for (;; _spiking_synapse_idx++) y = exp(b) + std::exp(c) + my_exp(d);"
    changed = loop.replace(" exp(b)", " brian::inline_exp(b)")
    assert inline_exps(loop) == changed
    assert inline_exps("y = exp(x);") == "y = exp(x);"
