#!/usr/bin/env python3
"""Make the sounds behind the agent's voice: writes topcalls/media/backgrounds/*.pcmu.

Nothing in them was recorded: noise is shaped, voices are harmonics under wandering formants that
say no words, clicks and clinks are decaying sines. Everything is made on a circle, so that the end
of each sound leads into its beginning. The same seeds give the same sounds.

Run it anywhere with numpy; a changed sound shows as a changed file.
"""

import argparse
import audioop
import warnings
from pathlib import Path

import numpy as np

RATE = 8000
SECONDS = 15
COUNT = RATE * SECONDS
LEVEL_DBFS = -26.0
DIRECTORY = Path(__file__).parent.parent / "topcalls" / "media" / "backgrounds"


def noise(random, low, high, slope):
    """Noise between two frequencies whose power falls by `slope` dB an octave; of level 1."""
    spectrum = np.fft.rfft(random.standard_normal(COUNT))
    hertz = np.fft.rfftfreq(COUNT, 1 / RATE)
    shape = 10 ** (-slope / 20 * np.log2(np.maximum(hertz, 20) / 1000))
    rise = 1 / (1 + (low / np.maximum(hertz, 1)) ** 6)
    fall = 1 / (1 + (hertz / high) ** 10)
    return level(np.fft.irfft(spectrum * shape * rise * fall, COUNT))


def level(sound):
    """The sound, at level 1."""
    return sound / max(1e-12, float(np.sqrt(np.mean(sound**2))))


def contour(random, per_second, low, high):
    """A smooth line through random points, closed to a circle."""
    points = random.uniform(low, high, max(2, round(per_second * SECONDS)))
    at = np.arange(COUNT) * len(points) / COUNT
    first = at.astype(int)
    share = (1 - np.cos(np.pi * (at - first))) / 2
    return points[first] * (1 - share) + points[(first + 1) % len(points)] * share


def murmur(random, pitch):
    """A voice that speaks without words, with pauses."""
    hertz = pitch * contour(random, 1.5, 0.88, 1.15)
    turns = np.cumsum(hertz) / RATE
    turns += np.arange(COUNT) / COUNT * (np.ceil(turns[-1]) - turns[-1])
    formants = [
        (contour(random, 4.3, 300, 750), 90.0, 1.0),
        (contour(random, 4.3, 900, 2100), 130.0, 0.5),
        (contour(random, 2.1, 2300, 2900), 200.0, 0.25),
    ]
    sound = np.zeros(COUNT)
    for number in range(1, int(3400 / pitch) + 1):
        tone = number * hertz
        gain = sum(a / (1 + ((tone - f) / b) ** 2) for f, b, a in formants)
        sound += gain / number**0.5 * np.sin(2 * np.pi * (number * turns + random.uniform()))
    syllables = np.clip(contour(random, 4.7, -0.5, 1.2), 0, 1)
    phrases = np.clip(contour(random, 0.45, -1.6, 2.2), 0, 1)
    return level(sound * syllables * phrases)


def place(sound, at, piece):
    """Add a short piece at a moment, round the end if need be."""
    places = (int(at * RATE) + np.arange(len(piece))) % COUNT
    np.add.at(sound, places, piece)


def ping(random, tones, decay, seconds):
    """Decaying sines: a cup, a glass, a key's spring."""
    time = np.arange(int(seconds * RATE)) / RATE
    return sum(
        random.uniform(0.4, 1.0) * np.sin(2 * np.pi * tone * time) * np.exp(-time / decay)
        for tone in tones
    )


def typing(random, bursts):
    """Keyboards: bursts of short clicks."""
    sound = np.zeros(COUNT)
    for _ in range(bursts):
        at = random.uniform(0, SECONDS)
        for _ in range(random.integers(5, 16)):
            time = np.arange(int(0.018 * RATE)) / RATE
            click = random.standard_normal(len(time)) * np.exp(-time / 0.003)
            click += 0.5 * ping(random, (random.uniform(1500, 2600),), 0.005, 0.018)
            place(sound, at, random.uniform(0.4, 1.0) * click)
            at += random.uniform(0.07, 0.22)
    return sound


def ring(random, at, tones, volume):
    """A telephone far away: two short bursts of a warble."""
    sound = np.zeros(COUNT)
    time = np.arange(int(0.4 * RATE)) / RATE
    warble = sum(np.sin(2 * np.pi * tone * time) for tone in tones)
    warble *= (1 + np.sin(2 * np.pi * 22 * time)) / 2 * np.sin(np.pi * time / 0.4) ** 0.5
    for begin in (at, at + 0.55):
        place(sound, begin, volume * warble)
    return sound


def passing(random, at, seconds, low, high):
    """A car that comes and goes."""
    time = (np.arange(COUNT) / RATE - at + SECONDS / 2) % SECONDS - SECONDS / 2
    return noise(random, low, high, 5) * np.exp(-((time / seconds) ** 2))


def office(random):
    sound = 1.0 * noise(random, 90, 2200, 6) + 0.5 * typing(random, 7)
    return sound + 0.35 * murmur(random, 118) + 0.3 * murmur(random, 196)


def cafe(random):
    pitches = (105, 122, 140, 178, 196, 215, 131, 204)
    sound = 0.6 * noise(random, 120, 3000, 4)
    sound += sum(random.uniform(0.3, 0.6) * murmur(random, pitch) for pitch in pitches)
    for _ in range(9):
        base = random.uniform(1900, 2900)
        cup = ping(random, (base, base * 1.19, base * 1.31), 0.03, 0.15)
        place(sound, random.uniform(0, SECONDS), random.uniform(0.3, 0.8) * cup)
    return sound


def street(random):
    sound = 1.0 * noise(random, 50, 900, 7) + 0.25 * noise(random, 300, 3000, 3)
    for at, seconds in ((2.0, 1.1), (6.2, 0.8), (9.1, 1.4), (12.7, 0.9)):
        sound += random.uniform(0.9, 1.6) * passing(random, at, seconds, 120, 2400)
    return sound + 0.12 * murmur(random, 128)


def call_center(random):
    pitches = (108, 119, 133, 171, 188, 207, 224, 145, 182, 126)
    sound = 0.5 * noise(random, 110, 2600, 5) + 0.35 * typing(random, 10)
    sound += sum(random.uniform(0.35, 0.6) * murmur(random, pitch) for pitch in pitches)
    return sound + ring(random, 4.1, (950, 1180), 0.25) + ring(random, 11.3, (870, 1090), 0.2)


SOUNDS = {"office": (office, 11), "cafe": (cafe, 12), "street": (street, 13)}
SOUNDS["call_center"] = (call_center, 14)


def render(name):
    """The sound as PCMU."""
    make, seed = SOUNDS[name]
    sound = level(make(np.random.default_rng(seed)))
    sound = np.tanh(sound / 5) * 5  # a single click does not stand out
    samples = level(sound) * 32768 * 10 ** (LEVEL_DBFS / 20)
    return audioop.lin2ulaw(np.rint(samples).clip(-32768, 32767).astype("<i2").tobytes(), 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", nargs="?", type=Path, default=DIRECTORY)
    directory = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    for name in SOUNDS:
        (directory / f"{name}.pcmu").write_bytes(render(name))


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)
    main()
