"""Locks on folders, so that two runs do not write the same results."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .errors import Busy, JobError


@contextmanager
def locked(folder: Path, exclusive: bool, name: str = "lock") -> Iterator[None]:
    """Hold a lock in the folder, which is created if needed. The lock of a dead process does
    not count.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = _lock_file(folder / name, exclusive)
    except OSError as error:
        raise JobError(f"{folder}: cannot be written: {error.strerror}") from None
    with file:
        yield


def locks_hold(folder: Path, name: str) -> bool:
    """Whether locks work here: a lock of this process keeps others out."""
    try:
        _lock_file(folder / name, exclusive=True).close()
    except Busy:
        return True
    return False


def _lock_file(path: Path, exclusive: bool) -> IO[str]:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
        try:
            _flock(file, exclusive)
        except BlockingIOError:
            file.seek(0)
            owner = file.read().strip() or "another process"
            file.close()
            raise Busy(f"{path.parent}: is in use by {owner}") from None
        try:
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                file.truncate(0)
                file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
                file.flush()
                return file
        except FileNotFoundError:
            pass
        file.close()  # its owner has just deleted it


def _flock(file: IO[str], exclusive: bool) -> None:
    """Lock a file. BlockingIOError if another process holds the lock. No lock is taken if the
    file system has none.
    """
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # a file system without locks
        return
