"""How well answers are told apart, and how soon: on clips made here, or on your own recordings.

    python benchmarks/answer_detection.py                    # the test set: 360 clips
    python benchmarks/answer_detection.py --tuning           # the other seed and sentences
    python benchmarks/answer_detection.py --curve            # what deciding sooner would cost
    python benchmarks/answer_detection.py --recordings DIR   # DIR/labels.csv names files and labels

`labels.csv` has the columns file, label and perhaps text, text_at and beep_end (seconds).
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from answer_clips import Clip, Maker, Spoken, Voices
from common import introduce, say

from topcalls.audio.call_progress import Heard
from topcalls.audio.line_listener import LineListener
from topcalls.audio.speech_activity import SpeechBegan, SpeechEnded
from topcalls.audio.wav import WavReader
from topcalls.core.answer_detection import AnswerDetector, AnswerRules
from topcalls.core.answer_verdict import CERTAIN, MACHINES, Verdict

COUNTS = {
    "human": 130,
    "voicemail": 110,
    "ivr": 40,
    "screening": 25,
    "intercept": 25,
    "fax": 15,
    "silence": 15,
}
SEEDS = {"tuning": 20260101, "test": 77003311}
PIECE = 640  # bytes: 40 ms, as the switch sends them
MISSED_AFTER = 0.3
SOONER = (0.0, 0.6, 0.95, 1.1, 1.25, 1.4, 1.6, 1.8, 2.0)  # seconds of speech


@dataclass
class Outcome:
    clip: Clip
    first: Verdict | None
    last: Verdict | None
    first_at: float  # in seconds of the clip
    hangs_up: bool  # a call that wants no machine would have been ended
    beep_errors: list[float | None]  # known so long after its end; None: missed
    false_beeps: int
    cpu_ms: float
    seconds: float

    @property
    def said(self) -> str:
        return str(self.first.answerer) if self.first else "unknown"


@dataclass
class Line:
    """What is heard in a clip, whoever judges it: in each piece, until when it was, what was heard,
    and whether somebody may be about to speak."""

    clip: Clip
    pieces: list[tuple[float, list[Heard | SpeechBegan | SpeechEnded], bool]]
    cpu_ms: float


def listen(clip: Clip) -> Line:
    """Play one clip to the ear, at the pace of the line's own time."""
    listener = LineListener()
    started = time.process_time()
    pieces = []
    for offset in range(0, len(clip.l16), PIECE):
        events = list(listener.feed(clip.l16[offset : offset + PIECE]))
        pieces.append(((offset + PIECE) / 16000, events, listener.stirs))
    return Line(clip, pieces, (time.process_time() - started) * 1000)


def judge(line: Line, *, words: bool, rules: AnswerRules | None = None) -> Outcome:
    """What the detector makes of it."""
    clip, detector = line.clip, AnswerDetector(rules, words_come=words)
    coming = sorted(clip.spoken, key=lambda item: item.known_at) if words else []
    known: list[tuple[float, float]] = []
    first_at = 0.0
    hangs_up = False
    started = time.process_time()
    for at, events, stirs in line.pieces:
        for event in events:
            if isinstance(event, Heard):
                detector.tone(event.signal, event.start, event.end, event.at)
                if event.signal == "beep" and event.end is not None:
                    known.append((at, event.end))
            elif isinstance(event, SpeechBegan):
                detector.speech_started(event.start)
            else:
                detector.speech_ended(event.end, event.clarity)
        due = [item for item in coming if item.known_at <= at]
        if due:
            detector.words(" ".join(item.text for item in due), at)
            coming = coming[len(due) :]
        detector.tick(at, stirs=stirs)
        first_at = first_at or (at if detector.first else 0.0)
        verdict = detector.verdict
        hangs_up = hangs_up or (
            verdict is not None and verdict.answerer in MACHINES and verdict.confidence >= CERTAIN
        )
    cpu_ms = line.cpu_ms + (time.process_time() - started) * 1000
    errors = [
        min((at - end for at, _ in known if -0.05 < at - end < 1.0), default=None)
        for _, end in clip.beeps
    ]
    false = sum(all(abs(end - true) > 0.4 for _, true in clip.beeps) for _, end in known)
    seconds = len(clip.l16) / 16000
    return Outcome(
        clip,
        detector.first,
        detector.verdict,
        first_at,
        hangs_up,
        errors,
        false,
        cpu_ms,
        seconds,
    )


# --- what is heard


def made(which: str, cache: Path, counts: dict[str, int]) -> Iterator[Clip]:
    maker = Maker(SEEDS[which], int(which == "test"), Voices(cache))
    for label, count in counts.items():
        for number in range(count):
            yield maker.make(label, number)


def recorded(directory: Path) -> Iterator[Clip]:
    """Users' own: WAV files of the callee's side."""
    with (directory / "labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            with WavReader(directory / row["file"]) as audio:
                l16 = b"".join(audio.chunks())
            clip = Clip(row["file"], row["label"], l16, 99, "own", row.get("language") or "?")
            if row.get("text"):
                at = float(row.get("text_at") or 0)
                clip.spoken.append(Spoken(row["text"], 0.0, at, at))
            if row.get("beep_end"):
                clip.beeps.append((0.0, float(row["beep_end"])))
            yield clip


# --- what came of it


def is_machine(label: str) -> bool:
    return label in {kind.value for kind in MACHINES}


def report(outcomes: list[Outcome], title: str) -> None:
    say(f"\n{title}: {len(outcomes)} clips")
    matrix(outcomes)
    asked = [item for item in outcomes if item.clip.label == "human" or is_machine(item.clip.label)]
    for name, verdict in (("first verdict", "first"), ("last verdict", "last")):
        right = [item for item in asked if _sides(item, getattr(item, verdict))]
        share = 100 * len(right) / max(1, len(asked))
        say(f"human against machine, {name}: {share:.1f} % of {len(asked)}")
    by_snr: dict[int, list[bool]] = defaultdict(list)
    for item in asked:
        by_snr[item.clip.snr].append(_sides(item, item.first))
    for label in ("human", "voicemail"):
        own = [item.hangs_up for item in outcomes if item.clip.label == label]
        say(f"{label}: {sum(own)} of {len(own)} hung up on by a call that wants no machine")
    rates = (f"{snr:+d} dB {100 * statistics.mean(ok):.0f} %" for snr, ok in sorted(by_snr.items()))
    say("by noise: " + ", ".join(rates))
    times(outcomes)
    beeps(outcomes)
    cost = sum(item.cpu_ms for item in outcomes) / sum(item.seconds for item in outcomes)
    say(f"cost while it listens: {cost:.1f} CPU-ms per second of the line")


def _sides(item: Outcome, verdict: Verdict | None) -> bool:
    if verdict is None:
        return False
    return is_machine(str(verdict.answerer)) == is_machine(item.clip.label) and str(
        verdict.answerer
    ) not in ("silence", "unknown")


def _right(item: Outcome) -> bool:
    return _sides(item, item.first)


def matrix(outcomes: list[Outcome]) -> None:
    labels = sorted({item.clip.label for item in outcomes} | {item.said for item in outcomes})
    counts = Counter((item.clip.label, item.said) for item in outcomes)
    say(f"{'is / first said to be':22}" + "".join(f"{label:>11}" for label in labels))
    for truth in labels:
        row = "".join(f"{counts[truth, said] or '.':>11}" for said in labels)
        say(f"{truth:22}{row}")


def times(outcomes: list[Outcome]) -> None:
    for label in sorted({item.clip.label for item in outcomes}):
        own = [i for i in outcomes if i.clip.label == label and i.first and i.said == label]
        if len(own) < 2:
            continue
        waits = sorted(item.first_at - item.clip.starts_at for item in own)
        sounds = sorted(item.first_at - item.clip.first_sound for item in own)
        say(
            f"decided, {label:10} p50 {statistics.median(waits):5.2f} s  p95 {_p95(waits):5.2f} s "
            f"after the answer; p50 {statistics.median(sounds):5.2f} s after its first sound"
        )
        if label == "human":
            rests = [item.first_at - item.clip.spoken[-1].end for item in own if item.clip.spoken]
            say(f"  p50 {statistics.median(rests or [0]):.2f} s after the last word of a person")


def _p95(values: list[float]) -> float:
    return values[min(len(values) - 1, round(0.95 * (len(values) - 1)))]


def beeps(outcomes: list[Outcome]) -> None:
    errors = [error for item in outcomes for error in item.beep_errors]
    found = sorted(error for error in errors if error is not None)
    if not errors:
        return
    late = sum(error > MISSED_AFTER for error in found)
    say(
        f"beeps: {len(errors)}, missed {errors.count(None)}, later than 300 ms {late}, "
        f"known after their end p50 {1000 * statistics.median(found or [0]):.0f} ms, "
        f"latest {1000 * max(found or [0]):.0f} ms; "
        f"beeps where none was: {sum(item.false_beeps for item in outcomes)}"
    )


def curve(lines: list[Line], *, words: bool, title: str) -> None:
    """What it costs to take longer speech for a person's as soon as it pauses."""
    usual = AnswerRules()
    shortest, noisy = usual.pauses[0], usual.noisy_pauses[0]
    say(f"\n{title}: {len(lines)} clips")
    say(
        "| a person after up to | right first / last | people: p50 / p95 | people, machines wrong |"
    )
    say("|---|---|---|---|")
    for most in SOONER:
        rules = replace(
            usual,
            pauses=((most, shortest[1]), *usual.pauses[1:]),
            noisy_pauses=((max(most - 0.1, 0.0), noisy[1]), *usual.noisy_pauses[1:]),
        )
        outcomes = [judge(line, words=words, rules=rules) for line in lines]
        asked = [o for o in outcomes if o.clip.label == "human" or is_machine(o.clip.label)]
        shares = [
            100 * statistics.mean(_sides(item, getattr(item, which)) for item in asked)
            for which in ("first", "last")
        ]
        own = [item for item in outcomes if item.said == item.clip.label == "human"]
        waits = sorted(item.first_at - item.clip.first_sound for item in own)
        wrong = Counter(
            item.clip.label == "human" for item in asked if not _sides(item, item.first)
        )
        say(
            f"| {most:.2f} s of speech | {shares[0]:.1f} / {shares[1]:.1f} % | "
            f"{statistics.median(waits):.2f} / {_p95(waits):.2f} s | "
            f"{wrong[True]}, {wrong[False]} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tuning", action="store_true", help="the set the rules were tuned on")
    parser.add_argument("--recordings", type=Path, help="a directory with labels.csv")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/topcalls/benchmarks")
    parser.add_argument("--curve", action="store_true", help="accuracy against the median")
    parser.add_argument("--wrong", action="store_true", help="name the clips that were misjudged")
    options = parser.parse_args()
    introduce("answer detection")
    which = "tuning" if options.tuning else "test"
    if options.recordings:
        clips = list(recorded(options.recordings))
    else:
        clips = list(made(which, options.cache, COUNTS))
    lines = [listen(clip) for clip in clips]
    for words, title in ((False, "timing and tones alone"), (True, "with words")):
        outcomes = [judge(line, words=words) for line in lines]
        if options.curve:
            curve(lines, words=words, title=title)
            continue
        report(outcomes, title)
        for item in outcomes if options.wrong else ():
            if item.said != item.clip.label or None in item.beep_errors or item.false_beeps:
                clip = item.clip
                text = " ".join(part.text for part in clip.spoken)
                say(
                    f"  {clip.name} {clip.snr:+d} dB {clip.noise} {clip.language}: {item.said} "
                    f"{item.first} beeps {item.beep_errors} false {item.false_beeps} | {text}"
                )


if __name__ == "__main__":
    main()
