"""Agents: call configurations that are drafted, published and rolled back, and used by calls.

Verbs that change an agent take the `revision` their caller has seen: they raise `Conflict` when
somebody changed the agent meanwhile. None: whatever it is now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from topcalls.clock import Clock
from topcalls.core import agents as rules
from topcalls.core import variables
from topcalls.core.agents import AgentStatus, VersionState
from topcalls.core.call_request import CallRequest
from topcalls.errors import Conflict, FieldError, InvalidRequest, NotFound
from topcalls.ids import new_id
from topcalls.services.agent_rows import (
    active,
    check_revision,
    details,
    editable,
    found,
    insert_draft,
    sealed,
    to_change,
    version_row,
    write_draft,
)
from topcalls.services.agent_views import (
    AgentDetails,
    AgentPage,
    AgentVersion,
    AgentView,
    Difference,
    VersionPage,
    agent_view,
    version_view,
)
from topcalls.services.catalogue import Catalogue
from topcalls.store import agents, models
from topcalls.store.database import Database
from topcalls.store.fields import plain
from topcalls.store.locking import lock_account

Users = Callable[[str, str], Sequence[str]]
"""Names of what uses an agent (account id, agent id): telephone numbers."""


class Agents:
    """See the module's text. `users` run inside a verb."""

    def __init__(
        self, db: Database, clock: Clock, catalogue: Catalogue, users: Sequence[Users] = ()
    ) -> None:
        self._db = db
        self._clock = clock
        self._catalogue = catalogue
        self._users = tuple(users)

    # --- what calls and numbers ask

    def exists(self, account_id: str, agent_id: str) -> bool:
        """Whether the account has this agent, and it is not archived."""

        def verb() -> bool:
            agent = agents.of_account(account_id, agent_id)
            return agent is not None and agent.archived_at is None

        return self._db.read(verb)

    def published(self, account_id: str, agent_id: str) -> AgentVersion:
        """The version that calls use now.

        Raises:
            Conflict: the agent is archived, or was never published.
            NotFound: no such agent in this account.
        """

        def verb() -> AgentVersion:
            agent = active(found(account_id, agent_id))
            if agent.published_version is None:
                raise Conflict(
                    "The agent has no published version.",
                    remedy=f"Publish its draft: POST /v1/agents/{agent_id}/publish.",
                )
            return version_view(agent, version_row(agent, agent.published_version))

        return self._db.read(verb)

    def call_body(self, account_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body of a call that names an agent, completed from it; `agent_version` is set to
        the version that was used. A body that names none, or not as one names an agent, is left
        as it is: the rules of calls judge it.

        Raises:
            InvalidRequest: no such agent or version, or it cannot be used.
        """
        agent_id, number = body.get("agent_id"), body.get("agent_version")
        if not isinstance(agent_id, str) or not _is_whole(number):
            return dict(body)
        try:
            if number is None:
                version = self.published(account_id, agent_id)
            else:
                version = self.version(account_id, agent_id, number, usable=True)
        except (Conflict, NotFound) as error:
            code = "unknown" if isinstance(error, NotFound) else "not_usable"
            fault = FieldError(error.field or "agent_id", str(error), code)
            raise InvalidRequest("The call cannot use this agent.", [fault]) from None
        used = {"agent_id": agent_id, "agent_version": version.number}
        return rules.call_body(version.configuration, {**body, **used})

    def inbound_request(
        self,
        account_id: str,
        agent_id: str,
        *,
        called_number: str,
        caller_number: str | None,
        caller_name: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> CallRequest:
        """What the published version makes of a call that has come in, its texts filled in.

        A value that is missing is left blank: whoever is on the line is not turned away.

        Raises:
            Conflict: the agent is archived, or was never published.
            NotFound: no such agent in this account.
        """
        version = self.published(account_id, agent_id)
        own = {
            "phone_number": called_number,
            "from_number": caller_number,
            "agent_id": agent_id,
            "agent_version": version.number,
        }
        request = CallRequest.from_mapping(rules.call_body(version.configuration, own))
        call = variables.of_call(caller_number, called_number, caller_name, headers)
        return variables.filled(request, call, strict=False)

    # --- reading

    def warnings(self, details: AgentDetails) -> tuple[FieldError, ...]:
        """What calls by the published version would be refused for now, and what of it will end.

        Paths begin with `published.configuration.`.
        """
        if details.published is None:
            return ()
        held, account = details.published.configuration, details.agent.account_id
        wrong = rules.configuration_faults(
            held, self._catalogue.call_rules(account), self._clock.now()
        )
        ends = self._catalogue.warnings(held.get("model"), held.get("mode"))
        told = {fault.path for fault in wrong}
        found = [fault._replace(path=f"configuration.{fault.path}") for fault in ends]
        return tuple(
            fault._replace(path=f"published.{fault.path}")
            for fault in [*wrong, *(fault for fault in found if fault.path not in told)]
        )

    def get(self, account_id: str, agent_id: str) -> AgentDetails:
        """Raises NotFound."""
        return self._db.read(lambda: details(found(account_id, agent_id)))

    def list(
        self,
        account_id: str,
        limit: int = 50,
        cursor: datetime | None = None,
        status: AgentStatus | None = AgentStatus.ACTIVE,
    ) -> AgentPage:
        """Agents created before `cursor`, newest first; `status` None: all."""
        archived = None if status is None else status is AgentStatus.ARCHIVED

        def verb() -> AgentPage:
            rows = agents.page(account_id, limit + 1, cursor, archived)
            drafts = agents.drafts([row.id for row in rows[:limit]])
            views = tuple(agent_view(row, drafts.get(row.id)) for row in rows[:limit])
            return AgentPage(views, views[-1].created_at if len(rows) > limit else None)

        return self._db.read(verb)

    def version(
        self, account_id: str, agent_id: str, number: int, *, usable: bool = False
    ) -> AgentVersion:
        """One version; `usable`: of an agent that is not archived. Raises NotFound, Conflict."""

        def verb() -> AgentVersion:
            agent = found(account_id, agent_id)
            return version_view(active(agent) if usable else agent, version_row(agent, number))

        return self._db.read(verb)

    def versions(
        self, account_id: str, agent_id: str, limit: int = 50, cursor: int | None = None
    ) -> VersionPage:
        """Versions with a number below `cursor`, newest first. Raises NotFound."""

        def verb() -> VersionPage:
            agent = found(account_id, agent_id)
            rows = agents.versions(agent_id, limit + 1, cursor)
            views = tuple(version_view(agent, row) for row in rows[:limit])
            return VersionPage(views, views[-1].number if len(rows) > limit else None)

        return self._db.read(verb)

    def diff(
        self, account_id: str, agent_id: str, start: int | None = None, end: int | None = None
    ) -> Difference:
        """What changed from version `start` (the published one) to `end` (the newest).

        Raises:
            InvalidRequest: no `start` is named, and nothing was published.
            NotFound: no such agent or version.
        """

        def verb() -> Difference:
            agent = found(account_id, agent_id)
            first = start if start is not None else agent.published_version
            if first is None:
                message = "Nothing is published yet. Say from which version to compare."
                raise InvalidRequest(message, [FieldError("from", message, "required")])
            before = version_row(agent, first)
            after = agents.latest(agent_id) if end is None else version_row(agent, end)
            changes = rules.changes(before.configuration, after.configuration)
            return Difference(first, after.number, tuple(changes))

        return self._db.read(verb)

    # --- changing

    def create(
        self,
        account_id: str,
        name: Any,
        configuration: Any,
        description: Any = None,
        now: datetime | None = None,
    ) -> AgentDetails:
        """A new agent, whose draft is version 1.

        Raises:
            InvalidRequest: with every fault, its path as in the body of `POST /v1/agents`.
        """
        moment = now or self._clock.now()
        self._check(account_id, name, description, configuration, moment)

        def verb() -> AgentDetails:
            lock_account(account_id)
            agent = agents.insert(
                id=new_id(),
                account=account_id,
                name=name,
                description=description,
                created_at=agents.free_time(account_id, moment),
                updated_at=moment,
            )
            insert_draft(agent, 1, sealed(account_id, configuration, moment), moment)
            return details(agent)

        return self._db.run(verb)

    def edit(
        self,
        account_id: str,
        agent_id: str,
        changes: Mapping[str, Any],
        revision: int | None = None,
        now: datetime | None = None,
    ) -> AgentDetails:
        """Change `name` and `description`, and the draft's `configuration` by `core.agents.edited`.

        Without a draft, one is begun from the published version. What changes nothing is no edit.

        Raises:
            Conflict: the agent is archived or of another revision.
            InvalidRequest: with every fault.
            NotFound: no such agent.
        """
        moment = now or self._clock.now()

        def verb() -> AgentDetails:
            agent = to_change(account_id, agent_id, revision)
            base = editable(agent)
            edit = changes.get("configuration") or {}
            wanted = rules.edited(base.configuration, edit) if isinstance(edit, Mapping) else edit
            name, text = (changes.get(key, getattr(agent, key)) for key in ("name", "description"))
            self._check(account_id, name, text, wanted, moment)
            wanted = plain(sealed(account_id, wanted, moment))
            if rules.changes(base.configuration, wanted):
                write_draft(agent, base, wanted, moment)
            elif (name, text) == (agent.name, agent.description):
                return details(agent)
            agents.change(agent, moment, name=name, description=text)
            return details(agent)

        return self._db.run(verb)

    def publish(
        self,
        account_id: str,
        agent_id: str,
        revision: int | None = None,
        now: datetime | None = None,
    ) -> AgentDetails:
        """Make the draft the version that calls use. Publishing it again changes nothing.

        Raises:
            Conflict: there is no draft; the agent is archived or of another revision.
            InvalidRequest: the draft holds what calls would refuse by now.
            NotFound: no such agent.
        """
        moment = now or self._clock.now()

        def verb() -> AgentDetails:
            agent = to_change(account_id, agent_id, revision)
            row = agents.draft(agent_id)
            if row is None and agent.published_version == agents.latest(agent_id).number:
                return details(agent)
            if row is None:
                raise Conflict(
                    "There is no draft to publish.",
                    remedy="Edit the agent to begin one, or roll back to a version.",
                )
            self._put_in_use(agent, row, moment)
            return details(agent)

        return self._db.run(verb)

    def rollback(
        self,
        account_id: str,
        agent_id: str,
        number: int,
        revision: int | None = None,
        now: datetime | None = None,
    ) -> AgentDetails:
        """Make a version that was published before the one that calls use. The draft stays.

        Raises:
            Conflict: the version is a draft; the agent is archived or of another revision.
            InvalidRequest: the version holds what calls would refuse by now.
            NotFound: no such agent or version.
        """
        moment = now or self._clock.now()

        def verb() -> AgentDetails:
            agent = to_change(account_id, agent_id, revision)
            row = version_row(agent, number)
            state = version_view(agent, row).state
            if state is VersionState.DRAFT:
                raise Conflict(f"Version {number} is a draft.", remedy="Publish it.")
            if state is VersionState.SUPERSEDED:
                self._put_in_use(agent, row, moment)
            return details(agent)

        return self._db.run(verb)

    def archive(
        self,
        account_id: str,
        agent_id: str,
        revision: int | None = None,
        now: datetime | None = None,
    ) -> AgentView:
        """Let nothing use the agent any more. Archiving it again changes nothing.

        Raises:
            Conflict: telephone numbers use it (`extra["used_by"]`), or it has another revision.
            NotFound: no such agent.
        """
        moment = now or self._clock.now()

        def verb() -> AgentView:
            lock_account(account_id)
            agent = found(account_id, agent_id, lock=True)
            if agent.archived_at is None:
                check_revision(agent, revision)
                self._refuse_while_used(account_id, agent_id)
                agents.change(agent, moment, archived_at=moment)
            return details(agent).agent

        return self._db.run(verb)

    # --- parts

    def _check(
        self, account_id: str, name: Any, description: Any, configuration: Any, now: datetime
    ) -> None:
        calls = self._catalogue.call_rules(account_id)
        wrong = rules.faults(name, description, configuration, calls, now)
        if wrong:
            raise InvalidRequest("The agent is not right: see 'errors'.", wrong)

    def _put_in_use(self, agent: models.Agent, row: models.AgentVersion, now: datetime) -> None:
        self._check(agent.account_id, agent.name, agent.description, row.configuration, now)
        agents.change_version(row, published_at=now)
        agents.change(agent, now, published_version=row.number)

    def _refuse_while_used(self, account_id: str, agent_id: str) -> None:
        names = [name for users in self._users for name in users(account_id, agent_id)]
        if names:
            raise Conflict(
                f"The agent is used by {', '.join(names[:20])}.",
                remedy="Give them another agent first.",
                used_by=names,
            )


def _is_whole(number: object) -> bool:
    return number is None or (isinstance(number, int) and not isinstance(number, bool))
