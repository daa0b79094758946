"""How a plain script makes the stimuli of a sound: `sounds`, a list of arrays of pressures (Pa)."""

from __future__ import annotations

from .literals import is_list

# The docstring of a sound's function.
ABOUT = {
    "tones": "Pure tones",
    "harmoniccomplex": "Harmonic complexes",
    "whitenoise": "White noise",
    "powerlawnoise": "Noise of power 1/f**alpha",
    "pinknoise": "Pink noise",
    "brownnoise": "Brown noise",
    "irns": "Iterated rippled noise",
    "irno": "Iterated rippled noise",
    "clicks": "Clicks",
    "vowels": "Artificial vowels",
    "silence": "Silence",
    "files": "Recordings",
}
# The loop variable for the values of a list.
_ONE = {
    "frequency": "f",
    "f0": "f",
    "duration": "d",
    "phase": "p",
    "alpha": "a",
    "gain": "g",
    "niter": "n",
    "vowel": "v",
}


def stimuli(kind: str, given: dict[str, str], rate: str) -> list[str]:
    """The statements for a call in the spec with these arguments; `rate` is code (Hz)."""
    return Stimuli(given, rate).lines(kind)


def presentation(options: dict[str, str], rate: str, silent: bool) -> list[str]:
    """The statements that present them one after another, and return the samples: `ramp` and `gap`
    (s), `level` (dB SPL) of each, `repeats`, and `shuffled`, the generator. `silent`: whether one
    may be silent, which has no level."""
    lines, one, each = [], "sound", "for sound in sounds"
    shaped = []
    if "ramp" in options:
        lines += [
            f"n = round({options['ramp']} * {rate})",
            "flank = np.sin(np.pi * np.linspace(0, 1, n) / 2) ** 2",
        ]
        shaped += ["sound[:n] *= flank", "sound[len(sound) - n :] *= flank[::-1]"]
    if "level" in options:
        gain = f"10 ** (({options['level']} - 20 * np.log10(rms / 2e-5)) / 20)"
        scaled = [
            "rms = np.sqrt(np.mean((sound - np.mean(sound)) ** 2))",
            f"sound *= {gain}  # dB SPL",
        ]
        shaped += ["if np.ptp(sound) > 0:", *(f"    {x}" for x in scaled)] if silent else scaled
    lines += ["for sound in sounds:", *(f"    {line}" for line in shaped)] if shaped else []
    if "shuffled" in options or "repeats" in options:
        one, each = "sounds[k]", "for k in order"
        lines.append(f"order = np.tile(np.arange(len(sounds)), {options.get('repeats', '1')})")
    if "shuffled" in options:
        draws = f"{options['shuffled']}.random(len(order))"
        lines.append(f'order = order[np.argsort({draws}, kind="stable")]')
    parts = f"[{one} {each}]"
    if "gap" in options:
        lines.append(f"silence = np.zeros(round({options['gap']} * {rate}))")
        parts = f"[silence, *(part {each} for part in ({one}, silence))]"
    return [*lines, f"return np.concatenate({parts})"]


class Stimuli:
    def __init__(self, given: dict[str, str], rate: str):
        self.given, self.rate = dict(given), rate

    def lines(self, kind: str) -> list[str]:
        found: list[str] = getattr(self, kind)()
        return found

    def option(self, name: str, default: str) -> str:
        """An argument that applies to all stimuli."""
        return self.given.pop(name, default)

    def named(self, *names: str) -> str:
        """Arguments that are passed by name, if they are given."""
        return "".join(f", {n}={{{n}}}" for n in names if n in self.given)

    def each(self, element: str, count: str = "1") -> str:
        """A list with one element for each value of the arguments, whose names stand in braces.
        Lists advance together, and single values apply to all."""
        lists = {n: text for n, text in self.given.items() if is_list(text)}
        one = {n: _ONE.get(n, n) for n in lists}
        shown = element.format(**(self.given | one))
        again = f" for _ in range({count})" if count != "1" else ""
        if not lists:
            return f"sounds = [{shown}{again}]"
        values = ", ".join(lists.values())
        if len(lists) > 1:
            values = f"zip(*np.broadcast_arrays({values}))"
        return f"sounds = [{shown} for {', '.join(one.values())} in {values}{again}]"

    def tones(self) -> list[str]:
        if not is_list(self.given["duration"]):
            phase = "{phase} + " if "phase" in self.given else ""
            duration = self.given.pop("duration")
            return [
                f"t = np.arange(round({duration} * {self.rate})) / {self.rate}",
                self.each(f"np.sin({phase}2 * np.pi * {{frequency}} * t)"),
            ]
        phase = ", {phase}" if "phase" in self.given else ""
        return [self.each(f"tone({{frequency}}, {{duration}}, {self.rate}{phase})")]

    def harmoniccomplex(self) -> list[str]:
        more = [f", {n}={self.given.pop(n)}" for n in ("amplitude", "phase") if n in self.given]
        return [self.each(f"harmonic_complex({{f0}}, {{duration}}, {self.rate}{''.join(more)})")]

    def whitenoise(self) -> list[str]:
        count = self.option("count", "1")
        return [self.each(f"rng.standard_normal(round({{duration}} * {self.rate}))", count)]

    def powerlawnoise(self) -> list[str]:
        count, normalise = self.option("count", "1"), self.option("normalise", "False")
        element = f"power_law_noise({{duration}}, {{alpha}}, {self.rate}, rng)"
        lines = [self.each(element, count)]
        if normalise == "True":
            lines.append("sounds = [full_range(sound) for sound in sounds]")
        return lines

    def pinknoise(self) -> list[str]:
        self.given["alpha"] = "1.0"
        return self.powerlawnoise()

    def brownnoise(self) -> list[str]:
        self.given["alpha"] = "2.0"
        return self.powerlawnoise()

    def irns(self, add: str = "same") -> list[str]:
        count = self.option("count", "1")
        arguments = f'{{delay}}, {{gain}}, {{niter}}, {{duration}}, {self.rate}, rng, "{add}"'
        return [self.each(f"rippled_noise({arguments})", count)]

    def irno(self) -> list[str]:
        return self.irns("original")

    def clicks(self) -> list[str]:
        more = self.named("n", "interval", "peak")
        return [self.each(f"click_train({{duration}}, {self.rate}{more})")]

    def vowels(self) -> list[str]:
        self.given = {"pitch": "100.0", "duration": "1.0"} | self.given
        formants = self.option("formants", "FORMANTS[{vowel}]")
        return [self.each(f"vowel({formants}, {{pitch}}, {{duration}}, {self.rate})")]

    def silence(self) -> list[str]:
        return [self.each(f"np.zeros(round({{duration}} * {self.rate}))")]

    def files(self) -> list[str]:
        given = self.given
        chosen = [f", {n}={several(given[n])}" for n in ("categories", "folds") if n in given]
        paths = f"wav_files({given['pattern']})"
        if chosen:
            paths = f"labelled({paths}, {given['labels']}{''.join(chosen)})"
        sound = f"recording(path, {self.rate})"
        if "duration" in given:
            sound = f"fitted({sound}, {given['duration']}, {self.rate})"
        return [f"sounds = [{sound} for path in {paths}]"]


def several(text: str) -> str:
    """A list, even if it has one element."""
    return text if text.startswith("[") else f"[{text}]"
