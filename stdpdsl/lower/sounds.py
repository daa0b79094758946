"""Sounds and filterbanks: the bodies of functions that make them."""

from __future__ import annotations

from ..ir import Audio
from ..language import ast
from ..language.builtins_audio import FILTERS, SOUNDS
from .values import Values


def lower_sounds(values: Values) -> tuple[tuple[Audio, ...], tuple[Audio, ...]]:
    symbols = values.symbols
    sounds = tuple(lower_sound(values, s) for s in symbols.sounds.values())
    banks = tuple(lower_filterbank(values, b) for b in symbols.filterbanks.values())
    return sounds, banks


def lower_sound(values: Values, sound: ast.Sound) -> Audio:
    assert sound.stimuli is not None
    name = sound.name.id
    rate = values.code(sound.samplerate, None) if sound.samplerate else "44100.0"
    maker = SOUNDS[sound.stimuli.func.id]
    given = [values.code(a, None) for a in sound.stimuli.args]
    given += [f"{k.name.id}={word(values, k.value)}" for k in sound.stimuli.kwargs]
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
    return Audio(name, (
        f"samplerate = {rate}",
        f"stimuli, labels = {maker.name}({', '.join(given)})",
        f"return (*sequence(stimuli, labels, samplerate=samplerate{ending}), samplerate)",
    ), from_files="folder" in maker.given)  # fmt: skip


def lower_filterbank(values: Values, bank: ast.Filterbank) -> Audio:
    assert bank.sound is not None
    filters = []
    for call in bank.filters:
        names = [p.name for p in FILTERS[call.func.id].parameters]
        items = [f"{n!r}: {word(values, a)}" for n, a in zip(names, call.args, strict=False)]
        items += [f"{k.name.id!r}: {word(values, k.value)}" for k in call.kwargs]
        filters.append(f"({call.func.id}, {{{', '.join(items)}}})")
    output = f"lambda x: {values.code(bank.output, None, {'x': 'x'})}" if bank.output else "None"
    return Audio(bank.name.id, (
        f"sound = sounds[{bank.sound.id!r}, replicate]",
        f"return filterbank(sound.samples, sound.samplerate, [{', '.join(filters)}], {output})",
    ), bank.sound.id)  # fmt: skip


def word(values: Values, value: ast.Expr) -> str:
    """A value, or a word such as a filter's type."""
    if isinstance(value, ast.Name) and value.id not in values.symbols.globals:
        return repr(value.id)
    return values.code(value, None)
