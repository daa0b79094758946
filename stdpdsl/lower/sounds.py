"""Sounds and filterbanks: the functions that make them, and code of their arguments."""

from __future__ import annotations

from ..ir import Filterbank, Sound
from ..language import ast
from ..language.builtins_audio import FILTERS, SAMPLERATE, SOUNDS, AudioFunction, AudioParameter
from .values import Values


def lower_sounds(values: Values) -> tuple[tuple[Sound, ...], tuple[Filterbank, ...]]:
    symbols = values.symbols
    sounds = tuple(lower_sound(values, s) for s in symbols.sounds.values())
    banks = tuple(lower_filterbank(values, b) for b in symbols.filterbanks.values())
    return sounds, banks


def lower_sound(values: Values, sound: ast.Sound) -> Sound:
    assert sound.stimuli is not None
    maker = SOUNDS[sound.stimuli.func.id]
    options = {"ramp": sound.ramp, "gap": sound.gap, "level": sound.level, "repeats": sound.repeats}
    return Sound(
        name=sound.name.id,
        samplerate=values.code(sound.samplerate, None) if sound.samplerate else repr(SAMPLERATE),
        function=maker.name,
        arguments=tuple(arguments_of(values, sound.stimuli, maker)),
        position=len(sound.stimuli.args),
        options=tuple((k, values.code(v, None)) for k, v in options.items() if v is not None),
        shuffled=sound.order is not None and sound.order.id == "shuffled",
        from_files="folder" in maker.given,
    )


def lower_filterbank(values: Values, bank: ast.Filterbank) -> Filterbank:
    assert bank.sound is not None
    return Filterbank(
        name=bank.name.id,
        sound=bank.sound.id,
        filters=tuple(
            (call.func.id, tuple(arguments_of(values, call, FILTERS[call.func.id])))
            for call in bank.filters
        ),
        output=values.code(bank.output, None, {"x": "x"}) if bank.output else "",
    )


def arguments_of(values: Values, call: ast.Call, function: AudioFunction) -> list[tuple[str, str]]:
    """The name and the code of each argument, in written order."""
    known = {p.name: p for p in function.parameters}
    pairs = list(zip(known, call.args, strict=False))
    pairs += [(k.name.id, k.value) for k in call.kwargs]
    return [(name, argument(values, known[name], expr)) for name, expr in pairs]


def argument(values: Values, parameter: AudioParameter, expr: ast.Expr) -> str:
    """Code for an argument. If the parameter takes words, a name is a word, even if something in
    the spec has that name."""
    if parameter.unit not in ("text", "bool"):
        return values.code(expr, None)
    if isinstance(expr, ast.ListExpr):
        return f"[{', '.join(argument(values, parameter, item) for item in expr.items)}]"
    assert isinstance(expr, ast.Name | ast.StringExpr)
    text = expr.id if isinstance(expr, ast.Name) else expr.value
    return str(text == "true") if parameter.unit == "bool" else repr(text)
