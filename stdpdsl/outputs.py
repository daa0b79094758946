"""Files that commands write under a name given by the user. None replaces a file of the user's.

What stdpdsl writes ends with a seal, a checksum of everything before it. A file is replaced only if
it has a correct seal of the same kind: then stdpdsl wrote it, and nobody has changed it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path

_END_OF_PNG = b"\0\0\0\0IEND\xaeB`\x82"
_SEALS = {
    ".py": (b"# ", b"\n", b""),
    ".html": (b"<!-- ", b" -->\n", b""),
    ".svg": (b"<!-- ", b" -->\n", b""),
    ".pdf": (b"% ", b"\n", b""),
    ".png": (b"tEXtComment\0", b"", _END_OF_PNG),
}
"""The bytes before a seal's words, those after the words, and those after the seal, by file
type."""


class NotReplaced(Exception):
    """A file is left as it is. The text says why."""


def check_output(path: Path, form: str, kind: str) -> None:
    """Raise NotReplaced if `path` is a file that is not a `kind` of ours, such as "report", in a
    form such as ".html". A device or a pipe may be written to. May raise OSError."""
    if path.is_file() and path.stat().st_size and not _is_ours(path.read_bytes(), form, kind):
        raise NotReplaced(
            f"{path}: error: exists, but is not a {kind} that stdpdsl wrote, or was changed since;"
            " choose another name, or delete it first"
        )


def write_output(path: Path, data: bytes, form: str, kind: str) -> None:
    """Write a file with its seal. Raises NotReplaced as above, or OSError."""
    check_output(path, form, kind)
    write_whole(path, data if _is_ours(data, form, kind) else sealed(data, form, kind))


def sealed(data: bytes, form: str, kind: str) -> bytes:
    """The contents of a file with its seal."""
    end = _SEALS[form][2]
    body = data.removesuffix(end)
    return body + _seal(body, form, kind) + end


def write_new(path: Path, data: bytes) -> None:
    """Write a file that does not exist yet, whole. Raises NotReplaced if it exists, or OSError."""
    if os.path.lexists(path):
        raise NotReplaced(f"{path}: error: exists already; give another name, or delete it first")
    write_whole(path, data)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file atomically: afterwards it has either its old contents or all of `data`. A link
    stays a link; what is not a file, such as a pipe, is written to. May raise OSError."""
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    path = path.resolve()
    mode = path.stat().st_mode if path.exists() else 0o666 & ~_umask()
    coming = tempfile.NamedTemporaryFile(dir=path.parent, prefix=".stdpdsl-", delete=False)
    try:
        with coming:
            coming.write(data)
        os.chmod(coming.name, mode)
        os.replace(coming.name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(coming.name)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _seal(body: bytes, form: str, kind: str) -> bytes:
    before, behind, _ = _SEALS[form]
    seal = before + f"stdpdsl {kind} {hashlib.sha256(body).hexdigest()[:8]}".encode() + behind
    if form == ".png":  # a chunk: its length without its name, and its checksum
        return (len(seal) - 4).to_bytes(4, "big") + seal + zlib.crc32(seal).to_bytes(4, "big")
    return seal


def _is_ours(data: bytes, form: str, kind: str) -> bool:
    sealed = data.removesuffix(_SEALS[form][2])
    length = len(_seal(b"", form, kind))
    return sealed[-length:] == _seal(sealed[:-length], form, kind)
