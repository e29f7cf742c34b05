"""Checks a file of documents as codegen's client preset writes it: a map from ids to documents."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLSyntaxError, OperationDefinitionNode, parse
from graphql.language.ast import ExecutableDefinitionNode
from tqdm import tqdm

from webnet.api.documents.ids import digest_of, find_digest, show_id
from webnet.api.engine.limits import MAXIMUM_TOKENS
from webnet.errors import show
from webnet.input_faults import InputFaults
from webnet.values.storable_values import is_storable_text

# Of one application; a large one has some hundreds.
MAXIMUM_DOCUMENTS = 10_000
# Of a document, in characters; one of as many tokens as a request may have is a third of it.
LARGEST_DOCUMENT = 64_000
WRONG_KEY = "This is not the SHA-256 of a document, in hexadecimal: have codegen write the file with 'sha256'."


def check_documents(content: Any) -> dict[str, str]:
    """The documents by their digests. Raises InvalidInput with all that is wrong, each at the id that has it."""
    faults = InputFaults()
    if not isinstance(content, dict):
        faults.add("The file must be a JSON object of documents by their ids, as codegen's client preset writes it.")
    elif not content:
        faults.add("The file has no documents.")
    elif len(content) > MAXIMUM_DOCUMENTS:
        faults.add(f"The file has {len(content):,} documents; an application can have {MAXIMUM_DOCUMENTS:,}.")
    faults.refuse()
    documents: dict[str, str] = {}
    for key, text in tqdm(content.items(), desc="Checking", unit=" documents", disable=None):
        digest, problem = find_digest(key), describe_problem(key, text)
        if problem is not None:
            faults.add(problem, show(key))
        elif digest is not None:
            documents[digest] = text
    faults.refuse()
    return documents


def describe_problem(key: str, text: Any) -> str | None:
    """Why this is not a document under its id; None if it is."""
    digest = find_digest(key)
    if digest is None:
        return WRONG_KEY
    if not isinstance(text, str):
        return "Its document is not a string."
    if len(text) > LARGEST_DOCUMENT:
        return f"Its document has {len(text):,} characters; it can have {LARGEST_DOCUMENT:,}."
    if not is_storable_text(text):
        return "Its document has a character that can't be stored, such as U+0000."
    if digest_of(text) != digest:
        return f"This is not the SHA-256 of its document, which is '{show_id(digest_of(text))}'."
    return _describe_syntax(text)


def _describe_syntax(text: str) -> str | None:
    try:
        document = parse(text, max_tokens=MAXIMUM_TOKENS)
    except GraphQLSyntaxError as error:
        places = "".join(f" (line {place.line}, column {place.column})" for place in (error.locations or [])[:1])
        return f"Its document can't be parsed: {show(error.message)}{places}"
    except RecursionError:
        return "Its document is nested too deeply."
    if not all(isinstance(each, ExecutableDefinitionNode) for each in document.definitions):
        return "Its document defines types."
    return None


def name_operations(text: str) -> tuple[str, ...]:
    """The names of the document's operations, "(unnamed)" for one that has none."""
    operations = [each for each in parse(text).definitions if isinstance(each, OperationDefinitionNode)]
    return tuple(each.name.value if each.name is not None else "(unnamed)" for each in operations)
