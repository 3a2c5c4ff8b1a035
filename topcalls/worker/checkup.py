"""Can the task queue be reached, and how much lies in it?

Rows are the truth and the queue only carries news of them, so a full queue is late, not lost.
"""

from __future__ import annotations

from pathlib import Path

from topcalls.core.checkup import Finding, fault, ok, refused, warning
from topcalls.errors import ConfigError
from topcalls.worker.queue import FILE, open_queue

MANY_TASKS = 1000


def queue(data_dir: Path, database_url: str, queue_url: str) -> Finding:
    """Look at the queue that these settings name; nothing is made by looking.

    Blocks: run it on a thread where the queue is a file.
    """
    kind = kind_of(database_url, queue_url)
    if kind == "file" and not (data_dir / FILE).exists():
        return ok("queue", f"None yet; {data_dir / FILE} is made by the first worker.")
    try:
        opened = open_queue(data_dir, database_url, queue_url)
    except ConfigError as error:
        return refused("queue", error)
    try:
        waiting = opened.pending_count()
    except Exception as error:  # noqa: BLE001 - each kind of queue has errors of its own
        if _is_unmade(error):
            return ok("queue", f"None yet in {kind}; the first worker makes it.")
        return fault(
            "queue",
            f"The queue ({kind}) cannot be used: {type(error).__name__}.",
            "Check TOPCALLS_QUEUE_URL or the database, and that the queue's server runs; "
            "webhooks and wrap-ups wait meanwhile, and are not lost.",
        )
    finally:
        opened.storage.close()
    found = f"{kind}, {waiting} tasks wait."
    if waiting >= MANY_TASKS:
        return warning("queue", found, "Start more workers, or see in the log what holds them up.")
    return ok("queue", found)


def _is_unmade(error: Exception) -> bool:
    """The queue's server works, and no worker has ever made its table."""
    return type(error).__name__ == "UndefinedTable" or "no such table" in str(error)


def kind_of(database_url: str, queue_url: str) -> str:
    """`Redis`, `PostgreSQL` or `file`."""
    if queue_url:
        return "Redis"
    return "PostgreSQL" if database_url.startswith("postgres") else "file"
