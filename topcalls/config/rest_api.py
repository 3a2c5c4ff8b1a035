"""The REST API: where it listens, and how much it takes."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class ApiSettings(BaseModel):
    """The REST API: where it listens, and how much it takes."""

    api_host: str = Field("127.0.0.1", description="Address the REST API listens on.")
    api_port: int = Field(8080, ge=0, le=65535, description="Port of the REST API.")
    public_url: str = Field(
        "",
        description="How the world reaches the API; starts recording links. "
        "Empty: `http://api_host:api_port`. Needed where these name no address to open: "
        "`api_port` 0, or a live `api_host` of all addresses.",
    )
    api_key: SecretStr | None = Field(
        None, description="API key that `topcalls call` and `topcalls calls` use."
    )
    max_body_bytes: int = Field(
        2_000_000, ge=10_000, description="Largest request body the API accepts."
    )
    api_requests_per_second: float = Field(
        100.0,
        gt=0,
        le=1_000_000,
        description="Requests that one API key may make per second, in each API process.",
    )
    api_requests_burst: int = Field(
        200, ge=1, le=1_000_000, description="Requests that a key may make at once after a pause."
    )
    api_failures_per_minute: int = Field(
        60,
        ge=1,
        le=1_000_000,
        description="Requests with a wrong key that one remote address may make per minute, in "
        "each API process.",
    )
    api_proxies: int = Field(
        0,
        ge=0,
        le=10,
        description="How many proxies stand in front of the API. The remote address is then the "
        "one that the outermost of them adds to `X-Forwarded-For`; with 0 that header is ignored.",
    )
