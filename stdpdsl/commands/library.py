"""Commands about the rules of the library."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from .reading import writing
from .terminal import (
    DONE,
    SIMULATION_FAILED,
    SPEC_WRONG,
    USAGE,
    Stop,
    columns,
    complain,
    is_terminal,
    note,
    say,
    tell,
)


def rules(options: argparse.Namespace) -> int:
    """List the rules of the library, or print all about one rule."""
    import json

    from ..compiler import library
    from ..library import catalogue as rulebook

    if options.name:
        _known_rule(options.name, library())
        rule = library()[options.name]
        found = rulebook.as_json(rule) if options.format == "json" else rulebook.page(rule)
        say(found if isinstance(found, str) else json.dumps(found, indent=2) + "\n")
    elif options.format == "json":
        say(json.dumps([rulebook.as_json(r) for r in library().values()], indent=2) + "\n")
    else:
        say(rulebook.listing(library(), columns(sys.stdout, 100)))
    return DONE


def _known_rule(name: str, rules: Iterable[str]) -> None:
    from ..library.catalogue import unknown

    if name not in rules:
        raise Stop(f"error: {unknown(name, rules)}", USAGE)


def window(options: argparse.Namespace) -> int:
    """Simulate a rule's STDP window; draw it, or print it."""
    import importlib.util

    from ..compiler import library
    from ..execution.progress import Progress
    from ..execution.temporary_run import RunFailed
    from ..outputs import check_output, write_output
    from ..window.curves import curves
    from ..window.request import Misasked, asked
    from ..window.show import draw, table
    from ..window.spec import NO_WINDOW, PROTOCOLS, Protocol

    try:
        what = asked(options.rule, options.settings, library())
    except Misasked as error:
        raise Stop(f"error: {error}", USAGE) from None
    path = Path(options.output) if options.output else None
    if path and path.suffix not in (".png", ".svg"):
        raise Stop(f"{path}: error: a window can be drawn as .png or .svg only", USAGE)
    if path and not importlib.util.find_spec("matplotlib"):
        raise Stop("error: drawing needs matplotlib: pip install matplotlib", USAGE)
    if why := NO_WINDOW.get(what.rule.name.id):
        raise Stop(f"error: there is no STDP window: `{what.rule.name.id}` {why}", SPEC_WRONG)
    if path:
        with writing(path):
            check_output(path, path.suffix, "window")
    usual = PROTOCOLS.get(what.rule.name.id, Protocol())
    protocol = Protocol(
        options.pairs or usual.pairs,
        options.rate or usual.rate,
        options.reach / 1e3 if options.reach else usual.reach,
        100 if path else 20,
    )
    terminal = is_terminal(sys.stderr)
    try:
        with Progress(tell, terminal, lambda _: None) as progress:
            on_event = progress if terminal else lambda _: None
            found = curves(what, protocol, options.target, on_event)
    except RunFailed as error:
        raise Stop(f"error: {error}", error.status) from None
    if path is None:
        say(table(what, protocol, found))
        return DONE
    with writing(path):
        image = draw(what, protocol, found, path.suffix)
        write_output(path, image, path.suffix, "window")
    note(f"wrote {path}\n")
    return DONE


def verify(options: argparse.Namespace) -> int:
    """Replay published results; print the published and the obtained numbers."""
    import json

    from ..execution.progress import Progress
    from ..verify import VERIFICATIONS, report
    from ..verify.replay import Replays, specs_of

    for name in options.rules:
        _known_rule(name, VERIFICATIONS)
    chosen = [VERIFICATIONS[n] for n in dict.fromkeys(options.rules)] or [*VERIFICATIONS.values()]
    specs = specs_of(chosen)
    if options.list:
        width = max(len(v.rule) for v in chosen)
        say("".join(f"{v.rule:<{width}}  {', '.join(specs_of([v])) or '-'}\n" for v in chosen))
        return DONE

    def announce(spec: str) -> None:
        progress.end()
        complain(f"running {spec} ({specs.index(spec) + 1} of {len(specs)})")

    terminal = is_terminal(sys.stderr)
    outcomes = []
    with (
        Progress(tell, terminal, lambda _: None) as progress,
        Replays(options.target, announce, progress if terminal else lambda _: None) as replays,
    ):
        for verification in chosen:
            outcomes.append((verification, replays.of(verification)))
            progress.end()
            if options.format == "text":
                say(report.text(*outcomes[-1]) + "\n")
    if options.format == "json":
        say(json.dumps([report.as_json(*o) for o in outcomes], indent=2) + "\n")
    else:
        say(report.summary(outcomes) + "\n")
    good = all(one.ok for _, replayed in outcomes for one in replayed)
    return DONE if good else SIMULATION_FAILED
