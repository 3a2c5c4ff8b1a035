"""Registers of people who are not to be called, and of numbers with a new holder, as plug-ins."""
