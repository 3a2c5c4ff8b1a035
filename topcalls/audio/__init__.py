"""SIGNAL: audio formats, codecs and framing as pure functions and small stateful converters."""
