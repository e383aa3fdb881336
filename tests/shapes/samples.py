"""One run of every command that prints JSON, in a repository of its own with a bare server: a day in short.

Words in braces are taken from earlier output. The order matters: each command finds what those before it made.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from itsm_gitops.cli.app import run
from itsm_gitops.commands.init import init

ROOT = Path(__file__).resolve().parents[2]
INCIDENT = "new incident --title=Mail_down --service email --category email/sending --impact high --urgency high --reported-by duty-agent --json"
CHANGE = (
    "new change --template normal-change --title=Raise_the_limit --service email --ci mailbox-db --requested-by duty-agent "
    "--assigned-team it-operations --risk low --why=Clients_wait. --implementer duty-agent --start=2026-12-07T20:00:00Z "
    "--end=2026-12-07T21:00:00Z --implementation=Set_it. --backout=Set_it_back. --test=Send. --set impact_statement=None. --json"
)

# (name of the shape, words of the command line; `git …` prepares only)
DAY: tuple[tuple[str, str], ...] = (
    ("new", INCIDENT),
    ("set", "set {inc} impact=low --json"),
    ("set", "set --all incidents_state:new urgency=low --yes --json"),
    ("note", "note {inc} Looking --json"),
    ("link", "link {inc} caused_by PRB-260112-EXMP2 --json"),
    ("unlink", "unlink {inc} caused_by PRB-260112-EXMP2 --json"),
    ("move", "move {inc} in_progress --set assigned_team=it-operations --json"),
    ("move steps", "move {inc} --json"),
    ("correct", "correct {inc} 2026-11-22T12:00:00Z 2026-11-22T11:30:00Z --reason=By_phone --json"),
    ("note", "note {inc} Slip --json"),
    ("undo", "undo --json"),
    ("major list", "major list --json"),
    ("major declare", "major declare {inc} --reason=No_mail. --by duty-agent --json"),
    ("major update", "major update {inc} Half --next 20m --by duty-agent --json"),
    ("major list", "major list --json"),
    ("major stand-down", "major stand-down {inc} --reason=Works. --by duty-agent --json"),
    ("major review", "major review {inc} --json"),
    ("new", INCIDENT),
    ("new", INCIDENT),
    ("duplicate", "duplicate {inc} INC-260112-EXMP1 --json"),
    ("new", INCIDENT),
    ("major declare", "major declare {inc} --reason=Perhaps. --by duty-agent --json"),
    ("major decline", "major decline {inc} --reason=Short. --by duty-agent --json"),
    ("model", "model {home}/model.yaml --json"),
    ("edit", "edit mail-host-1 --json"),
    ("recur", "recur --json"),
    ("enrol", "enrol duty-agent --address duty@example.org --key {home}/key.pub --json"),
    ("set", "set operations-rota lifecycle=production --json"),
    ("set", "set it-operations on_call=operations-rota --json"),
    ("oncall", "oncall --json"),
    ("oncall", "oncall mail-server --days 20 --json"),
    ("new", INCIDENT),
    ("set", "set {inc} assigned_team=it-operations --json"),
    ("oncall", "oncall {inc} --json"),
    ("next", "next --by operations-lead --json"),
    ("escalate", "escalate {inc} --to service-manager --why=Late. --json"),
    ("show", "show {inc} --json"),
    ("set", "set it-operations on_call=duty-agent --json"),
    ("oncall", "oncall mail-server --json"),
    ("git", "git add -A"),
    ("git", "git commit -q -m Today"),
    ("git", "git push -q origin main"),
    ("note", "note {inc} Shared --json"),
    ("sync", "sync --json"),
    ("list", "list --json"),
    ("list", "list services --json"),
    ("list", "list incidents --columns id,service,age,updated --json"),
    ("views", "views --json"),
    ("views save", "views --save mail incidents --shared --json"),
    ("views remove", "views --remove mail --shared --json"),
    ("next", "next --by mail-engineer --json"),
    ("show", "show {inc} --json"),
    ("show", "show mail-server --json"),
    ("show", "show CHG-260115-EXMP4 --json"),
    ("log", "log {inc} --json"),
    ("diff", "diff HEAD~1 HEAD --json"),
    ("impact", "impact mailbox-db --json"),
    ("impact", "impact email --json"),
    ("explain rules", "explain --json"),
    ("explain rule", "explain K003 --json"),
    ("explain kind", "explain incident --json"),
    ("explain state", "explain change scheduled --json"),
    ("explain field", "explain change risk --json"),
    ("explain link", "explain caused_by --json"),
    ("due", "due --within 5y --json"),
    ("query", "query SELECT_id,_kind,_opened_FROM_records --json"),
    ("report", "report --json"),
    ("report", "report levels --json"),
    ("report", "report releases --json"),
    ("problems suggest", "problems suggest --json"),
    ("articles wanted", "articles wanted --json"),
    ("risk", "risk CHG-260115-EXMP4 --json"),
    ("suspects", "suspects {inc} --json"),
    ("cab agenda", "cab agenda 2026-12-01 --json"),
    ("check", "check --json"),
    ("test", "test --json"),
    ("fmt", "fmt --json"),
    ("migrate", "migrate state change:assess assessment --dry-run --json"),
    ("upgrade", "upgrade --dry-run --json"),
    ("archive", "archive --before 2026 --dry-run --json"),
    ("codeowners", "codeowners --forge github --json"),
    ("doctor", "doctor --json"),
    ("git", "git switch -q -c topic"),
    ("new", CHANGE),
    ("move", "move {chg} assess --by change-manager --json"),
    ("move", "move {chg} authorize --by change-manager --json"),
    ("move", "move {chg} scheduled --by change-manager --json"),
    ("schedule", "schedule --json"),
    ("freeze preview", "freeze preview --json"),
    ("submit", "submit {chg} --json"),
    ("approvals", "approvals --json"),
    ("approvals", "approvals simulate --add operations-lead --json"),
    ("gate", "gate --json"),
    ("comment", "comment --dry-run {chg} --json"),
    ("next", "next --by operations-lead --json"),
    ("approve", "approve --sign --by mail-engineer --key {home}/other --json"),
    ("git", "git switch -q main"),
    ("git", "git merge -q --no-ff topic -m Merged"),
    ("git", "git push -q origin main"),
    ("deploy check", "deploy check {chg} --json"),
    ("audit record", "audit record --json"),
    ("audit verify", "audit verify --json"),
    ("audit show", "audit show {chg} --json"),
    ("audit access", "audit access --json"),
    ("audit duties", "audit duties --json"),
    ("audit exceptions", "audit exceptions --json"),
    ("audit export", "audit export --json"),
    ("audit practice", "audit practice --json"),
    ("audit sample", "audit sample -n 1 --seed 7 --json"),
    ("audit summary", "audit summary --json"),
    ("emergency", "emergency {inc} --ci mail-server --why=Down --by duty-agent --json"),
    ("git", "git fetch -q origin"),
    ("git", "git switch -q main"),
    ("git", "git merge -q --ff-only origin/main"),
    ("audit record", "audit record --json"),
    ("approve", "approve --base HEAD~1 --head HEAD --sign --by mail-engineer --key {home}/other --json"),
    ("audit retro", "audit retro {emergency} --json"),
    ("import csv", "import csv {home}/table.csv --mapping {home}/mapping.yaml --dry-run --json"),
    ("export parquet", "export parquet --to {home}/parquet --json"),
    ("site build", "site build --json"),
    ("init", "init {home}/other-repository --json"),
    ("roots status", "roots status --json"),
)  # fmt: skip


# The same over the living example, which has more of everything; nothing of it writes.
EXAMPLE: tuple[tuple[str, str], ...] = (
    ("list", "list requests --json"),
    ("impact", "impact customer-notifications --json"),
    ("impact", "impact customer-notifications --direction up --json"),
    ("impact", "impact customer-notifications --direction down --json"),
    ("suspects", "suspects INC-261109-E5A0X --json"),
    ("list", "list --json"),
    ("list", "list items --json"),
    ("list", "list incidents problems changes --json"),
    ("views", "views --json"),
    ("next", "next --by payments-engineer --no-branches --json"),
    ("next", "next --by platform-lead --no-branches --within 400d --json"),
    ("oncall", "oncall --json"),
    ("oncall", "oncall payments --days 30 --json"),
    *(("show", f"show {name} --json") for name in ("payments", "payments-db", "payments-rota", "INC-261119-Y4YSE", "CHG-261117-MEE5N", "REQ-261118-H88MQ")),
    ("log", "log INC-261119-Y4YSE --json"),
    *(("impact", f"impact {name} --json") for name in ("payments-db", "core-switch-1", "wiki")),
    ("due", "due --within 5y --json"),
    ("query", "query SELECT_*_FROM_records --json"),
    ("query", "query SELECT_*_FROM_clocks --json"),
    ("report", "report --json"),
    ("problems suggest", "problems suggest --json"),
    ("articles wanted", "articles wanted --json"),
    *(("risk", f"risk {name} --json") for name in ("CHG-261117-MEE5N", "CHG-261105-807G1")),
    ("suspects", "suspects INC-261117-06BQB --json"),
    ("schedule", "schedule --json"),
    ("freeze preview", "freeze preview --json"),
    ("cab agenda", "cab agenda 2026-11-24 --json"),
    ("check", "check --json"),
    ("move steps", "move CHG-261117-MEE5N --json"),
    ("audit practice", "audit practice --json"),
    ("explain rules", "explain --json"),
    ("explain kind", "explain change --json"),
)  # fmt: skip


class Sample(NamedTuple):
    """What one command printed: the name of its shape, its words, its exit code, its output as data, its errors."""

    shape: str
    words: tuple[str, ...]
    code: int
    data: Any
    said: str


class Day:
    """A repository, a server and a home in one folder; the process works there while the day lasts."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.names = {"home": str(home)}
        self.environment = {
            "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "ITSM_NOW": "2026-11-22T12:00:00Z", "ITSM_USER": "duty-agent",
            "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"), "GIT_AUTHOR_DATE": "2026-11-22T11:00:00Z", "GIT_COMMITTER_DATE": "2026-11-22T11:00:00Z",
            "EDITOR": f"{sys.executable} {home / 'editor.py'}", "VISUAL": "",
        }  # fmt: skip
        self._prepare()

    def _prepare(self) -> None:
        home = self.home
        (home / ".gitconfig").write_text(
            f"[user]\n name = Duty Agent\n email = duty@example.org\n signingKey = {home}/key\n[init]\n defaultBranch = main\n"
        )
        for name in ("key", "other"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / name)], check=True
            )
        (home / "editor.py").write_text(
            "import sys\nopen(sys.argv[1], 'a').write('description: Edited.\\n')\n"
        )
        (home / "table.csv").write_text(
            "number,title,opened\nINC1,Printer,2026-01-05 09:00\nINC2,,2026-01-06 09:00\n"
        )
        (home / "mapping.yaml").write_text(
            "title: Table\nkind: incident\nkey: number\nsystem: table\nactor: table\ntimes: {format: '%Y-%m-%d %H:%M', time_zone: UTC}\n"
            "columns:\n  title: {column: title}\n  reported_by: {value: duty-agent}\n  service: {value: email}\n  category: {value: email/sending}\n"
            "  impact: {value: low}\n  urgency: {value: low}\n"
            "timeline:\n  opened: {at: opened, by: {value: duty-agent}}\n  state: {value: new}\n"
        )

    def samples(self) -> Iterator[Sample]:
        """Run the day and yield what each command printed."""
        saved, where = dict(os.environ), Path.cwd()
        try:
            os.environ.update(self.environment)
            root = init(self.home / "acme", organisation="Acme", timezone="UTC", forge="plain").root
            os.chdir(root)
            self._begin(root)
            for shape, line in DAY:
                words = [
                    w.replace("_", " ") if self._is_prose(w) else w
                    for w in line.format_map(self.names).split()
                ]
                if shape == "git":
                    subprocess.run(words, check=True, capture_output=True)
                    continue
                yield self._run(shape, words)
            for shape, line in EXAMPLE:
                words = [w.replace("_", " ") if self._is_prose(w) else w for w in line.split()]
                yield self._run(shape, ["-C", str(ROOT), *words])
        finally:
            os.chdir(where)
            os.environ.clear()
            os.environ.update(saved)

    @staticmethod
    def _is_prose(word: str) -> bool:
        """Whether underscores of a word stand for blanks: texts of options, filters and SQL."""
        return word.startswith(
            ("--title=", "--why=", "--reason=", "--implementation=", "--backout=", "SELECT_", "incidents_")
        )

    def _begin(self, root: Path) -> None:
        shutil.copy(self.home / "other.pub", self.home / "engineer.pub")
        with redirect_stdout(io.StringIO()):
            assert (
                run(
                    [
                        "enrol",
                        "mail-engineer",
                        "--address",
                        "mail@example.org",
                        "--key",
                        str(self.home / "engineer.pub"),
                    ]
                )
                == 0
            )
        sheet = io.StringIO()
        with redirect_stdout(sheet):
            assert run(["model", "--starter"]) == 0
        (self.home / "model.yaml").write_text(sheet.getvalue())
        server = self.home / "server.git"
        for words in (
            ["git", "add", "-A"], ["git", "commit", "-q", "-m", "People"], ["git", "init", "-q", "--bare", "-b", "main", str(server)],
            ["git", "remote", "add", "origin", str(server)], ["git", "push", "-q", "origin", "main"], ["git", "fetch", "-q"],
        ):  # fmt: skip
            subprocess.run(words, cwd=root, check=True, capture_output=True)

    def _run(self, shape: str, words: list[str]) -> Sample:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(words)
        text = out.getvalue()
        data = json.loads(text) if text.strip().startswith(("{", "[")) else None
        self._remember(shape, data)
        return Sample(shape, tuple(words), code, data, err.getvalue() or text)

    def _remember(self, shape: str, data: Any) -> None:
        made = data[0] if isinstance(data, list) and data else data
        if shape == "new" and isinstance(made, dict):
            self.names["inc" if str(made["id"]).startswith("INC") else "chg"] = made["id"]
        if shape == "emergency" and isinstance(made, dict):
            self.names["emergency"] = made["id"]
