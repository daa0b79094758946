"""Options and helpers that all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

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


def check_text(text: str, name: str = "spec.stdp") -> list[Diagnostic]:
    """All errors and warnings of a spec."""
    try:
        parse(Source(name, text))
    except CompileError as error:
        return list(error.diagnostics)
    return []


@pytest.fixture(name="check_text")
def _check_text():
    return check_text


@pytest.fixture
def section_2() -> str:
    """The whole spec of the language reference."""
    return (Path(__file__).parent / "unit" / "auditory_map.stdp").read_text(encoding="utf-8")
