#!/usr/bin/env python3
"""Render the sentences that must be there when no AI is: writes topcalls/bridge/lines/*.pcmu.

Needs the `sandbox` extra, or the `flite` program, which sounds better.
"""

from pathlib import Path

from topcalls.sandbox.speech import Synthesizer

LINES = Path(__file__).parent.parent / "topcalls" / "bridge" / "lines"
SENTENCES = {
    "apology.en": "I am sorry. We have a technical problem, and I have to end this call. Goodbye.",
}


def main():
    synthesizer = Synthesizer()
    for name, sentence in SENTENCES.items():
        (LINES / f"{name}.pcmu").write_bytes(synthesizer.speak(sentence, "agent"))


if __name__ == "__main__":
    main()
