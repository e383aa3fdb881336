"""`itsm enrol`."""

from __future__ import annotations

import click

from itsm_gitops.cli.base import App, dry_run_option, json_option, lazily, pass_app
from itsm_gitops.cli.command import command
from itsm_gitops.cli.outcome import print_written


@command(
    "enrol",
    [
        ("itsm enrol --team dba", "yourself: address and key as Git knows them"),
        ("itsm enrol dba-lead --account github:583231:octo-dba", "an account, by its number"),
        ("itsm enrol dba-lead --key ~/.ssh/id_ed25519.pub", "a key that signs approvals"),
    ],
)
@click.argument("person", metavar="[HANDLE]", default="", shell_complete=lazily("people"))
@click.option("--name", default="", help="Their name.  [default: Git's user.name]")
@click.option(
    "--team", "teams", metavar="ID", multiple=True, shell_complete=lazily("teams"), help="A team they are in."
)
@click.option(
    "--address", "addresses", metavar="MAIL", multiple=True, help="Address that their commits carry."
)
@click.option(
    "--key", metavar="FILE", default="", help="SSH key that signs their approvals (the public half is read)."
)
@click.option(
    "--account", "accounts", metavar="FORGE:NUMBER[:LOGIN]", multiple=True, help="Their account on a forge."
)
@dry_run_option
@json_option
@pass_app
def enrol_command(
    app: App,
    person: str,
    name: str,
    teams: tuple[str, ...],
    addresses: tuple[str, ...],
    key: str,
    accounts: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Say who somebody is, so that their commits and approvals are known.

    The gate counts only people it knows: commits by address, reviews by the account's number,
    signed approvals by key. Of yourself, address and key are taken from Git (user.email,
    user.signingKey). Bring the file to the target branch before it is needed.
    """
    from itsm_gitops.editing.enrol import Enrolment, enrol

    enrolment = Enrolment(name, teams, addresses, key, accounts)
    print_written([enrol(app.repo, person, enrolment, dry_run=dry_run)], as_json, dry_run=dry_run)
