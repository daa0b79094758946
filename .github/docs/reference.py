"""The reference pages, from the tables that the compiler itself uses: one page for each
declaration, clause, function, draw, list, pattern, sound, filter, rule, measure, command and error
code.

`write(folder)` makes them; `examples()` gives every example on them as a whole spec, for the tests.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stdpdsl.commands.arguments import argument_parser
from stdpdsl.compiler import library
from stdpdsl.language import ast
from stdpdsl.language.builtins import (
    CONSTANTS,
    DISTRIBUTIONS,
    FUNCTIONS,
    LISTS,
    MEASURES,
    METHODS,
    NEURON_VARIABLES,
    PATTERNS,
    REDUCTIONS,
    SYNAPSE_VARIABLES,
    layer_measures,
)
from stdpdsl.language.builtins_audio import FILTERS, REQUIRED, SOUNDS, AudioFunction
from stdpdsl.language.clauses import CLAUSES, DECLARATIONS
from stdpdsl.language.clauses.clause import Clause
from stdpdsl.language.clauses.examples import example, example_lines
from stdpdsl.language.clauses.words import OTHER
from stdpdsl.language.columns import COLUMN_WORDS
from stdpdsl.language.explanations import codes as error_codes
from stdpdsl.language.explanations import page as explained
from stdpdsl.language.meanings import MEANINGS
from stdpdsl.library import catalogue

ROOT = Path(__file__).resolve().parents[2]
SPECS = ROOT / "specs"

Page = tuple[str, str, str]
"""The file's name without its ending, the title, the text in Markdown."""


@dataclass(frozen=True)
class Chapter:
    folder: str
    title: str
    text: str
    pages: tuple[Page, ...]


def code(text: str, language: str = "stdp") -> str:
    return f"```{language}\n{text.rstrip()}\n```"


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """A table of two columns; rows without a value are left out."""
    lines = [f"| {name} | {value} |" for name, value in rows if value]
    return "\n".join(["| | |", "| --- | --- |", *lines])


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


# Declarations and clauses -----------------------------------------------------------------------


def file_of(*words: str) -> str:
    return "-".join(re.sub(r"\W+", "_", word) for word in words)


def clause_page(declaration: str, name: str, entry: Clause) -> Page:
    title = f"`{name}` of `{declaration}`" if declaration else f"`{name}`"
    parts = [
        code(entry.form),
        entry.text,
        facts([("unit", entry.unit), ("default", entry.default), ("in Brian2", entry.brian2)]),
    ]
    if declaration:
        parts += [
            "## Example",
            code(example_lines(declaration, name)),
            f"From the example of [`{declaration}`]({file_of(declaration)}.md).",
        ]
    return file_of(*filter(None, (declaration, name))), title, "\n\n".join(parts)


def declaration_page(name: str, entry: Clause) -> Page:
    clauses = CLAUSES.get(name, {})
    parts = [code(entry.form), entry.text, facts([("in Brian2", entry.brian2)])]
    if clauses:
        rows = [
            f"| [`{c}`]({file_of(name, c)}.md) | `{cell(x.form)}` | {cell(x.unit)} |"
            f" {cell(x.default)} |"
            for c, x in clauses.items()
        ]
        parts += [
            "## Clauses",
            "\n".join(["| clause | form | unit | default |", "| --- | --- | --- | --- |", *rows]),
        ]
    parts += ["## Example", code(example(name))]
    return file_of(name), f"`{name}`", "\n\n".join(parts)


def language() -> Iterator[Chapter]:
    pages: list[Page] = []
    for name, entry in DECLARATIONS.items():
        pages.append(declaration_page(name, entry))
        pages += [clause_page(name, c, x) for c, x in CLAUSES.get(name, {}).items()]
    yield Chapter(
        "clauses",
        "Declarations and clauses",
        "What a spec is made of. Each declaration has a page with all of its clauses.",
        tuple(pages),
    )
    yield Chapter(
        "words",
        "Words inside clauses",
        "Flags, statements and suffixes.",
        tuple(clause_page("", name, entry) for name, entry in OTHER.items()),
    )


# Functions --------------------------------------------------------------------------------------

_WITHIN = """model function_example

neuron cell:
    equations:
        x : 1
        y : 1
    every 1 ms:
        {line}

layer A:
    neuron: cell
    size: 2

record:
    y of A every 1 ms

run:
    duration: 10 ms
"""
_SWEPT = """model list_example

neuron cell:
    equations:
        dx/dt = (goal - x)/(10 ms) : 1

layer A:
    neuron: cell
    size: 2

sweep:
    grid:
        goal = {line}

record:
    x of A every 1 ms

run:
    duration: 10 ms
"""
_CONNECTED = """model pattern_example

layer P:
    poisson: 20 Hz
    size: 4

layer Q:
    poisson: 20 Hz
    size: 4

connect P -> Q as c:
    pattern: {line}
    plasticity: pair_additive
    initial: w = 0.5

run:
    duration: 10 ms
"""
_UNITS_OF = {
    "none": "arguments and result without unit",
    "same": "all arguments of one unit, the result's",
    "ratio": "both arguments of one unit; the result has none",
    "root": "the square root of the argument's unit",
    "free": "any unit; the result has none",
}
_LETTER = {"v": "the unit of the result", "n": "a whole number", "x": "no unit"}


def function_line(name: str) -> str:
    arguments = {1: "x", 2: "x, 1", 3: "x, 0, 1"}[FUNCTIONS[name].arity]
    return f"y = {name}({arguments})"


def draw_line(name: str) -> str:
    values = {
        "uniform": "0, 1",
        "normal": "0, 1",
        "lognormal": "0, 0.5",
        "loguniform": "0.1, 10",
        "exponential": "1",
        "integers": "0, 6",
        "bernoulli": "0.3",
        "binomial": "10, 0.5",
        "gamma": "2, 0.5",
        "truncated_normal": "0, 1, -2, 2",
    }
    return f"y = {name}({values[name]})"


def list_line(name: str) -> str:
    values = {"arange": "0, 1, 0.25", "logspace": "-2, 0, 3", "erbspace": "100, 1000, 5"}
    line = f"{name}({values.get(name, '1, 10, 4')})"
    return line.replace("100, 1000", "100 Hz, 1 kHz") if name == "erbspace" else line


def pattern_line(name: str) -> str:
    shown = {
        "random": "random(p = 0.1)",
        "symmetric": "symmetric(p = 0.1)",
        "fixed_indegree": "fixed_indegree(2)",
        "fixed_outdegree": "fixed_outdegree(2)",
        "pairs": 'pairs from "pairs.csv"',
    }
    return shown.get(name, name)


def meaning_page(name: str, rows: Iterable[tuple[str, str]], line: str) -> Page:
    form, text = MEANINGS[name]
    parts = [code(form), text[0].upper() + text[1:] + ".", facts(rows)]
    if line:
        parts += ["## Example", code(line)]
    return file_of(name), f"`{name}`", "\n\n".join(parts)


def functions() -> Iterator[Chapter]:
    yield Chapter(
        "functions",
        "Functions",
        "For every expression, elementwise.",
        tuple(
            meaning_page(
                name,
                [
                    ("units", _UNITS_OF[f.rule]),
                    ("result", f.result),
                    ("in Brian2", f"`{f.brian2}`"),
                    ("in NumPy", f"`{f.numpy}`"),
                ],
                function_line(name),
            )
            for name, f in FUNCTIONS.items()
        ),
    )
    yield Chapter(
        "draws",
        "Draws",
        "Random numbers from the spec's seed. A draw depends on the seed, the component,"
        " the element and the step alone.",
        tuple(
            meaning_page(
                name,
                [
                    *((a, _LETTER[u]) for a, u in zip(d.arguments, d.units, strict=True)),
                    ("result", d.result),
                    ("in Brian2", f"NumPy code: `{cell(d.transform)}`, of a {d.base} draw `u`"),
                ],
                draw_line(name),
            )
            for name, d in DISTRIBUTIONS.items()
        ),
    )
    yield Chapter(
        "lists",
        "Lists",
        "For axes of a sweep and channels of filters.",
        tuple(
            meaning_page(
                name,
                [
                    *((a, _LETTER[u]) for a, u in zip(f.arguments, f.units, strict=True)),
                    ("in NumPy", f"`{f.numpy}`"),
                ],
                list_line(name),
            )
            for name, f in LISTS.items()
        ),
    )
    yield Chapter(
        "patterns",
        "Patterns",
        "Which neurons a connection joins.",
        tuple(
            meaning_page(
                name,
                [("in Brian2", "`connect(i=..., j=...)` with arrays")],
                f"pattern: {pattern_line(name)}",
            )
            for name in PATTERNS
        ),
    )
    units = {n: "a condition" if isinstance(v, bool) else "1" for n, v in CONSTANTS.items()}
    builtin = {**units, **NEURON_VARIABLES, **SYNAPSE_VARIABLES}
    yield Chapter(
        "variables",
        "Numbers and variables that are always there",
        "",
        tuple(meaning_page(name, [("type", kind)], "") for name, kind in builtin.items()),
    )
    methods = "\n".join(f"* `{name}`" for name in METHODS)
    yield Chapter(
        "methods",
        "Integrators",
        "",
        (
            (
                "methods",
                "Integrators",
                "What `method:` may name, all of them Brian2's. Without it, each variable has"
                f" the best that fits it.\n\n{methods}",
            ),
        ),
    )


# Sounds and filters -----------------------------------------------------------------------------

_HEARD = """model hearing_example

sound melody:
    stimuli: {sound}
    samplerate: {rate}

filterbank cochlea:
    sound: melody
    {filters}

neuron nerve:
    equations:
        dv/dt = (I - v)/(2 ms) : 1
        I : 1
    threshold: v > 1
    reset: v = 0

layer AN:
    neuron: nerve
    size: {size}
    scope: shared
    drive: I from cochlea

record:
    spikes of AN

run:
    duration: melody
"""
_VALUES = {"Hz": "1 kHz", "s": "50 ms", "1": "1", "integer": "2", "dB": "3 dB", "Hz/s": "1 Hz/s"}
_TELLING = {
    "duration": "50 ms",
    "frequency": "[500, 1000] Hz",
    "f0": "200 Hz",
    "alpha": "1.5",
    "delay": "5 ms",
    "gain": "1",
    "niter": "4",
    "formants": "[700, 1200] Hz",
    "vowel": "a",
    "pattern": '"sounds/*.wav"',
    "cf": "erbspace(200 Hz, 4 kHz, 5)",
    "f": "erbspace(200 Hz, 4 kHz, 5)",
    "fc": "1 kHz",
    "time_constant": "2 ms",
    "bandwidth": "100 Hz",
    "passband": "1 kHz",
    "stopband": "2 kHz",
    "gpass": "1 dB",
    "gstop": "20 dB",
    "order": "2",
    "delays": "1 ms",
    "impulse_response": "[1, 0.5, 0.25]",
    "samples": "[1]",
}


def call_of(function: AudioFunction) -> str:
    given = [p for p in function.parameters if p.default == REQUIRED]
    if function.name == "vowels":
        given = [p for p in function.parameters if p.name in ("vowel", "duration")]
    values = (f"{p.name} = {_TELLING.get(p.name) or _VALUES[p.unit]}" for p in given)
    return f"{function.name}({', '.join(values)})"


def parameter_table(function: AudioFunction) -> str:
    rows = []
    for p in function.parameters:
        default = "" if p.default is None else f"`{p.default}`"
        default = "required" if p.default == REQUIRED else default
        many = "one, or a list" if p.many else "a list" if p.values else ""
        choices = ", ".join(f"`{c}`" for c in p.choices)
        more = "; ".join(filter(None, (many, choices)))
        rows.append(f"| `{p.name}` | {p.unit} | {default} | {more} |")
    return "\n".join(["| parameter | unit | default | |", "| --- | --- | --- | --- |", *rows])


def audio_page(function: AudioFunction, word: str) -> Page:
    return (
        function.name,
        f"`{function.name}`",
        "\n\n".join(
            [
                function.doc,
                parameter_table(function),
                facts(
                    [
                        (
                            "in brian2hears",
                            "computed before the run by the class of the same kind, or by our"
                            " own function where brian2hears has none or is broken",
                        )
                    ]
                ),
                "## Example",
                code(f"{word}: {call_of(function)}"),
            ]
        ),
    )


def audio() -> Iterator[Chapter]:
    yield Chapter(
        "sounds",
        "Sounds",
        "What `stimuli:` of a `sound` may be.",
        tuple(audio_page(f, "stimuli") for f in SOUNDS.values()),
    )
    yield Chapter(
        "filters",
        "Filters",
        "What `filter:` and `then:` of a `filterbank` may be.",
        tuple(audio_page(f, "filter") for f in FILTERS.values()),
    )


# Rules, measures, commands, codes ---------------------------------------------------------------


def use_of(rule: str) -> tuple[str, str]:
    """The connection of a spec of the gallery that uses a rule, and the spec's name."""
    for path in sorted(SPECS.glob("*.stdp")):
        text = path.read_text(encoding="utf-8")
        for part in re.findall(r"^connect [^\n]*\n(?:(?: [^\n]*)?\n)*", text, re.MULTILINE):
            if re.search(rf"^    plasticity: (?:.*, )?{rule}\b", part, re.MULTILINE):
                return part, path.name
    return "", ""


def rule_page(rule: ast.Rule) -> Page:
    about = catalogue.as_json(rule)
    parts = [about["doc"], *(f"<https://doi.org/{doi}>" for doi in about["doi"])]
    if about["parameters"]:
        rows = [f"| `{p['name']}` | `{p['default']}` | {p['unit']} |" for p in about["parameters"]]
        parts.append("\n".join(["| parameter | default | unit |", "| --- | --- | --- |", *rows]))
    for kind in ("requires", "ports"):
        if about[kind]:
            listed = ", ".join(f"`{n}` ({unit})" for n, unit in about[kind].items())
            word = "Requires of the target" if kind == "requires" else "Ports"
            parts.append(f"{word}: {listed}.")
    for preset in about["presets"]:
        values = ", ".join(f"`{n} = {v}`" for n, v in preset["values"].items())
        parts.append(f"* preset `{preset['name']}`: {values}. {' '.join(preset['source'].split())}")
    parts += ["## The rule", code(about["text"])]
    used, name = use_of(rule.name.id)
    if used:
        parts += ["## Example", code(used), f"From `specs/{name}`."]
    else:
        parts += [
            "## Example",
            code(_CONNECTED.format(line="all_to_all").replace("pair_additive", rule.name.id)),
        ]
    return rule.name.id, f"`{rule.name.id}`", "\n\n".join(parts)


def rules() -> Chapter:
    return Chapter(
        "rules",
        "Rules of the library",
        "Written in the language itself. Each is held against an independent reference.",
        tuple(rule_page(rule) for rule in library().values()),
    )


def measures() -> Chapter:
    told = measured_words()
    of_layers = layer_measures(recorded=True, several=True, hears=True)
    pages: list[Page] = []
    for name, (title, unit) in MEASURES.items():
        owner = "A" if name in of_layers else "c"
        kind = {"w": "that of the weight", "": "none"}.get(unit, unit)
        text = "\n\n".join(
            filter(
                None,
                [
                    title[0].upper() + title[1:] + ".",
                    told.get(name.split("_", 1)[-1]) or told.get(name, ""),
                    facts(
                        [
                            (
                                "column of `blocks`",
                                f"`{owner}_{name}`, for a "
                                f"{'layer' if owner == 'A' else 'connection'} `{owner}`",
                            ),
                            ("unit", kind),
                        ]
                    ),
                    "## Example",
                    code(f"measure:\n    mine = {owner}_{name}"),
                ],
            )
        )
        pages.append((name, f"`{name}`", text))
    for name, kind in REDUCTIONS.items():
        what = (
            "how many of the elements, as a fraction, fulfil a condition"
            if kind == "if"
            else (f"the {name} over the elements")
        )
        line = "mine of c = fraction(w > 0.5)" if kind == "if" else f"mine of c = {name}(w)"
        pages.append(
            (
                f"own-{name}",
                f"`{name}(...)`",
                "\n\n".join(
                    [
                        f"In `measure:`, {what}: the synapses of a connection or the neurons of a"
                        " layer.",
                        "## Example",
                        code(f"measure:\n    {line}"),
                    ]
                ),
            )
        )
    return Chapter("measures", "Measures", "Columns of the table `blocks`.", tuple(pages))


def measured_words() -> dict[str, str]:
    """What the language page says of each column, by the column's ending."""
    text = (ROOT / "grammars" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(?:[cA]_)?(\w+)` \| (.*?) \|$", text, re.MULTILINE)
    return {name: f"{words[0].upper()}{words[1:]}." for name, words in rows}


def columns() -> Chapter:
    pages = []
    for table, described in COLUMN_WORDS.items():
        rows = [f"| `{n}` | {unit} | {cell(words)} |" for n, (unit, words) in described.items()]
        more = "The columns of the sweep, in each table" + (
            ", and a column per measure."
            if table == "blocks"
            else ", and a column per parameter."
            if table == "parameters"
            else "."
        )
        shown = f"results.{table}.to_pandas()" if table != "parameters" else "results.parameters"
        head = ["| column | unit | what it is |", "| --- | --- | --- |"]
        parts = ["\n".join([*head, *rows]), more, "## Example", code(shown, "python")]
        pages.append((table, f"Table `{table}`", "\n\n".join(parts)))
    return Chapter("columns", "Tables and their columns", "What a run saves.", tuple(pages))


EXAMPLES = {
    "new": "new first",
    "check": "check first.stdp --verbose",
    "fmt": "fmt first.stdp --check",
    "explain": "explain UNIT002",
    "lsp": "lsp --allow-read sounds",
    "plan": "plan first.stdp",
    "compile": "compile first.stdp -o first.py",
    "run": "run first.stdp --set 'ratio=[1, 2]'",
    "merge": "merge first.results.shards",
    "report": "report first.results --open",
    "diagnose": "diagnose first.results",
    "compare": "compare first.results second.results",
    "reproduce": "reproduce first.results",
    "summary": "summary first.results --where 'Apre > 1e-3'",
    "cache": "cache clear",
    "rules": "rules triplet",
    "window": "window vogels 'tau=[10, 20] ms' -o window.png",
    "verify": "verify triplet",
    "describe": "describe first.stdp --format latex -o first.tex",
    "completion": "completion bash",
    "export": "export first.results -o block.nwb",
    "import": "import stdp_synapse.nestml -o stdp.stdp",
}


_PLACES = {
    "SPEC...": "first.stdp",
    "SPEC": "first.stdp",
    "DIR": "first.results",
    "FOLDER": "data",
    "FILE": "first.txt",
    "NAME": "first",
    "K": "0",
    "N": "2",
}


def command_example(name: str) -> str:
    """The one above, else what the page of the commands says of its arguments."""
    if name in EXAMPLES:
        return EXAMPLES[name]
    page = (ROOT / ".github" / "docs" / "commands.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| `stdpdsl ({name}\b[^`]*)`", page, re.MULTILINE)
    return " ".join(_PLACES.get(word, word) for word in row[1].split()) if row else name


def command_pages() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    parser = argument_parser()
    action = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    yield from action.choices.items()


def command_page(name: str, parser: argparse.ArgumentParser) -> Page:
    rows = []
    for action in parser._actions:
        if action.help == argparse.SUPPRESS or "-h" in action.option_strings:
            continue
        shown = ", ".join(f"`{o}`" for o in action.option_strings)
        shown = shown or f"`{action.metavar or action.dest}`"
        value = action.metavar or ", ".join(map(str, action.choices or ()))
        if action.nargs == 0 or not action.option_strings:
            value = ""
        text = (action.help or "") % {"default": action.default, "prog": "stdpdsl"}
        rows.append(f"| {shown} | {cell(str(value))} | {cell(text)} |")
    usage = " ".join(parser.format_usage().split()).removeprefix("usage: ")
    parts = [parser.description or "", code(usage, "text")]
    if rows:
        parts.append("\n".join(["| argument | value | |", "| --- | --- | --- |", *rows]))
    parts += ["## Example", code(f"$ stdpdsl {command_example(name)}", "console")]
    parts.append(str(argument_parser().epilog))
    return name, f"`stdpdsl {name}`", "\n\n".join(parts)


def codes() -> Chapter:
    pages = []
    for name in error_codes():
        text = explained(name).read_text(encoding="utf-8")
        head, _, body = text.partition("\n")
        title = head.removeprefix("# ")
        body = body.strip().replace("\nCorrected:\n", "\n## Corrected\n")
        pages.append((name, title, body))
    words = "`stdpdsl explain CODE` prints each of these pages."
    return Chapter("errors", "Errors and warnings", words, tuple(pages))


def chapters() -> Iterator[Chapter]:
    yield from language()
    yield from functions()
    yield from audio()
    yield rules()
    yield measures()
    yield columns()
    yield Chapter(
        "commands",
        "Commands",
        "What the shell offers.",
        tuple(command_page(name, parser) for name, parser in command_pages()),
    )
    yield codes()


# Examples as whole specs, for the tests ----------------------------------------------------------


def examples() -> Iterator[tuple[str, str]]:
    """(name, spec) of every example that the pages of functions, sounds and measures show."""
    for name in FUNCTIONS:
        yield name, _WITHIN.format(line=function_line(name))
    for name in DISTRIBUTIONS:
        yield name, _WITHIN.format(line=draw_line(name))
    for name in LISTS:
        line = list_line(name)
        spec = _SWEPT.format(line=line)
        yield name, spec.replace("(10 ms) : 1", "(10 ms) : Hz") if "Hz" in line else spec
    for name in PATTERNS:
        spec = _CONNECTED.format(line=pattern_line(name))
        if name == "symmetric":  # of one layer
            spec = spec.replace("P -> Q", "Q -> Q")
            spec = spec[: spec.index("layer P")] + spec[spec.index("layer Q") :]
        yield name, spec
    for sound in SOUNDS.values():
        yield sound.name, heard(call_of(sound), "gammatone(cf = erbspace(200 Hz, 4 kHz, 5))", 5)
    for name, bank in FILTERS.items():
        yield (
            name,
            heard(
                "tones(frequency = 1 kHz, duration = 50 ms)",
                call_of(bank),
                5 if {"cf", "f"} & {p.name for p in bank.parameters} else 1,
            ),
        )
    unfixed = _CONNECTED.format(line="all_to_all")
    yield "fixed_weight", unfixed.replace("pair_additive", "fixed_weight")
    yield from measured()


def heard(sound: str, bank: str, size: int) -> str:
    filters = f"filter: {bank}"
    if bank.startswith(("tan_carney", "zhang_synapse")):
        filters = "filter: middle_ear()\n    then: tan_carney(cf = erbspace(200 Hz, 4 kHz, 5))"
        filters += f"\n    then: {bank}" if bank.startswith("zhang") else ""
    rate = "50 kHz" if "tan_carney" in filters else "44.1 kHz"
    return _HEARD.format(sound=sound, filters=filters, size=size, rate=rate)


def measured() -> Iterator[tuple[str, str]]:
    spec = example("measure")
    for page, _, text in measures().pages:
        line = re.search(r"^    (mine.*)$", text, re.MULTILINE)
        assert line is not None
        shown = re.sub(r"\bc(_|\b)", r"learning\1", line[1])
        if page in ("selectivity", "sparseness"):
            continue  # they need a sound; the example of `filterbank` has one
        yield (
            f"measure {page}",
            spec[: spec.index("measure:")]
            + (
                "record:\n    spikes of A\n    w of learning every 100 ms\n\n"
                f"measure:\n    {shown}\n\n"
            )
            + spec[spec.index("run:") :],
        )


# Writing ----------------------------------------------------------------------------------------


def write(folder: Path) -> None:
    """All pages, with an index for each chapter."""
    index = [
        "# Reference",
        "",
        "Made from the tables that the compiler uses.",
        "",
        "```{toctree}",
        ":maxdepth: 1",
        "",
    ]
    for chapter in chapters():
        place = folder / chapter.folder
        place.mkdir(parents=True, exist_ok=True)
        names = []
        for name, title, text in chapter.pages:
            names.append(name)
            (place / f"{name}.md").write_text(f"# {title}\n\n{text}\n", encoding="utf-8")
        toc = "\n".join(["```{toctree}", ":maxdepth: 1", "", *names, "```"])
        (place / "index.md").write_text(
            f"# {chapter.title}\n\n{chapter.text}\n\n{toc}\n", encoding="utf-8"
        )
        index.append(f"{chapter.folder}/index")
    (folder / "index.md").write_text("\n".join([*index, "```", ""]), encoding="utf-8")
