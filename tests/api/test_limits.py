"""The limits for a single document, which hold before anything of it runs."""

from __future__ import annotations

import gc
import weakref

import pytest
from graphql import get_introspection_query, parse

from webnet.api.engine.cost import SameDocument
from webnet.api.engine.known_documents import KnownDocuments, known_documents
from webnet.api.engine.strawberry_schema import CACHED_RESULTS
from webnet.api.visibility import visible_schema

pytestmark = pytest.mark.django_db(transaction=True)

PAGE_OF = "query($n: Int) { plugins(first: $n) { edges { cursor } } }"
VIEWER = "{ viewer { user { username } } }"


def find_garbage(*, of: str) -> list[object]:
    """What only the collector finds of this package's objects; threads of earlier tests may leave others."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        return [each for each in gc.garbage if type(each).__module__.startswith(of)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


class TestLimits:
    def test_introspection_of_graphiql_is_within_them(self, platform):
        query = get_introspection_query(
            specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
        )

        assert platform.data(query)["__schema"]["queryType"]["name"] == "Query"

    def test_depth(self, platform, world, settings):
        settings.WEBNET_BUDGET_POINTS_PLATFORM = 10**30
        deep = "plugins { edges { node { dependents { dependents { dependents { %s } } } } } }"

        assert platform.code("{" + deep % ("dependents {" * 5 + "name" + "}" * 5) + "}") == "QUERY_TOO_DEEP"
        assert "errors" not in platform.run("{" + deep % ("dependents {" * 4 + "name" + "}" * 4) + "}")

    def test_depth_in_fragments(self, platform, world):
        fragments = " ".join(f"fragment F{n} on Plugin {{ dependents {{ ...F{n + 1} }} }}" for n in range(9))
        query = '{ plugin(name: "map") { ...F0 } }' + fragments + " fragment F9 on Plugin { dependents { name } }"

        assert platform.code(query) == "QUERY_TOO_DEEP"

    def test_aliases(self, nobody):
        assert (
            nobody.code("{" + " ".join(f"a{n}: viewer {{ __typename }}" for n in range(16)) + "}") == "TOO_MANY_ALIASES"
        )
        assert nobody.data("{" + " ".join(f"a{n}: viewer {{ __typename }}" for n in range(15)) + "}")

    def test_tokens(self, nobody):
        assert nobody.code("{" + " __typename" * 1_000 + "}") == "TOO_MANY_TOKENS"

    @pytest.mark.parametrize(
        "query",
        [
            "{ viewer { " + "isPlatformOperator " * 900 + "} }",
            "{ viewer { " + "user { username } " * 240 + "} }",
            "{ viewer { " + "... on Viewer { user { username } } " * 110 + "} }",
        ],
    )
    def test_repetitions_that_would_take_quadratic_time(self, nobody, query):
        assert nobody.code(query) == "TOO_MANY_REPETITIONS"

    def test_fragments_that_double_each_other_take_no_time(self, nobody):
        doubling = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))

        answer = nobody.run("{ ...F0 }" + doubling + " fragment F60 on Query { viewer { __typename } }")

        assert answer == {"data": {"viewer": None}}

    def test_brackets_without_fields_are_no_bug(self, nobody):
        codes = {nobody.code("{" * count) for count in (300, 900)} | {
            nobody.code("{ viewer {" + " ... {" * count + "__typename" + "}" * count + "} }") for count in (200, 320)
        }

        assert codes <= {"GRAPHQL_PARSE_FAILED", "QUERY_TOO_DEEP", "TOO_MANY_TOKENS"}

    def test_known_document_is_validated_once(self, nobody):
        nobody.data(VIEWER)
        validated = visible_schema(None).validated
        hits = validated.hits
        nobody.data(VIEWER)

        assert validated.hits == hits + 1

    def test_known_document_is_parsed_once(self, nobody):
        nobody.data(VIEWER)
        known = known_documents.parse(VIEWER, {})
        nobody.data(VIEWER)

        assert known_documents.parse(VIEWER, {}) is known

    def test_known_documents_take_a_bounded_room_however_many_clients_send(self):
        documents = KnownDocuments(4_000)
        first = documents.parse("{ first }", {})
        for number in range(100):
            documents.parse(f"{{ a{number}: viewer {{ __typename }} }} {'#' * 100}", {})
            assert documents.parse("{ first }", {}) is first, "it was just used"

        assert 20 < len(documents) < 40

    def test_a_document_that_would_push_out_many_others_is_not_kept(self):
        documents = KnownDocuments(4_000)
        documents.parse("{ first }", {})

        documents.parse("{ second }" + " " * 2_000, {})

        assert len(documents) == 1

    def test_what_is_known_of_documents_keeps_none_of_them_alive(self, nobody):
        documents = [f"{{ viewer {{ __typename }} a{number}: viewer {{ __typename }} }}" for number in range(3)]
        for document in documents:
            nobody.data(document)
        nobody.run("{ wrong }")
        seen = [weakref.ref(known_documents.parse(document, {})) for document in [*documents, "{ wrong }"]]

        results = len(visible_schema(None).validated), len(visible_schema(None).priced)

        known_documents.clear()
        gc.collect()

        assert [ref() for ref in seen] == [None] * 4
        left = len(visible_schema(None).validated), len(visible_schema(None).priced)
        # Somebody else may still hold a document of another test, such as the traceback of an error.
        assert all(before - after >= 3 for before, after in zip(results, left, strict=True)), (results, left)

    def test_a_document_leaves_nothing_for_the_garbage_collector(self):
        documents = KnownDocuments(4_000)
        documents.parse("{ first }", {})
        gc.collect()

        documents.parse("{ viewer { user { username } } }", {})
        documents.clear()

        assert find_garbage(of="graphql") == []
        parse("{ viewer { user { username } } }")  # a negative control: its tokens refer to each other
        assert find_garbage(of="graphql") != []

    def test_sizes_of_pages_that_never_end_are_not_all_kept(self, platform):
        for size in range(CACHED_RESULTS + 20):
            schema = visible_schema(None)
            schema.priced(schema.graphql, SameDocument(known_documents.parse(PAGE_OF, {})), None, (("n", size),))

        assert 0 < len(schema.priced) <= CACHED_RESULTS
