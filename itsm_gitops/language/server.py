"""The language server: requests of an editor in, answers out (LSP over standard input and output).

Only this module knows pygls. Questions about the repository are answered one after another in one thread, findings in another
that waits until nobody has typed for a moment.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from lsprotocol import types as lsp
from pygls import uris
from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument

from itsm_gitops import __version__
from itsm_gitops.language import completion, hover
from itsm_gitops.language.actions import Replacement, difference, next_states
from itsm_gitops.language.diagnosis import findings_of
from itsm_gitops.language.session import Session
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.model.findings import ERROR, WARNING, Finding
from itsm_gitops.snapshots.snapshot import CONFIG, SCHEMAS

T = TypeVar("T")
_LOG = logging.getLogger("itsm.lsp")
_PAUSE = 0.3  # seconds without typing before a text is judged
_SEVERITIES = {ERROR: lsp.DiagnosticSeverity.Error, WARNING: lsp.DiagnosticSeverity.Warning}
_SORTS = {
    completion.KEY: lsp.CompletionItemKind.Property,
    completion.VALUE: lsp.CompletionItemKind.EnumMember,
    completion.STATE: lsp.CompletionItemKind.Event,
    completion.REFERENCE: lsp.CompletionItemKind.Reference,
    completion.WORD: lsp.CompletionItemKind.Keyword,
}


class Worker:
    """One thread, and a session of its own for each repository that files are open of."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._sessions: dict[Path, Session] = {}

    async def ask(self, uri: str, question: Callable[[Session, str], T]) -> T | None:
        """Answer a question about an open file; None for a file of no repository, or where it cannot be said."""
        name = uris.to_fs_path(uri)
        if name is None:
            return None
        file = Path(name)

        def answer() -> T | None:
            try:
                session = self._session(file)
                path = session.path_of(file)
                return question(session, path) if path else None
            except ItsmError as error:  # a rule book in the making: the findings about it say where
                _LOG.info("%s: %s", file, error)
                return None

        return await asyncio.get_running_loop().run_in_executor(self._thread, answer)

    def _session(self, file: Path) -> Session:
        for root, session in self._sessions.items():
            if file.is_relative_to(root):
                return session
        session = Session(_existing(file.parent))
        return self._sessions.setdefault(session.root, session)


def _existing(folder: Path) -> Path:
    """Return the nearest folder that is there: a new file may be the first in its own."""
    return next(f for f in (folder, *folder.parents) if f.is_dir())


class ItsmServer(LanguageServer):
    """A language server with two workers: who asks what may stand here does not wait until everything is judged."""

    def __init__(self) -> None:
        super().__init__("itsm", __version__)
        self.answers, self.findings = Worker("answers"), Worker("findings")
        self.ask = self.answers.ask
        self.waiting: dict[str, asyncio.Task[None]] = {}

    async def forget(self, uri: str) -> None:
        """Read anew what the file at an address may have changed."""
        rules = f"/{SCHEMAS}/" in uri or uri.endswith(CONFIG)
        for worker in (self.answers, self.findings):
            await worker.ask(uri, lambda session, _: session.forget(rules=rules))

    def judge_soon(self, uri: str, pause: float = _PAUSE) -> None:
        """Judge an open file once nobody has typed in it for a moment."""
        task = self.waiting.pop(uri, None)
        if task is not None:
            task.cancel()
        self.waiting[uri] = asyncio.get_running_loop().create_task(self._judge(uri, pause))

    async def _judge(self, uri: str, pause: float) -> None:
        await asyncio.sleep(pause)
        document = self.workspace.get_text_document(uri)
        text, version = document.source, document.version
        found = await self.findings.ask(
            uri, lambda session, path: findings_of(session, path, text.encode("utf-8", "replace"))
        )
        if found is not None and uri in self.workspace.text_documents:
            self.text_document_publish_diagnostics(
                lsp.PublishDiagnosticsParams(uri, [_diagnostic(document, f) for f in found], version)
            )


def _diagnostic(document: TextDocument, finding: Finding) -> lsp.Diagnostic:
    line = max(finding.line - 1, 0)
    text = document.lines[line].rstrip("\r\n") if line < len(document.lines) else ""
    first = min(max(finding.column - 1, 0), len(text))
    span = lsp.Range(lsp.Position(line, first), lsp.Position(line, max(len(text.rstrip()), first)))
    hint = f"\n{finding.hint}" if finding.hint else ""
    return lsp.Diagnostic(
        range=document.position_codec.range_to_client_units(document.lines, span),
        message=f"{finding.message}{hint}",
        severity=_SEVERITIES.get(finding.severity, lsp.DiagnosticSeverity.Information),
        code=finding.code,
        source="itsm",
    )


def _item(
    document: TextDocument, line: int, span: tuple[int, int], number: int, proposal: completion.WordProposal
) -> lsp.CompletionItem:
    edit = lsp.TextEdit(_span(document, line, span), proposal.text)
    label = proposal.label or proposal.text
    return lsp.CompletionItem(
        label=label,
        kind=_SORTS[proposal.sort],
        detail=proposal.detail or None,
        documentation=proposal.about or None,
        sort_text=f"{'a' if proposal.first else 'b'}{number:05d}",
        filter_text=f"{proposal.text} {proposal.detail}"
        if proposal.sort == completion.REFERENCE
        else proposal.text,
        text_edit=edit,
        preselect=proposal.first or None,
    )


def _span(document: TextDocument, line: int, span: tuple[int, int]) -> lsp.Range:
    asked = lsp.Range(lsp.Position(line, span[0]), lsp.Position(line, span[1]))
    return document.position_codec.range_to_client_units(document.lines, asked)


def _edit(change: Replacement) -> lsp.TextEdit:
    return lsp.TextEdit(lsp.Range(lsp.Position(change.first, 0), lsp.Position(change.last, 0)), change.text)


def make_server() -> ItsmServer:
    """Return a server that is ready to be started."""
    server = ItsmServer()
    _follow_files(server)
    _complete(server)
    _explain(server)
    _offer_steps(server)
    return server


def _follow_files(server: ItsmServer) -> None:
    """Judge what is opened and typed, and read anew what is saved or changed by others."""

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        server.judge_soon(params.text_document.uri, 0)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        server.judge_soon(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        await server.forget(params.text_document.uri)
        for uri in server.workspace.text_documents:
            server.judge_soon(uri, 0)

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def watched(params: lsp.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            await server.forget(change.uri)
        for uri in server.workspace.text_documents:
            server.judge_soon(uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        task = server.waiting.pop(uri, None)
        if task is not None:
            task.cancel()
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))


def _complete(server: ItsmServer) -> None:
    """Propose what may stand at the cursor."""

    @server.feature(
        lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[" ", "-", "[", "{", ","])
    )
    async def complete(params: lsp.CompletionParams) -> lsp.CompletionList | None:
        document = server.workspace.get_text_document(params.text_document.uri)
        at = document.position_codec.position_from_client_units(document.lines, params.position)
        text = document.source
        found = await server.ask(
            document.uri,
            lambda session, path: completion.complete(session, path, text, at.line, at.character),
        )
        if found is None:
            return None
        items = [
            _item(document, at.line, found.place.span, number, proposal)
            for number, proposal in enumerate(found.proposals)
        ]
        return lsp.CompletionList(is_incomplete=not found.whole, items=items)


def _explain(server: ItsmServer) -> None:
    """Say what is under the cursor, and lead to the document that it names."""

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def explain(params: lsp.HoverParams) -> lsp.Hover | None:
        document = server.workspace.get_text_document(params.text_document.uri)
        found = await _explained(document, params.position)
        if found is None:
            return None
        text = lsp.MarkupContent(lsp.MarkupKind.PlainText, "\n".join(found.lines))
        return lsp.Hover(text, _span(document, params.position.line, found.span))

    async def _explained(document: TextDocument, position: lsp.Position) -> hover.Explained | None:
        at = document.position_codec.position_from_client_units(document.lines, position)
        text = document.source
        return await server.ask(
            document.uri, lambda session, path: hover.explain(session, path, text, at.line, at.character)
        )

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    async def define(params: lsp.DefinitionParams) -> lsp.Location | None:
        document = server.workspace.get_text_document(params.text_document.uri)
        found = await _explained(document, params.position)
        if found is None or not found.path:
            return None
        root = await server.ask(document.uri, lambda session, _: session.root)
        address = uris.from_fs_path(str(root / found.path)) if root else None
        nowhere = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
        return lsp.Location(address, nowhere) if address else None


def _offer_steps(server: ItsmServer) -> None:
    """Offer the next states of a document as edits."""

    @server.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.Refactor])
    )
    async def act(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        document = server.workspace.get_text_document(params.text_document.uri)
        text = document.source
        steps = await server.ask(document.uri, lambda session, path: next_states(session, path, text))
        found = []
        for step in steps or ():
            action = lsp.CodeAction(step.title, kind=lsp.CodeActionKind.Refactor)
            if step.text is None:
                action.disabled = lsp.CodeActionDisabled(step.reason)
            else:
                edits = [_edit(c) for c in difference(text, step.text)]
                action.edit = lsp.WorkspaceEdit(changes={document.uri: edits})
            found.append(action)
        return found


def serve() -> None:
    """Speak with an editor over standard input and output until it says good-bye."""
    make_server().start_io()
