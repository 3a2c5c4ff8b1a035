"""What is of no interest in the conversation with the target of a transfer."""

from __future__ import annotations


class BriefingObserver:
    """A `BridgeObserver` that lets most pass: what counts are its keys, its usage and its end."""

    def ready(self) -> None:
        """Its first words are being made."""

    def turn(self, turn: object) -> None:
        """The transcript is of the caller's conversation."""

    def turn_begun(self, turn: object) -> None:
        """Nor is this."""

    def turn_growing(self, turn: object) -> None:
        """Nor this."""

    def timing(self, timing: object) -> None:
        """Nor this."""

    def send_keys(self, digits: str) -> None:
        """It has no tool for that."""

    def opted_out(self, heard: object) -> None:
        """Nor listens for that."""

    def transfer(self, destination: str, summary: str) -> None:
        """Nor for this."""

    def looked_up(self, lookup: object) -> None:
        """It has no knowledge but its briefing."""

    def tool(self, record: object) -> None:
        """It has no tools at all."""

    def said(self, wish: str, outcome: object) -> None:
        """Nobody has it say anything."""

    def stage_replaced(self, stage: str) -> None:
        """It is the caller's call that would have ended."""

    def mask_recording(self, paused: bool) -> None:
        """Whoever is briefed is not recorded."""
