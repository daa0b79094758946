"""A folder that a stranger has prepared sends a run nowhere else, and nothing is deleted that
stdpdsl did not write."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from test_hostile import STARTER

from stdpdsl import cli
from stdpdsl.runtime import folder as folders

pytestmark = pytest.mark.real_process

BRIEF = STARTER.replace("duration: 2 s", "duration: 20 ms").replace("100 ms", "10 ms")


def run_of(folder):
    return ["run", str(folder / "s.stdp"), "-o", str(folder / "r"), "--target", "numpy"]


@pytest.fixture(scope="module")
def two_shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    (folder / "s.stdp").write_text(BRIEF)
    for shard in ("1/2", "2/2"):
        assert cli.main([*run_of(folder), "--shard", shard]) == 0
    return folder


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    (folder / "s.stdp").write_text(BRIEF)
    assert cli.main(run_of(folder)) == 0
    return folder / "r"


@pytest.fixture
def whole(two_shards, tmp_path):
    """A run of two shards, both of which are finished."""
    shutil.copytree(two_shards, tmp_path, dirs_exist_ok=True)
    return tmp_path / "r.shards"


@pytest.fixture
def half(whole):
    """One of which the second is not."""
    shutil.rmtree(whole / "0002-of-0002")
    return whole


@pytest.fixture
def treasure(tmp_path):
    """What lies elsewhere and stays as it is."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "thesis.tex").write_text("seven years")
    yield folder
    assert (folder / "thesis.tex").read_text() == "seven years"
    assert sorted(p.name for p in folder.iterdir()) == ["thesis.tex"]


def linked(name):
    def prepare(shards, treasure):
        shards.mkdir()
        (shards / name).symlink_to(treasure / "thesis.tex")

    return prepare


def linked_folder(name):
    def prepare(shards, treasure):
        shards.mkdir()
        (shards / name).symlink_to(treasure)

    return prepare


def pipe(name):
    def prepare(shards, treasure):
        shards.mkdir()
        os.mkfifo(shards / name)

    return prepare


def itself(shards, treasure):
    shards.symlink_to(treasure)


def with_others(shards, treasure):
    shutil.copytree(treasure, shards)


PREPARED = {
    "itself": itself,
    "with others": with_others,
    "lock": linked("lock"),
    "job": linked("job.json"),
    "shard": linked_folder("0001-of-0002"),
    "partial": linked_folder("0001-of-0002.partial-1"),
    "lock of a shard": linked("0001-of-0002.lock"),
    "pipe": pipe("lock"),
    "pipe for a job": pipe("job.json"),
    "pipe for a shard": pipe("0001-of-0002"),
}


@pytest.mark.parametrize("more", [(), ("--resume",), ("--overwrite",), ("--shard", "1/2")])
@pytest.mark.parametrize("prepare", PREPARED.values(), ids=PREPARED)
def test_nothing_elsewhere_is_written_or_deleted(tmp_path, treasure, prepare, more, capsys):
    (tmp_path / "s.stdp").write_text(BRIEF)
    prepare(tmp_path / "r.shards", treasure)
    assert cli.main([*run_of(tmp_path), *more]) == 2
    said = capsys.readouterr().err
    assert "r.shards: is a link" in said or "contains files that stdpdsl did not write: " in said
    assert not (tmp_path / "r").exists()


def part_that_is(make):
    def change(shards, treasure):
        (part,) = (shards / "0001-of-0002" / "blocks").iterdir()
        part.unlink()
        make(part, treasure)

    return change


@pytest.mark.parametrize(
    "change",
    [
        part_that_is(lambda part, treasure: part.symlink_to(treasure / "thesis.tex")),
        part_that_is(lambda part, treasure: part.symlink_to("/dev/zero")),
        part_that_is(lambda part, treasure: os.mkfifo(part)),
        lambda shards, treasure: (shards / "0001-of-0002/x").symlink_to(treasure),
    ],
)
@pytest.mark.parametrize("command", ["resume", "merge"])
@pytest.mark.in_turn(3)
def test_shards_hold_plain_files(tmp_path, half, treasure, change, command, capsys):
    change(half, treasure)
    arguments = ["merge", str(half)] if command == "merge" else [*run_of(tmp_path), "--resume"]
    assert cli.main(arguments) == 2
    assert "contains files that stdpdsl did not write: 0001-of-0002/" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["script.py", "spec.stdp"])
def test_another_script_is_neither_run_nor_handed_on(tmp_path, whole, name, capsys):
    evil = tmp_path / "evil"
    with (whole / name).open("a") as file:
        file.write(f"\nopen({str(evil)!r}, 'w')\n")
    for arguments in (
        ["merge", str(whole)],
        [*run_of(tmp_path), "--resume"],
        [*run_of(tmp_path), "--shard", "2/2"],
    ):
        assert cli.main(arguments) == 2
        said = capsys.readouterr().err
        assert f"{name}: has changed since the run began" in said
    assert not evil.exists() and not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"shards": True},
        {"shards": 2.5},
        {"shards": "2"},
        {"shards": -1},
        {"shards": 10**12},
        {"shards": [2]},
        {"shards": None},
        {"format": ["x"]},
        {"format": {}},
    ],
)
@pytest.mark.in_turn(3)
def test_jobs_that_stdpdsl_did_not_write(tmp_path, half, changes, capsys):
    known = json.loads((half / "job.json").read_text())
    for text in (json.dumps(known | changes), "[]", "3", "[" * 200_000, "", "\xff"):
        (half / "job.json").write_text(text, encoding="latin-1")
        assert cli.main([*run_of(tmp_path), "--resume"]) == 2
        assert "its job.json is missing or damaged" in capsys.readouterr().err
        assert cli.main(["merge", str(half)]) == 2
        assert cli.main([*run_of(tmp_path), "--shard", "2/2"]) == 2
    assert (half / "0001-of-0002/metadata.json").exists()


def test_jobs_of_other_things(tmp_path, half, capsys):
    """What differs is said, without what a terminal would obey."""
    known = json.loads((half / "job.json").read_text())
    for changes in ({"spec": 3}, {"files": []}, {"versions": 3}, {"set": {"\x1b[2J": "\x9b"}}):
        (half / "job.json").write_text(json.dumps(known | changes))
        assert cli.main([*run_of(tmp_path), "--resume"]) == 2
        said = capsys.readouterr().err
        assert "holds shards of a different run" in said and not {"\x1b", "\x9b"} & set(said)


@pytest.mark.parametrize(
    "changes",
    [
        {"shard": 3},
        {"shard": [1]},
        {"shard": ["a", "b"]},
        {"shard": [[], []]},
        {"footers": {}},
        {"footers": {"../x": {}}},
        {"tables": {}},
        {"not_finite": 3},
        {"versions": []},
        {"time_reached": "x"},
        {"shard": [2, 2]},
        {"tables": {"../../x": 0}},
    ],
)
def test_metadata_of_shards_that_stdpdsl_did_not_write(tmp_path, whole, changes, capsys):
    path = whole / "0001-of-0002" / "metadata.json"
    folders.write_metadata(path, {**json.loads(path.read_text("utf-8")), **changes})
    assert cli.main(["merge", str(whole)]) == 2
    assert "error: " in capsys.readouterr().err and not (tmp_path / "r").exists()


def test_parts_of_one_name_do_not_replace_one_another(tmp_path, whole, capsys):
    shard = whole / "0002-of-0002"
    metadata = json.loads((shard / "metadata.json").read_text("utf-8"))
    for table, parts in metadata["footers"].items():
        (shard / table / "part-00001.parquet").rename(shard / table / "part-00000.parquet")
        metadata["footers"][table] = {"part-00000.parquet": parts["part-00001.parquet"]}
    folders.write_metadata(shard / "metadata.json", metadata)
    assert cli.main(["merge", str(whole)]) == 2
    assert "another shard has a part with this name" in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.shards", "s.stdp"]


def test_results_that_are_pipes(tmp_path, results, capsys):
    """Reading one would wait for ever."""
    shutil.copytree(results, tmp_path / "r")
    (part,) = (tmp_path / "r" / "blocks").iterdir()
    for path, words in (
        (part, "is not a regular file"),
        (tmp_path / "r/metadata.json", "is damaged"),
    ):
        path.unlink()
        os.mkfifo(path)
        for command in ("summary", "report", "diagnose"):
            assert cli.main([command, str(tmp_path / "r")]) in (1, 2)
            assert words in capsys.readouterr().err


# What is deleted ----------------------------------------------------------------------------------


def changed(name):
    def change(folder):
        path = next(folder.glob(name))
        path.write_bytes(path.read_bytes() + b"#")

    return change


def written(name):
    def change(folder):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("seven years")

    return change


THEIRS = {
    "beside the tables": written("notes.txt"),
    "in a table": written("weights/notes.txt"),
    "as a part": written("weights/part-00001.parquet"),
    "below a table": written("weights/more/part-00000.parquet"),
    "in a folder of their own": written("figures/a.png"),
    "a folder": lambda folder: (folder / "figures").mkdir(),
    "hidden": written("blocks/.git"),
    "an edited spec": changed("spec.stdp"),
    "an edited script": changed("script.py"),
    "edited metadata": lambda folder: (folder / "metadata.json").write_text(
        (folder / "metadata.json").read_text().replace('"seed": 1', '"seed": 2')
    ),
    "an edited table": changed("blocks/part-*.parquet"),
    "a link": lambda folder: (folder / "weights/part-00001.parquet").symlink_to("/dev/null"),
    "a file in the place of a table": lambda folder: (folder / "responses").write_text("mine"),
}


def state_of(folder):
    return {
        path.relative_to(folder): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize("count, more", [(3, ""), (5, " and 2 more")])
def test_overwrite_names_some_of_what_is_not_its_own(tmp_path, results, count, more, capsys):
    (tmp_path / "s.stdp").write_text(BRIEF)
    shutil.copytree(results, tmp_path / "r")
    for name in "abcde"[:count]:
        (tmp_path / "r" / name).write_text("mine")
    assert cli.main([*run_of(tmp_path), "--overwrite"]) == 2
    assert f"changed: a, b, c{more}; move" in capsys.readouterr().err


@pytest.mark.parametrize("change", THEIRS.values(), ids=THEIRS)
def test_overwrite_deletes_only_what_was_written(tmp_path, results, change, capsys):
    spec = tmp_path / "s.stdp"
    spec.write_text(BRIEF)
    shutil.copytree(results, tmp_path / "r")
    change(tmp_path / "r")
    before = state_of(tmp_path)
    assert cli.main([*run_of(tmp_path), "--overwrite"]) == 2
    assert "r: will not be replaced, because it also has files" in capsys.readouterr().err
    assert state_of(tmp_path) == before


@pytest.mark.parametrize(
    "name",
    [
        "0001-of-0002/notes.txt",
        "0001-of-0002/weights/a.csv",
        "0001-of-0002.broken/x/y",
        "0002-of-0002.partial-1f/blocks.waiting/notes",
        "0001-of-0002/blocks/a/b",
        "mine",
    ],
)
@pytest.mark.parametrize("more", ["--resume", "--overwrite"])
def test_files_among_shards_are_not_deleted(tmp_path, half, name, more, capsys):
    written(name)(half)
    before = state_of(tmp_path)
    assert cli.main([*run_of(tmp_path), more]) == 2
    assert f"contains files that stdpdsl did not write: {name[:12]}" in capsys.readouterr().err
    assert state_of(tmp_path) == before


def test_files_that_come_meanwhile_are_not_deleted(tmp_path, results):
    """Between the last look at a folder and its deletion."""
    from stdpdsl.runtime import folder as folders

    partial = folders.prepare_folder(tmp_path / "new")
    written("part")(partial)
    shutil.copytree(results, tmp_path / "r")

    def rename(a, b):
        if Path(a).name == "r":
            written("weights/notes.txt")(Path(a))
        really(a, b)

    really = os.rename
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folders.os, "rename", rename)
        folders.publish_folder(partial, tmp_path / "r", overwrite=True)
    assert (tmp_path / "r/part").exists()
    (old,) = tmp_path.glob("r.old-*")
    assert [p for p in old.rglob("*") if p.is_file()] == [old / "weights/notes.txt"]
