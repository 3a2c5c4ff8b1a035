"""How much a key may ask for, how often an address may be wrong, and what a refusal says."""

import api_contract
import pytest
from api_client import api_services, serving

from topcalls import compose, config
from topcalls.api import rate_limits
from topcalls.api.app import create_app
from topcalls.api.rate_limits import RateLimits
from topcalls.services.keys import KeyLimits, Principal

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
UNKNOWN = "tc_test_" + "x" * 43
SCOPES = ("calls:read", "calls:write")
HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def limited(api):
    """The API with three requests at once and two a second, and two failures a minute."""
    limits = RateLimits(api.services.clock, requests_per_second=2, burst=3, failures_per_minute=2)
    api.app = serving(api_services(api.services), limits)
    return api


def balance(api, token=None, address=HERE, **headers):
    return api.get(
        "/v1/account/balance",
        token=token,
        headers=headers,
        environ_overrides={"REMOTE_ADDR": address},
    )


def test_every_answer_to_a_key_tells_what_is_left(limited):
    told = [balance(limited).headers for _ in range(3)]
    assert [headers["RateLimit-Remaining"] for headers in told] == ["2", "1", "0"]
    assert [headers["RateLimit-Reset"] for headers in told] == ["1", "1", "2"]
    assert {headers["RateLimit-Limit"] for headers in told} == {"3"}
    assert "RateLimit-Limit" not in limited.get("/live", token="").headers


def test_beyond_the_limit_nothing_is_done_and_the_limit_is_named(limited):
    for _ in range(3):
        balance(limited)
    refused = limited.create()
    assert refused.status_code == 429
    assert refused.json["type"].endswith("/rate_limited")
    assert refused.json["limit"] == "requests_per_key"
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert limited.nothing_was_done()
    limited.services.clock.advance(0.5)
    assert limited.create().status_code == 201


def test_a_refusal_for_want_of_a_scope_counts_too(limited):
    token = limited.key("calls:write")
    assert [balance(limited, token).status_code for _ in range(4)] == [403, 403, 403, 429]


def test_one_keys_haste_is_not_anothers(limited):
    for _ in range(4):
        last = balance(limited)
    assert last.status_code == 429
    assert balance(limited, limited.key("calls:read")).status_code == 200


def test_an_address_that_fails_too_often_is_not_heard_with_a_new_key(limited):
    good = limited.key("calls:read")
    assert [balance(limited, UNKNOWN).status_code for _ in range(3)] == [401, 401, 429]
    refused = balance(limited, good)
    assert (refused.status_code, refused.json["limit"]) == (429, "failed_authentications")
    assert refused.headers["Retry-After"] == "30"
    assert balance(limited, good, THERE).status_code == 200
    limited.services.clock.advance(30)
    assert balance(limited, UNKNOWN).status_code == 401


def test_a_key_in_use_is_not_shut_out_by_its_neighbours(limited):
    assert balance(limited).status_code == 200
    for _ in range(3):
        last = balance(limited, UNKNOWN)
    assert last.status_code == 429
    assert balance(limited).status_code == 200


def test_a_revoked_key_is_refused_at_once_however_often_it_was_accepted(limited):
    made = limited.services.keys.create(limited.owner.account_id, name="k", scopes=["calls:read"])
    assert balance(limited, made.token).status_code == 200
    limited.services.keys.revoke(made.id)
    assert balance(limited, made.token).status_code == 401


def key_of(api, **limits):
    made = api.services.keys.create(api.owner.account_id, name="k", scopes=SCOPES)
    api.services.keys.set_limits(made.id, KeyLimits(**limits))
    return made


def test_a_key_may_have_a_rate_of_its_own(limited):
    slow = key_of(limited, max_requests_per_second=1)
    told = [balance(limited, slow.token) for _ in range(3)]
    assert [one.status_code for one in told] == [200, 200, 429]
    assert told[0].headers["RateLimit-Limit"] == "2"
    assert (told[2].json["limit"], told[2].json["consumer"]) == (
        "requests_per_key",
        {"type": "key", "id": slow.id},
    )
    limited.services.keys.set_limits(slow.id, KeyLimits(max_requests_per_second=5))
    assert balance(limited, slow.token).headers["RateLimit-Limit"] == "10"


def test_all_keys_of_an_account_may_share_a_rate(limited):
    account_id = limited.owner.account_id
    limited.services.accounts.set_limits(account_id, max_requests_per_second=1)
    one, other = key_of(limited), key_of(limited)
    assert balance(limited, one.token).headers["RateLimit-Remaining"] == "1"
    assert balance(limited, other.token).headers["RateLimit-Remaining"] == "0"
    refused = balance(limited, other.token)
    assert (refused.status_code, refused.json["limit"]) == (429, "requests_per_account")
    assert refused.json["consumer"] == {"type": "account", "id": account_id}
    assert refused.headers["Retry-After"] == "1"
    limited.services.clock.advance(1)
    assert balance(limited, one.token).status_code == 200
    limited.services.accounts.set_limits(account_id, max_requests_per_second=0)
    assert balance(limited, one.token).headers["RateLimit-Limit"] == "3"


@pytest.mark.parametrize(("proxies", "second"), [(0, 429), (1, 401)])
def test_who_stands_behind_a_proxy_is_believed_only_where_there_is_one(api, proxies, second):
    limits = RateLimits(api.services.clock, failures_per_minute=1)
    api.app = create_app(api_services(api.services), limits=limits, proxies=proxies)
    forged = {"X-Forwarded-For": "198.51.100.7, 203.0.113.1"}
    other = {"X-Forwarded-For": "198.51.100.7, 203.0.113.2"}
    assert balance(api, UNKNOWN, **forged).status_code == 401
    assert balance(api, UNKNOWN, **other).status_code == second
    assert balance(api, UNKNOWN, **forged).status_code == 429


def test_the_addresses_of_one_ipv6_network_are_one(limited):
    for host in range(2):
        assert balance(limited, UNKNOWN, f"2001:db8::{host}").status_code == 401
    assert balance(limited, UNKNOWN, "2001:db8::ffff").status_code == 429
    assert balance(limited, UNKNOWN, "2001:db8:0:1::1").status_code == 401


def test_memory_is_bounded(clock, monkeypatch):
    monkeypatch.setattr(rate_limits, "MAX_ADDRESSES", 10)
    limits = RateLimits(clock, failures_per_minute=1)
    for number in range(100):
        limits.failed(f"192.0.2.{number}")
    assert len(limits._failures) == 10
    limits.refuse_guesses("192.0.2.0", UNKNOWN)  # forgotten
    with pytest.raises(rate_limits.RateLimited):
        limits.refuse_guesses("192.0.2.99", UNKNOWN)


def test_no_token_is_kept(clock):
    limits = RateLimits(clock)
    limits.spend(UNKNOWN, Principal("a", "Acme", "k", frozenset(), "test"))
    assert len(limits._keys) == 1
    assert UNKNOWN not in limits._keys


def test_the_settings_reach_the_api(tmp_path, request):
    settings = config.load(
        environ={
            "TOPCALLS_DATA_DIR": str(tmp_path),
            "TOPCALLS_API_PORT": "0",
            "TOPCALLS_PUBLIC_URL": "https://calls.example.com",
            "TOPCALLS_API_REQUESTS_PER_SECOND": "0.01",
            "TOPCALLS_API_REQUESTS_BURST": "1",
            "TOPCALLS_API_FAILURES_PER_MINUTE": "1",
            "TOPCALLS_API_PROXIES": "1",
        }
    )
    compose.migrate(settings)
    _, token = compose.front_door_key(settings, 1)
    server = compose.build_api(settings)
    request.addfinalizer(server.close)
    client = server.application.app.test_client()

    def status(key, address):
        headers = {"Authorization": f"Bearer {key}", "X-Forwarded-For": address}
        return client.get("/v1/calls", headers=headers).status_code

    assert [status(token, HERE), status(token, THERE)] == [200, 429]
    assert [status(UNKNOWN, HERE), status(UNKNOWN, THERE), status(UNKNOWN, HERE)] == [401, 401, 429]


def test_the_limit_is_documented_where_a_key_is_needed():
    document = api_contract.document()
    answers = document["paths"]["/v1/calls"]["post"]["responses"]
    assert answers["429"] == {"$ref": "#/components/responses/Problem429"}
    assert "Retry-After" in document["components"]["responses"]["Problem429"]["headers"]
    assert "429" not in document["paths"]["/live"]["get"]["responses"]
