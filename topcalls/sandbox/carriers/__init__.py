"""Doubles of carriers that sell numbers by an API: Telnyx and Twilio."""
