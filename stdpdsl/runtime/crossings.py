"""State updates that also find which neurons may have crossed their threshold.

A thresholder reads the variables of all neurons again, which by then have left the fastest cache.
If nothing in between touches these variables, the state update evaluates the condition on the
values that it has just computed. It keeps, for each chunk of neurons, whether any neuron may fulfil
the condition. The thresholder looks at those chunks only. It still makes the decision itself, so
the spikes are the same.
"""

import re

from .vectors import CHUNK, OVER_CHUNKS

# Goes into namespace brian.
CROSSINGS_SUPPORT = """
// For each chunk of a group's neurons, whether any may fulfil the condition of a thresholder.
template <int thresholder> std::vector<char> &crossed() {
    static std::vector<char> chunks;
    return chunks;
}
"""
LOOP = re.compile(
    r" {4}for\(int _idx=(?P<start>0|_start); _idx<(?:_N|_stop); _idx\+\+\)\n"
    r"(?P<body> {4}\{\n *// vector code\n.*?\n) {4}\}\n",
    re.DOTALL,
)
CONDITION = re.compile(
    r"\n(?P<loads>(?: *const \w+ \w+ = \w+\[_idx\];\n)+) *const char _cond = (?P<test>.*);\n"
)
LOAD = re.compile(r"const (\w+) (\w+) = _ptr(\w+)\[_idx\];")
QUESTION = re.compile(r" *char _any = 0;\n *for\(size_t _idx=_start; .*?\n {8}\}\n", re.DOTALL)
NAME = r"(?<![\w.])[A-Za-z_]\w*"


def with_crossings(texts):
    """The sources of a project, by name, with state updates that find crossings."""
    texts = dict(texts)
    runs = orders(texts["main.cpp"])
    changed = set()
    for index, thresholder, updater in [*thresholders_of(texts)]:
        if updater in changed:
            continue
        test = CONDITION.search(texts[thresholder])
        found = test and crossings(texts[updater], texts[thresholder], test, index)
        arrays = LOAD.findall(test["loads"]) if test else ()
        if found and all(untouched(run, updater, thresholder, arrays, texts) for run in runs):
            texts[updater], texts[thresholder] = found
            changed.add(updater)
    return texts


def orders(main):
    """What each run of a program executes in a time step, in order."""
    runs = main.split("network.clear();")[1:]
    return [re.findall(r"network\.add\(&\w+, _run_(\w+)\);", run) for run in runs]


def thresholders_of(texts):
    """(number, thresholder, state update of its group) for each thresholder whose group has one.

    Both are named after the group, but `A_b_spike_thresholder...` may belong to a group `A_b` or
    `A`. The list of spikes that it fills tells which.
    """
    thresholders = [source for source in texts if source.endswith("_thresholder_codeobject.cpp")]
    for number, thresholder in enumerate(sorted(thresholders)):
        name = thresholder.removeprefix("code_objects/").removesuffix("_thresholder_codeobject.cpp")
        for place in (found.start() for found in re.finditer("_", name)):
            group, event = name[:place], name[place + 1 :]
            updater = f"code_objects/{group}_stateupdater_codeobject.cpp"
            spikes = rf"_array_{group}__{event}space\b"
            if updater in texts and re.search(spikes, texts[thresholder]):
                yield number, thresholder, updater


def untouched(run, updater, thresholder, arrays, texts):
    """Whether, in each step of a run, the state update comes before the thresholder and nothing
    between the two mentions the arrays that the condition reads."""
    first, last = (re.sub(r"code_objects/|\.cpp", "", source) for source in (updater, thresholder))
    if last not in run:
        return True
    if first not in run[: run.index(last)]:
        return False
    between = run[run.index(first) + 1 : run.index(last)]
    mentioned = re.compile(
        "|".join(rf"_array{array.removeprefix('_array')}\b" for _, _, array in arrays)
    )
    return not any(mentioned.search(texts[f"code_objects/{name}.cpp"]) for name in between)


def crossings(updater, thresholder, test, index):
    """The new text of both; None if either has a form that is not known here."""
    loop, question = LOOP.search(updater), QUESTION.search(thresholder)
    condition = test["test"].removesuffix(" && not_refractory")  # few are above it in that time
    used = {*re.findall(NAME, condition)}
    loads = [load for load in LOAD.findall(test["loads"]) if load[1] in used]
    lines = re.findall(r"^(?: {4})?(const \w+ (\w+) = .*;)$", thresholder, re.MULTILINE)
    constants = {name: line for line, name in lines}
    named = used - {name for _, name, _ in loads}
    if not (loop and question and named <= constants.keys()):
        return None
    needs = [constants[name] for name in sorted(named)]
    for kind, name, array in loads:
        if not is_local(name, array, updater, loop["body"]):
            known = f"_ptr{array}" if f"_ptr{array} " in updater else array
            needs.append(f"const {kind} {name} = {known}[_idx];")
    floats = {name for kind, name, _ in loads if kind == "float"}
    wide = "int32_t" if floats else "int64_t"  # as what is compared
    above = re.fullmatch(r"\((\w+) > (.*)\)", condition)
    if above and above[1] in floats and len(loads) == 1:  # which takes no vectors of doubles
        condition = f"{above[1]} >= (float)({above[2]})"
    asked = "".join(f"            {line}\n" for line in needs)
    asked = f"        {{\n{asked}            _any |= ({wide})({condition});\n        }}\n"
    inner = f"""    {wide} _any = 0;
    for(int _idx=_start; _idx<_stop; _idx++)
{loop["body"]}{asked}    }}
    _crossed[_start/{CHUNK}] = _any != 0;
"""
    if loop["start"] == "0":
        inner = f"{OVER_CHUNKS}{inner}    }}\n"
    chunks = f"brian::crossed<{index}>()"
    head, before, rest = updater[: loop.start()].partition("    const int _N = N;\n")
    made = f"    {chunks}.resize((_N + {CHUNK - 1})/{CHUNK});\n"
    made += f"    char *__restrict _crossed = {chunks}.data();\n"
    updater = head + before + made + rest + inner + updater[loop.end() :]
    known = f"        const char _any = {chunks}[_start/{CHUNK}];\n"
    return updater, thresholder.replace(question[0], known)


def is_local(name, array, updater, body):
    """Whether a variable of the loop has the same value as the array at the end of the loop's
    body."""
    return f"_ptr{array}[_idx]" in updater and bool(
        re.search(rf"\n *(?:const )?\w+ {name}(?: = .*)?;\n", body)
    )
