"""OpenAI: Realtime (GA protocol) and the HTTP endpoints."""
