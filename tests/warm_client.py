"""Asks a server of `warm.py` to run a script with this process's streams: `python -IS warm_client.py SOCKET SCRIPT WORD…`.

Imports nothing but built-in modules, so that it is there at once.
"""

import _socket
import array
import os
import sys


def _quoted(text: str) -> str:
    """Return a string as JSON; bytes that are no text travel as surrogates."""
    return '"' + "".join(c if c.isalnum() and c.isascii() else _escaped(ord(c)) for c in text) + '"'


def _escaped(code: int) -> str:
    if code > 0xFFFF:
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"


def main() -> int:
    """Run the script and return its exit code."""
    server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    server.connect(sys.argv[1])
    environment = ",".join(f"{_quoted(k)}:{_quoted(v)}" for k, v in os.environ.items())
    words = ",".join(map(_quoted, sys.argv[2:]))
    folder = os.getcwd()  # noqa: PTH109 (pathlib takes longer to import than all the rest)
    asked = f'{{"folder":{_quoted(folder)},"environment":{{{environment}}},"words":[{words}]}}\n'.encode()
    sent = server.sendmsg([asked], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
    while sent < len(asked):
        sent += server.send(asked[sent:])
    answer = server.recv(1)
    return answer[0] if answer else 70


sys.exit(main())
