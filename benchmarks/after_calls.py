"""How long after its end a call's recording can be fetched, and its webhook arrives.

    python benchmarks/after_calls.py [--at-once 1 20]

Every process of a sandbox install runs. So many calls to the friendly callee are made at once and
end as they do; *recording* is from the end of the call to the moment from which `recording_url` is
there, *fetched* how long its MP3 then takes, made at that moment, and *webhook* from the end to the
receiver's answer to `call.completed`. The documents promise about 15 s.
"""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from common import Product, introduce, product, say, wait_for, workspace
from soak import Install

from topcalls import log
from topcalls.core.call_request import CallRequest
from topcalls.store import calls

FRIENDLY = "+12025550100"
MOST_SECONDS = 180.0


def all_at_once(made: Product, receiver: str, count: int) -> dict[str, list[float]]:
    """So many calls, to the last webhook of each; seconds by what was waited for."""
    principal, services = made.principal, made.services
    request = CallRequest(
        phone_number=FRIENDLY,
        task="Confirm the appointment on Tuesday at ten.",
        webhook_url=receiver,
        webhook_events=("call.completed",),
    )
    ids = [services.calls.create(principal, request).id for _ in range(count)]

    def told(call_id: str) -> Any:
        page = services.webhook_log.deliveries(principal.account_id, call_id)
        return next((one.finished_at for one in page.data if one.event == "call.completed"), None)

    wait_for(lambda: all(map(told, ids)), MOST_SECONDS, "the webhooks of all calls")
    found: dict[str, list[float]] = {"recording": [], "fetched": [], "webhook": []}
    for call_id in ids:
        row = services.db.read(calls.get, call_id)
        assert row is not None
        found["recording"].append((row.recording_ready_at - row.ended_at).total_seconds())
        began = time.perf_counter()
        with services.recordings.sound(principal.account_id, call_id, "mp3").file as sound:
            assert sound.read()
        found["fetched"].append(time.perf_counter() - began)
        found["webhook"].append((told(call_id) - row.ended_at).total_seconds())
    return found


def measure(options: argparse.Namespace, directory: Path) -> None:
    """One row a number of calls and thing waited for."""
    settings = {
        "data_dir": str(directory / "data"),
        "playback_dir": f"/dev/shm/{directory.name}",
        "telephony": "sandbox",
        "ai": "sandbox",
        "api_port": "0",
        "public_url": "http://127.0.0.1",
        "calls_per_second": "20",
        "log_level": "warning",
    }
    say(f"{'calls at once':>13} {'seconds after the end':<22} {'p50':>6} {'p95':>6} {'max':>6}")
    with product(settings) as made, ExitStack() as stack:
        install = Install(directory, made, settings, stack)
        for count in options.at_once:
            for what, seconds in all_at_once(made, install.webhook_url, count).items():
                ordered = sorted(seconds)
                p50, p95 = (ordered[len(ordered) * share // 100] for share in (50, 95))
                say(f"{count:>13} {what:<22} {p50:>6.2f} {p95:>6.2f} {ordered[-1]:>6.2f}")


def main() -> None:
    """One table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 20])
    options = parser.parse_args()
    log.configure("error")
    introduce("What follows a call in the sandbox")
    with workspace() as directory:
        measure(options, directory)


if __name__ == "__main__":
    main()
