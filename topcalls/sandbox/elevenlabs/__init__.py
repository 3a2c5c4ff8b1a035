"""The double of api.elevenlabs.io: synthesis in contexts, and live recognition."""
