"""The ledger in the database: sealed, verified, exported; and a row that was tampered with."""

import factories
import pytest

from topcalls.store.current import current

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)


@pytest.fixture
def who(services):
    return factories.principal(services)


def made(services, who, count=5):
    return [factories.queued_call(services, who).id for _ in range(count)]


def execute(services, sql, *values):
    text = sql if services.db.kind == "sqlite" else sql.replace("?", "%s")
    services.db.run(lambda: current().peewee.execute_sql(text, values))


def test_decisions_are_sealed_in_their_order_and_verify(services, who):
    made(services, who)
    assert services.ledger.verify(who.account_id).unsealed == 5
    assert services.ledger.seal(services.clock.now()) == 5
    assert services.ledger.seal(services.clock.now()) == 0
    made(services, who, 2)
    other = factories.principal(services, name="Other")
    made(services, other, 1)
    assert services.ledger.seal(services.clock.now()) == 3
    found = services.ledger.verify(who.account_id)
    assert (found.records, found.unsealed, found.faults) == (7, 0, ())
    exported = list(services.ledger.export(who.account_id))
    assert [one.seq for one in exported] == list(range(1, 8))
    assert exported[-1].chain == found.head
    assert len(list(services.ledger.export(who.account_id, factories.NUMBER))) == 7
    assert services.ledger.verify(other.account_id).records == 1


@pytest.mark.parametrize(
    "column", ["verdict", "content", "personal", "call_id", "digest", "personal_digest"]
)
def test_a_row_that_was_changed_is_named(services, who, column):
    made(services, who)
    services.ledger.seal(services.clock.now())
    record = list(services.ledger.export(who.account_id))[2]
    execute(services, f"UPDATE decision SET {column} = 'x' WHERE id = ?", record.id)
    found = services.ledger.verify(who.account_id)
    assert (3, record.id) in [one[:2] for one in found.faults]


def test_a_row_that_was_deleted_is_named_also_at_the_end(services, who):
    made(services, who)
    services.ledger.seal(services.clock.now())
    records = list(services.ledger.export(who.account_id))
    execute(services, "DELETE FROM decision WHERE id = ?", records[1].id)
    assert [one.seq for one in services.ledger.verify(who.account_id).faults] == [2]
    execute(services, "DELETE FROM decision WHERE id = ?", records[4].id)
    assert [one.seq for one in services.ledger.verify(who.account_id).faults] == [2, 5]


def test_the_ledger_by_the_api(api):
    api.create()
    api.services.ledger.seal(api.services.clock.now())
    verified = api.get("/v1/ledger/verify").json
    assert (verified["records"], verified["faults"]) == (1, [])
    lines = api.get("/v1/ledger/export")
    assert lines.content_type == "application/x-ndjson"
    (kept,) = api.get("/v1/decisions").json["data"]
    assert kept["id"] in lines.text
    none = api.get("/v1/ledger/export?phone_number=%2B12025550177")
    assert none.text == ""
