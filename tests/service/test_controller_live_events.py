"""A call on a whole controller is followed, whatever becomes of the controller."""

import pytest
from controller_rig import ANSWERS, Rig, killed

from topcalls.core.live_events import Position
from topcalls.providers.base import CallerTextDelta, CallerTranscript, SpeechStopped
from topcalls.services.live_events import Follower, LiveEvents
from topcalls.store import partial_words
from topcalls.store.models import Command

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


def test_a_follower_reads_along_while_the_caller_speaks(rig):
    rig.controller()
    call_id = rig.place(ANSWERS, silence_timeout_seconds=60)
    session = rig.model.opened.get()
    reader = Reader(rig, call_id)
    reader.until("turn")
    session.tell(CallerTextDelta("said-1", "Nobody reads"))
    reader.verbs.ask([call_id])

    def is_asked():
        query = Command.select().where(Command.kind == "follow")
        return [row for row in rig.services.db.read(lambda: list(query)) if row.finished_at]

    rig.wait_until(is_asked, "the command")
    session.tell(CallerTextDelta("said-2", "Can I"))
    first = reader.until("partial").view
    assert (first.text, first.user) == ("Can I", "user")
    session.tell(SpeechStopped(900, "said-2"))
    session.tell(CallerTranscript("said-2", "Can I come?"))

    def written():
        turns = [one.view for one in reader.look() if one.name == "turn"]
        return [turn for turn in turns if turn.text == "Can I come?"]

    (turn,) = rig.wait_until(written, "the turn")
    assert turn.id == first.id
    left = lambda: rig.services.db.read(partial_words.of_calls, [call_id])  # noqa: E731
    rig.wait_until(lambda: not left(), "the end of partial words")


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
