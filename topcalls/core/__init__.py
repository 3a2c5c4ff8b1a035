"""RULES: pure decisions. No I/O, no clock; time is passed in."""
