"""An MCP server for operators: what a key may do by the REST API, as tools of an assistant.

A stranger to the rest of the product: it asks the API by `topcalls.client`, in an interpreter of
its own (the SDK is asyncio's, the product gevent's). `topcalls mcp` starts it.
"""
