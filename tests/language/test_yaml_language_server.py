"""The settings that `itsm init` writes for editors, tried with the YAML language server that editors use.

It comes from npm; where there is none, this is left out.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

from itsm_gitops.commands.init import init
from itsm_gitops.repository import Repository
from itsm_gitops.rules.editor_settings import write_settings
from tests.npm import npm_file

pytestmark = pytest.mark.slow
SERVER = "yaml-language-server"
INCIDENT = "records/incidents/2026/01/INC-260112-EXMP1.yaml"


class Editor:
    """An editor with the settings of a repository, as the YAML extension of VS Code passes them on."""

    def __init__(self, root: Path) -> None:
        self.root = root
        settings = json.loads((root / ".vscode/settings.json").read_text())
        self.settings = {"schemas": {_absolute(root, k): v for k, v in settings["yaml.schemas"].items()}}
        self.client = LanguageClient("tests", "1")
        self.found: dict[str, list[lsp.Diagnostic]] = {}
        self.told = asyncio.Condition()
        self.versions: dict[str, int] = {}

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        async def published(params: lsp.PublishDiagnosticsParams) -> None:
            async with self.told:
                self.found[params.uri] = list(params.diagnostics)
                self.told.notify_all()

        @self.client.feature(lsp.WORKSPACE_CONFIGURATION)
        def configuration(params: lsp.ConfigurationParams) -> list[Any]:
            about = {"yaml": {**self.settings, "schemaStore": {"enable": False}, "validate": True}}
            return [about.get(item.section or "") for item in params.items]

    async def start(self) -> None:
        await self.client.start_io(str(npm_file(SERVER, f"{SERVER}@1.25.0", f".bin/{SERVER}")), "--stdio")
        folder = lsp.WorkspaceFolder(self.root.as_uri(), "acme")
        able = lsp.ClientCapabilities(
            workspace=lsp.WorkspaceClientCapabilities(configuration=True, workspace_folders=True)
        )
        await self.client.initialize_async(
            lsp.InitializeParams(capabilities=able, root_uri=self.root.as_uri(), workspace_folders=[folder])
        )
        self.client.initialized(lsp.InitializedParams())
        self.client.workspace_did_change_configuration(
            lsp.DidChangeConfigurationParams({"yaml": {**self.settings, "schemaStore": {"enable": False}}})
        )
        await asyncio.sleep(1)  # it reads its settings in its own time, and says nothing

    def show(self, path: str, text: str) -> str:
        """Open a file with a text, or give an open one another text."""
        uri = (self.root / path).as_uri()
        version = self.versions[uri] = self.versions.get(uri, 0) + 1
        if version == 1:
            item = lsp.TextDocumentItem(uri, lsp.LanguageKind.Yaml, version, text)
            self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        else:
            about = lsp.VersionedTextDocumentIdentifier(version, uri)
            whole = lsp.TextDocumentContentChangeWholeDocument(text)
            self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(about, [whole]))
        return uri

    async def complaints(self, path: str, text: str, wanted: Callable[[list[str]], bool]) -> None:
        """Show a text and wait until the complaints are as wanted; raises TimeoutError with what they are."""
        uri = self.show(path, text)
        try:
            async with asyncio.timeout(60), self.told:
                await self.told.wait_for(lambda: uri in self.found and wanted(self.messages(uri)))
        except TimeoutError as error:
            raise AssertionError(f"{path}: {self.messages(uri)}") from error

    def messages(self, uri: str) -> list[str]:
        return [d.message for d in self.found.get(uri, ())]

    async def completions(self, path: str, text: str, line: int, column: int) -> set[str]:
        about = lsp.TextDocumentIdentifier(self.show(path, text))
        found = await self.client.text_document_completion_async(
            lsp.CompletionParams(about, lsp.Position(line, column))
        )
        items = found.items if isinstance(found, lsp.CompletionList) else found or []
        return {i.label for i in items}

    async def hover(self, path: str, text: str, line: int, column: int) -> str:
        about = lsp.TextDocumentIdentifier(self.show(path, text))
        found = await self.client.text_document_hover_async(
            lsp.HoverParams(about, lsp.Position(line, column))
        )
        return str(getattr(found.contents, "value", found.contents)) if found else ""


def _absolute(root: Path, schema: str) -> str:
    return (root / schema).as_uri()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = init(tmp_path_factory.mktemp("yaml") / "acme", organisation="Acme").root
    schema = json.loads((root / "schemas/records/complaint.schema.json").read_text())
    schema["x-itsm"] |= {"kind": "praise", "plural": "praises", "prefix": "PRS", "folder": "records/praises"}
    schema["properties"]["kind"] = {"description": "The kind.", "const": "praise"}
    schema["properties"]["warmth"] = {
        "description": "How warm it is.",
        "type": "string",
        "enum": ["warm", "hot"],
    }
    (root / "schemas/records/praise.schema.json").write_text(json.dumps(schema))
    assert write_settings(Repository.open(root))
    return root


def talk(root: Path, conversation: Callable[[Editor], Awaitable[None]]) -> None:
    async def whole() -> None:
        editor = Editor(root)
        await editor.start()
        try:
            await conversation(editor)
        finally:
            await editor.client.shutdown_async(None)
            editor.client.exit(None)
            await editor.client.stop()

    # In a thread of its own: a browser of other tests may keep a loop in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, whole()).result()


def test_every_shipped_file_is_fine_and_known(root: Path) -> None:
    files = [
        p.relative_to(root).as_posix()
        for p in sorted(root.rglob("*.yaml"))
        if not any(part.startswith(".") for part in p.relative_to(root).parts)
    ]

    async def conversation(editor: Editor) -> None:
        for path in files:
            text = (root / path).read_text()
            await editor.complaints(
                path, text + "\nno_such_key: 1\n", lambda said: "no_such_key" in str(said)
            )
            await editor.complaints(path, text, lambda said: not said)

    talk(root, conversation)


def test_every_field_of_every_kind_completes_and_says_what_it_is(root: Path) -> None:
    kinds = Repository.open(root).book.kinds.values()

    async def conversation(editor: Editor) -> None:
        for kind in kinds:
            path = f"{kind.folder}/new.yaml"
            head = f"{kind.tag}: {kind.name}\n"
            proposed = await editor.completions(path, head, 1, 0)
            fields = set(kind.fields) - {kind.tag}
            assert fields <= proposed, (kind.name, fields - proposed)
            text = head + "".join(f"{f}: \n" for f in fields)
            for number, name in enumerate(fields, start=1):
                said = await editor.hover(path, text, number, 1)
                assert str(kind.fields[name]["description"])[:20] in _plain(said), (kind.name, name, said)

    talk(root, conversation)


def _plain(markdown: str) -> str:
    return markdown.replace("\\", "").replace("&nbsp;", " ")


def test_choices_complete_and_a_kind_of_ones_own_is_known(root: Path) -> None:
    async def conversation(editor: Editor) -> None:
        assert {"high", "low"} <= await editor.completions(INCIDENT, "kind: incident\nimpact: \n", 1, 8)
        own = "records/praises/2026/11/PRS-261122-AAAAA.yaml"
        assert {"warm", "hot"} <= await editor.completions(own, "kind: praise\nwarmth: \n", 1, 8)
        assert "How warm it is." in await editor.hover(own, "kind: praise\nwarmth: hot\n", 1, 2)
        await editor.complaints(own, "kind: praise\nwarmth: icy\n", lambda said: "not accepted" in str(said))
        policy = "schemas/policies/roles.yaml"
        assert "delegates" in await editor.completions(policy, "roles: {}\n\n", 1, 0)
        text = "kind: incident\nservice: Not A Name\n"
        await editor.complaints(INCIDENT, text, lambda said: "attern" in str(said))

    talk(root, conversation)
