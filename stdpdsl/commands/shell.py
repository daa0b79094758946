"""Shell completion of commands, options, rules, presets, error codes and files."""

from __future__ import annotations

import argparse

from .terminal import DONE, USAGE, Stop, say

SHELLS = ("bash", "zsh", "fish")


def completion(options: argparse.Namespace) -> int:
    """Print the script that a shell loads at startup."""
    try:
        import shtab
    except ImportError:
        raise Stop("error: this needs shtab: pip install 'stdpdsl[editor]'", USAGE) from None
    from .arguments import argument_parser

    parser = argument_parser()
    _with_choices(parser)
    say(shtab.complete(parser, options.shell).rstrip("\n") + "\n")
    return DONE


def _with_choices(parser: argparse.ArgumentParser) -> None:
    """Give a parser the possible values of its arguments. This parser is used for completion
    only.
    """
    import shtab

    from ..compiler import library
    from ..language.explanations import codes

    rules = list(library())
    presets = [f"{rule}.{p.name.id}" for rule in rules for p in library()[rule].presets]
    words = {
        ("explain", "code"): codes(),
        ("rules", "name"): rules,
        ("verify", "rules"): rules,
        ("window", "rule"): [*rules, *presets],
    }
    files = {"specs", "spec", "output", "file", "source"}
    folders = {"folder", "folders", "a", "b", "allow_read", "data", "extend", "continues"}
    subparsers = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    for name, sub in subparsers.choices.items():
        for action in sub._actions:
            if (name, action.dest) in words:
                action.choices = words[name, action.dest]
            elif action.dest in files:
                action.complete = shtab.FILE
            elif action.dest in folders:
                action.complete = shtab.DIRECTORY
