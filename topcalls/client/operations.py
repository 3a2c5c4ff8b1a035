"""Every operation of the API.

Written by `scripts/draw_client.py`; a test compares.
"""

# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Unpack, cast

from topcalls.client import shapes
from topcalls.client.transport import Event, Resource, Transport


class Calls(Resource):
    """Place calls and see what became of them."""

    def create(
        self, *, idempotency_key: str | None = None, **body: Unpack[shapes.CallCreate]
    ) -> shapes.CallCreated:
        """Create a call.

        It is queued and dialled as soon as the account's limits allow, or at `schedule_at`. The
        minutes of `max_duration` are reserved at once; what was not talked comes back when it ends.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.CallCreated",
            self._transport.send(
                "POST", "/v1/calls", body=body, idempotency_key=idempotency_key, is_repeatable=True
            ),
        )

    def list(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        status: Literal[
            "completed", "no-answer", "failed", "busy", "rejected", "cancelled", "dispatch_timeout"
        ]
        | None = None,
        campaign_id: str | None = None,
        search: str | None = None,
    ) -> shapes.CallPage:
        """List calls, newest first.

        Follow `next_cursor` until it is null. Calls made meanwhile do not move the pages. With `search`
        a page may hold few calls or none although older ones are found: 2,000 calls are looked through
        for each.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.CallPage",
            self._transport.send(
                "GET",
                "/v1/calls",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "status": status,
                    "campaign_id": campaign_id,
                    "search": search,
                },
            ),
        )

    def every(
        self,
        *,
        limit: int | None = None,
        status: Literal[
            "completed", "no-answer", "failed", "busy", "rejected", "cancelled", "dispatch_timeout"
        ]
        | None = None,
        campaign_id: str | None = None,
        search: str | None = None,
    ) -> Iterator[shapes.Call]:
        """Every item of `list`, page after page."""
        return self._every(
            lambda cursor: self.list(
                limit=limit, cursor=cursor, status=status, campaign_id=campaign_id, search=search
            )
        )

    def list_live_calls(self, *, limit: int | None = None) -> shapes.LiveCalls:
        """List live calls, the last answered first.

        `live_code` names one on a softphone, to listen to it or to take part.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.LiveCalls",
            self._transport.send("GET", "/v1/calls/live", query={"limit": limit}),
        )

    def get(self, call_id: str) -> shapes.CallDetails:
        """Get a call.

        While it is live, the transcript grows turn by turn: poll this to follow it.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.CallDetails", self._transport.send("GET", f"/v1/calls/{self._part(call_id)}")
        )

    def delete(self, call_id: str) -> shapes.Cancelled:
        """Cancel a call that has not started (older form of cancel).

        Nothing is erased: the call stays listed, as cancelled.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.Cancelled", self._transport.send("DELETE", f"/v1/calls/{self._part(call_id)}")
        )

    def stop(self, call_id: str, *, idempotency_key: str | None = None) -> shapes.Stopped:
        """End a call that waits or is in progress.

        A call in progress is hung up by its controller within moments; stopping it twice is no error.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.Stopped",
            self._transport.send(
                "POST",
                f"/v1/calls/{self._part(call_id)}/stop",
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def cancel(self, call_id: str, *, idempotency_key: str | None = None) -> shapes.Cancelled:
        """Cancel a call that has not started.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.Cancelled",
            self._transport.send(
                "POST",
                f"/v1/calls/{self._part(call_id)}/cancel",
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def press_keys(
        self, call_id: str, *, idempotency_key: str | None = None, **body: Unpack[shapes.Keys]
    ) -> shapes.Command:
        """Press keys on our side of a call in progress.

        The agent knows of it. With an `Idempotency-Key` a repeated request presses nothing twice.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.Command",
            self._transport.send(
                "POST",
                f"/v1/calls/{self._part(call_id)}/dtmf",
                body=body,
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def transfer(
        self,
        call_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[shapes.TransferWish],
    ) -> shapes.Command:
        """Hand a call over from its agent to a person.

        The agent stops talking and the caller hears it ring. If nobody takes the call, the agent is
        told why and goes on talking. What became of it stands in the call's `transfers`.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.Command",
            self._transport.send(
                "POST",
                f"/v1/calls/{self._part(call_id)}/transfer",
                body=body,
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def supervise(
        self, call_id: str, *, idempotency_key: str | None = None, **body: Unpack[shapes.Supervise]
    ) -> shapes.Command:
        """Have a softphone rung and put on a call, or take part in another way.

        Needs the scope `calls:supervise` too. What became of it stands in the call's `supervisions`.
        Asking again for a softphone that is on the call changes its `mode`; it leaves by hanging up.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.Command",
            self._transport.send(
                "POST",
                f"/v1/calls/{self._part(call_id)}/supervise",
                body=body,
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def correct_answer(self, call_id: str, **body: Unpack[shapes.Correction]) -> shapes.Answer:
        """Say what really answered a call.

        `answered_by` of the call follows, the verdict stays beside it. Webhooks that were sent do not
        change.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.Answer",
            self._transport.send("POST", f"/v1/calls/{self._part(call_id)}/answered_by", body=body),
        )

    def get_tool_cassette(self, call_id: str) -> shapes.ToolCassette:
        """Get what the tools of a call answered.

        Send it back as `tool_cassette` of another call, whose tools then answer the same and ask
        nobody.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.ToolCassette",
            self._transport.send("GET", f"/v1/calls/{self._part(call_id)}/tool_cassette"),
        )


class Transcripts(Resource):
    """What was said in calls."""

    def get(
        self, call_id: str, *, format: Literal["json", "text", "srt"] | None = None
    ) -> shapes.Transcript:
        """Get the transcript of a call as JSON, text or subtitles.

        Times count from the answer, like the recording. Turns that the caller cut off are marked. Of
        the agent only what was heard is in it. JSON and text name the passages of knowledge bases that
        its turns rest on.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.Transcript",
            self._transport.send(
                "GET", f"/v1/calls/{self._part(call_id)}/transcript", query={"format": format}
            ),
        )


class RootCauses(Resource):
    """Why calls ended."""

    def get(
        self, call_id: str, *, numbers: Literal["true", "false"] | None = None
    ) -> shapes.RootCause:
        """Tell what happened to a call, in order, and why it ended.

        By rules, from what is stored: the same call gives the same report. Telephone numbers are
        masked unless they are asked for.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.RootCause",
            self._transport.send(
                "GET", f"/v1/calls/{self._part(call_id)}/rca", query={"numbers": numbers}
            ),
        )


class Analysis(Resource):
    """Find out more, or other things, about past calls."""

    def preview_rules(self, **body: Unpack[shapes.PreviewRequest]) -> shapes.Preview:
        """Try rules on past calls.

        They are applied to what is known of the calls; no model is asked and nothing is changed. For
        another `analysis_schema` begin a run with `apply: false`.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.Preview", self._transport.send("POST", "/v1/analysis/preview", body=body)
        )

    def create_run(
        self, *, idempotency_key: str | None = None, **body: Unpack[shapes.RunRequest]
    ) -> shapes.Run:
        """Analyse past calls again.

        The model is asked call by call, after calls that have just ended; its tokens are counted to the
        calls. With `apply: false` nothing is changed until the run is applied. One run of an account at
        a time.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.Run",
            self._transport.send(
                "POST",
                "/v1/analysis/runs",
                body=body,
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def list_runs(self) -> shapes.Runs:
        """List the newest 50 runs, newest first.

        Scope: `calls:read`.
        """
        return cast("shapes.Runs", self._transport.send("GET", "/v1/analysis/runs"))

    def get_run(self, run_id: str) -> shapes.Run:
        """Get a run, with what it has found to be other so far.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.Run", self._transport.send("GET", f"/v1/analysis/runs/{self._part(run_id)}")
        )

    def list_run_changes(
        self, run_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> shapes.ChangePage:
        """List what a run would change, call by call, and what it could not do.

        Follow `next_cursor` until it is null. A summary in other words is no change.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.ChangePage",
            self._transport.send(
                "GET",
                f"/v1/analysis/runs/{self._part(run_id)}/changes",
                query={"limit": limit, "cursor": cursor},
            ),
        )

    def every_run_changes(
        self, run_id: str, *, limit: int | None = None
    ) -> Iterator[shapes.ChangedCall]:
        """Every item of `list_run_changes`, page after page."""
        return self._every(lambda cursor: self.list_run_changes(run_id, limit=limit, cursor=cursor))

    def apply_run(self, run_id: str) -> shapes.Run:
        """Write what a run found to its calls.

        What could not be done leaves a call as it is. Webhooks that were sent do not change. Applying
        twice is no error.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.Run",
            self._transport.send("POST", f"/v1/analysis/runs/{self._part(run_id)}/apply"),
        )

    def cancel_run(self, run_id: str) -> shapes.Run:
        """Let the calls of a run be that have not begun. What is found can still be applied.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.Run",
            self._transport.send("POST", f"/v1/analysis/runs/{self._part(run_id)}/cancel"),
        )


class LiveCalls(Resource):
    """Take part in calls while they last."""

    def list_call_events(self, call_id: str) -> shapes.CallEvents:
        """List what happened to a call, oldest first; or follow it.

        With `Accept: text/event-stream` the answer is a stream of all that happens, words included,
        which ends with the call.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.CallEvents",
            self._transport.send("GET", f"/v1/calls/{self._part(call_id)}/events"),
        )

    def follow_call_events(self, call_id: str) -> Iterator[Event]:
        """Follow it: the events of `list_call_events`, until they end."""
        return self._transport.follow(f"/v1/calls/{self._part(call_id)}/events")

    def listen(self, call_id: str) -> shapes.Invitation:
        """Where a live call is heard.

        Needs the scope `calls:supervise` too. The address needs no key: whoever has it may begin to
        listen until `expires_at`, and hears the call until it ends.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.Invitation",
            self._transport.send("GET", f"/v1/calls/{self._part(call_id)}/listen"),
        )

    def say(
        self, call_id: str, *, idempotency_key: str | None = None, **body: Unpack[shapes.Say]
    ) -> shapes.Command:
        """Have the agent say something.

        What was heard of it stands in the transcript. Once it is over, the call's events have a
        `WordsSaid` with this `command_id`, and in its `detail` an `outcome`: `heard`, `interrupted` or
        `not_said`.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.Command",
            self._transport.send(
                "POST",
                f"/v1/calls/{self._part(call_id)}/say",
                body=body,
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def inject(
        self, call_id: str, *, idempotency_key: str | None = None, **body: Unpack[shapes.Inject]
    ) -> shapes.Command:
        """Let the model know something.

        Once it knows, the call's events have a `ContextInjected` with this `command_id`.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.Command",
            self._transport.send(
                "POST",
                f"/v1/calls/{self._part(call_id)}/inject",
                body=body,
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )


class Agents(Resource):
    """Store how calls are to be made, try it, and publish it."""

    def create(
        self, *, idempotency_key: str | None = None, **body: Unpack[shapes.AgentCreate]
    ) -> shapes.AgentDetails:
        """Create an agent.

        It is a draft, version 1: calls can use it once it is published, or by naming the version.
        Its configuration is judged as a call's would be.

        Scope: `agents:write`.
        """
        return cast(
            "shapes.AgentDetails",
            self._transport.send(
                "POST", "/v1/agents", body=body, idempotency_key=idempotency_key, is_repeatable=True
            ),
        )

    def list(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        status: Literal["active", "archived", "all"] | None = None,
    ) -> shapes.AgentPage:
        """List agents, newest first.

        Archived ones are left out unless `status` asks for them.

        Scope: `agents:read`.
        """
        return cast(
            "shapes.AgentPage",
            self._transport.send(
                "GET", "/v1/agents", query={"limit": limit, "cursor": cursor, "status": status}
            ),
        )

    def every(
        self,
        *,
        limit: int | None = None,
        status: Literal["active", "archived", "all"] | None = None,
    ) -> Iterator[shapes.Agent]:
        """Every item of `list`, page after page."""
        return self._every(lambda cursor: self.list(limit=limit, cursor=cursor, status=status))

    def get(self, agent_id: str) -> shapes.AgentDetails:
        """Get an agent, with its published version and its draft.

        Scope: `agents:read`.
        """
        return cast(
            "shapes.AgentDetails", self._transport.send("GET", f"/v1/agents/{self._part(agent_id)}")
        )

    def edit(self, agent_id: str, **body: Unpack[shapes.AgentEdit]) -> shapes.AgentDetails:
        """Edit an agent's draft.

        Without a draft, one begins as a copy of the published version, which calls go on using.

        Scope: `agents:write`.
        """
        return cast(
            "shapes.AgentDetails",
            self._transport.send("PATCH", f"/v1/agents/{self._part(agent_id)}", body=body),
        )

    def archive(self, agent_id: str) -> None:
        """Archive an agent.

        Nothing can use it any more; calls go on and it stays readable, because calls name it. While
        telephone numbers use it, this is refused and `used_by` names them.

        Scope: `agents:write`.
        """
        self._transport.send("DELETE", f"/v1/agents/{self._part(agent_id)}")

    def publish(self, agent_id: str, *, idempotency_key: str | None = None) -> shapes.AgentDetails:
        """Publish an agent's draft.

        Calls made from now on use it; calls made before keep the version they have.

        Scope: `agents:write`.
        """
        return cast(
            "shapes.AgentDetails",
            self._transport.send(
                "POST",
                f"/v1/agents/{self._part(agent_id)}/publish",
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def roll_agent_back(
        self,
        agent_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[shapes.AgentRollback],
    ) -> shapes.AgentDetails:
        """Roll an agent back.

        A version that was published before is used again. The draft stays as it is.

        Scope: `agents:write`.
        """
        return cast(
            "shapes.AgentDetails",
            self._transport.send(
                "POST",
                f"/v1/agents/{self._part(agent_id)}/rollback",
                body=body,
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def list_agent_versions(
        self, agent_id: str, *, limit: int | None = None, cursor: int | None = None
    ) -> shapes.AgentVersionPage:
        """List an agent's versions, newest first.

        Scope: `agents:read`.
        """
        return cast(
            "shapes.AgentVersionPage",
            self._transport.send(
                "GET",
                f"/v1/agents/{self._part(agent_id)}/versions",
                query={"limit": limit, "cursor": cursor},
            ),
        )

    def every_agent_versions(
        self, agent_id: str, *, limit: int | None = None
    ) -> Iterator[shapes.AgentVersion]:
        """Every item of `list_agent_versions`, page after page."""
        return self._every(
            lambda cursor: self.list_agent_versions(agent_id, limit=limit, cursor=cursor)
        )

    def get_agent_version(self, agent_id: str, number: str) -> shapes.AgentVersion:
        """Get one version of an agent.

        Scope: `agents:read`.
        """
        return cast(
            "shapes.AgentVersion",
            self._transport.send(
                "GET", f"/v1/agents/{self._part(agent_id)}/versions/{self._part(number)}"
            ),
        )

    def compare_agent_versions(
        self, agent_id: str, *, from_: int | None = None, to: int | None = None
    ) -> shapes.AgentDiff:
        """Compare two versions of an agent.

        Without `from` and `to`: what publishing the draft would change.

        Scope: `agents:read`.
        """
        return cast(
            "shapes.AgentDiff",
            self._transport.send(
                "GET", f"/v1/agents/{self._part(agent_id)}/diff", query={"from": from_, "to": to}
            ),
        )

    def chat_with_agent(self, agent_id: str, **body: Unpack[shapes.Chat]) -> shapes.ChatAnswer:
        """Try an agent in writing.

        No call is placed, nothing is stored, and no tool carried out; knowledge bases are not looked
        up. The key needs `agents:read` too. The language model of the chain takes what an answer costs.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.ChatAnswer",
            self._transport.send("POST", f"/v1/agents/{self._part(agent_id)}/chat", body=body),
        )


class PhoneNumbers(Resource):
    """Numbers, and the carriers that carry calls."""

    def list_carriers(self) -> shapes.CarrierList:
        """List carriers with their live status, in the order in which they are tried.

        Scope: `phone_numbers:read`.
        """
        return cast("shapes.CarrierList", self._transport.send("GET", "/v1/phone-numbers/carriers"))

    def add_carrier(
        self, *, idempotency_key: str | None = None, **body: Unpack[shapes.CarrierCreate]
    ) -> shapes.Carrier:
        """Add a carrier.

        The switch of every node takes it up within seconds, without a restart: see `status`.

        Scope: `phone_numbers:write`.
        """
        return cast(
            "shapes.Carrier",
            self._transport.send(
                "POST",
                "/v1/phone-numbers/carriers",
                body=body,
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def list_presets(self) -> shapes.PresetList:
        """List carriers we know, with what to enter and where they say so.

        Scope: `phone_numbers:read`.
        """
        return cast(
            "shapes.PresetList", self._transport.send("GET", "/v1/phone-numbers/carriers/presets")
        )

    def get_carrier(self, carrier_id: str) -> shapes.Carrier:
        """Get a carrier with its live status.

        Scope: `phone_numbers:read`.
        """
        return cast(
            "shapes.Carrier",
            self._transport.send("GET", f"/v1/phone-numbers/carriers/{self._part(carrier_id)}"),
        )

    def change_carrier(
        self, carrier_id: str, **body: Unpack[shapes.CarrierChange]
    ) -> shapes.Carrier:
        """Change a carrier.

        Its gateway is taken off the switch and made anew; calls under way go on.

        Scope: `phone_numbers:write`.
        """
        return cast(
            "shapes.Carrier",
            self._transport.send(
                "PATCH", f"/v1/phone-numbers/carriers/{self._part(carrier_id)}", body=body
            ),
        )

    def delete_carrier(self, carrier_id: str) -> None:
        """Delete a carrier.

        Refused while numbers are bound to it, or calls that are not over ask for it.

        Scope: `phone_numbers:write`.
        """
        self._transport.send("DELETE", f"/v1/phone-numbers/carriers/{self._part(carrier_id)}")

    def list(self) -> shapes.PhoneNumberList:
        """List numbers, oldest first.

        Scope: `phone_numbers:read`.
        """
        return cast("shapes.PhoneNumberList", self._transport.send("GET", "/v1/phone-numbers"))

    def add(
        self, *, idempotency_key: str | None = None, **body: Unpack[shapes.PhoneNumberCreate]
    ) -> shapes.PhoneNumber:
        """Add a number that a carrier already delivers to you.

        A number can be in one account of an installation only.

        Scope: `phone_numbers:write`.
        """
        return cast(
            "shapes.PhoneNumber",
            self._transport.send(
                "POST",
                "/v1/phone-numbers",
                body=body,
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def get(self, number_id: str) -> shapes.PhoneNumber:
        """Get a number.

        Scope: `phone_numbers:read`.
        """
        return cast(
            "shapes.PhoneNumber",
            self._transport.send("GET", f"/v1/phone-numbers/{self._part(number_id)}"),
        )

    def change(
        self, number_id: str, **body: Unpack[shapes.PhoneNumberChange]
    ) -> shapes.PhoneNumber:
        """Bind a number to another carrier or agent, name it, or switch it off.

        Scope: `phone_numbers:write`.
        """
        return cast(
            "shapes.PhoneNumber",
            self._transport.send("PATCH", f"/v1/phone-numbers/{self._part(number_id)}", body=body),
        )


class Provisioning(Resource):
    """Numbers that are bought by a carrier's API."""

    def delete_number(
        self, number_id: str, *, release: Literal["true", "false"] | None = None
    ) -> shapes.PhoneNumber:
        """Remove a number.

        Nothing changes at its carrier, unless `release` asks for it.

        Scope: `phone_numbers:write`.
        """
        return cast(
            "shapes.PhoneNumber",
            self._transport.send(
                "DELETE", f"/v1/phone-numbers/{self._part(number_id)}", query={"release": release}
            ),
        )

    def search_numbers(
        self,
        *,
        provider: Literal["telnyx", "twilio"] | None = None,
        country: str | None = None,
        area_code: str | None = None,
        contains: str | None = None,
        locality: str | None = None,
        features: str | None = None,
        limit: int | None = None,
    ) -> shapes.OfferList:
        """Search numbers that can be bought.

        Asks the carrier, so it takes as long as the carrier does.

        Scope: `phone_numbers:read`.
        """
        return cast(
            "shapes.OfferList",
            self._transport.send(
                "GET",
                "/v1/phone-numbers/available",
                query={
                    "provider": provider,
                    "country": country,
                    "area_code": area_code,
                    "contains": contains,
                    "locality": locality,
                    "features": features,
                    "limit": limit,
                },
            ),
        )

    def buy_number(
        self, *, idempotency_key: str | None = None, **body: Unpack[shapes.Purchase]
    ) -> shapes.PhoneNumber:
        """Buy a number.

        The answer comes before the carrier's: the number is `pending`, then `active`, or `failed` with
        the reason in `error_message`. One request buys at most one number, whatever breaks meanwhile;
        so does a repetition under the same Idempotency-Key.

        Scope: `phone_numbers:write`.
        """
        return cast(
            "shapes.PhoneNumber",
            self._transport.send(
                "POST",
                "/v1/phone-numbers/purchase",
                body=body,
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )


class Softphones(Resource):
    """Telephones of your own people, registered at the switch."""

    def list(self) -> shapes.SoftphoneList:
        """List softphones, by their extensions.

        Scope: `softphones:read`.
        """
        return cast("shapes.SoftphoneList", self._transport.send("GET", "/v1/softphones"))

    def add(self, **body: Unpack[shapes.SoftphoneCreate]) -> shapes.SoftphoneCreated:
        """Add a softphone.

        Its password is shown in this answer and never again. The switch of every node knows it within
        seconds; a repeated request is a conflict, as an extension can be had once.

        Scope: `softphones:write`.
        """
        return cast(
            "shapes.SoftphoneCreated", self._transport.send("POST", "/v1/softphones", body=body)
        )

    def get(self, softphone_id: str) -> shapes.Softphone:
        """Get a softphone, with the nodes at which it is registered.

        Scope: `softphones:read`.
        """
        return cast(
            "shapes.Softphone",
            self._transport.send("GET", f"/v1/softphones/{self._part(softphone_id)}"),
        )

    def delete(self, softphone_id: str) -> None:
        """Delete a softphone.

        Switches refuse it within seconds; a call that it is in goes on.

        Scope: `softphones:write`.
        """
        self._transport.send("DELETE", f"/v1/softphones/{self._part(softphone_id)}")


class Recordings(Resource):
    """The sound of calls."""

    def get_call_recording(
        self, call_id: str, *, format: Literal["wav", "mp3"] | None = None
    ) -> bytes:
        """Download the recording of a call.

        As WAV, or as MP3 with `format=mp3`. Ranges are served, so a player can seek. In stereo the
        other person is on the left, the agent on the right.

        Scope: `calls:read`.
        """
        return cast(
            bytes,
            self._transport.send(
                "GET", f"/v1/calls/{self._part(call_id)}/recording", query={"format": format}
            ),
        )

    def delete_call_recording(self, call_id: str) -> None:
        """Delete the recording of a call, for good.

        The transcript stays. Links to it lead nowhere any more.

        Scope: `calls:write`.
        """
        self._transport.send("DELETE", f"/v1/calls/{self._part(call_id)}/recording")

    def get_recording_link(
        self,
        call_id: str,
        *,
        format: Literal["wav", "mp3"] | None = None,
        expires_in: int | None = None,
    ) -> shapes.Link:
        """Make a link to the recording of a call that needs no key.

        Whoever has it can hear this one recording until `expires_at`: for a browser, or a colleague.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.Link",
            self._transport.send(
                "GET",
                f"/v1/calls/{self._part(call_id)}/recording/link",
                query={"format": format, "expires_in": expires_in},
            ),
        )

    def pause(self, call_id: str, *, idempotency_key: str | None = None) -> shapes.Command:
        """Have nothing recorded, while a secret is said.

        The recording holds silence instead and keeps its length; turns said meanwhile are stored as
        `[masked]`. It goes on by itself after `recording_pause_seconds`. The agent knows of it.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.Command",
            self._transport.send(
                "POST",
                f"/v1/calls/{self._part(call_id)}/recording/pause",
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def resume(self, call_id: str, *, idempotency_key: str | None = None) -> shapes.Command:
        """Have a paused recording go on.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.Command",
            self._transport.send(
                "POST",
                f"/v1/calls/{self._part(call_id)}/recording/resume",
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )


class ToolResults(Resource):
    """Bring the results of your tools, where they take time."""

    def bring(
        self, call_id: str, tool_call_id: str, **body: Unpack[shapes.ToolResult]
    ) -> shapes.ToolResultTaken:
        """Bring the result of a tool.

        For tools with `async`, within a day of the request. The address is its `result_url`; it takes a
        key, or `Authorization: ToolResult <result_token>`. The agent is told as soon as that fits into
        the conversation. After the call the result is kept with it. The same result again is no error.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.ToolResultTaken",
            self._transport.send(
                "POST",
                f"/v1/calls/{self._part(call_id)}/tool-results/{self._part(tool_call_id)}",
                body=body,
            ),
        )


class Leads(Resource):
    """People to be called, on lists."""

    def list(
        self,
        *,
        phone: str | None = None,
        list_id: str | None = None,
        status: Literal["New", "Contacted", "Converted", "Unsubscribed"] | None = None,
        tag: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> shapes.LeadPage:
        """List leads, newest first.

        Follow `next_cursor` while `has_more`.

        Scope: `leads:read`.
        """
        return cast(
            "shapes.LeadPage",
            self._transport.send(
                "GET",
                "/v1/leads",
                query={
                    "phone": phone,
                    "list_id": list_id,
                    "status": status,
                    "tag": tag,
                    "limit": limit,
                    "cursor": cursor,
                },
            ),
        )

    def create(self, **body: Unpack[shapes.LeadCreate]) -> shapes.LeadSent:
        """Create a lead, or put the one of this number on a list.

        A lead that exists stays as it is, but for the list: change it by PATCH.

        Scope: `leads:write`.
        """
        return cast("shapes.LeadSent", self._transport.send("POST", "/v1/leads", body=body))

    def get(self, lead_id: str) -> shapes.Lead:
        """Get a lead.

        Scope: `leads:read`.
        """
        return cast("shapes.Lead", self._transport.send("GET", f"/v1/leads/{self._part(lead_id)}"))

    def update(self, lead_id: str, **body: Unpack[shapes.LeadChange]) -> shapes.Lead:
        """Change a lead: what is given, and nothing else.

        409: another lead of the account has the number.

        Scope: `leads:write`.
        """
        return cast(
            "shapes.Lead",
            self._transport.send("PATCH", f"/v1/leads/{self._part(lead_id)}", body=body),
        )

    def delete(self, lead_id: str, *, list_id: str | None = None) -> None:
        """Delete a lead, or take it off one list.

        With `list_id` it goes off that list, and is deleted only if that was its last. Calls to it
        stay, with `lead_id` null.

        Scope: `leads:write`.
        """
        self._transport.send(
            "DELETE", f"/v1/leads/{self._part(lead_id)}", query={"list_id": list_id}
        )


class LeadJobs(Resource):
    """Many leads at once."""

    def import_leads(self, **body: Unpack[shapes.Import]) -> shapes.ImportReport:
        """Import up to 2,000 leads, all or none of them.

        They are put on the list, also those that exist. For more, send a file.

        Scope: `leads:write`.
        """
        return cast(
            "shapes.ImportReport", self._transport.send("POST", "/v1/leads/bulk", body=body)
        )

    def delete_leads(self, **body: Unpack[shapes.BulkDelete]) -> shapes.Deleting | shapes.Deleted:
        """Delete leads for good, by their ids or by a filter.

        Up to 500 are deleted at once (200); more by a job (202), which takes those that there are now.

        Scope: `leads:write`.
        """
        return cast(
            "shapes.Deleting | shapes.Deleted",
            self._transport.send("POST", "/v1/leads/bulk-delete", body=body),
        )

    def get(self, job_id: str) -> shapes.LeadJob:
        """Get a deletion or an upload: how far it is, and what came of it.

        Scope: `leads:read`.
        """
        return cast(
            "shapes.LeadJob", self._transport.send("GET", f"/v1/leads/jobs/{self._part(job_id)}")
        )

    def list_refusals(
        self, job_id: str, *, limit: int | None = None, cursor: int | None = None
    ) -> shapes.RefusalPage:
        """List the rows of a file that were not taken, each with its line and what is wrong.

        Follow `next_cursor` until it is null.

        Scope: `leads:read`.
        """
        return cast(
            "shapes.RefusalPage",
            self._transport.send(
                "GET",
                f"/v1/leads/jobs/{self._part(job_id)}/refusals",
                query={"limit": limit, "cursor": cursor},
            ),
        )

    def every_refusals(self, job_id: str, *, limit: int | None = None) -> Iterator[shapes.Refusal]:
        """Every item of `list_refusals`, page after page."""
        return self._every(lambda cursor: self.list_refusals(job_id, limit=limit, cursor=cursor))

    def upload_leads(
        self,
        list_id: str,
        content: bytes | Iterator[bytes],
        content_type: str = "text/csv",
        *,
        mode: Literal["merge", "skip", "overwrite"] | None = None,
        refused_rows: Literal["skip", "abort"] | None = None,
        region: str | None = None,
    ) -> shapes.LeadJob:
        """Put the leads of a CSV file on a list: up to 100,000, UTF-8.

        The first line names the columns: `phone_number`, which must be there, `name`, `email`,
        `status`, `notes`, `tags` (parted by `;`), `time_zone`, `region`; any other column becomes a
        name in the `metadata` of its leads. What is wrong with the file as a whole is told at once
        (400, with the line). Then all rows are checked, and only then the good ones are imported.

        Scope: `leads:write`.
        """
        return cast(
            "shapes.LeadJob",
            self._transport.send(
                "POST",
                f"/v1/lists/{self._part(list_id)}/upload",
                content=content,
                content_type=content_type,
                query={"mode": mode, "refused_rows": refused_rows, "region": region},
            ),
        )


class Lists(Resource):
    """Lists that leads are on."""

    def list(self, *, limit: int | None = None, cursor: str | None = None) -> shapes.ListPage:
        """List the lists, newest first.

        Follow `next_cursor` until it is null.

        Scope: `leads:read`.
        """
        return cast(
            "shapes.ListPage",
            self._transport.send("GET", "/v1/lists", query={"limit": limit, "cursor": cursor}),
        )

    def every(self, *, limit: int | None = None) -> Iterator[shapes.LeadList]:
        """Every item of `list`, page after page."""
        return self._every(lambda cursor: self.list(limit=limit, cursor=cursor))

    def create(self, **body: Unpack[shapes.ListCreate]) -> shapes.LeadList:
        """Create an empty list. 409: the account has one of this name.

        Scope: `leads:write`.
        """
        return cast("shapes.LeadList", self._transport.send("POST", "/v1/lists", body=body))

    def get(self, list_id: str) -> shapes.LeadList:
        """Get a list, with the number of its leads.

        Scope: `leads:read`.
        """
        return cast(
            "shapes.LeadList", self._transport.send("GET", f"/v1/lists/{self._part(list_id)}")
        )

    def update(self, list_id: str, **body: Unpack[shapes.ListChange]) -> shapes.LeadList:
        """Change the name or the description of a list.

        Scope: `leads:write`.
        """
        return cast(
            "shapes.LeadList",
            self._transport.send("PATCH", f"/v1/lists/{self._part(list_id)}", body=body),
        )

    def delete(self, list_id: str) -> None:
        """Delete a list without leads.

        409: it has some. Delete them first, by `POST /v1/leads/bulk-delete` with its `list_id`.

        Scope: `leads:write`.
        """
        self._transport.send("DELETE", f"/v1/lists/{self._part(list_id)}")


class Campaigns(Resource):
    """Calls to everybody on a list, that run by themselves."""

    def create(
        self, *, idempotency_key: str | None = None, **body: Unpack[shapes.CampaignCreate]
    ) -> shapes.Campaign:
        """Create a campaign.

        It is a draft and may be unfinished; what is there has to be right. Nothing is called before it
        is started.

        Scope: `campaigns:write`.
        """
        return cast(
            "shapes.Campaign",
            self._transport.send(
                "POST",
                "/v1/campaigns",
                body=body,
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def list(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        status: Literal["draft", "scheduled", "running", "paused", "completed", "cancelled"]
        | None = None,
        archived: Literal["no", "yes", "all"] | None = None,
    ) -> shapes.CampaignPage:
        """List campaigns, newest first.

        Follow `next_cursor` until it is null.

        Scope: `campaigns:read`.
        """
        return cast(
            "shapes.CampaignPage",
            self._transport.send(
                "GET",
                "/v1/campaigns",
                query={"limit": limit, "cursor": cursor, "status": status, "archived": archived},
            ),
        )

    def every(
        self,
        *,
        limit: int | None = None,
        status: Literal["draft", "scheduled", "running", "paused", "completed", "cancelled"]
        | None = None,
        archived: Literal["no", "yes", "all"] | None = None,
    ) -> Iterator[shapes.Campaign]:
        """Every item of `list`, page after page."""
        return self._every(
            lambda cursor: self.list(limit=limit, cursor=cursor, status=status, archived=archived)
        )

    def get(self, campaign_id: str) -> shapes.CampaignDetails:
        """Get a campaign, and what it has come to by now.

        Scope: `campaigns:read`.
        """
        return cast(
            "shapes.CampaignDetails",
            self._transport.send("GET", f"/v1/campaigns/{self._part(campaign_id)}"),
        )

    def edit(self, campaign_id: str, **body: Unpack[shapes.CampaignEdit]) -> shapes.Campaign:
        """Edit a campaign, also while it runs.

        Calls that wait or run stay as they are; see what would change by `preview`. Of a campaign that
        is over only `name`, `description` and `conversion_outcomes` are edited.

        Scope: `campaigns:write`.
        """
        return cast(
            "shapes.Campaign",
            self._transport.send("PATCH", f"/v1/campaigns/{self._part(campaign_id)}", body=body),
        )

    def preview_campaign_edit(
        self, campaign_id: str, **body: Unpack[shapes.CampaignEdit]
    ) -> shapes.CampaignPreview:
        """See what an edit would do, without doing it.

        Each field that changes, from when on that counts, who would become a contact or be none any
        more; or why it would be refused.

        Scope: `campaigns:write`.
        """
        return cast(
            "shapes.CampaignPreview",
            self._transport.send(
                "POST", f"/v1/campaigns/{self._part(campaign_id)}/preview", body=body
            ),
        )

    def check(self, campaign_id: str) -> shapes.Readiness:
        """See whether a campaign could be started now, and what it lacks.

        Scope: `campaigns:read`.
        """
        return cast(
            "shapes.Readiness",
            self._transport.send("GET", f"/v1/campaigns/{self._part(campaign_id)}/check"),
        )

    def start(
        self, campaign_id: str, *, idempotency_key: str | None = None
    ) -> shapes.CampaignMoved:
        """Start a campaign.

        A draft whose `schedule.start_at` lies ahead is `scheduled` and begins by itself; started again
        it begins now. 409 `not_ready`: it lacks something; `problems` names each field.

        Scope: `campaigns:write`.
        """
        return cast(
            "shapes.CampaignMoved",
            self._transport.send(
                "POST",
                f"/v1/campaigns/{self._part(campaign_id)}/start",
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def pause(
        self, campaign_id: str, *, idempotency_key: str | None = None
    ) -> shapes.CampaignMoved:
        """Pause a campaign.

        Nothing more is dialled: calls that wait in the queue go back to their contacts, which are as if
        they had never been queued. Calls in flight go on.

        Scope: `campaigns:write`.
        """
        return cast(
            "shapes.CampaignMoved",
            self._transport.send(
                "POST",
                f"/v1/campaigns/{self._part(campaign_id)}/pause",
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def resume(
        self, campaign_id: str, *, idempotency_key: str | None = None
    ) -> shapes.CampaignMoved:
        """Resume a paused campaign.

        Its ramp-up begins anew.

        Scope: `campaigns:write`.
        """
        return cast(
            "shapes.CampaignMoved",
            self._transport.send(
                "POST",
                f"/v1/campaigns/{self._part(campaign_id)}/resume",
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def stop(self, campaign_id: str, *, idempotency_key: str | None = None) -> shapes.CampaignMoved:
        """Stop a campaign for good.

        Calls that wait are taken back, calls in flight go on. It cannot be started again.

        Scope: `campaigns:write`.
        """
        return cast(
            "shapes.CampaignMoved",
            self._transport.send(
                "POST",
                f"/v1/campaigns/{self._part(campaign_id)}/stop",
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def archive(
        self, campaign_id: str, *, idempotency_key: str | None = None
    ) -> shapes.CampaignMoved:
        """Put a campaign away that is over or was never started.

        It stays readable, and is left out of lists unless `archived` asks for it.

        Scope: `campaigns:write`.
        """
        return cast(
            "shapes.CampaignMoved",
            self._transport.send(
                "POST",
                f"/v1/campaigns/{self._part(campaign_id)}/archive",
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def get_campaign_statistics(self, campaign_id: str) -> shapes.CampaignStatistics:
        """Get what a campaign has come to; or follow it.

        With `Accept: text/event-stream` the answer is a stream that tells the figures whenever they
        have changed, every two seconds at most, and ends with the campaign.

        Scope: `campaigns:read`.
        """
        return cast(
            "shapes.CampaignStatistics",
            self._transport.send("GET", f"/v1/campaigns/{self._part(campaign_id)}/statistics"),
        )

    def follow_campaign_statistics(self, campaign_id: str) -> Iterator[Event]:
        """Follow it: the events of `get_campaign_statistics`, until they end."""
        return self._transport.follow(f"/v1/campaigns/{self._part(campaign_id)}/statistics")


class CampaignContacts(Resource):
    """The people that campaigns call."""

    def list(
        self,
        campaign_id: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        status: Literal["waiting", "held", "in_flight", "done", "given_up", "skipped", "removed"]
        | None = None,
        outcome: Literal[
            "completed",
            "callback",
            "opted_out",
            "short_talk",
            "dropped",
            "voicemail_left",
            "voicemail",
            "busy",
            "no_answer",
            "unreachable",
            "rejected",
            "unwanted",
            "unassigned",
            "invalid_number",
            "blocked_by_network",
            "trunk_busy",
            "trunk_failed",
            "network_timeout",
            "carrier_refused",
            "caller_id_refused",
            "misconfigured",
            "failed",
            "lost",
            "deferred",
            "not_callable",
            "dispatch_timeout",
            "withdrawn",
            "cancelled",
        ]
        | None = None,
    ) -> shapes.ContactPage:
        """List a campaign's contacts, in the order in which their leads were made.

        Follow `next_cursor` until it is null.

        Scope: `campaigns:read`.
        """
        return cast(
            "shapes.ContactPage",
            self._transport.send(
                "GET",
                f"/v1/campaigns/{self._part(campaign_id)}/contacts",
                query={"limit": limit, "cursor": cursor, "status": status, "outcome": outcome},
            ),
        )

    def every(
        self,
        campaign_id: str,
        *,
        limit: int | None = None,
        status: Literal["waiting", "held", "in_flight", "done", "given_up", "skipped", "removed"]
        | None = None,
        outcome: Literal[
            "completed",
            "callback",
            "opted_out",
            "short_talk",
            "dropped",
            "voicemail_left",
            "voicemail",
            "busy",
            "no_answer",
            "unreachable",
            "rejected",
            "unwanted",
            "unassigned",
            "invalid_number",
            "blocked_by_network",
            "trunk_busy",
            "trunk_failed",
            "network_timeout",
            "carrier_refused",
            "caller_id_refused",
            "misconfigured",
            "failed",
            "lost",
            "deferred",
            "not_callable",
            "dispatch_timeout",
            "withdrawn",
            "cancelled",
        ]
        | None = None,
    ) -> Iterator[shapes.CampaignContact]:
        """Every item of `list`, page after page."""
        return self._every(
            lambda cursor: self.list(
                campaign_id, limit=limit, cursor=cursor, status=status, outcome=outcome
            )
        )

    def add(self, campaign_id: str, **body: Unpack[shapes.ContactsAdd]) -> shapes.ContactsAdded:
        """Call more leads, up to 500 at once, whether or not they are on a list of the campaign.

        Whoever was removed before is called again. For more, put them on a list.

        Scope: `campaigns:write`.
        """
        return cast(
            "shapes.ContactsAdded",
            self._transport.send(
                "POST", f"/v1/campaigns/{self._part(campaign_id)}/contacts", body=body
            ),
        )

    def get(self, campaign_id: str, lead_id: str) -> shapes.ContactDetails:
        """Get a contact: its calls, and all that happened to it in the order of time.

        Scope: `campaigns:read`.
        """
        return cast(
            "shapes.ContactDetails",
            self._transport.send(
                "GET", f"/v1/campaigns/{self._part(campaign_id)}/contacts/{self._part(lead_id)}"
            ),
        )

    def remove(self, campaign_id: str, lead_id: str) -> shapes.CampaignContact:
        """Do not call somebody any more in this campaign.

        Whoever is done, given up or skipped stays so; whoever waits or is held is taken
        out. 409 `in_flight`: a call to them is under way.

        Scope: `campaigns:write`.
        """
        return cast(
            "shapes.CampaignContact",
            self._transport.send(
                "DELETE", f"/v1/campaigns/{self._part(campaign_id)}/contacts/{self._part(lead_id)}"
            ),
        )


class Rehearsals(Resource):
    """Campaigns on a virtual clock, before anybody is called."""

    def rehearse_campaign(
        self, campaign_id: str, **body: Unpack[shapes.RehearsalRequest]
    ) -> shapes.Rehearsal:
        """Rehearse a campaign.

        It runs whole on a virtual clock: its people, the account's limits and budgets, and the rules on
        whom may be called when are the real ones; who answers is simulated. Nobody is called and
        nothing is written. It takes up to some minutes.

        Scope: `campaigns:write`.
        """
        return cast(
            "shapes.Rehearsal",
            self._transport.send(
                "POST", f"/v1/campaigns/{self._part(campaign_id)}/rehearsal", body=body
            ),
        )


class DoNotCall(Resource):
    """Numbers that are never called, whoever asks for it."""

    def list_entries(
        self,
        *,
        purpose: str | None = None,
        campaign_id: str | None = None,
        phone_number: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> shapes.ListedPage:
        """List the numbers, newest entries first.

        Follow `next_cursor` until it is null.

        Scope: `leads:read`.
        """
        return cast(
            "shapes.ListedPage",
            self._transport.send(
                "GET",
                "/v1/do-not-call",
                query={
                    "purpose": purpose,
                    "campaign_id": campaign_id,
                    "phone_number": phone_number,
                    "limit": limit,
                    "cursor": cursor,
                },
            ),
        )

    def every_entries(
        self,
        *,
        purpose: str | None = None,
        campaign_id: str | None = None,
        phone_number: str | None = None,
        limit: int | None = None,
    ) -> Iterator[shapes.ListedNumber]:
        """Every item of `list_entries`, page after page."""
        return self._every(
            lambda cursor: self.list_entries(
                purpose=purpose,
                campaign_id=campaign_id,
                phone_number=phone_number,
                limit=limit,
                cursor=cursor,
            )
        )

    def add_entry(self, **body: Unpack[shapes.ListedNumberCreate]) -> shapes.ListedNumber:
        """Put a number on the list.

        Calls to it are refused from now on (422 `not_callable`), and those that wait fail when their
        turn comes: all of them, or those of a purpose or a campaign. A number that is listed already
        keeps the entry that it has.

        Scope: `leads:write`.
        """
        return cast(
            "shapes.ListedNumber", self._transport.send("POST", "/v1/do-not-call", body=body)
        )

    def add_entries(self, **body: Unpack[shapes.ListedBulk]) -> shapes.ListedImport:
        """Put up to 2,000 numbers on the list, all or none of them.

        Scope: `leads:write`.
        """
        return cast(
            "shapes.ListedImport", self._transport.send("POST", "/v1/do-not-call/bulk", body=body)
        )

    def upload_entries(
        self,
        content: bytes | Iterator[bytes],
        content_type: str = "text/csv",
        *,
        region: str | None = None,
    ) -> shapes.ListedFile:
        """Put the numbers of a CSV file on the list: up to 100,000, UTF-8.

        The first line names the columns: `phone_number`, which must be there, `reason`, `purpose`,
        `campaign_id`, `expires_at`. What is wrong with the file as a whole is told at once (400, with
        the line) and nothing is listed; rows that are wrong are refused one by one.

        Scope: `leads:write`.
        """
        return cast(
            "shapes.ListedFile",
            self._transport.send(
                "POST",
                "/v1/do-not-call/upload",
                content=content,
                content_type=content_type,
                query={"region": region},
            ),
        )

    def export_entries(self) -> bytes:
        """Get the whole list as CSV, as `upload` takes it.

        Scope: `leads:read`.
        """
        return cast(bytes, self._transport.send("GET", "/v1/do-not-call/export"))

    def get_entry(
        self, phone_number: str, *, purpose: str | None = None, campaign_id: str | None = None
    ) -> shapes.ListedNumber:
        """Look a number up. 404: it is not listed.

        Scope: `leads:read`.
        """
        return cast(
            "shapes.ListedNumber",
            self._transport.send(
                "GET",
                f"/v1/do-not-call/{self._part(phone_number)}",
                query={"purpose": purpose, "campaign_id": campaign_id},
            ),
        )

    def remove_entry(
        self, phone_number: str, *, purpose: str | None = None, campaign_id: str | None = None
    ) -> None:
        """Take a number off the list.

        Only with the consent of whoever has it: the law wants their wish kept.

        Scope: `leads:write`.
        """
        self._transport.send(
            "DELETE",
            f"/v1/do-not-call/{self._part(phone_number)}",
            query={"purpose": purpose, "campaign_id": campaign_id},
        )


class Consents(Resource):
    """What people have agreed to."""

    def list(
        self,
        *,
        phone_number: str | None = None,
        list_id: str | None = None,
        campaign_id: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> shapes.ConsentPage:
        """List consents, newest first, those that were taken back too.

        Scope: `leads:read`.
        """
        return cast(
            "shapes.ConsentPage",
            self._transport.send(
                "GET",
                "/v1/consents",
                query={
                    "phone_number": phone_number,
                    "list_id": list_id,
                    "campaign_id": campaign_id,
                    "limit": limit,
                    "cursor": cursor,
                },
            ),
        )

    def every(
        self,
        *,
        phone_number: str | None = None,
        list_id: str | None = None,
        campaign_id: str | None = None,
        limit: int | None = None,
    ) -> Iterator[shapes.Consent]:
        """Every item of `list`, page after page."""
        return self._every(
            lambda cursor: self.list(
                phone_number=phone_number,
                list_id=list_id,
                campaign_id=campaign_id,
                limit=limit,
                cursor=cursor,
            )
        )

    def create(self, **body: Unpack[shapes.ConsentCreate]) -> shapes.Consent:
        """Store what somebody agreed to, with its proof.

        Or, with `list_id` or `campaign_id`, what you state of everybody on a list or in a campaign.

        Scope: `leads:write`.
        """
        return cast("shapes.Consent", self._transport.send("POST", "/v1/consents", body=body))

    def create_consents(self, **body: Unpack[shapes.ConsentBulk]) -> shapes.ConsentBulkReport:
        """Store up to 2,000 consents, all or none of them.

        Scope: `leads:write`.
        """
        return cast(
            "shapes.ConsentBulkReport", self._transport.send("POST", "/v1/consents/bulk", body=body)
        )

    def get(self, consent_id: str) -> shapes.Consent:
        """Get one consent.

        Scope: `leads:read`.
        """
        return cast(
            "shapes.Consent", self._transport.send("GET", f"/v1/consents/{self._part(consent_id)}")
        )

    def revoke(self, consent_id: str, **body: Unpack[shapes.Revocation]) -> shapes.Consent:
        """Note that a consent was taken back.

        It is never deleted: that it was there, and since when it is not, is evidence. Who wants no
        calls at all belongs on `/v1/do-not-call` too.

        Scope: `leads:write`.
        """
        return cast(
            "shapes.Consent",
            self._transport.send(
                "POST", f"/v1/consents/{self._part(consent_id)}/revoke", body=body
            ),
        )


class NumberChecks(Resource):
    """What registers said of numbers."""

    def list(
        self,
        *,
        phone_number: str | None = None,
        register: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> shapes.NumberCheckPage:
        """List what registers said, newest first.

        Scope: `leads:read`.
        """
        return cast(
            "shapes.NumberCheckPage",
            self._transport.send(
                "GET",
                "/v1/number-checks",
                query={
                    "phone_number": phone_number,
                    "register": register,
                    "limit": limit,
                    "cursor": cursor,
                },
            ),
        )

    def every(
        self,
        *,
        phone_number: str | None = None,
        register: str | None = None,
        limit: int | None = None,
    ) -> Iterator[shapes.NumberCheck]:
        """Every item of `list`, page after page."""
        return self._every(
            lambda cursor: self.list(
                phone_number=phone_number, register=register, limit=limit, cursor=cursor
            )
        )

    def create(self, **body: Unpack[shapes.NumberCheckBulk]) -> shapes.NumberCheckReport:
        """Store what registers said of up to 2,000 numbers, all or none of it.

        Decisions rely on the newest answer of each register for as long as its rule says; older ones
        stay as evidence.

        Scope: `leads:write`.
        """
        return cast(
            "shapes.NumberCheckReport", self._transport.send("POST", "/v1/number-checks", body=body)
        )


class Compliance(Resource):
    """Whether somebody may be called, and what proves it."""

    def get_terms(self) -> shapes.Terms:
        """Get how the account's calls are judged, beside the law.

        Scope: `leads:read`.
        """
        return cast("shapes.Terms", self._transport.send("GET", "/v1/account/compliance"))

    def change_terms(self, **body: Unpack[shapes.TermsChange]) -> shapes.Terms:
        """Change how the account's calls are judged.

        Each section is replaced as a whole; null takes it back to its default.

        Scope: `leads:write`.
        """
        return cast(
            "shapes.Terms", self._transport.send("PATCH", "/v1/account/compliance", body=body)
        )

    def check_eligibility(self, **body: Unpack[shapes.EligibilityRequest]) -> shapes.Eligibility:
        """Ask whether somebody may be called, now or at a moment to come.

        Nobody is called and nothing is written. Every question that is asked before a dial is answered.

        Scope: `calls:write`.
        """
        return cast(
            "shapes.Eligibility", self._transport.send("POST", "/v1/eligibility/check", body=body)
        )

    def list_decisions(
        self,
        *,
        phone_number: str | None = None,
        call_id: str | None = None,
        verdict: Literal["allow", "defer", "review", "block"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> shapes.DecisionPage:
        """List what was decided about calls, newest first.

        Scope: `leads:read`.
        """
        return cast(
            "shapes.DecisionPage",
            self._transport.send(
                "GET",
                "/v1/decisions",
                query={
                    "phone_number": phone_number,
                    "call_id": call_id,
                    "verdict": verdict,
                    "limit": limit,
                    "cursor": cursor,
                },
            ),
        )

    def every_decisions(
        self,
        *,
        phone_number: str | None = None,
        call_id: str | None = None,
        verdict: Literal["allow", "defer", "review", "block"] | None = None,
        limit: int | None = None,
    ) -> Iterator[shapes.Decision]:
        """Every item of `list_decisions`, page after page."""
        return self._every(
            lambda cursor: self.list_decisions(
                phone_number=phone_number,
                call_id=call_id,
                verdict=verdict,
                limit=limit,
                cursor=cursor,
            )
        )

    def get_decision(self, decision_id: str) -> shapes.Decision:
        """Get one decision, with every check.

        Scope: `leads:read`.
        """
        return cast(
            "shapes.Decision",
            self._transport.send("GET", f"/v1/decisions/{self._part(decision_id)}"),
        )

    def verify_ledger(self) -> shapes.Verification:
        """Read the whole chain of your decisions.

        Each record that is not as it was written, or is missing, is named.

        Scope: `leads:read`.
        """
        return cast("shapes.Verification", self._transport.send("GET", "/v1/ledger/verify"))

    def export_ledger(self, *, phone_number: str | None = None) -> bytes:
        """Get the ledger, or all that is about one number, as a JSON object on each line.

        Scope: `leads:read`.
        """
        return cast(
            bytes,
            self._transport.send("GET", "/v1/ledger/export", query={"phone_number": phone_number}),
        )

    def get_person(self, phone_number: str) -> shapes.Person:
        """Get everything that is stored about one number.

        Leads, lists, consents with their wording, entries of the do-not-call list, every decision, and
        calls with all that hangs on them.

        Scope: `leads:read`.
        """
        return cast(
            "shapes.Person", self._transport.send("GET", f"/v1/people/{self._part(phone_number)}")
        )

    def erase_person(
        self, phone_number: str, *, suppress: Literal["true", "false"] | None = None
    ) -> shapes.Receipt:
        """Erase one person, for good, and get the receipt.

        Recordings, transcripts, leads and whatever else tells of them goes. What stays: that calls were
        made and what they cost, and, under a fingerprint of their number, that they may not be called
        and once agreed. 409: a call with them is not over.

        Scope: `leads:write`.
        """
        return cast(
            "shapes.Receipt",
            self._transport.send(
                "DELETE", f"/v1/people/{self._part(phone_number)}", query={"suppress": suppress}
            ),
        )


class Knowledge(Resource):
    """Texts, files, data and pages that agents look things up in."""

    def list_knowledge_bases(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> shapes.KnowledgePage:
        """List knowledge bases, newest first.

        Follow `next_cursor` until it is null.

        Scope: `knowledge:read`.
        """
        return cast(
            "shapes.KnowledgePage",
            self._transport.send("GET", "/v1/knowledge", query={"limit": limit, "cursor": cursor}),
        )

    def every_knowledge_bases(self, *, limit: int | None = None) -> Iterator[shapes.KnowledgeBase]:
        """Every item of `list_knowledge_bases`, page after page."""
        return self._every(lambda cursor: self.list_knowledge_bases(limit=limit, cursor=cursor))

    def create_knowledge_base(self, **body: Unpack[shapes.KnowledgeCreate]) -> shapes.KnowledgeBase:
        """Create a knowledge base with its first source.

        A file is sent as a form with `type` `file`. It is read after the answer: watch `status` and
        `sizes`. Calls can name it at once, and find in it what has been read.

        Scope: `knowledge:write`.
        """
        return cast(
            "shapes.KnowledgeBase", self._transport.send("POST", "/v1/knowledge", body=body)
        )

    def get_knowledge_base(self, base_id: str) -> shapes.KnowledgeBase:
        """Get a knowledge base: its state and its sizes.

        Scope: `knowledge:read`.
        """
        return cast(
            "shapes.KnowledgeBase",
            self._transport.send("GET", f"/v1/knowledge/{self._part(base_id)}"),
        )

    def update_knowledge_base(
        self, base_id: str, **body: Unpack[shapes.KnowledgeChange]
    ) -> shapes.KnowledgeBase:
        """Change a knowledge base.

        A new `text` is used as soon as it is read, the old one until then, in calls that are under way
        as well.

        Scope: `knowledge:write`.
        """
        return cast(
            "shapes.KnowledgeBase",
            self._transport.send("PATCH", f"/v1/knowledge/{self._part(base_id)}", body=body),
        )

    def delete_knowledge_base(self, base_id: str) -> None:
        """Delete a knowledge base.

        Nothing is found in it from now on, in calls that are under way as well.

        Scope: `knowledge:write`.
        """
        self._transport.send("DELETE", f"/v1/knowledge/{self._part(base_id)}")

    def list_sources(self, base_id: str) -> shapes.Sources:
        """List the sources of a knowledge base, oldest first.

        Scope: `knowledge:read`.
        """
        return cast(
            "shapes.Sources",
            self._transport.send("GET", f"/v1/knowledge/{self._part(base_id)}/sources"),
        )

    def add_source(self, base_id: str, **body: Unpack[shapes.SourceCreate]) -> shapes.Source:
        """Add a source to a knowledge base. A file is sent as a form.

        Scope: `knowledge:write`.
        """
        return cast(
            "shapes.Source",
            self._transport.send("POST", f"/v1/knowledge/{self._part(base_id)}/sources", body=body),
        )

    def get_source(self, base_id: str, source_id: str) -> shapes.Source:
        """Get a source: its state and its sizes.

        Scope: `knowledge:read`.
        """
        return cast(
            "shapes.Source",
            self._transport.send(
                "GET", f"/v1/knowledge/{self._part(base_id)}/sources/{self._part(source_id)}"
            ),
        )

    def replace_source(
        self, base_id: str, source_id: str, **body: Unpack[shapes.SourceCreate]
    ) -> shapes.Source:
        """Replace a source by another of the same type.

        What was read before is used until the new is read. A file is sent as a form.

        Scope: `knowledge:write`.
        """
        return cast(
            "shapes.Source",
            self._transport.send(
                "PUT",
                f"/v1/knowledge/{self._part(base_id)}/sources/{self._part(source_id)}",
                body=body,
            ),
        )

    def delete_source(self, base_id: str, source_id: str) -> None:
        """Delete a source. Nothing of it is found from now on.

        Scope: `knowledge:write`.
        """
        self._transport.send(
            "DELETE", f"/v1/knowledge/{self._part(base_id)}/sources/{self._part(source_id)}"
        )

    def refresh_source(self, base_id: str, source_id: str) -> shapes.Source:
        """Read a source again: the pages of the web as they are now, or what failed before.

        Scope: `knowledge:write`.
        """
        return cast(
            "shapes.Source",
            self._transport.send(
                "POST",
                f"/v1/knowledge/{self._part(base_id)}/sources/{self._part(source_id)}/refresh",
            ),
        )

    def list_documents(
        self,
        base_id: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        source_id: str | None = None,
        state: Literal["waiting", "ready", "failed"] | None = None,
    ) -> shapes.DocumentPage:
        """List what came of the sources of a knowledge base, and what failed.

        Follow `next_cursor` until it is null.

        Scope: `knowledge:read`.
        """
        return cast(
            "shapes.DocumentPage",
            self._transport.send(
                "GET",
                f"/v1/knowledge/{self._part(base_id)}/documents",
                query={"limit": limit, "cursor": cursor, "source_id": source_id, "state": state},
            ),
        )

    def every_documents(
        self,
        base_id: str,
        *,
        limit: int | None = None,
        source_id: str | None = None,
        state: Literal["waiting", "ready", "failed"] | None = None,
    ) -> Iterator[shapes.Document]:
        """Every item of `list_documents`, page after page."""
        return self._every(
            lambda cursor: self.list_documents(
                base_id, limit=limit, cursor=cursor, source_id=source_id, state=state
            )
        )

    def search_knowledge_base(
        self,
        base_id: str,
        *,
        query: str,
        field: str | None = None,
        limit: int | None = None,
        max_tokens: int | None = None,
    ) -> shapes.Found:
        """Search a knowledge base, as an agent does in a call.

        Scope: `knowledge:read`.
        """
        return cast(
            "shapes.Found",
            self._transport.send(
                "GET",
                f"/v1/knowledge/{self._part(base_id)}/search",
                query={"query": query, "field": field, "limit": limit, "max_tokens": max_tokens},
            ),
        )


class Catalogue(Resource):
    """What a call may choose from."""

    def list_models(
        self,
        *,
        mode: Literal["realtime", "legacy"] | None = None,
        kind: Literal["speech_to_speech", "chat", "transcription", "speech"] | None = None,
    ) -> shapes.Models:
        """List models.

        Those that are shut down are left out, unless this installation still uses them. A model that is
        not listed may be named as well: vendors are quicker than lists.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.Models",
            self._transport.send("GET", "/v1/models", query={"mode": mode, "kind": kind}),
        )

    def list_voices(
        self,
        *,
        mode: Literal["realtime", "legacy"] | None = None,
        provider: Literal["openai", "elevenlabs", "local"] | None = None,
        language: str | None = None,
        gender: Literal["female", "male", "neutral"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> shapes.VoicePage:
        """List built-in voices.

        Of every provider that speaks in this installation. Those of ElevenLabs are read from its
        account every 15 minutes.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.VoicePage",
            self._transport.send(
                "GET",
                "/v1/voices/builtin",
                query={
                    "mode": mode,
                    "provider": provider,
                    "language": language,
                    "gender": gender,
                    "limit": limit,
                    "cursor": cursor,
                },
            ),
        )

    def every_voices(
        self,
        *,
        mode: Literal["realtime", "legacy"] | None = None,
        provider: Literal["openai", "elevenlabs", "local"] | None = None,
        language: str | None = None,
        gender: Literal["female", "male", "neutral"] | None = None,
        limit: int | None = None,
    ) -> Iterator[shapes.Voice]:
        """Every item of `list_voices`, page after page."""
        return self._every(
            lambda cursor: self.list_voices(
                mode=mode,
                provider=provider,
                language=language,
                gender=gender,
                limit=limit,
                cursor=cursor,
            )
        )

    def list_languages(
        self, *, mode: Literal["realtime", "legacy"] | None = None
    ) -> shapes.Languages:
        """List languages, with their dialects and who serves them.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.Languages", self._transport.send("GET", "/v1/languages", query={"mode": mode})
        )


class Voices(Resource):
    """Voices of your own, and how voices sound."""

    def list_cloned_voices(self) -> shapes.ClonedVoices:
        """List cloned voices, newest first.

        Scope: `calls:read`.
        """
        return cast("shapes.ClonedVoices", self._transport.send("GET", "/v1/voices"))

    def clone(
        self, content: bytes | Iterator[bytes], content_type: str = "multipart/form-data"
    ) -> shapes.ClonedVoice:
        """Clone a voice.

        Only with the consent of the person whose voice it is. The same samples make one voice, not two:
        repeating the request is a conflict that names the voice by `voice_id`. 202: its vendor's answer
        got lost, and within a quarter of an hour it is found out whether the voice is there.

        Scope: `voices:write`.
        """
        return cast(
            "shapes.ClonedVoice",
            self._transport.send("POST", "/v1/voices", content=content, content_type=content_type),
        )

    def get_cloned_voice(self, voice_id: str) -> shapes.ClonedVoice:
        """Get a cloned voice, with the consent to it.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.ClonedVoice", self._transport.send("GET", f"/v1/voices/{self._part(voice_id)}")
        )

    def delete_cloned_voice(self, voice_id: str) -> shapes.ClonedVoice:
        """Delete a cloned voice.

        No call can name it any more; its vendor is told until it has forgotten it. The consent and the
        digests of the samples are kept as evidence.

        Scope: `voices:write`.
        """
        return cast(
            "shapes.ClonedVoice",
            self._transport.send("DELETE", f"/v1/voices/{self._part(voice_id)}"),
        )

    def preview_cloned_voice(
        self, voice_id: str, *, text: str | None = None, language: str | None = None
    ) -> bytes:
        """Hear a cloned voice, as it sounds on the telephone.

        Its vendor takes for it what a sentence in a call costs.

        Scope: `calls:read`.
        """
        return cast(
            bytes,
            self._transport.send(
                "GET",
                f"/v1/voices/{self._part(voice_id)}/preview",
                query={"text": text, "language": language},
            ),
        )

    def preview(self, name: str, *, text: str | None = None, language: str | None = None) -> bytes:
        """Hear a built-in voice of mode `legacy`, as it sounds on the telephone.

        Its vendor takes for it what a sentence in a call costs.

        Scope: `calls:read`.
        """
        return cast(
            bytes,
            self._transport.send(
                "GET",
                f"/v1/voices/builtin/{self._part(name)}/preview",
                query={"text": text, "language": language},
            ),
        )


class Webhooks(Resource):
    """Be told of calls, and what was told."""

    def create(
        self, *, idempotency_key: str | None = None, **body: Unpack[shapes.WebhookCreate]
    ) -> shapes.Webhook:
        """Subscribe to an event of every call.

        Messages are signed with the account's secret; `filters` narrow them down.

        Scope: `webhooks:write`.
        """
        return cast(
            "shapes.Webhook",
            self._transport.send(
                "POST",
                "/v1/webhooks",
                body=body,
                idempotency_key=idempotency_key,
                is_repeatable=True,
            ),
        )

    def list(self) -> shapes.Webhooks:
        """List subscriptions, newest first.

        Scope: `webhooks:read`.
        """
        return cast("shapes.Webhooks", self._transport.send("GET", "/v1/webhooks"))

    def get(self, webhook_id: str) -> shapes.Webhook:
        """Get a subscription, and how it stands with its receiver.

        Scope: `webhooks:read`.
        """
        return cast(
            "shapes.Webhook", self._transport.send("GET", f"/v1/webhooks/{self._part(webhook_id)}")
        )

    def change(self, webhook_id: str, **body: Unpack[shapes.WebhookChange]) -> shapes.Webhook:
        """Change a subscription, or switch it off and on.

        What is on its way goes to the URL that it was meant for.

        Scope: `webhooks:write`.
        """
        return cast(
            "shapes.Webhook",
            self._transport.send("PATCH", f"/v1/webhooks/{self._part(webhook_id)}", body=body),
        )

    def delete(self, webhook_id: str) -> None:
        """End a subscription. What is on its way still goes out.

        Scope: `webhooks:write`.
        """
        self._transport.send("DELETE", f"/v1/webhooks/{self._part(webhook_id)}")

    def test(self, webhook_id: str) -> shapes.Tested:
        """Send the event `webhook.test` to a subscription's URL.

        Also to one that is disabled, which is enabled if it accepts it. How it went stands in
        `/v1/webhooks/{webhook_id}/deliveries` a moment later.

        Scope: `webhooks:write`.
        """
        return cast(
            "shapes.Tested",
            self._transport.send("POST", f"/v1/webhooks/{self._part(webhook_id)}/test"),
        )

    def list_failing_receivers(self) -> shapes.Receivers:
        """List the URLs that fail or are disabled, whoever names them: calls, too.

        Scope: `webhooks:read`.
        """
        return cast("shapes.Receivers", self._transport.send("GET", "/v1/webhooks/receivers"))

    def enable_receiver(self, receiver_id: str) -> shapes.Receiver:
        """Send to a disabled URL again, from the next event on.

        What it missed is listed as `dead`: replay it.

        Scope: `webhooks:write`.
        """
        return cast(
            "shapes.Receiver",
            self._transport.send(
                "POST", f"/v1/webhooks/receivers/{self._part(receiver_id)}/enable"
            ),
        )

    def rotate_webhook_secret(self, **body: Unpack[shapes.Rotate]) -> shapes.Rotated:
        """Make a new signing secret for the account, and show it this once.

        Until `previous_valid_until` every message carries two signatures, so that receivers can change
        over one by one. Tools' requests are signed with it too.

        Scope: `webhooks:write`.
        """
        return cast(
            "shapes.Rotated", self._transport.send("POST", "/v1/webhooks/secret/rotate", body=body)
        )


class WebhookLog(Resource):
    """What webhooks were sent, sending again, and fetching."""

    def list_call_webhooks(self, call_id: str) -> shapes.Deliveries:
        """List the webhooks of a call and how their delivery goes, newest first.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.Deliveries",
            self._transport.send("GET", f"/v1/calls/{self._part(call_id)}/webhooks"),
        )

    def list_call_webhook_events(self, call_id: str, *, after: int | None = None) -> shapes.Events:
        """Fetch a call's events in their order, to close a gap.

        A message whose `topcalls-follows` you do not have shows that you missed some: ask for those
        after the last one that you do have.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.Events",
            self._transport.send(
                "GET", f"/v1/calls/{self._part(call_id)}/webhooks/events", query={"after": after}
            ),
        )

    def list_deliveries(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        status: Literal["pending", "delivered", "dead"] | None = None,
        event: str | None = None,
        from_: str | None = None,
        to: str | None = None,
    ) -> shapes.DeliveryPage:
        """List the account's deliveries with every attempt, newest first.

        Follow `next_cursor` until it is null.

        Scope: `webhooks:read`.
        """
        return cast(
            "shapes.DeliveryPage",
            self._transport.send(
                "GET",
                "/v1/webhooks/deliveries",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "status": status,
                    "event": event,
                    "from": from_,
                    "to": to,
                },
            ),
        )

    def every_deliveries(
        self,
        *,
        limit: int | None = None,
        status: Literal["pending", "delivered", "dead"] | None = None,
        event: str | None = None,
        from_: str | None = None,
        to: str | None = None,
    ) -> Iterator[shapes.Delivery]:
        """Every item of `list_deliveries`, page after page."""
        return self._every(
            lambda cursor: self.list_deliveries(
                limit=limit, cursor=cursor, status=status, event=event, from_=from_, to=to
            )
        )

    def list_webhook_deliveries(
        self,
        webhook_id: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        status: Literal["pending", "delivered", "dead"] | None = None,
        event: str | None = None,
        from_: str | None = None,
        to: str | None = None,
    ) -> shapes.DeliveryPage:
        """List the deliveries of a subscription with every attempt, newest first.

        Scope: `webhooks:read`.
        """
        return cast(
            "shapes.DeliveryPage",
            self._transport.send(
                "GET",
                f"/v1/webhooks/{self._part(webhook_id)}/deliveries",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "status": status,
                    "event": event,
                    "from": from_,
                    "to": to,
                },
            ),
        )

    def every_webhook_deliveries(
        self,
        webhook_id: str,
        *,
        limit: int | None = None,
        status: Literal["pending", "delivered", "dead"] | None = None,
        event: str | None = None,
        from_: str | None = None,
        to: str | None = None,
    ) -> Iterator[shapes.Delivery]:
        """Every item of `list_webhook_deliveries`, page after page."""
        return self._every(
            lambda cursor: self.list_webhook_deliveries(
                webhook_id,
                limit=limit,
                cursor=cursor,
                status=status,
                event=event,
                from_=from_,
                to=to,
            )
        )

    def get_delivery(self, delivery_id: str) -> shapes.DeliveryDetails:
        """Get a delivery: what is sent, and what came of each attempt.

        Scope: `webhooks:read`.
        """
        return cast(
            "shapes.DeliveryDetails",
            self._transport.send("GET", f"/v1/webhooks/deliveries/{self._part(delivery_id)}"),
        )

    def replay_delivery(self, delivery_id: str) -> shapes.ReplayedOne:
        """Send the event of a delivery once more.

        Under the same `webhook-id`, with the same body.

        Scope: `webhooks:write`.
        """
        return cast(
            "shapes.ReplayedOne",
            self._transport.send(
                "POST", f"/v1/webhooks/deliveries/{self._part(delivery_id)}/replay"
            ),
        )

    def replay_webhook(self, webhook_id: str, body: shapes.ReplayRange) -> shapes.Replayed:
        """Send what a subscription missed once more, oldest first.

        Up to 1000 deliveries at a time; where there are more, go on with `go_on_from`. Fresh messages
        do not wait for these.

        Scope: `webhooks:write`.
        """
        return cast(
            "shapes.Replayed",
            self._transport.send(
                "POST", f"/v1/webhooks/{self._part(webhook_id)}/replay", body=body
            ),
        )

    def replay_receiver(self, receiver_id: str, body: shapes.ReplayRange) -> shapes.Replayed:
        """Send what a URL missed once more, whoever named it: calls, too.

        Enable it first; otherwise as for a subscription.

        Scope: `webhooks:write`.
        """
        return cast(
            "shapes.Replayed",
            self._transport.send(
                "POST", f"/v1/webhooks/receivers/{self._part(receiver_id)}/replay", body=body
            ),
        )

    def open_listener(self) -> shapes.Listener:
        """Begin to listen to every event of the account.

        For receivers without an address of their own: `topcalls listen` does it.

        Scope: `webhooks:write`.
        """
        return cast("shapes.Listener", self._transport.send("POST", "/v1/webhooks/listeners"))

    def get_messages(
        self, listener_id: str, *, cursor: str, wait: int | None = None
    ) -> shapes.Messages:
        """Fetch what came since `cursor`, signed with the listener's secret.

        With `wait` the answer comes as soon as there is something, a second after it happened.

        Scope: `webhooks:read`.
        """
        return cast(
            "shapes.Messages",
            self._transport.send(
                "GET",
                f"/v1/webhooks/listeners/{self._part(listener_id)}/messages",
                query={"cursor": cursor, "wait": wait},
            ),
        )

    def close_listener(self, listener_id: str) -> None:
        """Stop listening.

        Scope: `webhooks:write`.
        """
        self._transport.send("DELETE", f"/v1/webhooks/listeners/{self._part(listener_id)}")


class Account(Resource):
    """The account a key belongs to."""

    def get_balance(self) -> shapes.Balance:
        """Get the account's minutes.

        Scope: `calls:read`.
        """
        return cast("shapes.Balance", self._transport.send("GET", "/v1/account/balance"))

    def get_limits(self) -> shapes.Limits:
        """Get what limits this key and its account, and how far it is used up.

        Counted from rows at this moment. Calls beyond a limit that says `refuse` get 429; those beyond
        one that says `wait` stand in the queue. Budgets and minutes refuse with 402.

        Scope: `calls:read`.
        """
        return cast("shapes.Limits", self._transport.send("GET", "/v1/account/limits"))

    def get_budgets(self) -> shapes.Budgets:
        """Get the account's budgets, and how far they went.

        Scope: `calls:read`.
        """
        return cast("shapes.Budgets", self._transport.send("GET", "/v1/account/budgets"))

    def put_budgets(self, **body: Unpack[shapes.BudgetsChange]) -> shapes.Budgets:
        """Replace the account's budgets.

        A call that may need more than is left of one is refused with 402. What was created before
        stays, and what the calls of today have spent counts at once.

        Scope: `budgets:write`.
        """
        return cast("shapes.Budgets", self._transport.send("PUT", "/v1/account/budgets", body=body))

    def get_speech(self) -> shapes.Speech:
        """Get the account's keywords and pronunciations.

        Scope: `calls:read`.
        """
        return cast("shapes.Speech", self._transport.send("GET", "/v1/account/speech"))

    def put_speech(self, **body: Unpack[shapes.SpeechChange]) -> shapes.Speech:
        """Replace the account's keywords and pronunciations.

        Calls made from now on have them, behind those of their agent and their own.

        Scope: `agents:write`.
        """
        return cast("shapes.Speech", self._transport.send("PUT", "/v1/account/speech", body=body))


class AccountKeys(Resource):
    """Keys of the account, and what they did."""

    def get_own_key(self) -> shapes.OwnKey:
        """Get what the key that asks may do.

        Scope: `any key`.
        """
        return cast("shapes.OwnKey", self._transport.send("GET", "/v1/account/key"))

    def list(self) -> shapes.ApiKeys:
        """List the account's keys, revoked ones too, oldest first.

        Scope: `admin`.
        """
        return cast("shapes.ApiKeys", self._transport.send("GET", "/v1/account/keys"))

    def create(self, **body: Unpack[shapes.ApiKeyCreate]) -> shapes.ApiKeyMade:
        """Make a key. Its token is shown in this answer and never again.

        No key hands on more than it has: scopes it lacks are refused, its own limits hold for the new
        one, and one that ends makes none that outlasts it.

        Scope: `admin`.
        """
        return cast(
            "shapes.ApiKeyMade", self._transport.send("POST", "/v1/account/keys", body=body)
        )

    def revoke(self, key_id: str) -> None:
        """Revoke a key, at once. Its calls go on. 409: it is the key that asks.

        Scope: `admin`.
        """
        self._transport.send("DELETE", f"/v1/account/keys/{self._part(key_id)}")

    def list_audit(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> shapes.AuditPage:
        """List who saw telephone numbers in the console, and made or revoked keys, newest first.

        Follow `next_cursor` until it is null.

        Scope: `admin`.
        """
        return cast(
            "shapes.AuditPage",
            self._transport.send(
                "GET", "/v1/account/audit", query={"limit": limit, "cursor": cursor}
            ),
        )

    def every_audit(self, *, limit: int | None = None) -> Iterator[shapes.AuditEntry]:
        """Every item of `list_audit`, page after page."""
        return self._every(lambda cursor: self.list_audit(limit=limit, cursor=cursor))


class Analytics(Resource):
    """What calls add up to."""

    def get(
        self,
        *,
        from_: str,
        to: str,
        group_by: Literal["day", "hour", "total", "campaign", "agent_version", "carrier", "number"]
        | None = None,
        campaign_id: str | None = None,
        agent_id: str | None = None,
        agent_version: int | None = None,
        carrier_id: str | None = None,
        number: str | None = None,
        format: Literal["json", "csv"] | None = None,
    ) -> shapes.Analytics:
        """Count calls by day, hour, campaign, agent version, carrier or number.

        Calls that are over are counted once everything about them is known, some seconds after their
        end, at the local time of the account at which they were dialled or came in. They can be limited
        to one campaign, agent, carrier or number, by day, hour or in total.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.Analytics",
            self._transport.send(
                "GET",
                "/v1/analytics",
                query={
                    "from": from_,
                    "to": to,
                    "group_by": group_by,
                    "campaign_id": campaign_id,
                    "agent_id": agent_id,
                    "agent_version": agent_version,
                    "carrier_id": carrier_id,
                    "number": number,
                    "format": format,
                },
            ),
        )

    def get_usage(self, *, from_: str, to: str) -> shapes.UsageReport:
        """Get what the account's calls took, by day in its zone.

        Calls, minutes, tokens and money, counted as by GET /v1/analytics.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.UsageReport",
            self._transport.send("GET", "/v1/account/usage", query={"from": from_, "to": to}),
        )


class Latency(Resource):
    """How long callers wait for answers."""

    def list_days(self, *, from_: str, to: str) -> shapes.Days:
        """List the delays of answers by day.

        Gateway, provider and ear are told apart, each by its percentiles, which are right within 2.5 %.
        A call is counted on the day of its end, once the work after it is done.

        Scope: `calls:read`.
        """
        return cast(
            "shapes.Days",
            self._transport.send("GET", "/v1/latency", query={"from": from_, "to": to}),
        )


class Status(Resource):
    """How the installation is doing."""

    def get(self) -> shapes.Status:
        """Get the state of the installation.

        Scope: `admin`.
        """
        return cast("shapes.Status", self._transport.send("GET", "/v1/status"))

    def list_alerts(self) -> shapes.Alerts:
        """List what is wrong with the installation.

        The worker looks once a minute, and tells by webhook and e-mail what the settings say.

        Scope: `admin`.
        """
        return cast("shapes.Alerts", self._transport.send("GET", "/v1/status/alerts"))


class Operations:
    """Every operation, by what it is about."""

    def __init__(self, transport: Transport) -> None:
        self.calls = Calls(transport)
        self.transcripts = Transcripts(transport)
        self.root_causes = RootCauses(transport)
        self.analysis = Analysis(transport)
        self.live_calls = LiveCalls(transport)
        self.agents = Agents(transport)
        self.phone_numbers = PhoneNumbers(transport)
        self.provisioning = Provisioning(transport)
        self.softphones = Softphones(transport)
        self.recordings = Recordings(transport)
        self.tool_results = ToolResults(transport)
        self.leads = Leads(transport)
        self.lead_jobs = LeadJobs(transport)
        self.lists = Lists(transport)
        self.campaigns = Campaigns(transport)
        self.campaign_contacts = CampaignContacts(transport)
        self.rehearsals = Rehearsals(transport)
        self.do_not_call = DoNotCall(transport)
        self.consents = Consents(transport)
        self.number_checks = NumberChecks(transport)
        self.compliance = Compliance(transport)
        self.knowledge = Knowledge(transport)
        self.catalogue = Catalogue(transport)
        self.voices = Voices(transport)
        self.webhooks = Webhooks(transport)
        self.webhook_log = WebhookLog(transport)
        self.account = Account(transport)
        self.account_keys = AccountKeys(transport)
        self.analytics = Analytics(transport)
        self.latency = Latency(transport)
        self.status = Status(transport)
