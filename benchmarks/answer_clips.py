"""Makes the labelled clips of the answer detection benchmark. Same seed, same clips.

A clip is what a telephone line carries from the moment it is answered: speech of several voices,
beeps, network tones, noise at a known ratio, all through G.711.
"""

from __future__ import annotations

import audioop
import hashlib
import random
import shutil
import subprocess
import wave
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import yaml
from whole_sentences import espeak, espeak_parts, flite_parts

from topcalls.sandbox.speech import to_telephone

TEXTS = yaml.safe_load(Path(__file__).with_name("answer_texts.yaml").read_text(encoding="utf-8"))
RATE = 8000
SNRS = (-5, 0, 5, 10, 20, 30)
NOISES = ("white", "pink", "street", "hum")
FLITE_VOICES = ("kal16", "awb", "rms", "slt")
ENDPOINT_SECONDS = 0.5  # a shorter pause does not end what is written down at once
WORD_SECONDS = (0.8, 1.4)  # from the last sound of what was said until it is written down


@dataclass
class Spoken:
    text: str
    start: float
    end: float
    known_at: float  # when a transcription would have it


@dataclass
class Clip:
    name: str
    label: str
    l16: bytes
    snr: int
    noise: str
    language: str
    starts_at: float = 0.0  # ringing before it is over by then
    spoken: list[Spoken] = field(default_factory=list)
    beeps: list[tuple[float, float]] = field(default_factory=list)

    @property
    def first_sound(self) -> float:
        return self.spoken[0].start if self.spoken else self.starts_at


# --- voices


class Voices:
    """Speech of espeak-ng, and of flite where it is installed; kept in `cache` over runs."""

    def __init__(self, cache: Path) -> None:
        cache.mkdir(parents=True, exist_ok=True)
        self._cache = cache
        self._flite = shutil.which("flite")

    def choose(self, language: str, random_: random.Random) -> str:
        names = [*TEXTS["voices"][language]]
        if language == "en" and self._flite:
            names += [f"flite:{name}" for name in FLITE_VOICES]
        return random_.choice(names)

    def say(self, text: str, voice: str, rate: int, pitch: int) -> np.ndarray:
        key = hashlib.sha256(f"2|{voice}|{rate}|{pitch}|{text}".encode()).hexdigest()
        path = self._cache / f"{key}.pcmu"
        if not path.exists():
            path.write_bytes(to_telephone(*self._render(text, voice, rate, pitch)[::-1]))
        return _samples(path)

    def say_in_parts(self, parts: list[str], voice: str, rate: int, pitch: int) -> list[np.ndarray]:
        """One sentence, cut between its parts."""
        text = "|".join(parts)
        key = hashlib.sha256(f"1|{voice}|{rate}|{pitch}|{text}".encode()).hexdigest()
        paths = [self._cache / f"{key}.{place}.pcmu" for place in range(len(parts))]
        if not all(path.exists() for path in paths):
            if voice.startswith("flite:"):
                hertz, pieces = flite_parts(self._command(voice, rate), parts)
            else:
                hertz, pieces = espeak_parts(parts, voice, rate, pitch)
            for path, piece in zip(paths, pieces, strict=True):
                path.write_bytes(to_telephone(piece, hertz))
        return [_samples(path) for path in paths]

    def _command(self, voice: str, rate: int) -> list[str]:
        stretch = f"duration_stretch={155 / rate:.2f}"
        return [self._flite or "", "-voice", voice[6:], "--seti", "x=0", "--setf", stretch]

    def _render(self, text: str, voice: str, rate: int, pitch: int) -> tuple[int, np.ndarray]:
        if not voice.startswith("flite:"):
            return espeak().render_as(text, voice, rate, pitch)
        command = self._command(voice, rate)
        done = subprocess.run(
            [*command, "-t", text, "-o", "/dev/stdout"], capture_output=True, check=True, timeout=60
        )
        with wave.open(BytesIO(done.stdout)) as audio:
            frames = audio.readframes(audio.getnframes())
            return audio.getframerate(), np.frombuffer(frames, "<i2")


def _samples(path: Path) -> np.ndarray:
    """What was kept of some speech."""
    return np.frombuffer(audioop.ulaw2lin(path.read_bytes(), 2), "<i2").astype(np.float64)


# --- tones


def tone(seconds: float, *hertz: float, level: float = 0.15) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    wave_ = sum(np.sin(2 * np.pi * f * time) for f in hertz) * (32768 * level)
    ramp = min(40, len(wave_) // 4)
    wave_[:ramp] *= np.linspace(0, 1, ramp)
    wave_[-ramp:] *= np.linspace(1, 0, ramp)
    return wave_


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(max(0.0, seconds) * RATE))


def beep(random_: random.Random) -> np.ndarray:
    """One of several kinds: a plain sine, two at once, with overtones, or two in a row."""
    kind = random_.choice(("plain", "plain", "plain", "dual", "rich", "twice"))
    hertz = random_.choice((400, 440, 480, 620, 750, 850, 950, 1000, 1100, 1330, 1400, 1600, 2000))
    seconds = random_.choice((0.15, 0.2, 0.3, 0.4, 0.5, 0.8, 1.0, 1.5))
    level = random_.uniform(0.08, 0.3)
    if kind == "dual":
        return tone(seconds, hertz, hertz * 1.31, level=level / 1.5)
    if kind == "rich":
        return tone(seconds, hertz, level=level) + tone(seconds, hertz * 2, level=level / 4)
    if kind == "twice":
        part = tone(min(seconds, 0.3), hertz, level=level)
        return np.concatenate((part, silence(0.06), part))
    return tone(seconds, hertz, level=level)


RINGBACKS = (
    lambda: np.concatenate((tone(2.0, 440, 480), silence(2.0))),
    lambda: np.concatenate((tone(1.0, 425), silence(2.5))),
    lambda: np.concatenate((tone(0.4, 400, 450), silence(0.2), tone(0.4, 400, 450), silence(2.0))),
)
SITS = (
    ((985.2, 0.38), (1428.5, 0.38), (1776.7, 0.38)),
    ((913.8, 0.274), (1370.6, 0.274), (1776.7, 0.38)),
    ((913.8, 0.38), (1428.5, 0.38), (1776.7, 0.38)),
    ((985.2, 0.274), (1370.6, 0.274), (1776.7, 0.38)),
    ((950.0, 0.33), (1400.0, 0.33), (1800.0, 0.33)),
)


def sit(random_: random.Random) -> np.ndarray:
    gap = random_.choice((0.0, 0.03))
    parts = [tone(seconds, hertz) for hertz, seconds in random_.choice(SITS)]
    return np.concatenate([part for tone_ in parts for part in (tone_, silence(gap))])


def answering_fax(random_: random.Random) -> np.ndarray:
    hertz = random_.choice((2100.0, 2100.0, 2225.0))
    seconds = random_.uniform(2.6, 3.6)
    answer = tone(seconds, hertz)
    if hertz == 2100.0 and random_.random() < 0.5:  # an echo canceller's phase reversals
        for start in range(int(0.45 * RATE), len(answer), int(0.9 * RATE)):
            answer[start : start + int(0.45 * RATE)] *= -1
    bits = [random_.choice((1650.0, 1850.0)) for _ in range(300)]
    phase = np.cumsum(np.repeat(bits, RATE // 300) * (2 * np.pi / RATE))
    return np.concatenate((answer, silence(0.075), np.sin(phase) * 4900))


# --- noise


def noise(kind: str, length: int, generator: np.random.Generator) -> np.ndarray:
    """Of unit power in the telephone band."""
    white = generator.standard_normal(length)
    spectrum = np.fft.rfft(white)
    hertz = np.maximum(np.fft.rfftfreq(length, 1 / RATE), 20.0)
    band = (hertz > 150) & (hertz < 3500)
    slope = {"white": 0.0, "pink": 0.5, "street": 0.8, "hum": 0.5}[kind]
    shaped = np.fft.irfft(spectrum * band * hertz**-slope, length)
    time = np.arange(length) / RATE
    if kind == "street":
        shaped *= 1 + 0.5 * np.sin(2 * np.pi * 0.3 * time + generator.uniform(0, 6))
    shaped /= np.sqrt(np.mean(shaped**2))
    if kind == "hum":
        hum = sum(np.sin(2 * np.pi * 50 * k * time) / k for k in (1, 2, 3, 5))
        shaped = 0.7 * shaped + 0.9 * hum
    return shaped / np.sqrt(np.mean(shaped**2))


# --- clips


class Maker:
    """Clips of one set. `half` 0 takes the sentences for tuning, 1 those of the test."""

    def __init__(self, seed: int, half: int, voices: Voices) -> None:
        self._random = random.Random(seed)
        self._numbers = np.random.default_rng(seed)
        self._half = half
        self._voices = voices

    def make(self, label: str, number: int) -> Clip:
        random_ = self._random
        clip = Clip(
            name=f"{label}_{number:03d}",
            label=label,
            l16=b"",
            snr=random_.choice(SNRS),
            noise=random_.choice(NOISES),
            language="",
        )
        parts = self._ring(clip)
        getattr(self, f"_{label}")(clip, parts)
        clip.l16 = self._carried(clip, np.concatenate(parts))
        return clip

    def _ring(self, clip: Clip) -> list[np.ndarray]:
        """Some networks answer first and ring then."""
        parts: list[np.ndarray] = []
        if self._random.random() < 0.08:
            ring = self._random.choice(RINGBACKS)
            parts = [ring() for _ in range(self._random.choice((1, 2)))]
            # it is taken in the pause after a ring
            clip.starts_at = _seconds(parts)
        return parts

    def _human(self, clip: Clip, parts: list[np.ndarray]) -> None:
        parts.append(silence(self._random.uniform(0.15, 0.9)))
        self._say(clip, parts, TEXTS["human"])
        parts.append(silence(self._random.uniform(4.0, 5.0)))

    def _voicemail(self, clip: Clip, parts: list[np.ndarray]) -> None:
        parts.append(silence(self._random.uniform(0.1, 1.4)))
        self._say(clip, parts, TEXTS["voicemail"])
        if self._random.random() < 0.85:
            parts.append(silence(self._random.uniform(0.15, 1.5)))
            start = _seconds(parts)
            parts.append(beep(self._random))
            clip.beeps.append((start, _seconds(parts)))
        parts.append(silence(3.5))

    def _ivr(self, clip: Clip, parts: list[np.ndarray]) -> None:
        parts.append(silence(self._random.uniform(0.1, 1.2)))
        self._say(clip, parts, TEXTS["ivr"])
        parts.append(silence(4.0))

    def _screening(self, clip: Clip, parts: list[np.ndarray]) -> None:
        parts.append(silence(self._random.uniform(0.2, 1.2)))
        self._say(clip, parts, TEXTS["screening"])
        parts.append(silence(4.0))

    def _intercept(self, clip: Clip, parts: list[np.ndarray]) -> None:
        parts.append(silence(self._random.uniform(0.1, 0.8)))
        if self._random.random() < 0.75:
            parts += [sit(self._random), silence(self._random.uniform(0.1, 0.6))]
        self._say(clip, parts, TEXTS["intercept"])
        parts.append(silence(3.0))

    def _fax(self, clip: Clip, parts: list[np.ndarray]) -> None:
        clip.language = "-"
        parts += [silence(self._random.uniform(0.2, 2.0)), answering_fax(self._random)]

    def _silence(self, clip: Clip, parts: list[np.ndarray]) -> None:
        clip.language = "-"
        parts.append(silence(12.0))

    def _say(self, clip: Clip, parts: list[np.ndarray], table: dict[str, list[str]]) -> None:
        random_ = self._random
        languages = [name for name in table if name != "en"]
        clip.language = "en" if random_.random() < 0.5 else random_.choice(languages)
        text = random_.choice(table[clip.language][self._half :: 2])
        voice = self._voices.choose(clip.language, random_)
        rate, pitch = random_.randrange(140, 186, 5), random_.randrange(25, 66, 5)
        gain = random_.uniform(0.5, 1.4)
        pieces = text.replace("||", "|~|").split("|")
        for piece in pieces:
            if piece == "~":
                parts.append(silence(random_.uniform(1.2, 2.0)))
                continue
            if clip.spoken and pieces[pieces.index(piece) - 1] != "~":
                parts.append(silence(self._pause_after(clip.spoken[-1])))
            start = _seconds(parts)
            parts.append(gain * self._voices.say(piece.strip(), voice, rate, pitch))
            end = _seconds(parts)
            known = end + random_.uniform(*WORD_SECONDS)
            if clip.spoken and start - clip.spoken[-1].end < ENDPOINT_SECONDS:
                clip.spoken[-1].known_at = known  # it is written down as one
            clip.spoken.append(Spoken(self._misheard(piece.strip(), clip.snr), start, end, known))

    def _pause_after(self, spoken: Spoken) -> float:
        """A greeting word runs on; after a sentence the speaker breathes."""
        if spoken.end - spoken.start < 0.7:
            return self._random.uniform(0.12, 0.45)
        return self._random.uniform(0.25, 0.75)

    def _misheard(self, text: str, snr: int) -> str:
        """As a transcription would have it: the noisier the line, the more words are missing."""
        lost = {-5: 0.4, 0: 0.3, 5: 0.2, 10: 0.1, 20: 0.06, 30: 0.05}[snr]
        return " ".join(word for word in text.split() if self._random.random() >= lost)

    def _carried(self, clip: Clip, line: np.ndarray) -> bytes:
        loud = 3276.8 if not line.any() else np.sqrt(np.mean(line[np.abs(line) > 100] ** 2))
        level = loud * 10 ** (-clip.snr / 20)
        noisy = line + noise(clip.noise, len(line), self._numbers) * min(level, 6000.0)
        padded = np.clip(np.round(noisy), -32768, 32767).astype("<i2").tobytes()
        if self._random.random() < 0.5:
            return audioop.ulaw2lin(audioop.lin2ulaw(padded, 2), 2)
        return audioop.alaw2lin(audioop.lin2alaw(padded, 2), 2)


def _seconds(parts: list[np.ndarray]) -> float:
    return sum(len(part) for part in parts) / RATE
