"""One response at a time: every race between asking, starting, cancelling and ending."""

from __future__ import annotations

import itertools

import pytest

from topcalls.providers.openai.response_queue import Request, ResponseQueue

CREATE = {"type": "response.create", "event_id": "response_1"}


def cancellation(response_id: str) -> dict[str, str]:
    return {"type": "response.cancel", "response_id": response_id}


def active(tag: str = "answer") -> ResponseQueue:
    """A queue whose first response has started."""
    queue = ResponseQueue()
    queue.ask(Request(tag))
    queue.created("resp_1")
    return queue


def test_a_request_is_sent_at_once() -> None:
    assert ResponseQueue().ask(Request("a")) == [CREATE]


def test_a_request_carries_what_differs_from_the_session() -> None:
    body = {"instructions": "Say exactly"}
    assert ResponseQueue().ask(Request("a", body)) == [{**CREATE, "response": body}]


def test_the_tag_comes_back_with_start_and_end() -> None:
    queue = ResponseQueue()
    queue.ask(Request("opening"))
    assert queue.created("resp_1") == ("opening", [])
    assert queue.done("resp_1") == ("opening", [])


def test_a_second_request_waits_for_the_end_of_the_first() -> None:
    queue = ResponseQueue()
    queue.ask(Request("a"))
    assert queue.ask(Request("b")) == []
    queue.created("resp_1")
    tag, to_send = queue.done("resp_1")
    assert tag == "a"
    assert to_send == [{"type": "response.create", "event_id": "response_2"}]
    assert queue.created("resp_2") == ("b", [])


def test_a_response_the_server_began_by_itself_has_no_tag_but_blocks() -> None:
    queue = ResponseQueue()
    assert queue.created("resp_x") == ("", [])
    assert queue.ask(Request("a")) == []
    assert queue.done("resp_x") == ("", [CREATE])


def test_an_active_response_is_cancelled_and_mute() -> None:
    queue = active()
    assert queue.cancel() == [cancellation("resp_1")]
    assert queue.is_muted("resp_1")
    assert queue.done("resp_1") == ("answer", [])


def test_a_second_cancellation_sends_nothing() -> None:
    queue = active()
    queue.cancel()
    assert queue.cancel() == []


def test_a_request_in_flight_is_cancelled_as_soon_as_it_has_an_id() -> None:
    queue = ResponseQueue()
    queue.ask(Request("a"))
    assert queue.cancel() == []
    assert queue.created("resp_1") == (None, [cancellation("resp_1")])
    assert queue.is_muted("resp_1")
    assert queue.done("resp_1") == (None, [])


def test_the_next_request_waits_for_the_end_of_a_withdrawn_one() -> None:
    queue = ResponseQueue()
    queue.ask(Request("a"))
    queue.cancel()
    assert queue.ask(Request("b")) == []
    queue.created("resp_1")
    tag, to_send = queue.done("resp_1")
    assert tag is None
    assert [event["type"] for event in to_send] == ["response.create"]
    assert queue.created("resp_2") == ("b", [])
    assert not queue.is_muted("resp_2")


def test_waiting_requests_are_withdrawn_without_a_word() -> None:
    queue = active()
    queue.ask(Request("b"))
    queue.cancel()
    assert queue.done("resp_1") == ("answer", [])


def test_a_refusal_because_another_is_active_waits_for_its_end() -> None:
    queue = ResponseQueue()
    queue.ask(Request("a"))
    assert queue.refused("response_1", busy=True) == (None, [])
    assert queue.done("resp_unknown") == (
        None,
        [{"type": "response.create", "event_id": "response_2"}],
    )
    assert queue.created("resp_1") == ("a", [])


def test_a_withdrawn_request_is_not_repeated_after_a_refusal() -> None:
    queue = ResponseQueue()
    queue.ask(Request("a"))
    queue.cancel()
    queue.refused("response_1", busy=True)
    assert queue.done("resp_unknown") == (None, [])


def test_a_refused_request_has_failed_and_the_next_is_sent() -> None:
    queue = ResponseQueue()
    queue.ask(Request("a"))
    queue.ask(Request("b"))
    tag, to_send = queue.refused("response_1", busy=False)
    assert tag == "a"
    assert to_send[0]["event_id"] == "response_2"


def test_a_refused_request_that_was_withdrawn_is_nobodys_failure() -> None:
    queue = ResponseQueue()
    queue.ask(Request("a"))
    queue.cancel()
    assert queue.refused("response_1", busy=False) == (None, [])


@pytest.mark.parametrize("event_id", [None, "response_9", "session_config"])
def test_errors_that_answer_something_else_change_nothing(event_id: str | None) -> None:
    queue = ResponseQueue()
    queue.ask(Request("a"))
    assert queue.refused(event_id, busy=False) == (None, [])
    assert queue.created("resp_1") == ("a", [])


class Service:
    """The other side: holds at most one response, and checks that it is not asked for two."""

    def __init__(self) -> None:
        self.queue = ResponseQueue()
        self.wanted: list[str] = []  # tags asked and not cancelled
        self.unanswered: list[str] = []  # event ids of creates in flight
        self.response: str | None = None
        self.ids = itertools.count(1)

    def take(self, events: list[dict[str, str]]) -> None:
        for event in events:
            if event["type"] == "response.create":
                assert self.response is None
                assert not self.unanswered
                self.unanswered.append(event["event_id"])

    def ask(self) -> None:
        tag = f"tag-{next(self.ids)}"
        self.wanted.append(tag)
        self.take(self.queue.ask(Request(tag)))

    def cancel(self) -> None:
        self.wanted.clear()
        self.take(self.queue.cancel())

    def create(self) -> None:
        if self.unanswered:
            self.unanswered.pop()
            self.response = f"resp-{next(self.ids)}"
            tag, events = self.queue.created(self.response)
            self.take(events)
            if tag is not None:
                assert tag == self.wanted.pop(0)

    def busy(self) -> None:
        if self.unanswered:
            self.take(self.queue.refused(self.unanswered.pop(), busy=True)[1])
            self.take(self.queue.done("resp-of-somebody")[1])

    def finish(self) -> None:
        if self.response:
            done, self.response = self.response, None
            self.take(self.queue.done(done)[1])


STEPS = [Service.ask, Service.cancel, Service.create, Service.busy, Service.finish]


def test_no_order_of_events_loses_or_doubles_a_request() -> None:
    for steps in itertools.product(STEPS, repeat=6):
        service = Service()
        for step in steps:
            step(service)
        for _ in range(len(steps) + 1):
            service.finish()
            service.create()
        assert service.wanted == [], [step.__name__ for step in steps]
