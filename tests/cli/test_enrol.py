"""`itsm enrol`: a person's address, key and account, taken from where they are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from itsm_gitops.documents import load
from itsm_gitops.git.sshsig import fingerprint
from tests.cli.conftest import Cli


@pytest.fixture
def key(tmp_path: Path) -> Path:
    made = tmp_path / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", str(made)], check=True)
    return made


@pytest.fixture(autouse=True)
def ada(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ITSM_USER")
    for name, value in (("user.name", "Ada Example"), ("user.email", "ada@example.org")):
        subprocess.run(["git", "config", name, value], cwd=acme, check=True)


def person(root: Path, handle: str = "ada-example") -> dict[str, object]:
    data = load((root / f"cmdb/people/{handle}.yaml").read_bytes()).data
    assert isinstance(data, dict)
    return data


def test_a_newcomer_is_what_git_says(acme: Path, cli: Cli, key: Path) -> None:
    subprocess.run(["git", "config", "user.signingKey", str(key)], cwd=acme, check=True)
    assert "ada-example created" in cli("enrol", "--team", "it-operations").out
    known = person(acme)
    assert known["name"] == "Ada Example"
    assert known["teams"] == ["it-operations"]
    assert known["commit_addresses"] == ["ada@example.org"]
    (entry,) = known["signing_keys"]  # type: ignore[misc]
    kind, base64 = key.with_suffix(".pub").read_text().split()[:2]
    assert entry["public_key"] == f"{kind} {base64}"
    told = subprocess.run(
        ["ssh-keygen", "-l", "-f", f"{key}.pub"], capture_output=True, text=True, check=True
    )
    assert entry["fingerprint"] == told.stdout.split()[1]
    cli("check")
    assert "unchanged" in cli("enrol").out


def test_somebody_known_gets_what_is_new_and_nothing_twice(acme: Path, cli: Cli, key: Path) -> None:
    file = acme / "cmdb/people/mail-engineer.yaml"
    before = file.read_bytes()
    file.write_bytes(before + b"# who answers for mail\n")
    words = [
        "enrol",
        "mail-engineer",
        "--account",
        "github:42:mail",
        "--key",
        f"{key}.pub",
        "--address",
        "m@x.org",
    ]
    cli(*words)
    known = person(acme, "mail-engineer")
    assert known["identities"] == [{"forge": "github", "id": 42, "login": "mail"}]
    assert known["commit_addresses"] == ["m@x.org"]
    assert b"# who answers for mail" in file.read_bytes()
    cli("check")
    after = file.read_bytes()
    renamed = ["--account", "github:42:renamed", "--address", "M@X.org"]
    assert "unchanged" in cli("enrol", "mail-engineer", "--key", str(key), *renamed).out
    assert file.read_bytes() == after


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--account", "gthub:4"], 1, "did you mean github"),
        (["--account", "github:ada"], 2, "does not name an account by its number"),
        (["--account", "github:0"], 2, "does not name an account by its number"),
        (["--key", "nothing-here"], 2, "does not hold a public SSH key"),
        (["--key", "itsm.yaml"], 2, "does not hold a public SSH key"),
        (["--team", "it-operatons"], 1, "did you mean it-operations"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    words: list[str], code: int, said: str, acme: Path, cli: Cli
) -> None:
    assert said in " ".join(cli("enrol", "mail-engineer", *words, code=code).err.split())


def test_of_somebody_else_only_what_is_given_is_written(acme: Path, cli: Cli) -> None:
    assert "what is to be known of mail-engineer?" in cli("enrol", "mail-engineer", code=2).err
    cli("enrol", "mail-engineer", "--account", "gitlab:7")
    assert "commit_addresses" not in person(acme, "mail-engineer")


def test_an_address_of_ones_own_is_taken_beside_an_account(acme: Path, cli: Cli) -> None:
    cli("enrol", "--account", "github:42")
    assert person(acme)["commit_addresses"] == ["ada@example.org"]
    cli("enrol", "ada-example", "--address", "other@example.org")
    assert person(acme)["commit_addresses"] == ["ada@example.org", "other@example.org"]


def test_a_dry_run_writes_nothing(acme: Path, cli: Cli) -> None:
    assert "would be created" in cli("enrol", "ada", "--name", "Ada", "--dry-run").out
    assert not (acme / "cmdb/people/ada.yaml").exists()


def test_the_fingerprint_is_of_the_key_alone() -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH67mCRTnBuoghwJm/E+3vF8zgDcaZmNs8D7zw6f6PDE"
    assert fingerprint(key) == "SHA256:KEwZUrdIH0/3Pj1Od7k8NBIT6HyH2sP4F6f9VUL4TyM"
