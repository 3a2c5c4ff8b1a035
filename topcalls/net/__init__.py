"""PIPES: WebSocket and outgoing HTTP, without any idea of what flows through them."""
