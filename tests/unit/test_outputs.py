"""What a command writes by a name that the user gives: no file of the user's is ever lost."""

import os
import stat
import struct
import zlib
from pathlib import Path

import pytest

from stdpdsl import cli, outputs
from stdpdsl.outputs import NotReplaced, check_output, write_output, write_whole

PNG = b"\x89PNG\r\n\x1a\n" + b"image" + b"\0\0\0\0IEND\xaeB`\x82"
FORMS = {".py": b"print(1)\n", ".html": b"<html></html>\n", ".svg": b"<svg/>\n", ".png": PNG}


@pytest.mark.parametrize("form", FORMS)
def test_only_what_we_wrote_is_replaced(tmp_path, form):
    path = tmp_path / f"x{form}"
    for data in (FORMS[form], FORMS[form].replace(b"t", b"tt"), FORMS[form]):
        write_output(path, data, form, "kind")
    whole = path.read_bytes()
    assert whole != FORMS[form]
    changed = [whole[:k] + b"?" + whole[k + 1 :] for k in range(len(whole))]
    for theirs in [*changed, whole + b"\n", whole[:-1], whole + whole, FORMS[form], b"mine"]:
        path.write_bytes(theirs)
        with pytest.raises(NotReplaced, match="exists, but is not a kind that stdpdsl wrote"):
            write_output(path, FORMS[form], form, "kind")
        assert path.read_bytes() == theirs
    path.write_bytes(whole)
    with pytest.raises(NotReplaced):
        check_output(path, form, "other")
    path.write_bytes(b"")  # as mktemp makes it
    write_output(path, FORMS[form], form, "kind")
    assert path.read_bytes() == whole
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_sealed_image_is_a_whole_png(tmp_path):
    """Chunk by chunk, as its definition has it."""
    write_output(tmp_path / "x.png", PNG.replace(b"image", b""), ".png", "window")
    data, at, names = (tmp_path / "x.png").read_bytes(), 8, []
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        chunk = data[at + 4 : at + 8 + length]
        (checksum,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert zlib.crc32(chunk) == checksum
        names.append(chunk[:4])
        at += length + 12
    assert names == [b"tEXt", b"IEND"] and at == len(data)


def test_a_disk_that_is_full_loses_nothing(tmp_path, monkeypatch):
    path = tmp_path / "x"
    write_whole(path, b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outputs.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["x"]


def test_links_modes_and_pipes(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    path.chmod(0o640)
    (tmp_path / "link").symlink_to(path)
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink() and path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    write_whole(tmp_path / "new", b"")
    (tmp_path / "usual").touch()
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode
    reads, writes = os.pipe()
    write_output(Path(f"/dev/fd/{writes}"), b"text", ".py", "script")
    os.close(writes)
    assert os.read(reads, 100).startswith(b"text")
    os.close(reads)


SPEC = (Path(__file__).parents[2] / "templates/new/starter.stdp").read_text().replace("NAME", "x")


@pytest.mark.parametrize(
    "command",
    [
        ["new", "x"],
        ["compile", "spec.stdp", "-o", "x.stdp"],
        ["report", "results", "-o", "x.stdp"],
        ["window", "vogels", "-o", "x.png"],
        ["window", "vogels", "-o", "x.svg"],
        ["run", "spec.stdp", "-o", "x.stdp", "--overwrite"],
        ["run", "spec.stdp", "-o", "folder", "--overwrite"],
        ["merge", "x.shards", "-o", "folder", "--overwrite"],
    ],
)
def test_commands_lose_no_file(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    Path("spec.stdp").write_text(SPEC)
    Path("folder/below").mkdir(parents=True)
    for name in ("x.stdp", "x.png", "x.svg", "folder/below/x.stdp"):
        Path(name).write_text("mine")
    assert cli.main(command) == 2
    assert "error: " in capsys.readouterr().err
    for name in ("x.stdp", "x.png", "x.svg", "folder/below/x.stdp"):
        assert Path(name).read_text() == "mine"
    names = sorted(str(p) for p in Path().rglob("*"))
    assert names == [
        "folder",
        "folder/below",
        "folder/below/x.stdp",
        "spec.stdp",
        "x.png",
        "x.stdp",
        "x.svg",
    ]


def test_a_spec_that_changes_while_it_is_formatted_is_left_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = Path("spec.stdp")
    path.write_text(SPEC + "\n\n\n")
    from stdpdsl.language import comments

    formatted = comments.formatted

    def slowly(source):
        path.write_text("saved meanwhile")
        return formatted(source)

    monkeypatch.setattr(comments, "formatted", slowly)
    assert cli.main(["fmt", "spec.stdp"]) == 1
    assert "the file changed in the meantime" in capsys.readouterr().err
    assert path.read_text() == "saved meanwhile"
