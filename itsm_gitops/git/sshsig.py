"""Detached SSH signatures (SSHSIG) by OpenSSH's ssh-keygen: made with a person's own key, checked offline.

The namespace is part of what is signed: a signature for one purpose is none for another.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from itsm_gitops.model.errors import ItsmError

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

TIMEOUT = 60.0
_KEY = re.compile(
    r"((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[A-Za-z0-9@.-]{1,60}) ([A-Za-z0-9+/]{16,8000}={0,3})(?: .*)?", re.ASCII
)
_PRINCIPAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_GOOD = re.compile(r'Good "[^"]*" signature (?:for .* )?with \S+ key (SHA256:\S+)')
_ARMOUR = re.compile(
    r"\s*-----BEGIN SSH SIGNATURE-----\s+([A-Za-z0-9+/=\s]{16,100000})-----END SSH SIGNATURE-----\s*"
)
_MAGIC = b"SSHSIG\0\0\0\1"  # and the version (OpenSSH, PROTOCOL.sshsig)
_RESULTS_MAX = 4096
# Fingerprints by everything that a check depends on: who asks twice does not start ssh-keygen twice.
_results: dict[bytes, str] = {}
GIT = "git"  # the namespace in which Git signs commits, tags and pushes


@cache
def _program() -> str:
    import shutil

    folders = [p for p in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(p).is_absolute()]
    program = shutil.which("ssh-keygen", path=os.pathsep.join(folders))
    if not program:
        raise ItsmError("ssh-keygen is not installed", "install OpenSSH 8.2 or newer")
    return program


def public_key(text: object) -> str:
    """Return type and key of one public key as OpenSSH writes it, without comment; empty for none."""
    match = _KEY.fullmatch(text.strip()) if isinstance(text, str) else None
    return f"{match[1]} {match[2]}" if match else ""


def fingerprint(key: object) -> str:
    """Return the SHA-256 fingerprint of a public key as OpenSSH writes it (RFC 4648 base64); empty for none."""
    try:
        return _digest(b64decode(public_key(key).partition(" ")[2]))
    except (NotBase64, ValueError):
        return ""


def _digest(raw: bytes) -> str:
    if not raw:
        return ""
    return f"SHA256:{b64encode(hashlib.sha256(raw).digest()).decode('ascii').rstrip('=')}"


def claimed_key(signature: str) -> str:
    """Return the fingerprint of the key that a signature names as its own; empty where it names none.

    It proves nothing before ``proved_key`` says the same.
    """
    match = _ARMOUR.fullmatch(signature)
    try:
        raw = b64decode("".join(match[1].split()), validate=True) if match else b""
    except (NotBase64, ValueError):
        return ""
    start = len(_MAGIC) + 4
    size = int.from_bytes(raw[len(_MAGIC) : start], "big")
    return _digest(raw[start : start + size]) if raw.startswith(_MAGIC) and start + size <= len(raw) else ""


def _folder() -> TemporaryDirectory[str]:
    from tempfile import TemporaryDirectory

    return TemporaryDirectory()


def proved_key(content: bytes, signature: str, namespace: str) -> str:
    """Return the fingerprint of the key, whosever it is, that made a signature; empty where none did."""
    if not claimed_key(signature):
        return ""
    with _folder() as folder:
        sig = Path(folder) / "signature"
        sig.write_text(signature, "ascii", errors="replace")
        return _good(["-Y", "check-novalidate", "-n", namespace, "-s", os.fspath(sig)], content)


def sign(content: bytes, key: Path, namespace: str) -> str:
    """Return the armoured signature of ``content`` by a private key (or a public one in the agent).

    ssh-keygen asks for a passphrase on the terminal itself. Raises ItsmError when it refuses.
    """
    with _folder() as folder:
        file = Path(folder) / "statement"
        file.write_bytes(content)
        process = subprocess.run(  # the terminal stays connected: a key may have a passphrase
            [_program(), "-Y", "sign", "-n", namespace, "-f", os.fspath(key), os.fspath(file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        signature = file.with_name("statement.sig")
        if process.returncode or not signature.is_file():
            lines = process.stderr.decode("utf-8", "replace").strip().splitlines()
            raise ItsmError(
                f"ssh-keygen could not sign: {lines[-1] if lines else 'no reason given'}", "is the key there?"
            )
        return signature.read_text("ascii")


def verify(content: bytes, signature: str, principal: str, keys: Iterable[str], namespace: str) -> str:
    """Return the fingerprint of the key of ``principal`` that made a signature; empty where none did.

    ``keys`` are the public keys that count for the principal today. Dates inside a statement prove
    nothing, so whoever calls leaves out the keys that are not valid now. ssh-keygen is started only where
    the signature names one of the keys, and once for the same question.
    Raises ItsmError where ssh-keygen is missing or does not answer.
    """
    good = [k for k in map(public_key, keys) if k]
    if not _PRINCIPAL.fullmatch(principal) or claimed_key(signature) not in {*map(fingerprint, good)} - {""}:
        return ""
    allowed = "".join(f'{principal} namespaces="{namespace}" {key}\n' for key in good)
    parts = (content, signature.encode("utf-8", "replace"), allowed.encode("ascii"))
    question = b"".join(hashlib.sha256(p).digest() for p in parts)
    if question not in _results:
        if len(_results) >= _RESULTS_MAX:
            _results.clear()
        _results[question] = _checked(content, signature, principal, allowed, namespace)
    return _results[question]


def _checked(content: bytes, signature: str, principal: str, allowed: str, namespace: str) -> str:
    with _folder() as folder:
        signers, sig = Path(folder) / "allowed_signers", Path(folder) / "signature"
        signers.write_text(allowed, "ascii")
        sig.write_text(signature, "utf-8", errors="replace")
        words = ["-Y", "verify", "-f", os.fspath(signers), "-I", principal, "-n", namespace]
        return _good([*words, "-s", os.fspath(sig)], content)


def _good(words: list[str], content: bytes) -> str:
    """Ask ssh-keygen; return the fingerprint of the key where it calls a signature good."""
    try:
        process = subprocess.run(
            [_program(), *words], input=content, capture_output=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ItsmError(f"ssh-keygen did not answer within {TIMEOUT:.0f} s", "try again") from error
    match = _GOOD.search(process.stdout.decode("utf-8", "replace"))
    return match[1] if process.returncode == 0 and match else ""
