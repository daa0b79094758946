"""Options and helpers that all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnose import diagnose

from stdpdsl.diagnostics import CompileError, Diagnostic
from stdpdsl.parser import parse
from stdpdsl.source import Source


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the expected messages and scripts with what is obtained",
    )


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
