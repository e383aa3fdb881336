"""`itsm lsp` as an editor uses it: the real program, over its standard input and output."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

from itsm_gitops.commands.init import init
from itsm_gitops.repository import Repository
from itsm_gitops.rules import check
from tests.support import copy_tree

MARK = "‸"  # where the cursor is
PATIENCE = 60  # seconds; an answer takes a fraction of one
INCIDENT = "records/incidents/2026/01/INC-260112-EXMP1.yaml"
CHANGE = "records/changes/2026/01/CHG-260115-EXMP4.yaml"


class Editor:
    """A client of the server with the few gestures of an editor."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.client = LanguageClient("tests", "1")
        self.published: dict[str, list[lsp.Diagnostic]] = {}
        self.told = asyncio.Condition()
        self.versions: dict[str, int] = {}

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        async def published(params: lsp.PublishDiagnosticsParams) -> None:
            async with self.told:
                self.published[params.uri] = list(params.diagnostics)
                self.told.notify_all()

    async def start(self) -> None:
        await self.client.start_io(sys.executable, "-m", "itsm_gitops", "lsp")
        await self.client.initialize_async(
            lsp.InitializeParams(capabilities=lsp.ClientCapabilities(), root_uri=self.root.as_uri())
        )
        self.client.initialized(lsp.InitializedParams())

    async def stop(self) -> None:
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()

    def uri(self, path: str) -> str:
        return (self.root / path).as_uri()

    def open(self, path: str, text: str | None = None) -> str:
        text = (self.root / path).read_text() if text is None else text
        item = lsp.TextDocumentItem(self.uri(path), lsp.LanguageKind.Yaml, 1, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        self.versions[path] = 1
        return text

    def type(self, path: str, text: str) -> None:
        self.versions[path] += 1
        about = lsp.VersionedTextDocumentIdentifier(self.versions[path], self.uri(path))
        whole = lsp.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(about, [whole]))

    async def findings(self, path: str) -> list[lsp.Diagnostic]:
        """Wait for the next word about a file."""
        uri = self.uri(path)
        async with asyncio.timeout(PATIENCE), self.told:
            await self.told.wait_for(lambda: uri in self.published)
            return self.published.pop(uri)

    async def complete(self, path: str, text: str) -> dict[str, lsp.CompletionItem]:
        """Return what is proposed at the mark, by label."""
        clean, position = at_mark(text)
        if path in self.versions:
            self.type(path, clean)
        else:
            self.open(path, clean)
        found = await self.client.text_document_completion_async(
            lsp.CompletionParams(lsp.TextDocumentIdentifier(self.uri(path)), position)
        )
        items = found.items if isinstance(found, lsp.CompletionList) else found or []
        return {i.label: i for i in items}

    async def hover(self, path: str, text: str) -> str:
        clean, position = at_mark(text)
        self.type(path, clean) if path in self.versions else self.open(path, clean)
        found = await self.client.text_document_hover_async(
            lsp.HoverParams(lsp.TextDocumentIdentifier(self.uri(path)), position)
        )
        return found.contents.value if found else ""  # type: ignore[union-attr]

    async def actions(self, path: str) -> dict[str, lsp.CodeAction]:
        nowhere = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
        about = lsp.TextDocumentIdentifier(self.uri(path))
        found = await self.client.text_document_code_action_async(
            lsp.CodeActionParams(about, nowhere, lsp.CodeActionContext([]))
        )
        return {a.title: a for a in found or []}  # type: ignore[misc]


def at_mark(text: str) -> tuple[str, lsp.Position]:
    before, _, after = text.partition(MARK)
    return before + after, lsp.Position(before.count("\n"), len(before.rsplit("\n", 1)[-1]))


def applied(text: str, edits: list[lsp.TextEdit]) -> str:
    lines = text.splitlines(keepends=True)
    for edit in edits:
        lines[edit.range.start.line : edit.range.end.line] = [edit.new_text]
    return "".join(lines)


Talk = Callable[[Callable[[Editor], Awaitable[None]]], None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return init(tmp_path_factory.mktemp("lsp") / "acme", organisation="Acme").root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    copy_tree(made, tmp_path / "acme")
    return tmp_path / "acme"


@pytest.fixture
def talk(root: Path, monkeypatch: pytest.MonkeyPatch) -> Talk:
    monkeypatch.setenv("ITSM_USER", "mail-engineer")
    monkeypatch.setenv("ITSM_NOW", "2026-11-22T12:00:00Z")

    def run(conversation: Callable[[Editor], Awaitable[None]]) -> None:
        async def whole() -> None:
            editor = Editor(root)
            await editor.start()
            try:
                await conversation(editor)
            finally:
                await editor.stop()

        # In a thread of its own: a browser of other tests may keep a loop in this one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, whole()).result()

    return run


def test_it_completes_what_the_rule_book_and_the_repository_know(talk: Talk, root: Path) -> None:
    text = (root / INCIDENT).read_text()

    async def conversation(editor: Editor) -> None:
        found = await editor.complete(INCIDENT, text.replace("service: email", "service: ‸"))
        assert set(found) == {"email"}
        assert found["email"].detail == "E-mail"
        found = await editor.complete(INCIDENT, text.replace("- mailbox-db", "- mail‸"))
        assert {"mailbox-db", "mail-server", "mail-host-1"} <= set(found)
        assert "office-hours" not in found
        assert found["mailbox-db"].detail == "Mailbox database"
        found = await editor.complete(INCIDENT, text.replace("impact: high", "impact: ‸"))
        assert list(found) == ["high", "medium", "low"]
        found = await editor.complete(INCIDENT, text.replace("type: caused_by", "type: ‸"))
        assert "caused_by" in found
        assert "runs_on" not in found  # a link of items
        found = await editor.complete(INCIDENT, text.replace("target: PRB-260112-EXMP2", "target: ‸"))
        assert "PRB-260112-EXMP2" in found
        assert not {"email", "KE-260114-EXMP3", "INC-260112-EXMP1"} & set(
            found
        )  # no end of this link, or its start
        found = await editor.complete(INCIDENT, text.replace("urgency: high", "urgency: high\n‸"))
        assert "subcategory" in found
        assert not {"urgency", "description"} & set(found)
        found = await editor.complete(
            CHANGE, (root / CHANGE).read_text().replace("state: draft", "state: ‸", 1)
        )
        assert next(iter(found)) in ("assess", "cancelled")
        assert "scheduled" in found

    talk(conversation)


def test_what_it_writes_is_what_was_proposed(talk: Talk, root: Path) -> None:
    async def conversation(editor: Editor) -> None:
        found = await editor.complete("cmdb/services/shop.yaml", "id: shop\ncla‸")
        edit = found["class"].text_edit
        assert isinstance(edit, lsp.TextEdit)
        assert (edit.new_text, edit.range.start.character, edit.range.end.character) == ("class: ", 0, 3)

    talk(conversation)


def test_half_typed_text_gets_nothing_wrong(talk: Talk, root: Path) -> None:
    async def conversation(editor: Editor) -> None:
        editor.open(INCIDENT)
        assert await editor.findings(INCIDENT) == []
        text = (root / INCIDENT).read_text()
        editor.type(INCIDENT, text.replace("links:\n", "links:\n- type: [caused\n"))
        (found,) = await editor.findings(INCIDENT)
        assert str(found.code).startswith("P")
        found = await editor.complete(
            INCIDENT, text.replace("**What happens**: sending", "**What happens**: ‸")
        )
        assert found == {}  # prose
        found = await editor.complete(INCIDENT, "# who is ‸\n" + text)
        assert found == {}

    talk(conversation)


def test_findings_are_those_of_the_check_wherever_they_stand(talk: Talk, root: Path) -> None:
    file = root / INCIDENT
    text = file.read_text()
    wrong = text.replace("service: email", "service: emial").replace(
        "impact: high\n", "impact: huge\ncolour: red\n"
    )

    def shown(found: list[lsp.Diagnostic]) -> set[tuple[Any, int, int]]:
        return {(d.code, d.range.start.line + 1, d.range.start.character + 1) for d in found}

    async def conversation(editor: Editor) -> None:
        editor.open(INCIDENT)
        assert await editor.findings(INCIDENT) == []
        editor.type(INCIDENT, wrong)
        unsaved = shown(await editor.findings(INCIDENT))
        file.write_text(wrong)
        said = {
            (f.code, f.line, f.column) for f in check(Repository.open(root)).findings if f.path == INCIDENT
        }
        assert unsaved == said
        assert {code for code, _, _ in said} >= {"K001"}
        editor.client.text_document_did_save(
            lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(editor.uri(INCIDENT)))
        )
        assert shown(await editor.findings(INCIDENT)) == said
        editor.type(INCIDENT, "# one line more\n" + wrong)
        assert shown(await editor.findings(INCIDENT)) == {(c, line + 1, column) for c, line, column in said}
        editor.type(INCIDENT, text)
        assert await editor.findings(INCIDENT) == []

    talk(conversation)


def test_the_rule_book_is_judged_too(talk: Talk, root: Path) -> None:
    path = "schemas/workflows/incident.yaml"

    async def conversation(editor: Editor) -> None:
        text = editor.open(path)
        assert await editor.findings(path) == []
        editor.type(path, text.replace("initial: new", "initial: nwe"))
        found = await editor.findings(path)
        assert any("nwe" in d.message for d in found)
        proposed = await editor.complete(path, text.replace("initial: new", "initial: new\n‸"))
        assert "immutable" in proposed or "track" in proposed or "refuse" in proposed

    talk(conversation)


def test_it_says_what_is_under_the_cursor(talk: Talk, root: Path) -> None:
    async def conversation(editor: Editor) -> None:
        text = (root / INCIDENT).read_text()
        said = await editor.hover(INCIDENT, text.replace("- mailbox-db", "- mail‸box-db"))
        assert said.splitlines()[0] == "Mailbox database"
        assert "production" in said
        assert (
            "how soon"
            in (await editor.hover(INCIDENT, text.replace("urgency: high", "urg‸ency: high"))).lower()
        )
        assert (await editor.hover(INCIDENT, text.replace("state: closed", "state: clo‸sed", 1))).startswith(
            "Closed"
        )
        assert await editor.hover(INCIDENT, text.replace("sending ends", "send‸ing ends")) == ""

    talk(conversation)


def test_a_next_state_is_the_edit_of_move(talk: Talk, root: Path, run_itsm: Callable[..., Any]) -> None:
    async def conversation(editor: Editor) -> None:
        text = editor.open(CHANGE)
        actions = await editor.actions(CHANGE)
        chosen = next(a for title, a in actions.items() if title.endswith("→ assess"))
        assert chosen.edit is not None
        assert chosen.edit.changes is not None
        edited = applied(text, list(chosen.edit.changes[editor.uri(CHANGE)]))
        done = run_itsm(["move", "CHG-260115-EXMP4", "assess"], root)
        assert done.returncode == 0, done.stderr
        assert edited == (root / CHANGE).read_text()
        refused = [a for a in actions.values() if a.edit is None]
        assert all(a.disabled and a.disabled.reason for a in refused)

    talk(conversation)


def test_a_kind_added_by_files_is_known_at_once(talk: Talk, root: Path) -> None:
    schema = json.loads((root / "schemas/records/complaint.schema.json").read_text())
    schema["x-itsm"] |= {"kind": "praise", "plural": "praises", "prefix": "PRS", "folder": "records/praises"}
    schema["properties"]["kind"] = {"description": "The kind.", "const": "praise"}
    schema["properties"]["warmth"] = {
        "description": "How warm it is.",
        "type": "string",
        "enum": ["warm", "hot"],
    }

    async def conversation(editor: Editor) -> None:
        editor.open("itsm.yaml")  # the session is there before the kind
        await editor.findings("itsm.yaml")
        path = root / "schemas/records/praise.schema.json"
        path.write_text(json.dumps(schema, indent=2))
        event = lsp.FileEvent(path.as_uri(), lsp.FileChangeType.Created)
        editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))
        document = "records/praises/2026/11/PRS-261122-AAAAA.yaml"
        assert set(await editor.complete(document, "id: PRS-261122-AAAAA\nwarmth: ‸")) == {"warm", "hot"}
        assert "How warm it is." in await editor.hover(document, "id: PRS-261122-AAAAA\nwar‸mth: hot")

    talk(conversation)
