"""A running product in which things go wrong, and what must be true of it afterwards."""

import re
import sqlite3
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import waiting
from product import Product

SETTLE_SECONDS = 30
LAST_EVENTS = ("call.completed", "call.failed")
_UNIQUE = re.compile(r":\[\d+\]|\b\d+\.[0-9a-f]{8}\b|\d{3,}")
_GREENLETS = re.compile(r'^topcalls_greenlets\{process="controller"\} (\S+)$', re.M)
FINAL_STATES = (
    *("completed", "busy", "no_answer", "rejected", "failed"),
    *("cancelled", "dispatch_timeout"),
)


class FaultyProduct(Product):
    """A product with faults on order: by scenario, or at the sandbox's desk."""

    def start_with(self, scenarios):
        """Start with these scenarios: number to YAML of callee, model and faults."""
        folder = self.directory / "scenarios"
        folder.mkdir()
        for number, text in scenarios.items():
            head = f'name: "{number}"\nnumber: "{number}"\ndescription: A fault.\n'
            (folder / f"{number}.yaml").write_text(head + text)
        return self.start("--scenario", str(folder))

    # --- what is there

    def held(self):
        """What the controller has: greenlets, and what it has open by kind (sockets, pipes, paths
        without what is unique)."""
        kinds = Counter(greenlets=self._greenlets())
        for link in Path(f"/proc/{self.pid_of('controller')}/fd").iterdir():
            with suppress(OSError):
                kinds[_UNIQUE.sub("", str(link.readlink()))] += 1
        return kinds

    def _greenlets(self):
        """As the controller counted them within the last seconds."""
        text = self.request("GET", "/metrics").body.decode()
        return int(float(_GREENLETS.search(text)[1]))

    def playback_files(self):
        return [path for path in (self.directory / "playback").rglob("*") if path.is_file()]

    def rows(self, query, *values):
        """Rows of the product's database."""
        path = self.directory / "var" / "topcalls.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
            return database.execute(query, values).fetchall()

    # --- what must be true

    def wait_for(self, condition, what, seconds=SETTLE_SECONDS):
        """Poll until `condition()` holds; `what()` says what it looked like when it did not."""
        waiting.until(condition, what, seconds)

    def left_over(self, before):
        """Everything that should be gone once all calls are over; empty when it is."""
        more = self.held() - before
        found = {
            "owned": self.rows("select id, state from call where lease_owner is not null"),
            "open": self.rows("select id, state from call where ended_at is null"),
            "reserved": self.rows("select call_id from reservation where settled_at is null"),
            "channels": self.switch_state()["calls"],
            "speech": self.playback_files(),
            "held": dict(more),
        }
        return {name: value for name, value in found.items() if value}

    def assert_settled(self, calls, before):
        """Nothing is left, and each of these calls ended once and was told of once."""
        self.wait_for(lambda: not self.left_over(before), lambda: self.left_over(before))
        assert self.get("/v1/account/balance")["minutes_reserved"] == 0
        for call_id in calls:
            ends = [
                after
                for before_, after in self.rows(
                    "select before, after from call_event where call_id = ?", call_id
                )
                if after in FINAL_STATES and before_ not in FINAL_STATES
            ]
            assert len(ends) == 1, (call_id, ends)
            deliveries = self.get(f"/v1/calls/{call_id}/webhooks")["data"]
            last = [item for item in deliveries if item["event"] in LAST_EVENTS]
            assert len(last) == 1, (call_id, deliveries)


def outcome(call):
    """Status and reason, as the API shows them."""
    return call["status"], call["call_status"], call["end_reason"]
