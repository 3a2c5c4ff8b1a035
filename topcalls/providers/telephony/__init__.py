"""Carriers' APIs for numbers: search, buy, release, each vendor behind one protocol."""
