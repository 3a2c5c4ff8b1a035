"""Double of OpenAI: Realtime over WebSocket and the HTTP endpoints."""
