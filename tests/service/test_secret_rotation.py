"""A new secret key: every stored secret is written again, whatever comes in between."""

import os
import subprocess
import sys

import peewee
import pytest
from cryptography.fernet import Fernet

from topcalls.errors import ConfigError
from topcalls.services.accounts import Accounts
from topcalls.services.secrets import Secrets
from topcalls.store import checkup, rows, secrets
from topcalls.store.database import open_database
from topcalls.store.models import TABLES

pytestmark = pytest.mark.service
LIMIT = 60
COLUMN = "account.webhook_secret"


def new_key():
    return Fernet.generate_key().decode()


@pytest.fixture
def opened(database_url, request):
    """Opens the database with some keys."""

    def opened(*keys):
        database = open_database(database_url, encryption_key=",".join(keys))
        request.addfinalizer(database.close)
        return database

    return opened


@pytest.fixture
def many(opened, clock):
    """Seven accounts with their secrets, under the key that comes with them."""
    old = new_key()
    accounts = Accounts(opened(old), clock)
    made = [accounts.create(f"Account {number}").id for number in range(7)]
    return old, {account: accounts.webhook_secret(account) for account in made}


def readable(opened, clock, key, account_ids):
    accounts = Accounts(opened(key), clock)
    return {account: accounts.webhook_secret(account) for account in account_ids}


def stored(database):
    return database.read(rows.select, "SELECT id, webhook_secret FROM account")


def of_accounts(rotations):
    return next(one for one in rotations if one.column == COLUMN)


def test_after_a_rotation_the_old_key_is_not_needed(opened, clock, many):
    old, secrets_ = many
    new = new_key()
    both = opened(new, old)
    seen = []
    done = of_accounts(Secrets(both).rotate(batch=3, on_batch=seen.append))
    assert (done.seen, done.rewritten) == (7, 7)
    assert [one.seen for one in seen if one.column == COLUMN] == [3, 6, 7]
    assert readable(opened, clock, new, secrets_) == secrets_
    with pytest.raises(ConfigError):
        readable(opened, clock, old, secrets_)


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_a_second_rotation_changes_nothing(opened, many, batch):
    old, _ = many
    both = opened(new_key(), old)
    Secrets(both).rotate()
    before = stored(both)
    done = of_accounts(Secrets(both).rotate(batch=batch))
    assert (done.seen, done.rewritten) == (7, 0)
    assert stored(both) == before


def test_a_rotation_that_was_cut_short_is_finished_by_the_next(opened, clock, many):
    class Killed(Exception):
        pass

    def die(progress):
        if progress.seen == 4:
            raise Killed

    old, secrets_ = many
    new = new_key()
    both = opened(new, old)
    with pytest.raises(Killed):
        Secrets(both).rotate(batch=2, on_batch=die)
    meanwhile = Accounts(both, clock)
    assert {one: meanwhile.webhook_secret(one) for one in secrets_} == secrets_
    assert of_accounts(Secrets(both).rotate(batch=2)).rewritten == 3
    assert readable(opened, clock, new, secrets_) == secrets_


def test_a_secret_that_changes_meanwhile_is_not_overwritten(opened, clock, many, monkeypatch):
    old, secrets_ = many
    new = new_key()
    both = opened(new, old)
    account = min(secrets_)
    accounts = Accounts(both, clock)
    rotated = secrets._rotated

    def changed_in_between(column, key, value):
        if key == account:
            accounts.rotate_webhook_secret(account)
        return rotated(column, key, value)

    monkeypatch.setattr(secrets, "_rotated", changed_in_between)
    assert of_accounts(Secrets(both).rotate()).rewritten == 6
    now = readable(opened, clock, new, secrets_)
    assert now.pop(account) != secrets_.pop(account)
    assert now == secrets_


def test_a_secret_under_an_unknown_key_names_the_row_and_the_setting(opened, many):
    _, secrets_ = many
    with pytest.raises(ConfigError) as caught:
        Secrets(opened(new_key())).rotate()
    assert caught.value.field == "secret_key"
    assert COLUMN in str(caught.value)
    assert min(secrets_) in str(caught.value)
    assert "TOPCALLS_SECRET_KEY" in str(caught.value)


def test_without_a_key_there_is_nothing_to_rotate_with(database_url, many, request):
    database = open_database(database_url)
    request.addfinalizer(database.close)
    with pytest.raises(ConfigError) as caught:
        Secrets(database).rotate()
    assert caught.value.field == "secret_key"


def test_the_doctor_sees_one_secret_in_many_that_does_not_open(opened, clock, many):
    old, secrets_ = many
    new = new_key()
    Accounts(opened(new), clock).rotate_webhook_secret(max(secrets_))
    assert opened(new, old).read(checkup.opens_secrets) is True
    assert opened(old).read(checkup.opens_secrets) is False


def test_when_the_key_is_lost_a_webhook_secret_can_be_made_anew(opened, clock, many):
    _, secrets_ = many
    accounts = Accounts(opened(new_key()), clock)
    account = accounts.list()[0].id
    made = accounts.rotate_webhook_secret(account).secret
    assert accounts.webhook_secret(account) == made != secrets_[account]


def test_every_encrypted_column_is_found_and_can_be_walked_through():
    """A column called a secret that is not encrypted, or has no single key, would be missed."""
    found = secrets.columns()
    assert COLUMN in map(str, found)
    assert all(isinstance(column.key, str) for column in found)
    for table in TABLES:
        for field in table._meta.sorted_fields:
            if any(word in field.name for word in ("secret", "password", "credential")):
                assert (table._meta.table_name, field.column_name) in {
                    (column.table, column.name) for column in found
                }, field
    for column in found:
        table = next(table for table in TABLES if table._meta.table_name == column.table)
        assert not isinstance(table._meta.primary_key, peewee.CompositeKey)


def test_the_command(tmp_path):
    old, new = new_key(), new_key()

    def topcalls(key, *arguments):
        environment = {**os.environ, "TOPCALLS_DATA_DIR": "var", "TOPCALLS_SECRET_KEY": key}
        return subprocess.run(
            [sys.executable, "-m", "topcalls", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )

    topcalls(old, "migrate")
    account = topcalls(old, "accounts", "create", "Acme").stdout.strip()
    secret = topcalls(old, "accounts", "webhook-secret", account).stdout
    refused = topcalls(new, "secrets", "rotate")
    assert refused.returncode == 2
    assert "TOPCALLS_SECRET_KEY" in refused.stderr
    assert "Traceback" not in refused.stderr
    done = topcalls(f"{new},{old}", "secrets", "rotate")
    assert f"{COLUMN}: 1 of 1 encrypted again" in done.stdout, done.stderr
    assert topcalls(new, "accounts", "webhook-secret", account).stdout == secret
