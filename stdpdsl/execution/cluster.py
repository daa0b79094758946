"""Runs shards on many machines with Dask. Each shard is a task, so a lost worker loses only its own
shards.

A worker runs `remote.py`, which is sent with the task.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from .errors import JobError
from .job import shard_name
from .local import DONE, INTERRUPTED, SIMULATION_FAILED, SPEC_WRONG, Event, Outcome
from .merge_events import Together
from .remote import inside
from .runtime_archive import runtime_archive
from .sharded_run import Runner, Task

RETRIES = 3
PATIENCE = 10.0
"""Seconds to wait for the connection to a scheduler."""
MOST_BYTES = 100e6
"""The largest total size of the files that a spec names, because they are sent with every task."""


class ClusterError(Exception):
    """The cluster cannot be used; the text says why."""


@contextmanager
def connected(address: str, slurm: dict[str, Any] | None, workers: int) -> Iterator[Any]:
    """A Dask client, either of the scheduler at an address, or of a new SLURMCluster with
    `workers` jobs. Options are passed to dask_jobqueue and override Dask's configuration.
    """
    try:
        import distributed

        if slurm is not None:
            import dask_jobqueue
    except ImportError:
        raise ClusterError("Dask is not installed: pip install 'stdpdsl[cluster]'") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    cluster = None
    try:
        if slurm is not None:
            cluster = dask_jobqueue.SLURMCluster(**slurm)
            cluster.scale(jobs=workers)
        client = distributed.Client(cluster or address, timeout=PATIENCE)
    except Exception as error:  # each of the libraries below raises its own errors
        if cluster is not None:
            cluster.close()
        where = "SLURM" if slurm is not None else f"the scheduler {address}"
        raise ClusterError(f"{where} cannot be used: {error}") from None
    try:
        yield client
    finally:
        client.close()
        if cluster is not None:
            cluster.close()


def cores(client: Any) -> int:
    """The number of tasks that the current workers run in parallel."""
    return max(1, sum(client.nthreads().values()))


def on_cluster(client: Any) -> Runner:
    """A runner that runs the shards of a job on a client's workers."""

    def run(
        task: Task, todo: Sequence[int], workers: int, on_event: Callable[[Event], None]
    ) -> Outcome:
        return _run(client, task, todo, on_event)

    return run


def _run(
    client: Any, task: Task, todo: Sequence[int], on_event: Callable[[Event], None]
) -> Outcome:
    from distributed import as_completed

    job, files = task.job, _files(task)
    mark = _mark(job.folder)
    together = Together(on_event, {k: task.size(k) for k in todo}, task.done(todo))
    if not client.nthreads():
        on_event({"event": "stage", "name": "waiting for workers"})
    run_shard = _sent_by_value("run_shard")
    attached = Path(__file__).with_name("attached.py").read_text(encoding="utf-8")
    packages = runtime_archive()
    futures = {}
    for k in todo:
        future = client.submit(
            run_shard,
            task.wanted.script,
            attached,
            packages,
            files,
            (k, job.shards),
            str(job.folder),
            shard_name(k, job.shards),
            mark,
            retries=RETRIES,
            pure=False,
            key=f"stdpdsl-shard-{k}-{uuid.uuid4().hex}",
        )
        futures[future] = k
    try:
        for future in as_completed(futures):
            together.hear(futures[future], {"event": "stage", "name": "simulating"})
            failed = _received(future, job.place(futures[future]))
            if failed:
                return task.failed(futures[future], failed)
            future.release()  # or it would run again when the worker that holds it is lost
            done = {"event": "progress", "t": 1.0, "duration": 1.0, "elapsed": 0.0}
            together.hear(futures[future], done)
    except KeyboardInterrupt:
        return Outcome(INTERRUPTED, "interrupted")
    finally:
        client.cancel(list(futures))
    return Outcome(DONE)


def _received(future: Any, place: Path) -> Outcome | None:
    """Put a shard in its place. Returns an error message, or nothing."""
    try:
        found = future.result()
    except Exception as error:  # whatever the task or Dask raised
        text = f"could not be run: {type(error).__name__}: {error}"
        return Outcome(SIMULATION_FAILED, text)
    if "status" in found:
        wrong = found["status"] == SPEC_WRONG
        return Outcome(SPEC_WRONG if wrong else SIMULATION_FAILED, found["text"])
    if "results" in found:
        coming = place.with_name(f"{place.name}.partial-{uuid.uuid4().hex}")
        try:
            files = {inside(coming, name): data for name, data in found["results"].items()}
            for path, data in files.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            if not place.exists():
                coming.rename(place)
        except (OSError, TypeError, ValueError) as error:
            return Outcome(
                SIMULATION_FAILED, f"the results that were sent back cannot be saved: {error}"
            )
        finally:
            shutil.rmtree(coming, ignore_errors=True)
    # A network file system may show new files only after the folder is listed.
    if place.name not in os.listdir(place.parent):
        return Outcome(SIMULATION_FAILED, f"was reported as done, but is not in {place.parent}")
    return None


def _files(task: Task) -> dict[str, bytes]:
    """The content of the files that the spec names, because a worker may not see them."""
    files = task.wanted.files
    for name in files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise JobError(f"{name}: is not in the spec's folder, so it is not sent to workers")
    size = sum(path.stat().st_size for path in files.values())
    if size > MOST_BYTES:
        raise JobError(
            f"the files that the spec names hold {size / 1e6:,.0f} MB; at most"
            f" {MOST_BYTES / 1e6:,.0f} MB are sent to workers: run it as a job array (--shard K/N)"
        )
    return {name: path.read_bytes() for name, path in files.items()}


def _mark(folder: Path) -> str:
    """The checksum by which a worker recognises the folder of a run."""
    return hashlib.sha256((folder / "job.json").read_bytes()).hexdigest()


def _sent_by_value(name: str) -> Callable[..., Any]:
    """A function of `remote.py` in a module that cannot be imported, so that it is pickled
    together with its code.
    """
    spec = importlib.util.spec_from_file_location(
        "stdpdsl_on_worker", Path(__file__).with_name("remote.py")
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[..., Any] = getattr(module, name)
    return found


def option(text: str) -> tuple[str, Any]:
    """KEY=VALUE of dask_jobqueue. The value is JSON, such as a number or a list, or else plain
    text.
    """
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise ValueError(f"{text!r} is not KEY=VALUE, such as memory=4GB")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value
