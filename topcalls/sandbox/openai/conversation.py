"""The items of a Realtime conversation: their order, and who may change them how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from topcalls.sandbox.openai.realtime_audio import BYTES_PER_MS
from topcalls.sandbox.openai.validation import Refusal

MINIMUM_COMMIT_MS = 100


@dataclass
class Item:
    """One item. `data` is its wire form without audio.

    `pcm` is its sound (8 kHz; of the model only what has been sent). `words` is what a caller's
    item says to the model: None where it says nothing. An item is `answered` once a response has
    taken it into account.
    """

    data: dict[str, Any]
    pcm: bytes = b""
    words: str | None = None
    answered: bool = False

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @property
    def audio_ms(self) -> int:
        """Length of its sound."""
        return len(self.pcm) // BYTES_PER_MS

    @property
    def is_model_audio(self) -> bool:
        """Whether it is speech of the model."""
        parts = self.data.get("content") or [{}]
        return self.data.get("role") == "assistant" and parts[0].get("type") == "output_audio"

    def tokens(self) -> tuple[int, int]:
        """(text, audio) tokens it takes in a context: 10 a second of a caller, 20 of the model."""
        per_second = 20 if self.data.get("role") == "assistant" else 10
        return text_tokens(self.text), self.audio_ms * per_second // 1000

    @property
    def text(self) -> str:
        """All its text: what was typed, spoken by the model, called or returned."""
        parts = self.data.get("content") or []
        texts = [part.get("text") or part.get("transcript") or "" for part in parts]
        return "".join([*texts, self.data.get("arguments", ""), self.data.get("output", "")])


class Conversation:
    """The default conversation of a session."""

    def __init__(self, conversation_id: str) -> None:
        self.id = conversation_id
        self.items: list[Item] = []

    @property
    def last_id(self) -> str | None:
        """The latest item."""
        return self.items[-1].id if self.items else None

    def add(self, item: Item, after: str | None = None) -> str | None:
        """Insert at the end, or after an item (`root`: at the beginning); the previous item's id.

        Refuses an unknown neighbour, an id that is taken, and the result of a call nobody made.
        """
        if any(other.id == item.id for other in self.items):
            raise Refusal(
                "item_create_duplicate_id", f"Item with id '{item.id}' already exists.", "item.id"
            )
        self._check_call(item)
        position = self._position_after(after)
        self.items.insert(position, item)
        return self.items[position - 1].id if position else None

    def find(self, item_id: str, verb: str) -> Item:
        """The item; `verb` (delete, retrieve, truncate) is for the refusal if there is none."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise Refusal(
            f"item_{verb}_invalid_item_id",
            f"Error {_ING[verb]} item: the item with id '{item_id}' does not exist.",
            "item_id",
        )

    def previous_id(self, item_id: str) -> str | None:
        """The item before this one."""
        ids = [item.id for item in self.items]
        position = ids.index(item_id) if item_id in ids else 0
        return ids[position - 1] if position else None

    def delete(self, item_id: str) -> None:
        """Remove an item."""
        self.items.remove(self.find(item_id, "delete"))

    def truncate(self, item_id: str, content_index: int, audio_end_ms: int) -> None:
        """Cut the model's speech to what was heard; its transcript, being unaligned, goes."""
        item = self.find(item_id, "truncate")
        if not item.is_model_audio or audio_end_ms == 0:
            raise Refusal(
                "unsupported_content_type",
                "Only model output audio messages can be truncated.",
                "item_id",
            )
        if content_index >= len(item.data["content"]):
            raise Refusal(
                "invalid_value",
                f"Invalid content index: {content_index}.",
                "content_index",
            )
        if audio_end_ms > item.audio_ms:
            raise Refusal(
                "invalid_value",
                f"Audio content of {item.audio_ms}ms is already shorter than {audio_end_ms}ms",
                "audio_end_ms",
            )
        item.pcm = item.pcm[: audio_end_ms * BYTES_PER_MS]
        item.data["content"] = [{"type": "output_audio", "transcript": None}]

    def unanswered(self) -> list[Item]:
        """What came from the client and no response has taken into account; now one does."""
        fresh = [
            item
            for item in self.items
            if not item.answered
            and item.data["type"] != "function_call"
            and item.data.get("role") != "assistant"
        ]
        for item in self.items:
            item.answered = True
        return fresh

    def give_back(self, items: Iterable[Item]) -> None:
        """The response that took these into account was called off: the next one does."""
        for item in items:
            item.answered = False

    def tokens(self) -> tuple[int, int]:
        """(text, audio) tokens of the whole context."""
        return add_tokens(self.items)

    def _check_call(self, item: Item) -> None:
        if item.data["type"] != "function_call_output":
            return
        call_id = item.data["call_id"]
        calls = [other for other in self.items if other.data["type"] == "function_call"]
        if all(other.data.get("call_id") != call_id for other in calls):
            raise Refusal(
                "invalid_tool_call_id", f"Tool call ID '{call_id}' not found in conversation."
            )

    def _position_after(self, after: str | None) -> int:
        if after is None:
            return len(self.items)
        if after == "root":
            return 0
        for position, item in enumerate(self.items, start=1):
            if item.id == after:
                return position
        raise Refusal(
            "item_create_invalid_previous_item_id",
            f"Previous item with id '{after}' not found in conversation.",
            "previous_item_id",
        )


def add_tokens(items: Iterable[Item]) -> tuple[int, int]:
    """(text, audio) tokens of several items."""
    counts = [item.tokens() for item in items]
    return sum(text for text, _ in counts), sum(audio for _, audio in counts)


def text_tokens(text: str) -> int:
    """About how many tokens a text is."""
    return -(-len(text) // 4)


def caller_words(items: Iterable[Item]) -> str | None:
    """What the caller said in these items; what the system remarked if the caller said nothing."""
    items = list(items)
    for role in ("user", "system"):
        words = [item.words for item in items if item.data.get("role") == role and item.words]
        if words:
            return " ".join(words)
    return None


_ING = {"delete": "deleting", "retrieve": "retrieving", "truncate": "truncating"}
