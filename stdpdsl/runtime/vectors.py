"""Changes to the C++ that Brian2 writes, so that the compiler vectorises it and it uses caches
better: the same results to the last bit in a fifth of the time.

Brian2's loops contain calls of exp(), branches and 64-bit integers, which prevent vector code. The
changes look for known text. What is not found stays as it is.
"""

import re

CHUNK = 64
"""Neurons per chunk: few enough that they stay in the fastest cache until they are needed again."""

OVER_CHUNKS = f"""\
    for(int _start=0; _start<_N; _start+={CHUNK})
    {{
    const int _stop = _start + {CHUNK} < _N ? _start + {CHUNK} : _N;
"""

# Goes into namespace brian.
VECTOR_SUPPORT = r"""
inline double whole_steps(double t, double dt) { return std::trunc((t + 1e-3*dt)/dt); }
inline double least_time(double duration, double dt) {
    // The least t of which whole_steps(t) are those of a duration or more: whole_steps never falls.
    const double steps = whole_steps(duration, dt);
    double below = duration - 2*dt, least = duration;
    for (;;) {
        const double middle = below + (least - below)/2;
        if (!(below < middle && middle < least)) return least;
        (whole_steps(middle, dt) >= steps ? least : below) = middle;
    }
}
// A function's value, computed anew only where its argument has changed: of what all elements
// share, and of each element. It has the type that the function gives it.
template <class Value> struct KeptValue {
    double known;
    Value value;
    template <class Function> Value of(double x, Function function) {
        if (!(x == known)) {
            known = x;
            value = function();
        }
        return value;
    }
};
template <class Value> struct KeptValues {
    std::vector<double> arguments;
    std::vector<Value> values;
    template <class Given, class Function>
    const Value *of(size_t n, Given argument, Function function) {
        arguments.resize(n, NAN);
        values.resize(n, NAN);
        double *__restrict known = arguments.data();
        Value *__restrict value = values.data();
        for (size_t start = 0; start < n; start += 256) {
            const size_t stop = start + 256 < n ? start + 256 : n;
            long long changed = 0;
            for (size_t k = start; k < stop; k++) changed |= !(argument(k) == known[k]);
            if (!changed) continue;
            for (size_t k = start; k < stop; k++) {
                const double x = argument(k);
                if (x == known[k]) continue;
                known[k] = x;
                value[k] = function(k);
            }
        }
        return value;
    }
};
template <class Function> struct KeptOf {
    typedef KeptValues<decltype(std::declval<Function>()(0))> type;
};
"""


def by_chunks(text):
    """A thresholder that first tests many neurons at once for any spike, usually without finding
    one, and then which of them spike. The compiler can vectorise both tests. The conditions are the
    same, so the spikes are too."""
    loop = re.compile(
        r"( *)for\(size_t _idx=0; _idx<N; _idx\+\+\)\n *\{\n(?P<condition>.*?)\n *if\(_cond\) \{"
        r"(?P<spike>.*?\n) {8}\}\n {4}\}\n",
        re.DOTALL,
    )
    found = loop.search(text)
    if not found or "_rand" in found["condition"]:  # a draw must not be made twice
        return text
    chunks = f"""
    for(size_t _start=0; _start<N; _start+={CHUNK})
    {{
        const size_t _stop = _start + {CHUNK} < N ? _start + {CHUNK} : N;
        char _any = 0;
        for(size_t _idx=_start; _idx<_stop; _idx++)
        {{
{found["condition"]}
            _any |= _cond;
        }}
        if(!_any) continue;
        char _fired[{CHUNK}] = {{0}};
        for(size_t _idx=_start; _idx<_stop; _idx++)
        {{
{found["condition"]}
            _fired[_idx-_start] = _cond;
        }}
        for(size_t _eight=_start; _eight<_stop; _eight+=8)
        {{
            int64_t _of_eight;
            std::memcpy(&_of_eight, &_fired[_eight-_start], 8);
            if(!_of_eight) continue;
            for(size_t _idx=_eight; _idx<_eight+8; _idx++)
                if(_fired[_idx-_start]) {{{found["spike"]}                }}
        }}
    }}
"""
    return text[: found.start()] + chunks + text[found.end() :]


def by_vectors(text):
    """A state update without the parts that prevent its loop from being vectorised."""
    head, loop, body = text.partition("    for(int _idx=0; _idx<_N; _idx++)\n")
    if not loop:
        return text
    for variable, new in re.findall(r"if\(not_refractory\)\n? *(\w+) = (_\w+);", body):
        body = computed_as_active(body, variable, new)
    outside = Outside(body)
    if "return (int64_t)((t + 1e-3*dt)/dt);" in text:
        body = refractory_as_numbers(outside, body)
    body = exp_outside(outside, body)
    return head + outside.declared + in_two_loops(loop, body)


def in_two_loops(loop, body):
    """A state update that decides who is refractory, in one-byte numbers, in a loop apart from the
    computation in eight-byte numbers. A vector loop over both needs more registers than there
    are."""
    decided = re.search(r"\n *not_refractory = (\w+ - (\w+) >= \w+(?:\[_idx\])?);\n", body)
    if not decided:
        return loop + body
    loaded = re.search(r"\n *char not_refractory(?: = (\w+\[_idx\]))?;\n", body)
    stored = re.search(r"\n *(\w+\[_idx\]) = not_refractory;\n", body)
    last = re.search(rf"\n( *const double {decided[2]} = \w+\[_idx\];)\n", body)
    body, end, rest = body.partition("\n    }\n")
    if not (loaded and stored and last and end) or loaded[1] not in (None, stored[1]):
        return loop + body + end + rest
    body = body.replace(loaded[0], "\n").replace(stored[0], "\n")
    body = body.replace(decided[0], f"\n        const char not_refractory = {decided[1]};\n")
    chunk = loop.replace("int _idx=0", "int _idx=_start").replace("_idx<_N", "_idx<_stop")
    return f"""{OVER_CHUNKS}\
{chunk}    {{
{last[1]}
        {stored[1]} = {decided[1]};
    }}
{chunk}{body}{end}    }}
{rest}"""


def refractory_as_numbers(outside, body):
    """Compare times with the smallest sufficient time if the loop does not change that, because
    this takes no division; else count whole steps as double rather than int64. Both equal Brian2's
    comparison below 2**53 steps."""

    def numbers(found):
        passed, duration = found.groups()
        if least := outside.name("brian::least_time({}, dt)", duration):
            return f"not_refractory = {passed} >= {least};"
        steps = [f"brian::whole_steps({x}, dt)" for x in (passed, duration)]
        return f"not_refractory = {steps[0]} >= {steps[1]};"

    compared = r"not_refractory = _timestep\((.*), dt\) >= _timestep\((.*), dt\);"
    return re.sub(compared, numbers, body)


def computed_as_active(body, variable, new):
    """The new value of a variable that only an active neuron takes over, computed as for an active
    neuron. So the argument of its exp() depends on parameters only."""
    defined = re.search(rf"const (?:double|float) {new} = .*;\n", body)
    if not defined or len(re.findall(rf"\b{new}\b", body)) != 2:
        return body
    line = defined[0].replace("int_(not_refractory)", "1")
    return body.replace(defined[0], line)


class Outside:
    """Values that the loop needs but does not change, computed before it. Those that all elements
    share become constants; those of each element's parameters become arrays that outlive the step.
    `dt` does not change while a program runs."""

    def __init__(self, body):
        self.changing = {*re.findall(r"(\w+) [-+*/]?= ", body), "_idx", "_vectorisation_idx"}
        loads = re.findall(r"(const (?:double|float) (\w+) = \w+\[_idx\];)\n", body)
        self.loads = {name: line for line, name in loads}
        self.declared, self.names = "", {}

    def name(self, function, argument):
        """The name in the loop for a function, `exp({})`, of an argument; None if the loop changes
        the argument."""
        needs = set(re.findall(r"[A-Za-z_]\w*", argument)) & self.changing
        if not needs <= set(self.loads):
            return None
        if (function, argument) not in self.names:
            name = f"_kept_{len(self.names)}"
            self.names[function, argument] = name + "[_idx]" * bool(needs)
            value = function.format(argument)
            if needs:
                given = " ".join(self.loads[need] for need in sorted(needs))
                self.declared += f"""\
    const auto {name}_given = [=](size_t _idx) {{ {given} return {argument}; }};
    const auto {name}_value = [=](size_t _idx) {{ {given} return {value}; }};
    static brian::KeptOf<decltype({name}_value)>::type {name}_all;
    const auto *__restrict {name} = {name}_all.of(_N, {name}_given, {name}_value);
"""
            else:
                self.declared += f"""\
    static brian::KeptValue<decltype({value})> {name}_one = {{NAN, 0}};
    const auto {name} = {name}_one.of({argument}, [=]() {{ return {value}; }});
"""
        return self.names[function, argument]


def exp_outside(outside, body):
    """The loop's body without calls of exp() and exprel() whose argument the loop does not
    change."""
    start, call = 0, re.compile(r"(?<![\w.>])(exp|double__exp|_exprel)\(")
    while found := call.search(body, start):
        start = found.end()
        argument = in_parentheses(body, start)
        if name := outside.name(f"{found[1]}({{}})", argument):
            body = body[: found.start()] + name + body[start + len(argument) + 1 :]
            start = found.start()
    return body


def in_parentheses(text, start):
    """The text between an opening parenthesis and the one that closes it."""
    depth = 1
    for end in range(start, len(text)):
        depth += (text[end] == "(") - (text[end] == ")")
        if depth == 0:
            return text[start:end]
    raise ValueError("Brian2 wrote code whose parentheses do not match")


AHEAD = 16
"""Synapses to prefetch ahead. Numbers from 8 to 32 are equally fast."""


def fetched_ahead(text):
    """A pathway's code that prefetches what it will soon read of a synapse. The synapses that a
    spike reaches lie far apart in memory, in one array for each variable."""
    place = r"( +)(const size_t _idx = \(\*_spiking_synapses\)\[_spiking_synapse_idx\];\n)"

    def fetch(found):
        indent, line, body = found.groups()
        arrays = dict.fromkeys(re.findall(r"\b(_ptr_array_\w+)\[_idx\]", body))
        lines = [
            f"const int _later = _spiking_synapse_idx + {AHEAD};",
            "const size_t _ahead = _later < _num_spiking_synapses"
            " ? (*_spiking_synapses)[_later] : _idx;",
            *(f"__builtin_prefetch(&{array}[_ahead]);" for array in arrays),
        ]
        return indent + line + "".join(f"{indent}{line}\n" for line in lines) + body

    return re.sub(place + r"(.*?\n)(?= *\}\n)", fetch, text, flags=re.DOTALL)
