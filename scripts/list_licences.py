#!/usr/bin/env python3
"""List what the product needs, and under which licence: writes docs/licences.md, or `--check`s it.

Reads the metadata of what is installed: everything that the package and its extras for use require,
and what that requires in turn. Without versions, so that an upgrade alone makes no page stale.
`--check` fails where something installed is not on the page, or its licence is not allowed.
"""

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

PAGE = Path(__file__).parent.parent / "docs" / "licences.md"
PRODUCT = "topcalls"
NOT_FOR_USE = {"test", "fuzz"}
ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "CNRI-Python",
    "ISC",
    "LGPL-2.1-or-later",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "PSF-2.0",
    "Unicode-3.0",
    "Unlicense",
    "ZPL-2.1",
    "Zlib",
}
CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
SPELLINGS = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "GNU LGPL v3+": "LGPL-3.0-or-later",
    "The BSD 2-Clause License": "BSD-2-Clause",
    "The MIT License": "MIT",
}
# What the metadata does not say, read from the packages themselves and their repositories.
READ_BY_HAND = {
    "audioop-lts": "PSF-2.0",
    "espeakng-loader": "GPL-3.0-or-later",
    "huey": "MIT",
    "num2words": "LGPL-2.1-or-later",
    "peewee": "MIT",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
}
# Wanted on some versions of Python only, so this machine may not have them.
ELSEWHERE = {"audioop-lts": {"the product"}}
# A licence outside the list, and why it may stay.
EXCEPTIONS = {
    "espeakng-loader": "names no licence of its own and ships libespeak-ng, the voice of the "
    "sandbox's doubles and of calls without any vendor. Only the extras `sandbox` and `local` "
    "install it; an installation with a telephone line needs neither.",
}

HEAD = """# Licences

What TopCalls (Apache-2.0) needs, with everything that these packages need in turn. Made by
`scripts/list_licences.py` from the metadata of the installed packages; a test fails when something
is missing here, or comes under a licence that the script does not allow. Tools that only tests and
benchmarks use are left out. Nothing of this is copied into the repository: pip installs it.

| Package | Licence | Needed by |
| --- | --- | --- |
"""


def normalized(name):
    """The name by which the package index knows a package."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required():
    """Every installed package the product needs, and which of its parts do."""
    needed = {name: set(parts) for name, parts in ELSEWHERE.items()}
    extras = set(distribution(PRODUCT).metadata.get_all("Provides-Extra") or ()) - NOT_FOR_USE
    for part in ["", *sorted(extras)]:
        seen = set()
        _walk(PRODUCT, frozenset({part}), seen)
        if part:
            seen -= {name for name, parts in needed.items() if "the product" in parts}
        for name in seen:
            needed.setdefault(name, set()).add(f"extra `{part}`" if part else "the product")
    return needed


def _walk(name, extras, seen, asked=None):
    asked = set() if asked is None else asked
    if (name, extras) in asked:
        return
    asked.add((name, extras))
    for text in distribution(name).requires or ():
        wanted = Requirement(text)
        if wanted.marker and not any(wanted.marker.evaluate({"extra": one}) for one in extras):
            continue
        key = normalized(wanted.name)
        try:
            distribution(key)
        except PackageNotFoundError:
            continue  # an optional part of a dependency that is not installed here
        seen.add(key)
        _walk(key, frozenset({"", *wanted.extras}), seen, asked)


def licence(name):
    """An SPDX expression; empty where nothing tells."""
    if name in READ_BY_HAND:
        return READ_BY_HAND[name]
    metadata = distribution(name).metadata
    stated = metadata.get("License-Expression") or metadata.get("License") or ""
    if stated and "\n" not in stated and len(stated) < 80:
        return SPELLINGS.get(stated, stated)
    named = [line.split(" :: ")[-1] for line in metadata.get_all("Classifier") or ()]
    return " AND ".join(CLASSIFIERS[name] for name in named if name in CLASSIFIERS)


def is_allowed(expression):
    """Whether an SPDX expression leaves a choice that is allowed."""
    parts = re.split(r"\s+AND\s+(?![^(]*\))", expression)
    return all(
        any(choice in ALLOWED for choice in re.split(r"\s+OR\s+", part.strip("() ")))
        for part in parts
    )


def faults(licences, page):
    """What is wrong, in words; `licences` maps packages to SPDX expressions.

    The page may spell a licence as another version of the package does.
    """
    for name, expression in sorted(licences.items()):
        if f"| {name} | " not in page:
            yield f"{name} ({expression or 'no licence named'}) is not in docs/licences.md"
        if not is_allowed(expression) and name not in EXCEPTIONS:
            yield f"{name}: the licence '{expression}' is not allowed"


def page(needed, licences):
    """The whole page as text."""
    rows = [
        f"| {name} | {licences[name]} | {', '.join(sorted(parts))} |\n"
        for name, parts in sorted(needed.items())
    ]
    notes = [f"- `{name}` {why}\n" for name, why in sorted(EXCEPTIONS.items())]
    return HEAD + "".join(rows) + "\n## Exceptions\n\n" + "".join(notes)


def main():
    needed = required()
    licences = {name: licence(name) for name in needed}
    if "--check" in sys.argv:
        return "\n".join(faults(licences, PAGE.read_text() if PAGE.exists() else "")) or 0
    PAGE.write_text(page(needed, licences))
    return 0


if __name__ == "__main__":
    sys.exit(main())
