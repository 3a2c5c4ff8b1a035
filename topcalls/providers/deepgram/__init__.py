"""Deepgram, by its wire protocols."""
