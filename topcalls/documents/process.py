"""The child process that reads documents: they come from strangers, and reading them is slow.

In: a head (JSON) and a document. Out: what was read, as JSON. It may not take more memory than
`MEMORY`; whoever started it ends it when it takes too long.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from collections.abc import Callable
from functools import partial
from typing import IO, Any

from topcalls.core.knowledge import Failure
from topcalls.documents.docx import read_docx
from topcalls.documents.html import read_html
from topcalls.documents.pdf import read_pdf
from topcalls.documents.plain import read_markdown, read_text
from topcalls.documents.reading import HEAD, DocumentFault, Reading
from topcalls.documents.tables import read_csv, read_json

MEMORY = 1_500_000_000

_READERS: dict[str, Callable[[bytes], Reading]] = {
    "pdf": read_pdf,
    "docx": read_docx,
    "html": read_html,
    "page": partial(read_html, is_page=True),
    "md": read_markdown,
    "txt": read_text,
    "csv": read_csv,
    "json": read_json,
}


def answer(form: str, data: bytes) -> dict[str, Any]:
    """What was read, or why nothing was, JSON-ready."""
    try:
        reading = _READERS[form](data)
        if not reading.characters:
            raise DocumentFault(Failure.EMPTY)
        return {"reading": reading.to_mapping()}
    except DocumentFault as fault:
        return {"failure": fault.failure.value, "detail": fault.detail}
    except MemoryError:
        return {"failure": Failure.TOO_SLOW.value, "detail": ""}


def main() -> None:
    """Until standard input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(HEAD.size):
        form_size, size = HEAD.unpack(head)
        form = source.read(form_size).decode()
        put(sink, json.dumps(answer(form, source.read(size))).encode())


def put(sink: IO[bytes], payload: bytes) -> None:
    """One answer, at once."""
    sink.write(struct.pack(">I", len(payload)) + payload)
    sink.flush()


if __name__ == "__main__":
    main()
