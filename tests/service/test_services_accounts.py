"""Accounts and keys: who may come in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from topcalls.errors import InsufficientScope, InvalidRequest, NotFound, Unauthorized
from topcalls.services.keys import SCOPES, Keys
from topcalls.store.models import ApiKey

pytestmark = pytest.mark.service
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.fixture
def account(services):
    return services.accounts.create("Acme", minutes=10, max_concurrent_calls=3)


def new_key(services, account, **options):
    options.setdefault("scopes", ["calls:read"])
    return services.keys.create(account.id, name="mine", **options)


def test_an_account_is_as_it_was_made(services, account):
    assert services.accounts.get(account.id) == account
    assert (account.name, account.max_concurrent_calls, account.metered) == ("Acme", 3, True)
    assert services.quotas.balance(account.id).minutes_remaining == 10
    assert services.accounts.list() == [account]


def test_limits_can_be_changed(services, account):
    changed = services.accounts.set_limits(
        account.id, max_concurrent_calls=9, max_calls_per_minute=2
    )
    assert changed == replace(account, max_concurrent_calls=9, max_calls_per_minute=2)
    assert services.accounts.get(account.id) == changed


def test_no_such_account(services):
    for work in (
        lambda: services.accounts.get("nobody"),
        lambda: services.accounts.webhook_secret("nobody"),
        lambda: services.accounts.rotate_webhook_secret("nobody"),
        lambda: services.accounts.set_limits(
            "nobody", max_concurrent_calls=1, max_calls_per_minute=1
        ),
        lambda: services.keys.create("nobody", name="x", scopes=[]),
        lambda: services.quotas.balance("nobody"),
        lambda: services.quotas.grant("nobody", 1, ""),
    ):
        with pytest.raises(NotFound):
            work()


def test_every_account_has_its_own_webhook_secret_and_can_renew_it(services, account):
    other = services.accounts.create("Other")
    first = services.accounts.webhook_secret(account.id)
    assert first != services.accounts.webhook_secret(other.id)
    renewed = services.accounts.rotate_webhook_secret(account.id).secret
    assert renewed != first
    assert services.accounts.webhook_secret(account.id) == renewed


def test_a_key_lets_its_account_in(services, account):
    key = new_key(services, account, scopes=["calls:read", "calls:write", "calls:read"])
    who = services.keys.authenticate(key.token)
    assert (who.account_id, who.account_name, who.key_id) == (account.id, "Acme", key.id)
    assert (who.scopes, who.kind) == ({"calls:read", "calls:write"}, "test")
    who.require("calls:read")
    with pytest.raises(InsufficientScope) as caught:
        who.require("admin")
    assert caught.value.extra == {"scope": "admin"}


def test_a_key_is_stored_as_a_hash_only(services, account):
    token = new_key(services, account).token
    row = services.db.read(lambda: ApiKey.select().dicts().get())
    assert token not in str(row)
    assert token.startswith(row["prefix"])
    assert len(row["prefix"]) < len(token) / 2


def test_a_token_shown_once_is_never_shown_again(services, account):
    key = new_key(services, account)
    assert services.keys.list(account.id) == [replace(key, token=None)]


def test_the_kind_of_install_is_in_the_token(services, account):
    live = Keys(services.db, services.clock, "live")
    assert new_key(services, account).token.startswith("tc_test_")
    assert live.create(account.id, name="l", scopes=[]).token.startswith("tc_live_")


def test_a_key_of_the_other_kind_of_install_is_refused_by_name(services, account):
    live = Keys(services.db, services.clock, "live")
    test_token = new_key(services, account).token
    live_token = live.create(account.id, name="l", scopes=[]).token
    with pytest.raises(Unauthorized) as caught:
        services.keys.authenticate(live_token)
    assert "live key" in str(caught.value)
    assert "sandbox" in str(caught.value)
    with pytest.raises(Unauthorized) as caught:
        live.authenticate(test_token)
    assert "test key" in str(caught.value)


@pytest.mark.parametrize("token", ["", "tc_test_", "tc_test_nothing", "sk-123", "tc_test_\ud800\0"])
def test_what_is_no_key_is_refused(services, account, token):
    new_key(services, account)
    with pytest.raises(Unauthorized):
        services.keys.authenticate(token)


def test_one_wrong_character_is_a_wrong_key(services, account):
    token = new_key(services, account).token
    for position in (-1, 8, 20):
        other = next(letter for letter in ALPHABET if letter != token[position])
        changed = list(token)
        changed[position] = other
        with pytest.raises(Unauthorized):
            services.keys.authenticate("".join(changed))


def test_two_keys_with_the_same_first_characters_are_told_apart(services, account):
    first, second = new_key(services, account), new_key(services, account)
    services.db.run(lambda: ApiKey.update(prefix=first.prefix).execute())
    assert services.keys.authenticate(first.token).key_id == first.id
    with pytest.raises(Unauthorized):
        services.keys.authenticate(second.token)


def test_a_key_expires(services, account):
    key = new_key(services, account, days=2)
    assert key.expires_at == services.clock.now() + timedelta(days=2)
    services.clock.advance(2 * 86400 - 1)
    services.keys.authenticate(key.token)
    services.clock.advance(1)
    with pytest.raises(Unauthorized, match="expired"):
        services.keys.authenticate(key.token)


def test_a_revoked_key_is_useless_at_once_and_stays_listed(services, account):
    key = new_key(services, account)
    services.keys.revoke(key.id)
    revoked_at = services.clock.now()
    services.clock.advance(60)
    services.keys.revoke(key.id)
    with pytest.raises(Unauthorized, match="revoked"):
        services.keys.authenticate(key.token)
    assert [item.revoked_at for item in services.keys.list(account.id)] == [revoked_at]
    with pytest.raises(NotFound):
        services.keys.revoke("nothing")


def test_the_last_use_is_noted_but_not_on_every_request(services, account):
    key = new_key(services, account)

    def last_use():
        return services.keys.list(account.id)[0].last_used_at

    assert last_use() is None
    services.keys.authenticate(key.token)
    first = services.clock.now()
    services.clock.advance(60)
    services.keys.authenticate(key.token)
    assert last_use() == first
    services.clock.advance(3600)
    services.keys.authenticate(key.token)
    assert last_use() == services.clock.now()


def test_an_unknown_scope_is_refused_by_name(services, account):
    with pytest.raises(InvalidRequest) as caught:
        new_key(services, account, scopes=["calls:read", "calls:delete"])
    assert [error.path for error in caught.value.errors] == ["scopes"]
    assert "calls:delete" in str(caught.value)
    new_key(services, account, scopes=SCOPES)
