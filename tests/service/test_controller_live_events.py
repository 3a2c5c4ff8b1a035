"""A call on a whole controller is followed, whatever becomes of the controller."""

import pytest
from controller_rig import ANSWERS, Rig, killed

from topcalls.core.live_events import Position
from topcalls.services.live_events import Follower, LiveEvents

pytestmark = pytest.mark.service


@pytest.fixture
def rig(db, tmp_path):
    made = Rig(db, tmp_path)
    yield made
    made.close()


class Reader:
    """Follows a call, as an API process of its own does."""

    def __init__(self, rig, call_id):
        self.verbs = LiveEvents(rig.services.db, rig.services.clock)
        self.rig = rig
        self.call_id = call_id
        self.told = []

    def look(self):
        position = self.told[-1].position if self.told else Position()
        self.told += self.verbs.news([Follower(1, self.call_id, position)]).get(1, [])
        return self.told

    def until(self, name, kind=None):
        def there():
            for event in self.look():
                if event.name == name and kind in (None, getattr(event.view, "kind", None)):
                    return event
            return None

        return self.rig.wait_until(there, f"{name} {kind or ''}")


def test_a_follower_sees_the_call_go_on_under_another_controller_to_its_end(rig):
    first = rig.controller()
    call_id = rig.place(ANSWERS, silence_timeout_seconds=60)
    reader = Reader(rig, call_id)
    assert reader.until("turn").view.text == "Hello there."
    reader.until("latency")
    killed(first)
    rig.controller()
    reader.until("state", "Adopted")
    rig.services.calls.stop(rig.account.account_id, call_id)
    end = reader.until("end")
    assert (end.view.status, end.position.over) == ("cancelled", True)
    again = Reader(rig, call_id)
    assert [event.name for event in again.look()][-1] == "end"
    seen = [event.view.version for event in reader.told if event.name == "state"]
    assert seen == sorted(set(seen))  # each once
