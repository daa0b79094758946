"""What every part of the language must keep: both scripts and both lowerings give the same numbers,
and a block of the sweep those of its own run."""

from running import assert_same, run_here, run_text
from test_plain_scripts import assert_equal_values, run_plain_here

from stdpdsl.compiler import compile_source
from stdpdsl.language.source import Source

TABLES = ("weights", "spikes", "trajectories", "events")


def block(tables, number):
    """One block's rows without its number, and what is shared."""
    return {
        name: t[t["block"].isna() | (t["block"] == number)]
        .drop(columns="block")
        .reset_index(drop=True)
        for name, t in tables.items()
        if name in TABLES
    }


def agree(folder, text, rows, data=None):
    """The tables of a spec whose sweep's rows stand at `{rows}`."""
    whole = {}
    spec = text.replace("{rows}", "\n".join(f"        | {row} |" for row in rows))
    for lowering in ("synapse", "namespace"):
        found = compile_source(Source("spec.stdp", spec), folder, [], lowering, "numpy")
        whole[lowering] = run_here(folder, found.run_script, lowering, data=folder)
        plain = run_plain_here(folder, found.script, f"plain_{lowering}")
        assert_equal_values(plain, whole[lowering])
    assert_same(whole["namespace"], whole["synapse"])
    for k, row in enumerate(rows):
        alone = run_text(folder, text.replace("{rows}", f"        | {row} |"), name=f"alone{k}")
        assert_same(block(alone, 0), block(whole["synapse"], k))
    return whole["synapse"]
