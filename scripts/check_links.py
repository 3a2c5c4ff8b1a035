#!/usr/bin/env python3
"""Find links in the Markdown pages that lead nowhere in this repository (the web is not asked)."""

import re
import sys
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]\n]*\]\(\s*<?([^)\s>]+)[^)]*\)")
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
NOT_OURS = ("build", "dist", "node_modules", "venv")
ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:|^//", re.IGNORECASE)


def pages():
    """Every page of ours: not those of installed packages."""
    for page in sorted(ROOT.rglob("*.md")):
        directories = page.relative_to(ROOT).parent.parts
        if not any(name.startswith(".") or name in NOT_OURS for name in directories):
            yield page


def anchors(page):
    """The names that GitHub gives to a page's headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    names = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(text)]
    return {name.replace(" ", "-") for name in names}


def fault(page, link):
    """What is wrong with a link of `page`, or None."""
    if ELSEWHERE.match(link):
        return None
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return "no such file"
    if anchor and target.suffix == ".md" and anchor.lower() not in anchors(target):
        return "no such heading"
    return None


def main():
    """Print every dead link; status 1 when there is one."""
    dead = [
        f"{page.relative_to(ROOT)}: {link}: {problem}"
        for page in pages()
        for link in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8")))
        if (problem := fault(page, link))
    ]
    print("\n".join(dead), end="\n" if dead else "")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
