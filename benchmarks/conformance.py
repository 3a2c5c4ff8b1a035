"""Does the API do what its OpenAPI document says? schemathesis asks a running one.

    python benchmarks/conformance.py [--examples 100] [--seed 1] [--seconds 600]

Needs `pip install -e ".[fuzz]"`. Starts `topcalls api` in the sandbox on a database of its own,
makes a key that may do all, and has schemathesis make requests from the document: its examples, the
edges of every schema, random ones (right and wrong), and sequences of operations. An answer of the
5xx class, an undocumented status, content type or body, a wrong request accepted, a key ignored:
each is a failure, and the exit status is 1. Two checks are left out:

  positive_data_acceptance   a request that fits the schema may still be refused by a rule that no
                             schema can say (a number nobody has, two fields that exclude each
                             other, a field that is documented and not supported yet): with 400 and
                             the field, which the other checks hold to the document.
  use_after_free             DELETE ends or archives here, and erases nothing: what was deleted can
                             still be read, as the document says.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common import JsonProcess, cores, environment, product, running, say

LEFT_OUT = "positive_data_acceptance,use_after_free"
_WITHOUT_LIMIT = {
    "api_requests_per_second": "1000000",
    "api_requests_burst": "1000000",
    "api_failures_per_minute": "1000000",
}


@contextmanager
def api(directory: Path) -> Iterator[tuple[str, str]]:
    """The address of a running API, and a key."""
    settings = {
        "data_dir": str(directory / "data"),
        "telephony": "sandbox",
        "api_port": "0",
        "public_url": "https://calls.example.com",
        "log_level": "warning",
        **_WITHOUT_LIMIT,
    }
    with product(settings) as made:
        command = [sys.executable, "-m", "topcalls", "api", "--supervised"]
        process = JsonProcess(command, cores()[0], directory / "api.log", environment(settings))
        with running(process):
            yield f"http://127.0.0.1:{process.ready['port']}", made.token


def ask(url: str, token: str, directory: Path, options: argparse.Namespace) -> tuple[int, str]:
    """Let schemathesis run; its exit status and what it says, without the key."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json"),
        *("--header", f"Authorization: Bearer {token}"),
        *("--checks", "all", "--exclude-checks", LEFT_OUT),
        *("--exclude-path-regex", "/preview$"),  # asks a vendor, and there is none here
        *("--max-examples", str(options.examples), "--seed", str(options.seed)),
        *("--phases", options.phases, "--request-timeout", "10", "--continue-on-failure"),
    ]
    done = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "ignore"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=options.seconds,
    )
    return done.returncode, done.stdout.replace(token, "KEY")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=100, help="random ones per operation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful")
    parser.add_argument("--seconds", type=float, default=600.0, help="give up after so many")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="topcalls-conformance-") as name:
        directory = Path(name)
        with api(directory) as (url, token):
            status, told = ask(url, token, directory, options)
    say(told.rstrip())
    if status == 0 and not re.search(r"[1-9]\d* generated", told):
        say("Nothing was tested.")
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
