"""Sounds and filterbanks: the bodies of functions that make them."""

from __future__ import annotations

from ..ir import Audio
from ..language import ast
from ..language.builtins_audio import FILTERS, SAMPLERATE, SOUNDS, AudioFunction, AudioParameter
from .values import Values


def lower_sounds(values: Values) -> tuple[tuple[Audio, ...], tuple[Audio, ...]]:
    symbols = values.symbols
    sounds = tuple(lower_sound(values, s) for s in symbols.sounds.values())
    banks = tuple(lower_filterbank(values, b) for b in symbols.filterbanks.values())
    return sounds, banks


def lower_sound(values: Values, sound: ast.Sound) -> Audio:
    assert sound.stimuli is not None
    name = sound.name.id
    rate = values.code(sound.samplerate, None) if sound.samplerate else repr(SAMPLERATE)
    maker = SOUNDS[sound.stimuli.func.id]
    arguments = arguments_of(values, sound.stimuli, maker)
    positional = len(sound.stimuli.args)
    given = [code for _, code in arguments[:positional]]
    given += [f"{name}={code}" for name, code in arguments[positional:]]
    extra = {
        "rng": f"stream({name!r}, 'stimuli', replicate)", "folder": "data",
        "samplerate": "samplerate",
    }  # fmt: skip
    given += [f"{key}={extra[key]}" for key in maker.given]
    options = [
        f"{key}={values.code(value, None)}"
        for key, value in (
            ("ramp", sound.ramp), ("gap", sound.gap), ("level", sound.level),
            ("repeats", sound.repeats),
        )
        if value is not None
    ]  # fmt: skip
    if sound.order and sound.order.id == "shuffled":
        options += ["order='shuffled'", f"rng=stream({name!r}, 'order', replicate)"]
    ending = "".join(f", {option}" for option in options)
    return Audio(name=name, code=(
        f"samplerate = {rate}",
        f"stimuli, labels = {maker.name}({', '.join(given)})",
        f"return (*sequence(stimuli, labels, samplerate=samplerate{ending}), samplerate)",
    ), from_files="folder" in maker.given)  # fmt: skip


def lower_filterbank(values: Values, bank: ast.Filterbank) -> Audio:
    assert bank.sound is not None
    filters = []
    for call in bank.filters:
        arguments = arguments_of(values, call, FILTERS[call.func.id])
        items = [f"{name!r}: {code}" for name, code in arguments]
        filters.append(f"({call.func.id}, {{{', '.join(items)}}})")
    output = f"lambda x: {values.code(bank.output, None, {'x': 'x'})}" if bank.output else "None"
    return Audio(name=bank.name.id, code=(
        f"sound = sounds[{bank.sound.id!r}, replicate]",
        f"return filterbank(sound.samples, sound.samplerate, [{', '.join(filters)}], {output})",
    ), sound=bank.sound.id)  # fmt: skip


def arguments_of(values: Values, call: ast.Call, function: AudioFunction) -> list[tuple[str, str]]:
    """The name and the code of each argument, in the order in which they are written."""
    known = {p.name: p for p in function.parameters}
    pairs = list(zip(known, call.args, strict=False))
    pairs += [(k.name.id, k.value) for k in call.kwargs]
    return [(name, argument(values, known[name], expr)) for name, expr in pairs]


def argument(values: Values, parameter: AudioParameter, expr: ast.Expr) -> str:
    """Code of an argument. A name is a word where the parameter takes words, whatever else in the
    spec has that name."""
    if parameter.unit not in ("text", "bool"):
        return values.code(expr, None)
    if isinstance(expr, ast.ListExpr):
        return f"[{', '.join(argument(values, parameter, item) for item in expr.items)}]"
    assert isinstance(expr, ast.Name | ast.StringExpr)
    text = expr.id if isinstance(expr, ast.Name) else expr.value
    return str(text == "true") if parameter.unit == "bool" else repr(text)
