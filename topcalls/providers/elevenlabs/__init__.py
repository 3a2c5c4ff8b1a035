"""ElevenLabs, by its wire protocols."""
