"""One thing a file and a function: the limits on their length."""

from __future__ import annotations

import ast
from pathlib import Path

FILE_BUDGET = 300
FILE_LIMIT = 400
FUNCTION_LIMIT = 60

Sources = dict[Path, ast.Module]


def test_no_file_is_over_the_limit(root: Path, sources: Sources) -> None:
    lengths = {str(path): length(root / path) for path in sources}
    assert {path: lines for path, lines in lengths.items() if lines > FILE_LIMIT} == {}


def test_nine_files_of_ten_keep_to_the_budget(root: Path, sources: Sources) -> None:
    over = [str(path) for path in sources if length(root / path) > FILE_BUDGET]
    assert len(over) <= len(sources) / 10, over


def test_no_function_is_over_the_limit(sources: Sources) -> None:
    bodies = {
        f"{path}:{node.lineno} {node.name}": body_length(node)
        for path, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {where: lines for where, lines in bodies.items() if lines > FUNCTION_LIMIT} == {}


def length(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines from `def` to the end, without the docstring's."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        assert docstring.end_lineno is not None
        lines -= docstring.end_lineno - docstring.lineno + 1
    return lines
