"""Options and helpers that all tests share."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import forked
import pytest
from by_day import DAY, take_turns
from diagnose import diagnose
from keys_of_brian2 import make_keys_sooner

from stdpdsl.language.diagnostics import CompileError, Diagnostic
from stdpdsl.language.parser import parse
from stdpdsl.language.source import Source

CACHE = pytest.StashKey[str]()
CXX = Path(__file__).with_name("cxx")
kept_after = [0]


# Files, by their CPU time.
LONGEST = """
until plain_scripts whole_specs report language_compiled names_run fit_triplet vectors extract site
extend exact whole_numbers earlier_results shards against_brian2 single brian2_examples bombs nest
report_axes nest_exported verify pairs continue faults pages jobs program refine cluster start_again
shared_search nestml search_early infer programs_of_scripts clock both_ways_compiled whole_state
hostile prepared_folders advance language_server refined_sweep reproduce damaged_files
""".split()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the expected messages and scripts with what is obtained",
    )


def pytest_configure(config: pytest.Config) -> None:
    """A cache of the session's own, which its workers inherit: not the user's, and empty."""
    # Or each of some thousand processes would compile all modules of ours anew: .3 s.
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if not hasattr(config, "workerinput"):
        config.stash[CACHE] = os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="stdpdsl-")
        if "CXX" not in os.environ and shutil.which("g++") and os.access(CXX, os.X_OK):
            os.environ["CXX"] = str(CXX)
            os.environ.setdefault("CC", str(CXX))
            if sys.platform == "linux":
                os.environ["TESTS_HEADERS"] = os.path.join(config.stash[CACHE], "headers")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as our commands do, and so is this:
    os.environ["MPLBACKEND"] = "Agg"  # processes are forked only where no variable has changed
    gc.disable()  # until all is imported


def pytest_report_header() -> str:
    return f"drawn as on the day STDPDSL_DAY={DAY}"


@pytest.hookimpl(tryfirst=True)  # before marks are looked at
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, file by file: no worker waits for another at the end."""
    places = {name: place for place, name in enumerate(LONGEST)}
    take_turns(items)
    items.sort(key=lambda item: places.get(item.path.stem.removeprefix("test_"), len(places)))


def pytest_collection_finish() -> None:
    if "brian2" in sys.modules:
        make_keys_sooner()
    forked.install()
    keep_what_is_there()
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    forked.enabled = item.get_closest_marker("real_process") is None


def pytest_runtest_logfinish() -> None:
    """Brian2 collects garbage at the start of each run, and keeps much of what it has generated."""
    if collections_of_garbage() != kept_after[0]:
        keep_what_is_there()


def keep_what_is_there() -> None:
    """Each of the many collections of garbage would look at it again."""
    gc.collect()
    gc.freeze()
    kept_after[0] = collections_of_garbage()


def collections_of_garbage() -> int:
    return gc.get_stats()[-1]["collections"]


def pytest_unconfigure(config: pytest.Config) -> None:
    if CACHE in config.stash:
        shutil.rmtree(config.stash[CACHE], ignore_errors=True)


@pytest.fixture(autouse=True)
def default_step_of_brian2() -> Iterator[None]:
    """Scripts that run in this process may set Brian2's default time step: undo it."""
    yield
    if (brian2 := sys.modules.get("brian2")) is not None:
        brian2.defaultclock.dt = 0.1 * brian2.ms


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return request.config.getoption("--update-golden")


def syntax(text: str, name: str = "spec.stdp") -> list[Diagnostic]:
    """What parsing alone says."""
    try:
        parse(Source(name, text))
    except CompileError as error:
        return list(error.diagnostics)
    return []


@pytest.fixture
def check_text():
    """All errors and warnings of a spec."""
    return diagnose


@pytest.fixture
def check_syntax():
    """What parsing alone says, for texts that are no whole specs."""
    return syntax


@pytest.fixture
def section_2() -> str:
    """The whole spec of the language reference."""
    return (Path(__file__).parent / "unit" / "auditory_map.stdp").read_text(encoding="utf-8")
