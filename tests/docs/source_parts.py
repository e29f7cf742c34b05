"""Puts a piece of Python into a file as a reader would: what it defines takes the place of what had its name."""

from __future__ import annotations

import ast
import textwrap

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def put_into(source: str, piece: str, *, into_class: str = "") -> str:
    """The source with the piece's imports at its top and its definitions in the module, or in that class."""
    imports, body = _split_imports(piece)
    kept = _drop(source, names=_names(body), within=into_class)
    return _add_imports(_append(kept, body, into_class), imports)


def _split_imports(piece: str) -> tuple[list[str], str]:
    lines = piece.splitlines()
    tree = ast.parse(piece)
    taken = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    numbers = {number for node in taken for number in range(node.lineno, (node.end_lineno or 0) + 1)}
    kept = [line for number, line in enumerate(lines, start=1) if number not in numbers]
    return [ast.unparse(node) for node in taken], "\n".join(kept)


def _names(body: str) -> set[str]:
    return {name for node in ast.parse(body).body for name in _names_of(node)}


def _names_of(node: ast.stmt) -> set[str]:
    if isinstance(node, Definition):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _drop(source: str, *, names: set[str], within: str) -> str:
    body = _find_class(source, within).body if within else ast.parse(source).body
    doomed = {
        number
        for node in body
        if _names_of(node) & names
        for number in range(_first_line(node), (node.end_lineno or 0) + 1)
    }
    return "\n".join(line for number, line in enumerate(source.splitlines(), start=1) if number not in doomed) + "\n"


def _append(source: str, body: str, name: str) -> str:
    if not name:
        return f"{source.rstrip()}\n\n\n{body.strip()}\n"
    end = _find_class(source, name).end_lineno or 0
    lines = source.splitlines()
    return "\n".join([*lines[:end], "", textwrap.indent(body.strip("\n"), "    "), *lines[end:]]) + "\n"


def _add_imports(source: str, imports: list[str]) -> str:
    lines = source.splitlines()
    future = [number for number, line in enumerate(lines, start=1) if line.startswith("from __future__")]
    first = ast.parse(source).body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    after = future[0] if future else (first.end_lineno or 0) if is_docstring else 0
    return "\n".join([*lines[:after], *imports, *lines[after:]]) + "\n"


def _find_class(source: str, name: str) -> ast.ClassDef:
    found = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == name]
    assert found, f"There is no class {name} yet."
    return found[0]


def _first_line(node: ast.stmt) -> int:
    decorators = node.decorator_list if isinstance(node, Definition) else []
    return min([node.lineno, *(each.lineno for each in decorators)])
