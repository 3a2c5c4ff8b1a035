"""Comparing what was heard on a line with what was meant."""

import numpy as np


def likeness(one, other):
    """Correlation of two sounds where they fit best, 0 to 1; by a second of the other."""
    first, second = (np.frombuffer(sound, "<i2").astype(float) for sound in (one, other))
    products = np.correlate(np.pad(first, 1600), second[800:8800], "valid")
    at = int(products.argmax())
    piece = np.pad(first, 1600)[at : at + 8000]
    return products[at] / np.linalg.norm(piece) / np.linalg.norm(second[800:8800])
