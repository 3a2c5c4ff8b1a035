"""Runs the commands of a page as its reader would: block by block, in one terminal.

Blocks of `sh` and `python` are run, in order, in one shell: what one of them exports, the next one
has. A `text` block is what the block before it prints, in order: `…` in a line is whatever is
there, and a line of it alone any lines. An HTML comment on the line before a block says what is
different with it:

    <!-- start: WHY -->             it starts the product, which runs already
    <!-- second terminal -->        it goes on in the background, up to the end of the page
    <!-- not run: WHY -->           it needs what is not there

What is put in as a reader would: the address of the API, the key that the first start showed, and
where a receiver of the reader's own listens.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs" / "guides"
ADDRESS = "http://127.0.0.1:8080"
KEY = "tc_test_…"
RECEIVER = "8090"
RUN = ("sh", "python")
MARKS = ("start", "second terminal", "not run")

_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[a-z ]+?)(?:: (?P<why>[^>]+?))? -->\n)?"
    r"^ *```(?P<language>\w*)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_BEGIN = "@@@ block "
_FIRST_LINE = "timeout 90 grep -qm1 . <(tail -n +1 -F {file})"
"""Waits until somebody in another terminal would see that it runs."""


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    text: str
    mark: str
    why: str

    @property
    def is_run(self) -> bool:
        return self.language in RUN and self.mark not in ("start", "not run")


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [
        Block(found["language"], found["text"], found["mark"] or "", found["why"] or "")
        for found in _BLOCK.finditer(page)
    ]


def not_run(page: str) -> list[str]:
    """Why each block that is not run is not."""
    return [block.why for block in blocks(page) if block.mark == "not run"]


def untold(told: str, printed: str) -> list[str]:
    """The lines of `told` that are not among what was `printed`, in this order."""
    lines = iter([" ".join(line.split()) for line in printed.splitlines()])
    missing = []
    for line in (" ".join(line.split()) for line in told.splitlines()):
        if line in ("", "…"):
            continue
        wanted = re.compile(".*".join(re.escape(part) for part in line.split("…")))
        if not any(wanted.fullmatch(one) for one in lines):
            missing.append(line)
    return missing


class Terminal:
    """A shell in which a page is run."""

    def __init__(
        self, page: str, directory: Path, environment: dict[str, str], put_in: dict[str, str]
    ):
        """`environment` is that of the product; its `var` is in `directory`. `put_in`: what stands
        in the page, and what it is here."""
        for told, here in put_in.items():
            page = page.replace(told, here)
        self._blocks = blocks(page)
        self._directory = directory
        self._found: list[str] | None = None
        self._screen = directory / "screen.txt"
        programs = Path(sys.executable).parent
        with self._screen.open("w") as screen:
            self._process = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", "\n".join(self._script())],
                cwd=directory,
                env={**environment, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def finish(self, seconds: float) -> list[str]:
        """Wait for the end; what is wrong: a command that failed, lines told and not shown."""
        if self._found is None:
            self._found = self._wait(seconds)
            self.close()
        return self._found

    def _wait(self, seconds: float) -> list[str]:
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return [f"still running after {seconds} s: {self._screen.read_text()}"]
        printed = self._screen.read_text()
        return [f"status {status}: {printed}"] if status else self._faults(printed)

    def close(self) -> None:
        """End whatever was started."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def _script(self) -> list[str]:
        lines = []
        for number, block in enumerate(self._blocks):
            if not block.is_run:
                continue
            text = block.text
            if block.language == "python":
                text = f"python - <<'END_OF_BLOCK'\n{text}END_OF_BLOCK\n"
            lines.append(f"echo; echo '{_BEGIN}{number}'")
            if block.mark == "second terminal":
                file = self._file(number)
                text = f"( {text} ) > {file} 2>&1 &\n{_FIRST_LINE.format(file=file)}"
            lines.append(text)
        return lines

    def _faults(self, printed: str) -> list[str]:
        parts = re.split(rf"^{_BEGIN}(\d+)\n", printed, flags=re.MULTILINE)
        shown = dict(zip(map(int, parts[1::2]), parts[2::2], strict=True))
        faults = []
        for number, block in enumerate(self._blocks):
            before = self._blocks[number - 1] if number else None
            if block.language != "text" or before is None or not before.is_run:
                continue
            if before.mark == "second terminal":
                shown[number - 1] = (self._directory / self._file(number - 1)).read_text()
            faults += [
                f"told and not shown: {line!r} in: {shown[number - 1]}"
                for line in untold(block.text, shown[number - 1])
            ]
        return faults

    @staticmethod
    def _file(number: int) -> str:
        return f"terminal-{number}.txt"
