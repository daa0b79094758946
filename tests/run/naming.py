"""A spec with a name at every position where one may stand, and the words that are tried there."""

from __future__ import annotations

import re
from string import Template

from stdpdsl.language.syntax_errors.failure import RESERVED_WORDS

# Every position where a name may stand, by the harmless name that stands there otherwise.
PLAIN = (
    "a_model a_constant a_swept_constant a_neuron a_threshold b_threshold solved stored computed"
    " a_local an_event a_rule a_port a_level a_requirement a_tau an_amplitude a_weight a_trace"
    " a_state an_added a_rule_local a_preset an_input a_layer b_layer a_connection b_connection"
    " a_column a_measure b_measure a_phase b_phase"
).split()

SPEC = Template("""model $a_model
constants:
    $a_constant = 10 ms
    $a_swept_constant = 0.5
neuron $a_neuron:
    parameters:
        $a_threshold = 0.5
        $b_threshold = 0.25
    equations:
        d$solved/dt = -$solved/$a_constant : 1
        $stored : 1
        $computed = 2*$stored : 1
    threshold: $solved > $a_threshold
    reset: $solved = $b_threshold*$a_swept_constant
    event $an_event: $solved > $b_threshold
    on $an_event:
        $a_local = $solved + $a_column
        $stored += $a_local*$a_local
    initial: $stored = $b_threshold
rule $a_rule:
    requires post:
        $solved : 1
    ports:
        $a_port
        $a_level : 1
    parameters:
        $a_tau = 20 ms
        $an_amplitude = 0.1
    equations:
        $a_weight : 1 in [0, 1]
        d$a_trace/dt = -$a_trace/$a_tau : 1
        $a_state : 1
    post equations:
        d$an_added/dt = -$an_added/$a_tau : 1
    post reset:
        $an_added += $an_amplitude
    on pre:
        $a_rule_local = $a_trace + $an_amplitude
        deliver $a_weight
        $a_weight += $a_rule_local*${an_added}_post + 1e-3*$a_level + 1e-3*${stored}_post
        $a_trace += $an_amplitude
    on post:
        $a_state += $a_trace*${solved}_post
    on $a_port:
        $a_state += $a_column
    presets:
        $a_preset: $an_amplitude = 0.2
layer $an_input:
    spikes: [(0, 1 ms), (1, 2 ms), (0, 4 ms), (1, 6 ms), (0, 7 ms)]
    size: 2
layer $a_layer:
    neuron: $a_neuron
    size: 2
layer $b_layer:
    neuron: $a_neuron
    size: 1
connect $an_input -> $a_layer as $a_connection:
    pattern: all_to_all
    plasticity: $a_rule.$a_preset($a_port = spikes of $b_layer, $a_level = $stored of $b_layer)
    deliver: $a_weight to $solved
    initial: $a_weight = 0.5
connect $an_input -> $b_layer as $b_connection:
    pattern: all_to_all
    weight: 0.3
    deliver: w to $solved
sweep:
    grid:
        $a_column = [1, 2]
        $a_swept_constant = [0.5, 1]
        $a_layer.$a_threshold = [0.5, 0.6]
        $a_connection.$a_tau = [10, 20] ms
record:
    spikes of $a_layer
    $solved, $computed of $a_layer every 1 ms
    $a_weight, $a_trace of $a_connection every 1 ms
measure:
    $a_measure of $a_connection = mean($a_weight)*$an_amplitude
    $b_measure of $a_layer = mean(rate)*$a_column
run:
    dt: 0.1 ms
    phases:
        $a_phase: 5 ms
        $b_phase: 5 ms, set $a_connection.$an_amplitude = 0.3
""")


def with_names(names: dict[str, str]) -> str:
    """The spec, with these names in place of the harmless ones."""
    return SPEC.substitute({plain: names.get(plain, plain) for plain in PLAIN})


def accepted(names: dict[str, str], errors_of) -> dict[str, str]:
    """Those of the names that the language allows where they stand. The others give way to harmless
    ones. `errors_of(text)` gives a spec's errors, each of which has to stand at such a name."""
    while errors := errors_of(with_names(names)):
        kept = dict(names)
        for error in errors:
            # A reserved word may be misread as the start of something else: look at its line.
            syntax = error.code.startswith("SYN")
            text = error.span.source.line(error.span.line) if syntax else error.span.text
            there = {p for p, name in names.items() if re.search(rf"(?<!\w){name}(?!\w)", text)}
            found = {p for p in there if names[p] in RESERVED_WORDS or not syntax}
            assert found, f"{error} does not stand at a name: {text}"
            kept = {plain: name for plain, name in kept.items() if plain not in found}
        names = kept
    return names


def without_names(tables) -> dict[str, list]:
    """What names cannot change: the numbers of each row of each table. A parameter whose name is
    that of a column of the sweep has none of its own, so that its numbers count once."""

    def numbers(table, row):
        found = map(repr, row)
        return tuple(sorted(set(found) if table == "parameters" else found))

    return {
        table: sorted(numbers(table, row) for row in rows.select_dtypes("number").to_numpy())
        for table, rows in tables.items()
    }
