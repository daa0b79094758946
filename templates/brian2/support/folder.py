"""Where results are written: checked before the simulation, filled beside, renamed at the end."""

import json
import os
import shutil
import zlib
from pathlib import Path

RESULT_FORMAT = "stdpdsl results 3"
TABLES = ("blocks", "weights", "trajectories", "spikes", "responses")
METADATA_BYTES = 64_000_000
RESULT_ENTRIES = (*TABLES, "metadata.json", "script.py", "spec.stdp")


class ResultsError(Exception):
    """Results cannot be written or read; the text says where and why."""


def write_metadata(path, metadata):
    """Write `metadata.json`, with a checksum of all that it says."""
    sealed = {**metadata, "checksum": checksum(metadata)}
    text = json.dumps(sealed, indent=2, ensure_ascii=False) + "\n"
    Path(path).write_text(text, encoding="utf-8")


def bytes_of(path):
    """What a file holds. OSError, or ValueError where it is too long, or no file: to read a pipe
    could take for ever."""
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is no file")
    with path.open("rb") as file:
        data = file.read(METADATA_BYTES + 1)
    if len(data) > METADATA_BYTES:
        raise ValueError(f"{path} has more than {METADATA_BYTES:,} bytes")
    return data


def read_metadata(folder):
    """What a folder's `metadata.json` holds. OSError, or ValueError where it is no JSON, is too
    long or nested too deep, or no file."""
    path = Path(folder) / "metadata.json"
    try:
        return json.loads(bytes_of(path))
    except RecursionError as error:
        raise ValueError(f"{path} is nested too deep") from error


def checksum(metadata):
    """CRC-32 of metadata but for the checksum itself."""
    rest = {key: value for key, value in metadata.items() if key != "checksum"}
    return f"{zlib.crc32(json.dumps(rest, sort_keys=True).encode('utf-8')):08x}"


def footer_checksum(path):
    """CRC-32 of a Parquet file's footer and of its size. Parquet has checksums of pages only, and
    Arrow may end the process over a footer that is damaged."""
    with Path(path).open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 8))
        length = int.from_bytes(file.read(4), "little")
        file.seek(max(0, size - 8 - length))
        return f"{zlib.crc32(file.read(length + 8), size):08x}"


def check_folder(folder, overwrite=False):
    """Raise ResultsError unless results may be put into `folder`; touch nothing."""
    folder = Path(folder)
    try:
        if not folder.exists():
            return
        if not folder.is_dir():
            raise ResultsError(f"{folder}: is a file, not a folder")
        entries = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise ResultsError(f"{folder}: cannot be read: {error.strerror}") from None
    if not entries:
        return
    if not is_result(folder):
        raise ResultsError(
            f"{folder}: is not empty and holds no stdpdsl results; nothing was changed"
        )
    if not overwrite:
        raise ResultsError(
            f"{folder}: already holds results; give another folder, or --overwrite to replace them"
        )
    foreign = [name for name in entries if name not in RESULT_ENTRIES]
    if foreign:
        raise ResultsError(
            f"{folder}: will not be replaced, for it also holds what stdpdsl did not write: "
            + ", ".join(foreign)
        )


def is_result(folder):
    """Whether a folder holds finished stdpdsl results."""
    try:
        metadata = read_metadata(folder)
    except (OSError, ValueError):
        return False
    return isinstance(metadata, dict) and metadata.get("format") == RESULT_FORMAT


def prepare_folder(folder, overwrite=False):
    """Check `folder` and make the empty one beside it that is filled first; return that one."""
    check_folder(folder, overwrite)
    folder = Path(folder).resolve()
    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
    try:
        if partial.exists():  # left over by a process that had this number and was killed
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
    except OSError as error:
        raise ResultsError(f"{partial}: cannot be made: {error.strerror}") from None
    return partial


def publish_folder(partial, folder, overwrite=False):
    """Give the filled folder its final name; an older result goes only once the new one stands."""
    check_folder(folder, overwrite)
    folder = Path(folder).resolve()
    old = folder.with_name(f"{folder.name}.old-{os.getpid()}")
    if folder.exists():
        os.rename(folder, old)
    try:
        os.rename(partial, folder)
    except OSError:
        if old.exists():
            os.rename(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
