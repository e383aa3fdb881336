"""Measures pages of a built site with Lighthouse in the browser of this machine.

    python benchmarks/lighthouse.py [SITE] [--rounds N]

SITE is the folder of a built site, `build/site` where none is named. It is served on the loopback address,
compressed as every host of static sites does it. Lighthouse comes with npm below build/lighthouse; its own
throttling imitates a phone on a slow network. The median round of each page goes to the terminal and to
build/lighthouse.json. Nothing here decides a test.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VERSION = "lighthouse@12.8.2"
FOLDER = ROOT / "build" / "lighthouse"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CATEGORIES = ("performance", "accessibility", "best-practices")
FIGURES = {
    "first paint": "first-contentful-paint",
    "largest paint": "largest-contentful-paint",
    "blocked": "total-blocking-time",
    "shift": "cumulative-layout-shift",
}
# What is looked at: the last file in the order of names that fits, so that records are recent ones.
PAGES = {
    "home": "index.html",
    "service": "services/*.html",
    "record": "records/incidents/[0-9]*/*.html",
    "change": "records/changes/[0-9]*/*.html",
    "list": "records/incidents/month_*.html",
    "explorer": "records/explore.html",
    "calendar": "changes/calendar.html",
    "map": "cmdb/map.html",
}


class Compressed(SimpleHTTPRequestHandler):
    """Files of one folder, texts compressed."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        kind = self.guess_type(str(path))
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if kind.startswith("text/") or kind.endswith(("javascript", "json", "xml")):
            content = gzip.compress(content, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass


def installed() -> Path:
    """Return the program, installed the first time."""
    program = FOLDER / "node_modules" / ".bin" / "lighthouse"
    npm = shutil.which("npm")
    if not program.exists() and npm:
        FOLDER.mkdir(parents=True, exist_ok=True)
        quiet = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run([npm, "install", "--silent", *quiet, "--prefix", str(FOLDER), VERSION], check=False)
    if not program.exists():
        sys.exit("Lighthouse cannot be installed here (it needs npm)")
    return program


def pages(site: Path) -> Iterator[tuple[str, str]]:
    for name, pattern in PAGES.items():
        found = sorted(p for p in site.glob(pattern) if p.name != "index.html" or "*" not in pattern)
        if found:
            yield name, found[-1].relative_to(site).as_posix()


def measure(program: Path, browser: str, address: str) -> dict[str, Any]:
    """Run Lighthouse once: scores of 100, figures, and the rules that were broken."""
    flags = "--chrome-flags=--headless=new --no-sandbox --disable-gpu"
    only = f"--only-categories={','.join(CATEGORIES)}"
    command = [str(program), address, "--quiet", flags, only, "--output=json"]
    done = subprocess.run(
        command,
        env={**os.environ, "CHROME_PATH": browser},
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    found = json.loads(done.stdout)
    broken = [
        ref["id"]
        for category in found["categories"].values()
        for ref in category["auditRefs"]
        if ref["weight"]
        and (found["audits"][ref["id"]]["score"] or 0) < 1
        and found["audits"][ref["id"]]["score"] is not None
    ]
    return {
        **{name: round(100 * found["categories"][name]["score"]) for name in CATEGORIES},
        **{name: round(found["audits"][audit]["numericValue"], 4) for name, audit in FIGURES.items()},
        "not perfect": broken,
    }


def median(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    middle = statistics.median_low([r["performance"] for r in rounds])
    return next(r for r in rounds if r["performance"] == middle)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("site", type=Path, nargs="?", default=ROOT / "build" / "site")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    browser = next(filter(None, map(shutil.which, BROWSERS)), "")
    if not browser:
        sys.exit("no browser is on this machine")
    program = installed()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Compressed, directory=str(options.site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    results = {}
    print(
        f"{'page':10} {'performance':>11} {'accessibility':>13} {'best practices':>14} {'largest paint':>13} {'shift':>6}"
    )
    for name, url in pages(options.site):
        address = f"http://127.0.0.1:{server.server_port}/{url}"
        result = median([measure(program, browser, address) for _ in range(options.rounds)])
        results[name] = {"page": url, **result}
        scores = f"{result['performance']:>11} {result['accessibility']:>13} {result['best-practices']:>14}"
        print(f"{name:10} {scores} {result['largest paint']:>10.0f} ms {result['shift']:>6.3f}", flush=True)
    server.shutdown()
    (ROOT / "build" / "lighthouse.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
