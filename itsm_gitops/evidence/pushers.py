"""Who pushed to a plain Git server, as far as the server can tell: a signed push, or the user it let in.

Authors and committers are typed by whoever commits. What is told here is not: the key that signed the push
certificate, and the name that the web server, the forge's hook or the account's own settings put into the
hook's environment. A client cannot set these variables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from itsm_gitops.gate.signers import pushed
from itsm_gitops.git import Git
from itsm_gitops.model.errors import GitError

SETTING = "itsm.pusher"  # names one more variable, such as one that sshd sets for each key (environment="…")
_NAMES = ("REMOTE_USER", "GL_USERNAME", "GL_USER", "GITEA_PUSHER_NAME")
_NUMBERS = (
    ("GL_ID", re.compile(r"user-(\d{1,15})"), "gitlab"),
    ("GITEA_PUSHER_ID", re.compile(r"(\d{1,15})"), "gitea"),
)
_FRESH = ("OK", "SLOP")  # anything else is a certificate of another push


def pushers(git: Git, env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the identities of who pushes (see ``gate.separation.Provenance``), in a fixed order; none where nobody tells.

    ``env`` is the environment of the hook. Raises GitError where the certificate cannot be read.
    """
    return tuple(dict.fromkeys(_identities(git, env)))


def _identities(git: Git, env: Mapping[str, str]) -> Iterator[str]:
    certificate = env.get("GIT_PUSH_CERT", "")
    if set(certificate) - {"0"} and env.get("GIT_PUSH_CERT_NONCE_STATUS") in _FRESH:
        identity = pushed(next(git.blobs([certificate])).content)
        if identity:
            yield identity
    for name, form, forge in _NUMBERS:
        match = form.fullmatch(env.get(name, ""))
        if match and int(match[1]):
            yield f"{forge}:{int(match[1])}"
    for name in (*_NAMES, _configured(git)):
        value = " ".join(env.get(name, "").split())
        if value:
            yield f"user:{value}"


def _configured(git: Git) -> str:
    try:
        return git.run("config", "--get", SETTING).decode("utf-8", "replace").strip()
    except GitError:
        return ""
