"""The sounds and filters of the language, as tables of their arguments.

The functions themselves are in stdpdsl/runtime (sounds.py, filterbanks.py), with the same names and
parameters; a test compares the two.
"""

from __future__ import annotations

from ..dataclass import dataclass

REQUIRED = "required"
SAMPLERATE = 44100.0
"""Of a sound without `samplerate:` (Hz)."""
ORDERS = ("sequential", "shuffled")


@dataclass(frozen=True)
class AudioParameter:
    """One parameter.

    `unit` is "Hz", "s", "Hz/s", "dB" or "1" (no unit); "integer", "text", "bool" for other values.
    `default` is an SI number, a text, None (not given) or REQUIRED. `many`: a list gives several
    stimuli of a sound, or one value per channel of a filter. `values`: a list is one value, such as
    a vowel's formants. `choices`: the allowed texts.
    """

    name: str
    unit: str
    default: object = REQUIRED
    many: bool = False
    values: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class AudioFunction:
    """A sound or a filter. Arguments without a name follow the order of `parameters`.

    `channels` (filters): the longest list among these parameters gives the number of channels.
    Without a list, or with an empty tuple, the number is that of the source. If the source has more
    than one channel, lists must have that many values. `given` (sounds): what the script passes by
    name besides the spec's arguments. `least` is the smallest number of channels.
    """

    name: str
    parameters: tuple[AudioParameter, ...]
    doc: str
    channels: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    least: int = 1

    def parameter(self, name: str) -> AudioParameter | None:
        return next((p for p in self.parameters if p.name == name), None)


def _table(*functions: AudioFunction) -> dict[str, AudioFunction]:
    return {function.name: function for function in functions}


def _many(name: str, unit: str, default: object = REQUIRED) -> AudioParameter:
    return AudioParameter(name, unit, default, many=True)


_NOISE = ("samplerate", "rng")
_DURATION = _many("duration", "s")
_COUNT = AudioParameter("count", "integer", 1)
_NORMALISE = AudioParameter("normalise", "bool", False)

SOUNDS = _table(
    AudioFunction(
        "tones",
        (_many("frequency", "Hz"), _DURATION, _many("phase", "1", 0.0)),
        "Pure tones.",
        given=("samplerate",),
    ),
    AudioFunction(
        "harmoniccomplex",
        (
            _many("f0", "Hz"),
            _DURATION,
            AudioParameter("amplitude", "1", 1.0, values=True),
            AudioParameter("phase", "1", 0.0, values=True),
        ),
        "Tones at the multiples of f0; lists of amplitudes and phases have a value per harmonic.",
        given=("samplerate",),
    ),
    AudioFunction("whitenoise", (_DURATION, _COUNT), "Gaussian white noises.", given=_NOISE),
    AudioFunction(
        "powerlawnoise",
        (_DURATION, _many("alpha", "1"), _NORMALISE, _COUNT),
        "Noises of power 1/f**alpha.",
        given=_NOISE,
    ),
    AudioFunction("pinknoise", (_DURATION, _NORMALISE, _COUNT), "1/f noises.", given=_NOISE),
    AudioFunction("brownnoise", (_DURATION, _NORMALISE, _COUNT), "1/f**2 noises.", given=_NOISE),
    *(
        AudioFunction(
            name,
            (
                _many("delay", "s"),
                _many("gain", "1"),
                _many("niter", "integer"),
                _DURATION,
                _COUNT,
            ),
            doc,
            given=_NOISE,
        )
        for name, doc in (
            ("irns", 'Iterated rippled noises, "add same" (Yost 1996).'),
            ("irno", 'Iterated rippled noises, "add original" (Yost 1996).'),
        )
    ),
    AudioFunction(
        "clicks",
        (
            _DURATION,
            _many("n", "integer", 1),
            _many("interval", "s", None),
            _many("peak", "dB", None),
        ),
        "Trains of n clicks, their onsets one interval apart.",
        given=("samplerate",),
    ),
    AudioFunction(
        "vowels",
        (
            AudioParameter("vowel", "text", None, many=True, choices=("a", "i", "u")),
            AudioParameter("formants", "Hz", None, values=True),
            _many("pitch", "Hz", 100.0),
            _many("duration", "s", 1.0),
        ),
        "Artificial vowels: given by name, or one by its formants.",
        given=("samplerate",),
    ),
    AudioFunction("silence", (_DURATION,), "Silent stimuli.", given=("samplerate",)),
    AudioFunction(
        "files",
        (
            AudioParameter("pattern", "text"),
            AudioParameter("labels", "text", None),
            AudioParameter("column", "text", "category"),
            AudioParameter("categories", "text", None, values=True),
            AudioParameter("folds", "integer", None, values=True),
            AudioParameter("duration", "s", None),
        ),
        "Recordings: the WAV files that match, with a labels file in ESC-50's layout.",
        given=("folder", "samplerate"),
    ),
)


def _drnl_coefficients() -> tuple[AudioParameter, ...]:
    names = ["stape_scale"]
    for part in ("cf_lin", "bw_lin", "cf_nl", "bw_nl", "a", "b", "c", "g"):
        names += [f"{part}_p0", f"{part}_m"]
    for part in ("lp_lin_cutoff", "lp_nl_cutoff"):
        names += [f"{part}_p0", f"{part}_m"]
    numbers = tuple(AudioParameter(name, "1", None) for name in names)
    orders = ("order_linear", "order_nonlinear")
    return numbers + tuple(AudioParameter(name, "integer", None) for name in orders)


_CF = _many("cf", "Hz")
_UPDATE = AudioParameter("update_interval", "integer", 1)
_BAND = AudioParameter("btype", "text", "low", choices=("low", "high", "bandpass", "bandstop"))
_CHIRP = (
    _many("f", "Hz"),
    _many("time_constant", "s"),
    _many("c", "Hz/s", 1),
    _many("phase", "1", 0),
)
_COMPENSATION = (
    _many("f", "Hz"),
    _many("b", "1", 1.019),
    _many("c", "1", 1),
    AudioParameter("ncascades", "integer", 4),
)

FILTERS = _table(
    AudioFunction(
        "gammatone",
        (
            _CF,
            _many("b", "1", 1.019),
            AudioParameter("erb_order", "1", 1),
            AudioParameter("ear_Q", "1", 9.26449),
            AudioParameter("min_bw", "Hz", 24.7),
        ),
        "Fourth-order gammatones (Slaney 1993).",
        channels=("cf", "b"),
    ),
    AudioFunction(
        "approximate_gammatone",
        (_CF, _many("bandwidth", "Hz"), AudioParameter("order", "integer", 4)),
        "Gammatones as cascades of one filter (Hohmann 2002).",
        channels=("cf", "bandwidth"),
    ),
    AudioFunction(
        "log_gammachirp",
        _COMPENSATION,
        "Gammachirps with a logarithmic sweep (Unoki et al. 2001).",
        channels=("f", "b", "c"),
    ),
    AudioFunction(
        "linear_gammachirp",
        _CHIRP,
        "Gammachirps with a linear sweep (Wagner et al. 2009).",
        channels=("f", "time_constant", "c", "phase"),
    ),
    AudioFunction(
        "linear_gaborchirp",
        _CHIRP,
        "Chirps with a Gaussian envelope (Wagner et al. 2009).",
        channels=("f", "time_constant", "c", "phase"),
    ),
    AudioFunction(
        "asymmetric_compensation",
        _COMPENSATION,
        "What turns a gammatone into a gammachirp (Unoki et al. 2001).",
        channels=("f", "b", "c"),
    ),
    AudioFunction(
        "low_pass", (_many("fc", "Hz"),), "First-order low-pass filters.", channels=("fc",)
    ),
    AudioFunction(
        "butterworth",
        (
            AudioParameter("order", "integer"),
            _many("fc", "Hz"),
            _BAND,
            _many("fc_high", "Hz", None),
        ),
        "Butterworth filters; bandpass and bandstop reach from fc to fc_high.",
        channels=("fc", "fc_high"),
    ),
    AudioFunction(
        "iir",
        (
            _many("passband", "Hz"),
            _many("stopband", "Hz"),
            _many("gpass", "dB"),
            _many("gstop", "dB"),
            _BAND,
            AudioParameter(
                "ftype", "text", "ellip", choices=("ellip", "butter", "cheby1", "cheby2")
            ),
            _many("passband_high", "Hz", None),
            _many("stopband_high", "Hz", None),
        ),
        "Filters designed from their pass and stop bands.",
        channels=(
            "passband",
            "stopband",
            "gpass",
            "gstop",
            "passband_high",
            "stopband_high",
        ),
    ),
    AudioFunction(
        "middle_ear",
        (_many("gain", "1", 1),),
        "The middle ear (Tan & Carney 2003).",
        channels=("gain",),
    ),
    AudioFunction(
        "fractional_delay",
        (_many("delays", "s"), AudioParameter("filter_length", "integer", None)),
        "Delays by fractions of a sample.",
        channels=("delays",),
    ),
    AudioFunction(
        "fir",
        (AudioParameter("impulse_response", "1", values=True),),
        "Any finite impulse response, one value per sample.",
    ),
    AudioFunction(
        "drnl",
        (
            _CF,
            AudioParameter("type", "text", "human", choices=("human", "guinea pig")),
            *_drnl_coefficients(),
        ),
        "The dual-resonance nonlinear filter (Lopez-Poveda & Meddis 2001).",
        channels=("cf",),
    ),
    AudioFunction(
        "dcgc",
        (
            _CF,
            _UPDATE,
            AudioParameter("decay_tcst", "s", None),
            AudioParameter("order_gc", "integer", None),
            *(
                AudioParameter(name, "1", None)
                for name in (
                    *("b1", "c1", "b2", "c2", "lev_weight", "level_ref", "level_pwr1"),
                    *("level_pwr2", "RMStoSPL", "frat0", "frat1", "lct_ERB", "frat_control"),
                )
            ),
        ),
        "The dynamic compressive gammachirp (Irino & Patterson 2001).",
        channels=("cf",),
        least=2,
    ),
    AudioFunction(
        "tan_carney",
        (
            _CF,
            _UPDATE,
            AudioParameter("fc_LP_control", "Hz", None),
            AudioParameter("fc_LP_fb", "Hz", None),
            AudioParameter("average_control", "1", None),
        ),
        "The inner hair cell (Tan & Carney 2003), behind middle_ear, at 50 kHz.",
        channels=("cf",),
    ),
    AudioFunction(
        "zhang_synapse",
        (
            _CF,
            AudioParameter("spont", "Hz", 50.0),
            AudioParameter("A_SS", "Hz", 130.0),
            AudioParameter("tau_ST", "s", 0.06),
            AudioParameter("tau_R", "s", 0.002),
            AudioParameter("A_RST", "1", 6.0),
            AudioParameter("PTS", "1", 8.627),
            AudioParameter("P_Imax", "1", 0.6),
        ),
        "The hair cell's synapse (Zhang et al. 2001): voltage to firing rate in Hz.",
        channels=("cf",),
    ),
)
