"""Clips for the benchmark of answer detection, from the API's recorded calls."""

import csv
import io
import wave

import pytest
from click.testing import CliRunner

from topcalls.cli import main
from topcalls.cli.client import ApiClient

pytestmark = pytest.mark.unit
ENVIRONMENT = {"TOPCALLS_API_KEY": "tc_test_x"}


def recording(*, channels=2, seconds=40):
    """The far end's samples are 1, the agent's 2."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\x01\x00\x02\x00"[: 2 * channels] * (8000 * seconds))
    return out.getvalue()


def call(number, detected, corrected=None, *, recorded=True):
    return {
        "id": f"call-{number}",
        "answered_by": "unknown",
        "recording_url": "https://x" if recorded else None,
        "answer": {"detected": detected, "corrected": corrected},
    }


CALLS = [
    call(1, "human"),
    call(2, "voicemail", "human"),
    call(3, "ivr", recorded=False),
    call(4, "fax"),
]


class Api:
    def get(self, path, **query):
        if path == "/v1/calls":
            first = query["cursor"] is None
            page = CALLS[:2] if first else CALLS[2:]
            return {"data": page, "next_cursor": "more" if first else None}
        return next(item for item in CALLS if path.endswith(item["id"]))

    def download(self, path):
        return recording(channels=1 if "call-4" in path else 2)


@pytest.fixture
def export(monkeypatch, tmp_path):
    monkeypatch.setattr(ApiClient, "from_settings", classmethod(lambda *_: Api()))

    def run(*options):
        directory = tmp_path / "clips"
        done = CliRunner().invoke(
            main, ["answers", "export", str(directory), *options], env=ENVIRONMENT
        )
        assert done.exit_code == 0, done.output
        with (directory / "labels.csv").open(newline="") as file:
            return directory, list(csv.DictReader(file))

    return run


def test_the_label_is_the_correction_or_else_the_verdict(export):
    _, rows = export()
    assert [(row["file"], row["label"], row["detected"]) for row in rows] == [
        ("call-1.wav", "human", "human"),
        ("call-2.wav", "human", "voicemail"),
    ]


def test_a_clip_is_the_first_half_minute_of_the_far_end(export):
    directory, _ = export("--limit", "1")
    with wave.open(str(directory / "call-1.wav")) as clip:
        assert (clip.getnchannels(), clip.getnframes()) == (1, 30 * 8000)
        assert set(clip.readframes(8000)[::2]) == {1}


def test_only_corrected_calls_if_that_is_wanted(export):
    _, rows = export("--corrected")
    assert [row["file"] for row in rows] == ["call-2.wav"]
