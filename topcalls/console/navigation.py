"""The sections of the console, and which keys see them."""

from __future__ import annotations

from typing import Final, NamedTuple

from topcalls.console.backend import Backend


class Section(NamedTuple):
    """One entry of the menu. `scopes`: a key that has one of them sees it. `also`: other
    modules whose pages belong to it. `unless`: keys with this scope come there by another entry."""

    title: str
    endpoint: str
    scopes: tuple[str, ...]
    also: tuple[str, ...] = ()
    unless: str = ""

    def is_for(self, backend: Backend) -> bool:
        """Whether its pages show this key anything."""
        return not backend.may(self.unless) and any(map(backend.may, self.scopes))

    def is_open(self, endpoint: str | None) -> bool:
        """Whether a page of this section is shown."""
        shown = (endpoint or "").partition(".")[0]
        return shown in (self.endpoint.partition(".")[0], *self.also)


SECTIONS: Final = (
    Section("Overview", "overview.show", ("calls:read",)),
    Section("Live", "live.calls", ("calls:read",)),
    Section("Calls", "calls.listed", ("calls:read",)),
    Section("Campaigns", "campaigns.listed", ("campaigns:read",), also=("contacts", "rehearsal")),
    Section("Leads", "leads.listed", ("leads:read",), also=("lists",)),
    Section("Compliance", "do_not_call.listed", ("leads:read",), also=("consents", "decisions")),
    Section("Agents", "agents.listed", ("agents:read",)),
    Section("Numbers", "numbers.listed", ("phone_numbers:read",), also=("carriers", "softphones")),
    Section("Softphones", "softphones.listed", ("softphones:read",), unless="phone_numbers:read"),
    Section("Knowledge", "knowledge.listed", ("knowledge:read",)),
    Section("Webhooks", "webhooks.listed", ("webhooks:read",)),
    Section("Analytics", "analytics.show", ("calls:read",)),
    Section("Keys", "keys.listed", ("admin",)),
    Section("Settings", "settings.show", ("calls:read", "leads:read")),
)
