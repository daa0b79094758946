"""`run(net, state)` of a plain script: the phases, with the changes in each, and how the run
ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import indent

from ...ir import Connection, Experiment, Phase
from ..equations import updated
from ..experiment import computed
from .layout import call, mapping


class RunCode:
    def __init__(self, e: Experiment, by_block: frozenset[str]):
        """`by_block`: the connections with a separate Synapses object for each block."""
        self.e, self.by_block = e, by_block
        self.layers = {layer.name: layer for layer in e.layers}
        self.phased = len(e.phases) > 1

    def lines(self) -> list[str]:
        """The body of run(net, state)."""
        lines: list[str] = []
        if any(phase.stores for phase in self.e.phases):
            lines.append("kept = {}  # states, by name")
        for number, phase in enumerate(self.e.phases):
            if phase.turn > 1:
                continue  # of the loop around its first turn
            inside = self.phase(number, phase)
            if phase.group and (not number or self.e.phases[number - 1].group != phase.group):
                lines.append(f"for turn in range(1, {phase.turns + 1}):")
            lines += [indent(line, "    ") for line in inside] if phase.group else inside
        for component, variable in computed(self.e):
            lines += self.for_each(component, f'state("{variable}__at_end")[:] = "{variable}"')
        return lines

    def phase(self, number: int, phase: Phase) -> list[str]:
        lines = [f"# {phase.words or phase.name}"] if self.phased else []
        lines += self.recording(number) if self.phased else []
        lines += self.switched(phase)
        lines += self.restored(phase)
        for component in phase.starts:
            lines += self.change(component, phase)
        lines += self.stored(phase, at_start=True)
        seconds = f"PHASE_STEPS[{number}]*DT*second" if self.phased else "DURATION*second"
        lines.append(
            self.run_until(phase, seconds)
            if phase.until
            else f'net.run({seconds}, namespace={{}}, report="text")'
        )
        lines += self.end_of_phase(phase)
        lines += self.stored(phase, at_start=False)
        return [*lines, f"yield {in_turn(phase)}"] if self.phased else lines

    def switched(self, phase: Phase) -> Iterator[str]:
        """What learns and what transmits in a phase."""
        for c in self.e.connections:
            if c.gates:
                on = {
                    "learning__on": c.name not in phase.frozen,
                    "sending__on": c.name not in phase.off,
                }
                values = ", ".join(f'"{n}": {float(on[n])}' for n in c.gates)
                yield from self.for_each(c.name, f"set_states({{{values}}}, units=False)")
        for c in self.e.connections:
            for n in c.normalise:
                if n.gated:
                    yield f'net["{n.name}"].learning = {float(c.name not in phase.frozen)}'

    def run_until(self, phase: Phase, seconds: str) -> str:
        """A phase that ends for a block when a condition holds."""
        assert phase.until is not None
        until, endings = phase.until, self.e.endings
        place = str(endings.index(phase))
        if phase.group:
            each = sum(p.group == phase.group and p.turn == 1 for p in endings)
            later = "turn - 1" if each == 1 else f"{each}*(turn - 1)"
            place = later if place == "0" else f"{place} + {later}"
        shared = [x.name for x in self.e.layers if x.shared]
        shared += [n.name for c in self.e.connections if c.shared for n in c.normalise]
        options = {"times": until.times, "shared": shared, "by_block": sorted(self.by_block)}
        return call(
            "run_until",
            [
                "net",
                "state",
                seconds,
                place,
                f'"{until.measure}"',
                f'("{until.component}", "{until.variable}")',
                f'"{until.relation}"',
                str(len(endings)),
                *(f"{name}={listed(found)}" for name, found in options.items() if found),
            ],
        )

    def recording(self, number: int) -> Iterator[str]:
        """What starts or stops being recorded when a phase begins."""
        for k, m in enumerate(self.e.monitors):
            if m.kept.phases is None or (m.on_layer and self.layers[m.component].kind != "neurons"):
                continue
            now = is_of(self.e.phases[number], m.kept.phases)
            before = self.e.phases[number - 1] if number else None
            turns = self.e.phases[number].group or (before and before.group)
            if before and not turns and now == is_of(before, m.kept.phases):
                continue
            if m.component not in self.by_block:
                yield f'net["record__{k}"].active = {now}'
                continue
            blocks = f'state["blocks of {m.component}"]'
            blocks = blocks if m.blocks is None else f'state["record__{k}"]'
            yield f"for b in {blocks}:"
            yield f'    net[f"record__{k}_{m.component}__{{b}}"].active = {now}'

    def end_of_phase(self, phase: Phase) -> list[str]:
        """Bring synapses up to date, and, for each connection, the variables that depend on others.
        At the end of the run, the tables do this."""
        found: list[str] = []
        for c in self.e.connections:
            names = updated(c)
            for name in names:
                found += self.for_each(c.name, f'state("{name}__then")[:] = "{name}__now"')
            for name in names:
                found += self.for_each(c.name, f'state("{name}")[:] = "{name}__then"')
        last = self.e.phases[-1]
        if phase.words != last.words or phase.group != last.group:
            return found
        if found and last.turns > 1:
            return [f"if turn < {last.turns}:", *(f"    {line}" for line in found)]
        return []

    def stored(self, phase: Phase, at_start: bool) -> Iterator[str]:
        """States that are stored."""
        partly = {name for p in self.e.phases for r in p.restores for name in r.partly}
        for s in phase.stores:
            if s.at_start == at_start:
                for c in self.e.connections:
                    if c.name in partly & {*s.components}:
                        yield from self.relaxed(c)
                yield f'store(kept, "{s.name}", net, state, {listed(s.components)})'

    def restored(self, phase: Phase) -> Iterator[str]:
        """States that are restored, and values that are then outside bounds that phases have
        moved."""
        for r in phase.restores:
            for c in self.e.connections:
                if c.name in r.partly:
                    yield from self.relaxed(c)
            items = [
                f'"{name}": {listed(chosen) if chosen else None}' for name, chosen in r.components
            ]
            options = [
                f"{name}={listed(found)}"
                for name, found in (("without", r.without), ("times", r.times))
                if found
            ]
            yield call("restore", [f'kept["{r.name}"]', "net", "state", mapping(items), *options])
            for c in self.e.connections:
                if c.name in dict(r.components):
                    for name, inside in c.clipped:
                        yield from self.for_each(c.name, f'state("{name}")[:] = "{inside}"')

    def for_each(self, component: str, action: str) -> list[str]:
        """An action on a component's object, or on each of its objects."""
        if component not in self.by_block:
            return [f'net["{component}"].{action}']
        return [
            f'for b in state["blocks of {component}"]:',
            f'    net[f"{component}__{{b}}"].{action}',
        ]

    def relaxed(self, c: Connection) -> Iterator[str]:
        """Bring traces up to date."""
        traces = [t for t in c.traces if not t.advanced]
        for t in traces:
            yield from self.for_each(c.name, f'state("{t.name}")[:] = "{t.now}"')
        if traces:
            yield from self.for_each(c.name, 'lastupdate = "t"')

    def change(self, component: str, phase: Phase) -> Iterator[str]:
        """A phase's new values; until then, traces have relaxed with the old ones."""
        given = in_turn(phase, component)
        c = next((c for c in self.e.connections if c.name == component), None)
        owner = f'net["{component}"]'
        if c is not None:
            yield from self.relaxed(c)
        part = c if c is not None else self.layers[component].group
        if (part and part.varying and component in phase.sets) or component in dict(phase.values):
            yield f"{owner}.set_states(state[{given}], units=False)"
        if c is not None and component in phase.sets:
            yield from (f'{owner}.state("{name}")[:] = "{inside}"' for name, inside in c.clipped)
            for n in c.normalise:
                goal = in_turn(phase, component, n.name)
                yield f'net["{n.name}"].set_states(state[{goal}], units=False)'


def run_doc(e: Experiment) -> str:
    """The docstring of run(net, state)."""
    return "Phase by phase, whose names it yields." if len(e.phases) > 1 else "The whole run."


def is_of(phase: Phase, names: Sequence[str]) -> bool:
    """Whether a phase is one of these phases of the spec, in any turn."""
    return (phase.words or phase.name) in names


def in_turn(phase: Phase, component: str = "", named: str = "") -> str:
    """Code for a phase's name, in the loop over its turns; with a component, also for the key of
    its values, which is named after `named` or after the component."""
    before = f"{named or component} in " if component else ""
    if phase.group and (component in phase.by_turn or not component):
        return f'f"{before}{phase.words} {{turn}}"'
    return f'"{before}{phase.key(component)}"'


def listed(names: Sequence[object]) -> str:
    """A list of names, or of tuples of names."""
    return repr(list(names)).replace("'", '"')
