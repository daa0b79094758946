"""Where results are written: checked before the simulation, filled under a temporary name, renamed
at the end."""

import json
import os
import re
import uuid
import zlib
from pathlib import Path

RESULT_FORMAT = "stdpdsl results 3"
TABLES = ("blocks", "parameters", "weights", "trajectories", "spikes", "responses", "state")
METADATA_BYTES = 64_000_000
RESULT_TEXTS = ("script.py", "spec.stdp")
RESULT_PART = re.compile(r"part-\d{5,}\.parquet")
LEFT_BY_SYSTEMS = re.compile(r"\.nfs\w+|\.DS_Store")


class ResultsError(Exception):
    """Results cannot be written or read. The text says where and why."""


def write_metadata(path, metadata):
    """Write `metadata.json`, with a checksum of its contents."""
    sealed = {**metadata, "checksum": checksum(metadata)}
    text = json.dumps(sealed, indent=2, ensure_ascii=False) + "\n"
    Path(path).write_text(text, encoding="utf-8")


def bytes_of(path):
    """The contents of a file. Raises OSError, or ValueError if it is too long or not a regular
    file: reading a pipe could block for ever."""
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is not a regular file")
    with path.open("rb") as file:
        data = file.read(METADATA_BYTES + 1)
    if len(data) > METADATA_BYTES:
        raise ValueError(f"{path} has more than {METADATA_BYTES:,} bytes")
    return data


def read_metadata(folder):
    """The contents of a folder's `metadata.json`. Raises OSError, or ValueError if it is not JSON,
    is too long, is nested too deeply or is not a regular file."""
    path = Path(folder) / "metadata.json"
    try:
        return json.loads(bytes_of(path))
    except RecursionError as error:
        raise ValueError(f"{path} is nested too deep") from error


def checksum(metadata):
    """CRC-32 of metadata without the checksum itself."""
    rest = {key: value for key, value in metadata.items() if key != "checksum"}
    return f"{zlib.crc32(json.dumps(rest, sort_keys=True).encode('utf-8')):08x}"


def footer_checksum(path):
    """CRC-32 of a Parquet file's footer and of its size. Parquet has checksums of pages only, and
    Arrow may crash on a damaged footer."""
    with Path(path).open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 8))
        length = int.from_bytes(file.read(4), "little")
        file.seek(max(0, size - 8 - length))
        return f"{zlib.crc32(file.read(length + 8), size):08x}"


def text_checksum(path):
    """CRC-32 of a text file, byte for byte."""
    return f"{zlib.crc32(bytes_of(Path(path))):08x}"


def check_folder(folder, overwrite=False):
    """Raise ResultsError unless results may be put into `folder`; change nothing."""
    folder = Path(folder)
    try:
        beside(folder.resolve(), "partial").exists()  # the name is too long
        if not folder.exists():
            return
        if not folder.is_dir():
            raise ResultsError(f"{folder}: is a file, not a folder")
        if not any(folder.iterdir()):
            return
        if not is_result(folder):
            raise ResultsError(
                f"{folder}: is not empty and contains no stdpdsl results; nothing was changed"
            )
        if not overwrite:
            raise ResultsError(
                f"{folder}: already holds results; give another folder, or --overwrite to replace"
                " them"
            )
        foreign = foreign_in(folder)
    except OSError as error:
        raise ResultsError(f"{folder}: cannot be read: {error.strerror}") from None
    if foreign:
        more = f" and {len(foreign) - 3:,} more" if len(foreign) > 3 else ""
        raise ResultsError(
            f"{folder}: will not be replaced, because it also has files that stdpdsl did not"
            " write, or"
            f" that were changed: {', '.join(foreign[:3])}{more}; move them elsewhere first"
        )


def beside(folder, kind):
    """A sibling folder with an unused name for work in progress: `results.partial-1f0c3a9e`."""
    return folder.with_name(f"{folder.name}.{kind}-{uuid.uuid4().hex[:8]}")


def foreign_in(folder):
    """What a results folder contains that stdpdsl did not write, by path from the folder: what its
    metadata do not list, and what has another checksum. Raises OSError or ValueError."""
    listed = listed_in(read_metadata(folder))

    def is_foreign(name, path):
        if path.is_dir() and not path.is_symlink():
            return name not in TABLES
        return name not in listed or not listed[name](path)

    return foreign_below(folder, is_foreign)


def foreign_below(folder, is_foreign):
    """The names of everything in and below a folder for which `is_foreign(name, path)` is true."""
    found, folder = [], Path(folder)
    for parent, *inside in os.walk(folder):
        for entry in sorted(sum(inside, [])):
            path = Path(parent, entry)
            name = path.relative_to(folder).as_posix()
            left = LEFT_BY_SYSTEMS.fullmatch(entry) and not path.is_dir()
            if not left and is_foreign(name, path):
                found.append(name)
    return found


def listed_in(metadata):
    """{name: whether the file at a path is as it was written} of all files of results, by their
    metadata, which may come from a stranger."""

    def has(sum_of, expected):
        def is_as_written(path):
            try:
                return path.is_file() and not path.is_symlink() and sum_of(path) == expected
            except (OSError, ValueError):
                return False

        return is_as_written

    listed = {"metadata.json": lambda path: metadata.get("checksum") == checksum(metadata)}
    for name, expected in entries_of(metadata.get("texts")):
        if name in RESULT_TEXTS:
            listed[name] = has(text_checksum, expected)
    for table, parts in entries_of(metadata.get("footers")):
        for part, expected in entries_of(parts):
            if table in TABLES and RESULT_PART.fullmatch(part):
                listed[f"{table}/{part}"] = has(footer_checksum, expected)
    return listed


def entries_of(value):
    """The items of what should be a dictionary."""
    return value.items() if isinstance(value, dict) else ()


def remove_but(folder, foreign):
    """Delete a folder except for the named files in it. What cannot be deleted stays."""
    folder = Path(folder)
    spared = {folder / name for name in foreign}
    for parent, *inside in os.walk(folder, topdown=False):
        for path in (Path(parent, entry) for entry in sum(inside, [])):
            try:
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                elif path not in spared:
                    path.unlink()
            except OSError:  # the folder is not empty
                continue
    try:
        folder.rmdir()
    except OSError:
        pass


def is_result(folder):
    """Whether a folder holds finished stdpdsl results."""
    try:
        metadata = read_metadata(folder)
    except (OSError, ValueError):
        return False
    return isinstance(metadata, dict) and metadata.get("format") == RESULT_FORMAT


def prepare_folder(folder, overwrite=False):
    """Check `folder`, make the empty temporary folder beside it, and return that one."""
    check_folder(folder, overwrite)
    partial = beside(Path(folder).resolve(), "partial")
    try:
        partial.mkdir(parents=True)
    except OSError as error:
        raise ResultsError(f"{partial}: cannot be created: {error.strerror}") from None
    return partial


def publish_folder(partial, folder, overwrite=False):
    """Give the filled folder its final name. An older result is deleted only once the new one is in
    place."""
    check_folder(folder, overwrite)
    folder = Path(folder).resolve()
    old = beside(folder, "old")
    if folder.exists():
        os.rename(folder, old)
    try:
        os.rename(partial, folder)
    except OSError:
        if old.exists():
            os.rename(old, folder)
        raise
    if old.exists():  # together with what has been added to it meanwhile
        remove_but(old, foreign_in(old) if is_result(old) else ())
