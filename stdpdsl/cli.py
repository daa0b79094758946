"""The command line: arguments in, exit code out. Nothing else prints.

Modules are imported where they are used, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import functools
import gc
import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from .diagnostics import Diagnostic
    from .source import Source

DONE, SPEC_WRONG, USAGE, SIMULATION_FAILED, OUR_BUG, INTERRUPTED = 0, 1, 2, 3, 70, 130
Command = Callable[[argparse.Namespace], int]
TARGETS = ("auto", "numpy", "cython", "cpp_standalone")
LOWERINGS = ("synapse", "namespace")


class Stop(Exception):
    """End the command with a message and an exit code."""

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status


def main(arguments: list[str] | None = None) -> int:
    """The `stdpdsl` command."""
    # A process that lives for a moment: looking for cycles in its memory takes a tenth of its time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that cannot show an accent
            sys.stdout.reconfigure(errors="backslashreplace")
        options = _parser().parse_args(arguments)
        status: int = options.command(options)
        return status
    except Stop as stop:
        _complain(str(stop))
        return stop.status
    except KeyboardInterrupt:
        _complain("stdpdsl: interrupted")
        return INTERRUPTED
    except Exception as error:
        if type(error).__name__ == "CompileError":
            return _refuse(error)
        _complain(_bug_report(error))
        return OUR_BUG
    finally:
        if collecting:
            gc.enable()


# Commands ---------------------------------------------------------------------------------------


def _in_bounds(command: Command) -> Command:
    """A command that reads results, which may come from a stranger: however much memory they ask
    for, the machine keeps its own."""

    @functools.wraps(command)
    def bounded(options: argparse.Namespace) -> int:
        from .memory import available_memory, no_more_than_there_is, size_of

        there = available_memory()
        try:
            with no_more_than_there_is():
                return command(options)
        except MemoryError:
            text = f"error: this takes more memory than there is ({size_of(there)})"
            raise Stop(text, SPEC_WRONG) from None

    return bounded


def new(options: argparse.Namespace) -> int:
    """Write a starter spec."""
    from .resources import resource_dir

    path = Path(options.name)
    if path.suffix != ".stdp":
        path = path.with_name(path.name + ".stdp")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", path.stem):
        raise Stop(
            f"{path}: error: a model's name has letters, digits and underscores"
            " and begins with a letter",
            USAGE,
        )
    text = (resource_dir("templates") / "new" / "starter.stdp").read_text(encoding="utf-8")
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text.replace("NAME", path.stem))
    except OSError as error:
        raise Stop(f"{path}: error: {_reason(error)}", USAGE) from None
    _say(f"wrote {path}; next: stdpdsl run {path}\n")
    return DONE


def check(options: argparse.Namespace) -> int:
    """Report every error and warning of the specs."""
    from . import compiler
    from .diagnostics import CompileError, has_errors, in_order, render, to_json

    found: list[Diagnostic] = []
    unreadable = 0
    for name in options.specs:
        try:
            source, folder = _read(name)
        except Stop as stop:
            _complain(str(stop))
            unreadable += 1
            continue
        try:
            found += compiler.check_text(source, folder, [], allowed=_allowed(options))[1]
        except CompileError as error:
            found += error.diagnostics
    found = in_order(found)
    if options.format == "json":
        _say(to_json(found) + "\n")
    else:
        errors = sum(d.severity == "error" for d in found) + unreadable
        warnings = len(found) + unreadable - errors
        _say(
            render(found, _colours(sys.stdout)) + f"{_count(len(options.specs), 'spec')} checked:"
            f" {_count(errors, 'error')}, {_count(warnings, 'warning')}\n"
        )
    return SPEC_WRONG if unreadable or has_errors(found) else DONE


def plan(options: argparse.Namespace) -> int:
    """Say what a run would do."""
    compiled, _, _ = _compile(options)
    _say(compiled.plan.render().rstrip("\n") + "\n")
    return DONE


def compile_(options: argparse.Namespace) -> int:
    """Write the Brian2 script."""
    compiled, _, _ = _compile(options)
    if options.output is None:
        _say(compiled.script)
        return DONE
    if os.path.realpath(options.output) == os.path.realpath(options.spec):
        raise Stop(f"{options.output}: error: the script would replace its spec", USAGE)
    try:
        Path(options.output).write_text(compiled.script, encoding="utf-8", newline="\n")
    except OSError as error:
        raise Stop(f"{options.output}: error: {_reason(error)}", USAGE) from None
    _say(f"wrote {options.output}; next: python {options.output} --help\n")
    return DONE


def run(options: argparse.Namespace) -> int:
    """Compile, run in processes of their own, save."""
    from .execution.job import JobError
    from .execution.progress import Progress
    from .execution.saved import Manner, run_and_save, run_one
    from .resources import load_support

    output = Path(options.output or Path(options.spec).stem + ".results").resolve()
    folders, cache = load_support("folder"), load_support("cache")
    kept = cache.stdpdsl_cache()
    if cache.open_to_others(kept):
        _complain(f"warning: others can write into {kept}, so nothing is taken from it and more is"
                  f" compiled than need be: chmod go-w {kept}")  # fmt: skip
    if not options.resume:
        try:
            folders.check_folder(output, options.overwrite)
        except folders.ResultsError as error:
            raise Stop(f"error: {error}", USAGE) from None
    terminal = _is_terminal(sys.stdout)
    manner = Manner(options.resume, options.overwrite)
    try:
        with (
            _cluster(options) as runner,
            Progress(_say, terminal, lambda text: _complain(f"warning: {text}")) as progress,
        ):
            compiled, source, folder = _compile(options)
            run = (compiled, source.text, folder, output, progress)
            if options.shard:
                outcome = run_one(*run, options.shard, manner)
            else:
                outcome = run_and_save(*run, manner, runner)
    except JobError as error:
        raise Stop(f"error: {error}", USAGE) from None
    if outcome.message:
        _complain(f"{options.spec}: {outcome.message}")
    if outcome.log is not None:
        _complain(f"the script and its log are in {outcome.log.parent}")
    if outcome.folder:
        shown = os.path.relpath(outcome.folder) if options.output is None else options.output
        if options.shard:
            shown = os.path.relpath(outcome.folder)
            _say(f"the shard is in {shown}; when all are there: stdpdsl merge"
                 f" {os.path.dirname(shown)}\n")  # fmt: skip
        else:
            _say(_how_many_stable(outcome.folder) if options.until_stable else "")
            _say(f"results are in {shown}; next: stdpdsl summary {shown}\n")
    return outcome.status


def _how_many_stable(folder: str) -> str:
    from .quantities import shown
    from .results import load

    results = load(folder)
    status = results.table("blocks", ["status"])["status"].to_pylist()
    asked, reached = (shown(results.metadata[f"time_{k}"], "s") for k in ("asked", "reached"))
    return (
        f"{status.count('stable')} of {_count(len(status), 'block')} became stable;"
        f" {reached} of {asked} were simulated\n"
    )


@contextmanager
def _cluster(options: argparse.Namespace) -> Iterator[Any]:
    """What runs shards on a cluster, if one was asked for; the options know its workers then."""
    if not (options.cluster or options.slurm):
        if options.slurm_option:
            raise Stop("error: --slurm-option goes with --slurm", USAGE)
        yield None
        return
    from .execution.cluster import ClusterError, connected, cores, on_cluster

    if options.shard:
        raise Stop("error: --shard runs here; --cluster and --slurm run all shards", USAGE)
    if options.slurm and not options.workers:
        raise Stop("error: say how many jobs SLURM is to run: --workers N", USAGE)
    slurm = dict(options.slurm_option) if options.slurm else None
    try:
        with connected(options.cluster, slurm, options.workers) as client:
            options.workers = options.workers or cores(client)
            yield on_cluster(client)
    except ClusterError as error:
        raise Stop(f"error: {error}", SIMULATION_FAILED) from None


@_in_bounds
def merge(options: argparse.Namespace) -> int:
    """Put the shards of a run together."""
    from .execution.job import JobError
    from .execution.merge import all_shards, shard_folders
    from .execution.merge import merge as merged

    folders = [Path(name) for name in options.folders]
    if not options.output and (len(folders) > 1 or folders[0].suffix != ".shards"):
        raise Stop("error: name the folder of the results: -o DIR", USAGE)
    output = Path(options.output) if options.output else folders[0].with_suffix("")
    try:
        found = all_shards(shard_folders(folders))
        lost = merged(found, output.resolve(), options.overwrite)
    except JobError as error:
        raise Stop(f"error: {error}", USAGE) from None
    _say(f"{_count(len(found), 'shard')} merged into {output}; next: stdpdsl summary {output}\n")
    for text in lost:
        _complain(text)
    return SIMULATION_FAILED if lost else DONE


@_in_bounds
def report(options: argparse.Namespace) -> int:
    """Write the page that shows a run."""
    from .results import ResultsError, load

    name = Path(options.folder).name.removesuffix(".results") or "results"
    path = Path(options.output or f"{name}.html")
    try:
        from .report import report as page

        text = page(load(options.folder), options.blocks or (), options.windows)
    except ResultsError as error:
        raise Stop(f"error: {error}", SPEC_WRONG) from None
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise Stop(f"{path}: error: {_reason(error)}", USAGE) from None
    _say(f"wrote {path} ({len(text.encode()) / 1e6:.1f} MB)\n")
    if options.open:
        import webbrowser

        if not webbrowser.open(path.resolve().as_uri()):
            _complain(f"no browser could be started; open {path} yourself")
    return DONE


@_in_bounds
def diagnose(options: argparse.Namespace) -> int:
    """Print every check of a run, passed or not."""
    from .diagnose import findings, render
    from .results import ResultsError, load

    try:
        found = findings(load(options.folder))
    except ResultsError as error:
        raise Stop(f"error: {error}", USAGE) from None
    _show(render(found, options.format), options.format)
    return SPEC_WRONG if any(one.status == "found" for one in found) else DONE


@_in_bounds
def compare(options: argparse.Namespace) -> int:
    """Print what differs between two runs."""
    from .compare import compare as differences
    from .compare import render
    from .results import ResultsError, load

    try:
        found = differences(load(options.a), load(options.b))
    except ResultsError as error:
        raise Stop(f"error: {error}", USAGE) from None
    _show(render(found, options.format), options.format)
    return DONE if all(one.same for one in found) else SPEC_WRONG


@_in_bounds
def reproduce(options: argparse.Namespace) -> int:
    """Run a result again from its own metadata, and say what differs."""
    from .compare import render
    from .execution.once import RunFailed
    from .execution.progress import Progress
    from .reproduce import reproduce as again
    from .results import ResultsError, load

    terminal = _is_terminal(sys.stderr)
    try:
        results = load(options.folder)
        with Progress(_tell, terminal, lambda text: _complain(f"warning: {text}")) as progress:
            found = again(results, Path(options.data), progress, _allowed(options))
    except (ResultsError, ValueError) as error:
        raise Stop(f"error: {error}", USAGE) from None
    except RunFailed as error:
        raise Stop(f"error: {error}", error.status) from None
    _show(render(found, options.format), options.format)
    return DONE if all(one.same for one in found) else SPEC_WRONG


@_in_bounds
def summary(options: argparse.Namespace) -> int:
    """Print the table of blocks."""
    import shutil

    from .diagnostics import CompileError, render
    from .results import ResultsError, load
    from .summary import summary as summarise

    width = shutil.get_terminal_size().columns if _is_terminal(sys.stdout) else 0
    try:
        text = summarise(
            load(options.folder), options.format, options.sort or "", width, options.where or ""
        )
    except ResultsError as error:
        raise Stop(f"error: {error}", SPEC_WRONG) from None
    except CompileError as error:  # of `--where`
        raise Stop(render(error.diagnostics, _colours(sys.stderr)).rstrip("\n"), USAGE) from None
    _show(text, options.format)
    return DONE


def fmt(options: argparse.Namespace) -> int:
    """Rewrite specs in their canonical form."""
    from .comments import formatted
    from .diagnostics import CompileError, render

    changed: list[str] = []
    failed = 0
    for name in options.specs:
        try:
            source, _ = _read(name)
            text = formatted(source)
            if text != source.text:
                changed.append(name)
                if not options.check:
                    _replace(Path(name), text)
        except Stop as stop:
            failed += 1
            _complain(str(stop))
        except CompileError as error:
            failed += 1
            _complain(render(error.diagnostics, _colours(sys.stderr)).rstrip("\n") + "\n")
    would = "would be " if options.check else ""
    _say("".join(f"{name}: {would}formatted\n" for name in changed))
    same = len(options.specs) - len(changed) - failed
    _say(f"{_count(len(changed), 'spec')} {would}formatted, {same} already"
         + (f", {failed} could not be read" if failed else "") + "\n")  # fmt: skip
    return SPEC_WRONG if failed or (options.check and changed) else DONE


def explain(options: argparse.Namespace) -> int:
    """Say what an error means, with a wrong and a right example."""
    import textwrap

    from .codes import CODES
    from .diagnostics import did_you_mean
    from .explanations import explanation

    code = options.code.upper()
    if code not in CODES:
        near = did_you_mean(code, CODES) or f"they run from {min(CODES)} to {max(CODES)}"
        raise Stop(f"error: there is no error code `{options.code}`; {near}", USAGE)
    about = explanation(code)
    wrong, message, right = (
        textwrap.indent(text, "    ") for text in (about.wrong, about.message, about.right)
    )
    _say(
        f"{code}: {about.title}\n\n{about.prose}\n\nWrong:\n\n{wrong}\n{message}\n"
        f"Right:\n\n{right}"
    )
    return DONE


def lsp(options: argparse.Namespace) -> int:
    """Serve an editor over standard input and output."""
    import importlib.util

    if not importlib.util.find_spec("pygls"):
        raise Stop("error: the language server takes pygls: pip install 'stdpdsl[editor]'", USAGE)
    if _is_terminal(sys.stdin):
        _complain("this speaks with an editor, which starts it; Ctrl-C ends it")
    allowed = [folder.resolve() for folder in _allowed(options)]
    gc.enable()  # this process lives long
    from .language_server import serve

    serve(allowed)
    return DONE


def rules(options: argparse.Namespace) -> int:
    """List the rules that ship, or tell all about one."""
    import json
    import shutil

    from . import rulebook
    from .compiler import library

    if options.name:
        _known_rule(options.name, library())
        rule = library()[options.name]
        found = rulebook.as_json(rule) if options.format == "json" else rulebook.page(rule)
        _say(found if isinstance(found, str) else json.dumps(found, indent=2) + "\n")
    elif options.format == "json":
        _say(json.dumps([rulebook.as_json(r) for r in library().values()], indent=2) + "\n")
    else:
        width = shutil.get_terminal_size().columns if _is_terminal(sys.stdout) else 100
        _say(rulebook.listing(library(), max(80, width)))
    return DONE


def window(options: argparse.Namespace) -> int:
    """Measure a rule's STDP window; draw it, or print it."""
    import importlib.util

    from .compiler import library
    from .execution.once import RunFailed
    from .execution.progress import Progress
    from .window.asked import Misasked, asked
    from .window.curves import curves
    from .window.show import draw, table
    from .window.spec import NO_WINDOW, PROTOCOLS, Protocol

    try:
        what = asked(options.rule, options.settings, library())
    except Misasked as error:
        raise Stop(f"error: {error}", USAGE) from None
    path = Path(options.output) if options.output else None
    if path and path.suffix not in (".png", ".svg"):
        raise Stop(f"{path}: error: a window is drawn as .png or .svg", USAGE)
    if path and not importlib.util.find_spec("matplotlib"):
        raise Stop("error: drawing takes matplotlib: pip install 'stdpdsl[plot]'", USAGE)
    reason = NO_WINDOW.get(what.rule.name.id)
    if reason:
        raise Stop(f"error: there is no window: `{what.rule.name.id}` {reason}", SPEC_WRONG)
    usual = PROTOCOLS.get(what.rule.name.id, Protocol())
    protocol = Protocol(
        options.pairs or usual.pairs,
        options.rate or usual.rate,
        options.reach / 1e3 if options.reach else usual.reach,
        100 if path else 20,
    )
    terminal = _is_terminal(sys.stderr)
    try:
        with Progress(_tell, terminal, lambda _: None) as progress:
            on_event = progress if terminal else lambda _: None
            found = curves(what, protocol, options.target, on_event)
    except RunFailed as error:
        raise Stop(f"error: {error}", error.status) from None
    if path is None:
        _say(table(what, protocol, found))
        return DONE
    try:
        draw(what, protocol, found, path)
    except OSError as error:
        raise Stop(f"{path}: error: {_reason(error)}", USAGE) from None
    _say(f"wrote {path}\n")
    return DONE


def verify(options: argparse.Namespace) -> int:
    """Replay the published results; say what was published, and what came out."""
    import json

    from .execution.progress import Progress
    from .verify import VERIFICATIONS, report
    from .verify.replay import Replays, specs_of

    for name in options.rules:
        _known_rule(name, VERIFICATIONS)
    chosen = [VERIFICATIONS[n] for n in dict.fromkeys(options.rules)] or [*VERIFICATIONS.values()]
    specs = specs_of(chosen)
    if options.list:
        width = max(len(v.rule) for v in chosen)
        _say("".join(f"{v.rule:<{width}}  {', '.join(specs_of([v])) or '-'}\n" for v in chosen))
        return DONE

    def announce(spec: str) -> None:
        progress.end()
        _complain(f"running {spec} ({specs.index(spec) + 1} of {len(specs)})")

    terminal = _is_terminal(sys.stderr)
    outcomes = []
    with (
        Progress(_tell, terminal, lambda _: None) as progress,
        Replays(options.target, announce, progress if terminal else lambda _: None) as replays,
    ):
        for verification in chosen:
            outcomes.append((verification, replays.of(verification)))
            progress.end()
            if options.format == "text":
                _say(report.text(*outcomes[-1]) + "\n")
    if options.format == "json":
        _say(json.dumps([report.as_json(*o) for o in outcomes], indent=2) + "\n")
    else:
        _say(report.summary(outcomes) + "\n")
    good = all(one.ok for _, replayed in outcomes for one in replayed)
    return DONE if good else SIMULATION_FAILED


def cache(options: argparse.Namespace) -> int:
    """Delete what is kept between runs."""
    import shutil

    from .grammar_cache import cache_folder
    from .memory import size_of
    from .resources import load_support

    folders = {load_support("cache").stdpdsl_cache(), cache_folder()} - {None}
    for folder in folders:
        size = sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
        try:
            if folder.exists():
                shutil.rmtree(folder)
        except OSError as error:
            raise Stop(f"{folder}: error: {_reason(error)}", USAGE) from None
        _say(f"freed {size_of(size)} in {folder}\n")
    return DONE


# Helpers ----------------------------------------------------------------------------------------


def _known_rule(name: str, rules: Iterable[str]) -> None:
    from .rulebook import unknown

    if name not in rules:
        raise Stop(f"error: {unknown(name, rules)}", USAGE)


def _replace(path: Path, text: str) -> None:
    """Either the old text or the new one stands there, whatever happens."""
    import tempfile

    path = path.resolve()  # a link stays a link
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8",
            newline="\n",
        ) as file:  # fmt: skip
            file.write(text)
        os.chmod(file.name, path.stat().st_mode)
        os.replace(file.name, path)
    except OSError as error:
        raise Stop(f"{path}: error: {_reason(error)}", SPEC_WRONG) from None


def _allowed(options: argparse.Namespace) -> list[Path]:
    """The folders of `--allow-read`, which exist: a mistyped one is no reason to say more later."""
    for folder in options.allow_read:
        if not folder.is_dir():
            raise Stop(f"--allow-read {folder}: error: there is no such folder", USAGE)
    return list(options.allow_read)


def _compile(options: argparse.Namespace) -> tuple[Any, Source, Path]:
    """Compile a spec and show its warnings."""
    from . import compiler
    from .diagnostics import render

    source, folder = _read(options.spec)
    compiled = compiler.compile_source(
        source, folder, options.set, options.parameters, options.target, options.workers,
        allowed=_allowed(options), until_stable=options.until_stable,
    )  # fmt: skip
    if compiled.diagnostics:
        _complain(render(compiled.diagnostics, _colours(sys.stderr)).rstrip("\n") + "\n")
    return compiled, source, folder


def _read(name: str) -> tuple[Source, Path]:
    """A spec's text, and the folder that its files are named from."""
    from .source import Source, text_in

    try:
        text = text_in(Path(name))
    except OSError as error:
        raise Stop(f"{name}: error: {_reason(error)}", SPEC_WRONG) from None
    except UnicodeDecodeError as error:
        data = error.object
        line = data.count(b"\n", 0, error.start) + 1
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        found = "it is text in UTF-16" if wide else f"byte 0x{data[error.start]:02x}"
        raise Stop(
            f"{name}:{line}: error: is not text in UTF-8 ({found}); save it as UTF-8", SPEC_WRONG
        ) from None
    return Source(name, text), Path(name).parent


def _reason(error: OSError) -> str:
    reasons: dict[type[OSError], str] = {
        FileNotFoundError: "there is no such file or folder",
        FileExistsError: "exists already",
        IsADirectoryError: "is a folder",
        NotADirectoryError: "its folder is a file",
        PermissionError: "permission denied",
    }
    return reasons.get(type(error), error.strerror or str(error))


def _refuse(error: Any) -> int:
    from .diagnostics import render

    _complain(render(error.diagnostics, _colours(sys.stderr)).rstrip("\n") + "\n")
    count = sum(d.severity == "error" for d in error.diagnostics)
    _complain(f"{_count(count, 'error')}; nothing was written")
    return SPEC_WRONG


def _bug_report(error: Exception) -> str:
    import tempfile
    import traceback
    from importlib.metadata import PackageNotFoundError, metadata

    from . import __version__

    head = f"stdpdsl {__version__}, Python {sys.version}\narguments: {sys.argv[1:]}\n\n"
    where = ""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="stdpdsl-bug-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(head + "".join(traceback.format_exception(error)))
        where = f" with the file {file.name}"
    except OSError:
        traceback.print_exception(error)
    try:
        urls = metadata("stdpdsl").get_all("Project-URL") or []
    except PackageNotFoundError:
        urls = []
    address = next((url.partition(", ")[2] for url in urls if url.startswith("Issues")), "")
    text = str(error).partition("\n")[0]
    return (
        f"stdpdsl: a bug of ours, sorry: {type(error).__name__}: {text}\n"
        f"Please report it{' at ' + address if address else ''}{where}."
    )


def _say(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read it has seen enough. The exit code stays what it is, and Python must not
        # trip over the rest when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show(text: str, form: str) -> None:
    """What results hold, which may come from a stranger; data for programs stay as they are."""
    from .diagnostics import seen

    _say(text if form in ("csv", "json") else seen(text))


def _tell(text: str) -> None:
    """How far something is, beside what is printed."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        pass


def _complain(text: str) -> None:
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        pass


def _is_terminal(stream: IO[str]) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _colours(stream: IO[str]) -> bool:
    return _is_terminal(stream) and not os.environ.get("NO_COLOR")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + "s" * (number != 1)


# Arguments --------------------------------------------------------------------------------------


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        from . import __version__

        print(f"stdpdsl {__version__}")
        parser.exit()


def _setting(text: str) -> str:
    name, equals, value = text.partition("=")
    if not (name.strip() and equals and value.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, such as 'A1.tau_m=20 ms'")
    if len(text.splitlines()) > 1:
        raise argparse.ArgumentTypeError(f"{text!r} is more than one line")
    return text


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _whole(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def _shard(text: str) -> tuple[int, int]:
    from .resources import load_support

    number, count = load_support("shards").shard_of(text)
    return number, count


def _slurm_option(text: str) -> tuple[str, Any]:
    from .execution.cluster import option

    return option(text)


def _numbers(text: str) -> list[int]:
    if not re.fullmatch(r"\d+(,\d+)*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of block numbers, such as 0,3")
    return [int(number) for number in text.split(",")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stdpdsl",
        description="Explore STDP parameters: one .stdp spec, one Brian2 network, one dataset.",
        epilog="Exit codes: 0 done, 1 the spec is wrong, 2 the command line is wrong,"
        " 3 the simulation or a verification failed, 70 a bug of ours, 130 interrupted.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        name: str, function: Callable[[argparse.Namespace], int], help: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
        sub.set_defaults(command=function)
        return sub

    sub = command("new", new, "Write a starter spec, NAME.stdp.")
    sub.add_argument("name", metavar="NAME")

    sub = command("check", check, "Report all errors and warnings, without running anything.")
    sub.add_argument("specs", metavar="SPEC", nargs="+")
    _reading(sub)
    _format(sub, ("text", "json"))

    sub = command("fmt", fmt, "Rewrite specs in their canonical form; comments stay.")
    sub.add_argument("specs", metavar="SPEC", nargs="+")
    sub.add_argument("--check", action="store_true", help="only say which would change; exit 1")

    sub = command("explain", explain, "Say what an error means, with a wrong and a right example.")
    sub.add_argument("code", metavar="CODE", help="such as UNIT002")

    sub = command("lsp", lsp, "Serve an editor: the language server, over standard streams.")
    _reading(sub)

    sub = command("plan", plan, "Show the blocks, neurons, synapses, memory, target and time.")
    _compiling(sub)

    sub = command("compile", compile_, "Write the Brian2 script.")
    _compiling(sub)
    sub.add_argument("-o", dest="output", metavar="FILE", help="default: standard output")

    sub = command("run", run, "Compile, run and save the results as Parquet.")
    _compiling(sub)
    sub.add_argument("-o", dest="output", metavar="DIR", help="default: SPEC's name with .results")
    sub.add_argument("--overwrite", action="store_true", help="replace older results in DIR")
    sub.add_argument("--resume", action="store_true", help="run what an earlier run has not done")
    sub.add_argument(
        "--shard", metavar="K/N", type=_shard,
        help="only part K of N of the blocks, kept in DIR.shards for `stdpdsl merge`",
    )  # fmt: skip

    where = sub.add_mutually_exclusive_group()
    where.add_argument("--cluster", metavar="ADDRESS", help="of a Dask scheduler: tcp://host:8786")
    where.add_argument("--slurm", action="store_true", help="run in N jobs of SLURM, through Dask")
    sub.add_argument(
        "--slurm-option", metavar="KEY=VALUE", type=_slurm_option, action="append", default=[],
        help="of dask_jobqueue.SLURMCluster, such as memory=4GB; repeatable",
    )  # fmt: skip

    sub = command("merge", merge, "Put shards that were run one by one together.")
    sub.add_argument("folders", metavar="DIR", nargs="+", help="DIR.shards, or shards in it")
    sub.add_argument("-o", dest="output", metavar="DIR", help="default: DIR of DIR.shards")
    sub.add_argument("--overwrite", action="store_true", help="replace older results in DIR")

    sub = command("report", report, "Write one HTML page that shows a run.")
    sub.add_argument("folder", metavar="DIR")
    sub.add_argument("-o", dest="output", metavar="FILE", help="default: DIR's name with .html")
    sub.add_argument(
        "--blocks", metavar="N,...", type=_numbers, help="show these blocks side by side"
    )
    sub.add_argument(
        "--windows", action="store_true",
        help="and the STDP window of each rule with these blocks' parameters, which takes seconds",
    )  # fmt: skip
    sub.add_argument("--open", action="store_true", help="and open it in the browser")

    sub = command(
        "diagnose", diagnose, "Print every check of a run; exit 1 if one finds something."
    )
    sub.add_argument("folder", metavar="DIR")
    _format(sub, ("text", "json"))

    sub = command("compare", compare, "Print what differs between two runs; exit 1 if they differ.")
    sub.add_argument("a", metavar="A")
    sub.add_argument("b", metavar="B")
    _format(sub, ("text", "json"))

    sub = command(
        "reproduce", reproduce, "Run a result again as it says it was; exit 1 if they differ."
    )
    sub.add_argument("folder", metavar="DIR")
    sub.add_argument(
        "--data", metavar="FOLDER", default=".", help="of the files that the spec names; default: ."
    )
    _reading(sub)
    _format(sub, ("text", "json"))

    sub = command("summary", summary, "Print the blocks of a run with their outcomes.")
    sub.add_argument("folder", metavar="DIR")
    _format(sub, ("table", "csv", "json"))
    sub.add_argument("--where", metavar="CONDITION", help="only such blocks: 'Apre > 1e-3'")
    sub.add_argument("--sort", metavar="COL", help="by a column; --sort=-COL from the highest")

    sub = command("cache", cache, "Delete what is kept between runs: programs, spikes, tables.")
    sub.add_argument("action", choices=("clear",))

    sub = command("rules", rules, "List the rules of the library, or tell all about one.")
    sub.add_argument("name", metavar="NAME", nargs="?")
    _format(sub, ("text", "json"))

    sub = command("window", window, "Measure a rule's STDP window and draw it.")
    sub.add_argument("rule", metavar="RULE[.PRESET]")
    sub.add_argument(
        "settings", metavar="NAME=VALUE", nargs="*", type=_setting,
        help="of a parameter, such as 'taupre=20 ms'; a list, 'taupre=[10, 20] ms', compares",
    )  # fmt: skip
    sub.add_argument("-o", dest="output", metavar="FILE", help="draw it, as .png or .svg")
    sub.add_argument("--pairs", type=_whole, help="how many pairs; default: 1 for most rules")
    sub.add_argument("--rate", type=_positive, help="of pairs, in Hz; default: 1")
    sub.add_argument("--reach", type=_positive, help="the longest lag, in ms; default: 100")
    _target(sub)

    sub = command("verify", verify, "Replay published results: published against obtained.")
    sub.add_argument("rules", metavar="RULE", nargs="*", help="default: all rules of the library")
    sub.add_argument("--list", action="store_true", help="only say which specs would run")
    _target(sub)
    _format(sub, ("text", "json"))
    return parser


def _compiling(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("spec", metavar="SPEC")
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=_setting,
        help="another value for a parameter or constant, such as 'A1.tau_m=20 ms'; repeatable",
    )
    parser.add_argument(
        "--parameters",
        choices=LOWERINGS,
        default="synapse",
        help="one Synapses with parameters per synapse, or one per block with a namespace;"
        " the results are the same (default: %(default)s)",
    )
    _reading(parser)
    parser.add_argument(
        "--until-stable", metavar="TOLERANCE",
        help="end a block when its weights move at no more than this part of their fastest pace,"
        " over a tenth of the run: 0.01; or over a time: '0.01 over 10 s'",
    )  # fmt: skip
    parser.add_argument(
        "--workers", metavar="N", type=_whole, default=0,
        help="processes at a time (default: as many as there are cores)",
    )  # fmt: skip
    _target(parser)


def _reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--allow-read", metavar="FOLDER", action="append", default=[], type=Path,
        help="let the spec read files here, besides its own folder; repeatable",
    )  # fmt: skip


def _target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--target", choices=TARGETS, default="auto", help="how Brian2 runs it (default: auto)"
    )


def _format(parser: argparse.ArgumentParser, formats: Iterable[str]) -> None:
    formats = tuple(formats)
    parser.add_argument(
        "--format", choices=formats, default=formats[0], help="default: %(default)s"
    )


if __name__ == "__main__":
    sys.exit(main())
