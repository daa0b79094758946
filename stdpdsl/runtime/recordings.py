"""Stimuli that are recordings: WAV files, with labels from a table."""

import csv
import glob
import os
import struct
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np

from .errors import fail
from .sounds import sample_count

# Upper limits, because a recording may come from a stranger.
WAV_BYTES = 1_000_000_000
WAV_RATES = (1_000, 1_000_000)  # Hz
WAV_SAMPLES = 100_000_000
SAMPLES_OF_FILES = 500_000_000  # of all together
LABELS_BYTES = 100_000_000


def files(
    pattern,
    labels=None,
    column="category",
    categories=None,
    folds=None,
    duration=None,
    *,
    folder,
    samplerate,
):
    """The WAV files under `folder` that match `pattern` (`**` for any depth), sorted by path.

    Stereo becomes the mean of its channels, integers become -1 to 1 Pa, any rate is resampled to
    `samplerate` (Hz). `duration` (s) cuts each recording or pads it with zeros. `labels` is a CSV
    file under `folder` in ESC-50's layout (filename, fold, target, category, …): the text in
    `column` becomes the label, and `categories` and `folds` keep only the files with those. Without
    a labels file, the label is the file's name.
    """
    paths = sorted(glob.glob(pattern, root_dir=folder, recursive=True))
    paths = [path for path in paths if path.lower().endswith((".wav", ".wave"))]
    if not paths:
        fail(f"no WAV file matches '{pattern}' in {Path(folder).resolve()}")
    names = {path: Path(path).stem for path in paths}
    if labels is None and (categories is not None or folds is not None):
        fail("files: categories and folds need a labels file")
    if labels is not None:
        table = read_labels(Path(folder) / labels, column)
        names = chosen_files(paths, table, labels, column, categories, folds)
    stimuli, total = [], 0
    for path in names:
        stimuli.append(read_wav(Path(folder) / path, samplerate))
        total += len(stimuli[-1])
        if total > SAMPLES_OF_FILES:
            fail(f"the files that match '{pattern}' have more than {SAMPLES_OF_FILES:,} samples")
    if duration is not None:
        count = sample_count(duration, samplerate)
        stimuli = [np.concatenate([x[:count], np.zeros(max(count - len(x), 0))]) for x in stimuli]
    return stimuli, list(names.values())


def read_labels(path, column):
    """The rows of a labels file, by file name: {"1-100032-A-0.wav": {"category": "dog", …}, …}."""
    try:
        few_bytes(path, LABELS_BYTES)
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        fail(f"cannot read the labels file {path}: {error.strerror}")
    except (UnicodeDecodeError, csv.Error) as error:
        fail(f"the labels file {path} is not CSV in UTF-8: {error}")
    if not rows:
        fail(f"the labels file {path} has no rows")
    for needed in ("filename", column):
        if needed not in rows[0]:
            found = ", ".join(str(name) for name in rows[0])
            fail(f"the labels file {path} has no column '{needed}'; it has {found}")
    return {row["filename"]: row for row in rows}


def chosen_files(paths, table, labels, column, categories, folds):
    """The label of each path that `categories` and `folds` select, in the order of `paths`."""
    chosen = {}
    for path in paths:
        row = table.get(Path(path).name)
        if row is None:
            fail(f"the labels file {labels} has no row for {Path(path).name}")
        if categories is not None and row.get("category") not in np.atleast_1d(categories):
            continue
        if folds is not None and row.get("fold") not in [str(int(f)) for f in np.atleast_1d(folds)]:
            continue
        chosen[path] = row[column]
    if not chosen:
        fail(f"the labels file {labels} leaves none of {len(paths)} files with these categories")
    return chosen


def few_bytes(path, most):
    """Refuse a file that is too large to be read."""
    size = os.path.getsize(path)
    if size > most:
        fail(f"{path} has {size:,} bytes; at most {most:,} are read")


def read_wav(path, samplerate):
    """One WAV file as mono samples from -1 to 1 at `samplerate` (Hz)."""
    from scipy.io import wavfile

    try:
        few_bytes(path, WAV_BYTES)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Chunk .* not understood")
            warnings.filterwarnings("error", message="Reached EOF prematurely")
            rate, data = wavfile.read(path)
    except wavfile.WavFileWarning as error:
        fail(f"{path} is cut off: {error}")
    except (OSError, ValueError, EOFError, MemoryError, struct.error) as error:
        fail(f"cannot read {path}: {error}")
    if rate <= 0 or len(data) == 0:
        fail(f"{path} has no samples")
    # Between very different rates, a short file would become a long sound or need a long filter.
    low, high = WAV_RATES
    if not low <= rate <= high:
        fail(f"{path} has {rate:,} samples per second; from {low:,} to {high:,} are read")
    if max(data.size, len(data) / rate * samplerate) > WAV_SAMPLES:
        fail(f"{path} has more than {WAV_SAMPLES:,} samples at {samplerate:g} Hz")
    sound = unit_range(data)
    if sound.ndim > 1:
        sound = sound.mean(axis=1)
    if not np.isfinite(sound).all():
        fail(f"{path} has samples that are not finite")
    return resampled(sound, rate, samplerate)


def unit_range(data):
    """Samples as float64: integers scaled to -1 to 1 (8-bit WAV is unsigned), floats unchanged."""
    if data.dtype == np.uint8:
        return (data.astype(np.float64) - 128.0) / 128.0
    if np.issubdtype(data.dtype, np.integer):
        return data / float(2 ** (8 * data.dtype.itemsize - 1))
    return data.astype(np.float64)


def resampled(sound, rate, samplerate):
    """`sound` from `rate` to `samplerate` (Hz) by a polyphase filter (scipy's resample_poly)."""
    from scipy.signal import resample_poly

    ratio = Fraction(samplerate).limit_denominator(1000) / int(rate)
    if ratio == 1:
        return sound
    return resample_poly(sound, ratio.numerator, ratio.denominator)
