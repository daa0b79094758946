"""From the simulated objects to the tables."""

import json
import sys

import numpy as np

from errors import fail


def relaxed(values, still, slope_sum, age):
    """A linear trace `age` (s) after its last update: its rate of change is `still` at 0 and
    `slope_sum` at 1."""
    slope = slope_sum - still
    offset = still / slope
    return (values + offset) * np.exp(slope * age) - offset


def say(events, **event):
    """One line on standard output: JSON for the program that started this, else plain."""
    if events:
        print(json.dumps(event), flush=True)
    elif event["event"] == "progress":
        print(f"{event['t']:.3g} of {event['duration']:.3g} s simulated", flush=True)
    else:
        print(event.get("text") or event.get("name") or event.get("folder"), flush=True)


def reporter(events):
    """A report function for Network.run."""

    def report(elapsed, completed, start, duration):
        total = float(duration)
        say(events, event="progress", t=completed * total, duration=total, elapsed=float(elapsed))

    return report


def set_values(group, name, values):
    """Set a variable by its name: `group.name = values` would replace an attribute such as
    `source` or `events` where a variable is called so."""
    group.state(name)[:] = values


def finite_blocks(values, block, blocks):
    """Which blocks have only finite values."""
    good = np.ones(blocks, dtype=bool)
    good[np.unique(block[~np.isfinite(values)])] = False
    return good


def clipped(values, low, high, name):
    """Initial values, moved into their bounds with a warning."""
    inside = np.clip(values, low, high)
    if not np.array_equal(inside, values):
        print(f"warning: initial values of {name} outside its bounds were clipped", file=sys.stderr)
    return inside


def constants_used(parts):
    """{name: value} of the external names in the code that was run, read from the code itself."""
    found = {}
    for part in parts:
        for code in part.code_objects:
            for name, variable in code.variables.items():
                if type(variable).__name__ == "Constant":
                    found[name] = float(variable.value)
    return found


def audit(what, effective, wanted):
    """Fail where a simulated object ran with something else than the table says."""
    wanted = np.broadcast_to(np.asarray(wanted, dtype=float), np.shape(effective))
    if not np.array_equal(np.asarray(effective, dtype=float), wanted):
        fail(f"the network ran with other values of {what} than the table says")


def audit_constants(owner, namespace, parts):
    """The constants that the generated code of an object holds are those it was given."""
    used = constants_used(parts)
    for name, value in namespace.items():
        if name in used:
            audit(f"{owner}.{name}", np.asarray(used[name]), float(value))
