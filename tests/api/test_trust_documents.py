"""What the command `trust_documents` stores, lists and forgets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.api.conftest import World
from tests.api.trusting import PLUGINS, RENAME, SYSTEM, VIEWER, code_of, forget, id_of, trust
from webnet.api.documents import changes, files
from webnet.api.documents.ids import digest_of
from webnet.api.models import TrustedDocument
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor
from webnet.errors import InvalidInput, PermissionDenied

pytestmark = pytest.mark.django_db(transaction=True)


class TestChanges:
    def test_a_document_is_gone_with_the_last_application_that_has_it(self, world: World) -> None:
        client = world.client("viewer")
        trust(PLUGINS, VIEWER, application="web")
        trust(PLUGINS, application="app")
        for text in (PLUGINS, VIEWER):
            assert "data" in client.send({"documentId": id_of(text)}).json()

        forget(application="web")
        still_trusted, forgotten = (client.send({"documentId": id_of(text)}) for text in (PLUGINS, VIEWER))
        forget(PLUGINS, application="app")

        assert "data" in still_trusted.json() and code_of(forgotten) == "PERSISTED_QUERY_NOT_FOUND"
        assert code_of(client.send({"documentId": id_of(PLUGINS)})) == "PERSISTED_QUERY_NOT_FOUND"

    def test_what_changes_is_audited_and_the_rest_is_not(self) -> None:
        for _ in range(2):
            trust(PLUGINS, VIEWER, reason="release 7")
        trust(PLUGINS, replaces=True)
        forget()

        rows = PluginAuditLog.objects.order_by("position").values_list("action", "reason", "actor_name", "after")
        assert [row[:3] for row in rows] == [
            ("trust_documents", "release 7", SYSTEM.name),
            ("trust_documents", "", SYSTEM.name),
            ("forget_documents", "", SYSTEM.name),
        ]
        changed = [{name: row[3][name] for name in ("application", "documents", "added", "removed")} for row in rows]
        assert changed == [
            {"application": "web", "documents": 2, "added": 2, "removed": 0},
            {"application": "web", "documents": 1, "added": 0, "removed": 1},
            {"application": "web", "documents": 0, "added": 0, "removed": 1},
        ]

    def test_a_refused_change_leaves_everything(self, monkeypatch: pytest.MonkeyPatch) -> None:
        trust(PLUGINS)
        monkeypatch.setattr(changes, "MAXIMUM_DOCUMENTS", 2)
        member = Actor(name="vera", user_id=1)

        with pytest.raises(InvalidInput, match="'web' would have 3 documents; it can have 2"):
            trust(VIEWER, RENAME)
        with pytest.raises(InvalidInput, match="'web' has no trusted document"):
            forget(PLUGINS, VIEWER)
        with pytest.raises(InvalidInput, match="'app' has no trusted documents"):
            forget(application="app")
        with pytest.raises(InvalidInput):
            trust(VIEWER, application="a\nb")
        with pytest.raises(PermissionDenied):
            changes.trust(actor=member, application="web", documents={digest_of(VIEWER): VIEWER})
        with pytest.raises(PermissionDenied):
            changes.forget(actor=member, application="web")

        assert [row.text for row in TrustedDocument.objects.all()] == [PLUGINS]


class TestCommand:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "persisted-documents.json"
        path.write_text(json.dumps({id_of(PLUGINS): PLUGINS, digest_of(VIEWER): VIEWER}))
        return path

    def run(self, capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
        call_command("trust_documents", *map(str, arguments))
        return capsys.readouterr().out

    def test_it_trusts_what_codegen_writes_and_again_changes_nothing(
        self, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        dry = self.run(capsys, file, "--application", "web", "--dry-run")
        outputs = [self.run(capsys, file, "--application", "web") for _ in range(2)]
        listed = self.run(capsys, "--list"), self.run(capsys, "--list", "--application", "web")

        assert f"+ {id_of(PLUGINS)}\n" in dry and "Nothing was changed, because of --dry-run." in dry
        assert outputs == [
            "Trusted documents of 'web': 2 added, 0 removed, 0 unchanged.\n",
            "Trusted documents of 'web': 0 added, 0 removed, 2 unchanged.\n",
        ]
        assert f"web: 2 documents, {len(PLUGINS + VIEWER)} characters" in listed[0]
        assert sorted(listed[1].splitlines()) == sorted([f"{id_of(PLUGINS)} Plugins", f"{id_of(VIEWER)} Viewer"])
        assert [row.actor_name for row in PluginAuditLog.objects.all()] == ["command: trust_documents"]

    def test_it_replaces_and_removes(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        trust(RENAME)

        replaced = self.run(capsys, file, "--application", "web", "--replace")
        one = self.run(capsys, "--remove", "--application", "web", "--id", id_of(VIEWER))
        dry = self.run(capsys, "--remove", "--application", "web", "--dry-run")
        rest = self.run(capsys, "--remove", "--application", "web")

        assert "2 added, 1 removed, 0 unchanged" in replaced
        assert "0 added, 1 removed, 1 unchanged" in one
        assert f"- {id_of(PLUGINS)}\n" in dry
        assert "0 added, 1 removed, 0 unchanged" in rest
        assert self.run(capsys, "--list") == ""

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("{", "is not JSON"),
            ("[]", "must be a JSON object of documents by their ids"),
            ("{}", "has no documents"),
            (json.dumps({"operations": []}), "operations: This is not the SHA-256 of a document"),
            (json.dumps({"a" * 40: PLUGINS}), f"{'a' * 40}: This is not the SHA-256 of a document"),
            (json.dumps({id_of(PLUGINS): VIEWER}), f"{id_of(PLUGINS)}: This is not the SHA-256 of its document"),
            (json.dumps({id_of(PLUGINS): 7}), "is not a string"),
            (json.dumps({id_of("{ a "): "{ a "}), "can't be parsed: Syntax"),
            (json.dumps({id_of("type A { a: Int }"): "type A { a: Int }"}), "defines types"),
            (json.dumps({id_of(text := f"{{ {'a ' * 1_001}}}"): text}), "can't be parsed: Syntax Error: Document"),
            (json.dumps({id_of(text := "#" * 64_001): text}), "has 64,001 characters; it can have 64,000"),
            (json.dumps({id_of("{ a }"): "{ a }\0"}), "can't be stored"),
            (json.dumps({id_of("{ a }"): "{ a }\ud800"}), "can't be stored"),
            (f'{{"{id_of(PLUGINS)}": "", "{id_of(PLUGINS)}": ""}}', "twice in one object"),
        ],
    )
    def test_a_bad_file_is_refused_and_nothing_of_it_is_stored(
        self, tmp_path: Path, content: str, message: str
    ) -> None:
        path = tmp_path / "documents.json"
        path.write_text(content)

        with pytest.raises(CommandError) as refused:
            call_command("trust_documents", str(path), "--application", "web")

        assert message in str(refused.value)
        assert not TrustedDocument.objects.exists() and not PluginAuditLog.objects.exists()

    def test_all_that_is_wrong_is_said_at_once_and_the_good_ones_are_not_stored(self, tmp_path: Path) -> None:
        path = tmp_path / "documents.json"
        path.write_text(json.dumps({id_of(PLUGINS): PLUGINS, "one": VIEWER, **{str(each): "" for each in range(30)}}))

        with pytest.raises(CommandError) as refused:
            call_command("trust_documents", str(path), "--application", "web")

        lines = str(refused.value).splitlines()
        assert lines[1].startswith("  one: ") and (len(lines), lines[-1]) == (22, "  and 11 more")
        assert not TrustedDocument.objects.exists()

    def test_too_many_documents_are_refused(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(files, "MAXIMUM_DOCUMENTS", 1)

        with pytest.raises(CommandError, match="has 2 documents; an application can have 1"):
            call_command("trust_documents", str(file), "--application", "web")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ([], "Give FILE"),
            (["x.json"], "Give the application's name"),
            (["x.json", "--application", "web"], "'x.json' can't be read"),
            (["x.json", "--list"], "don't go with"),
            (["--remove", "--replace", "--application", "web"], "don't go with"),
            (["--remove"], "Give the application's name"),
            (["--list", "--id", "1"], "--id goes with --remove"),
            (["--remove", "--application", "web", "--id", "1"], "'1' is not an id"),
            (["--remove", "--application", "web"], "'web' has no trusted documents."),
        ],
    )
    def test_options_that_make_no_sense_are_refused(self, arguments: list[str], message: str) -> None:
        with pytest.raises(CommandError, match=message):
            call_command("trust_documents", *arguments)
