"""What the source says, and where: names, docstrings, prints, marks, hosts and paths."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

DRAWERS = {"util", "utils", "helper", "helpers", "misc", "common"}
MARK = re.compile(r"\b(?:TO[D]O|FIX[M]E|X[X]X)\b")
REGISTRY_HOST = re.compile(
    r"pypi\.(?:org|python)|pythonhosted\.|registry\.npmjs|deb\.debian|conda\.anaconda", re.I
)
MACHINE_PATH = re.compile(r"(?<![\w.~$)}-])/(?:work|opt|root|home|Users)/")
DOCUMENTED_ELSEWHERE = {"override", "overload", "setter"}

Sources = dict[Path, ast.Module]
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def test_no_file_is_a_drawer(tracked: dict[str, str]) -> None:
    assert [name for name in tracked if DRAWERS & {Path(part).stem.lower() for part in Path(name).parts}] == []


def test_everything_public_is_documented(sources: Sources) -> None:
    modules = {path: tree for path, tree in sources.items() if path.parts[0] == "src"}
    bare = [f"{path}:{node.lineno} {node.name}" for path, tree in modules.items() for node in undocumented(tree)]
    bare += [str(path) for path, tree in modules.items() if not ast.get_docstring(tree)]
    assert bare == []


def test_no_mark_is_left_for_later(tracked: dict[str, str]) -> None:
    assert places({name: text for name, text in tracked.items() if name != "LICENSE"}, MARK) == []


def test_no_file_names_a_package_registry(tracked: dict[str, str]) -> None:
    assert places(tracked, REGISTRY_HOST) == []


def test_no_file_names_a_path_of_one_machine(tracked: dict[str, str]) -> None:
    assert places(tracked, MACHINE_PATH) == []


def test_only_the_command_line_and_show_print(sources: Sources) -> None:
    silent = {
        path: tree
        for path, tree in sources.items()
        if path.parts[0] == "src" and "cli" not in path.parts and path.stem != "show"
    }
    calls = [
        f"{path}:{node.lineno}"
        for path, tree in silent.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert calls == []


def places(texts: dict[str, str], pattern: re.Pattern[str]) -> list[str]:
    """Return `path:line` of every match."""
    return [
        f"{name}:{number} {found.group()}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if (found := pattern.search(line))
    ]


def undocumented(scope: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    """Yield the public functions, classes and methods of `scope` that have no docstring."""
    for node in scope.body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        excused = {ast.unparse(decorator).split(".")[-1] for decorator in node.decorator_list}
        if not ast.get_docstring(node) and not excused & DOCUMENTED_ELSEWHERE:
            yield node
        if isinstance(node, ast.ClassDef):
            yield from undocumented(node)
