"""Softphones become users of the double of the switch, and who is registered comes back as rows."""

import factories
import inbound_rig
import pytest
from inbound_rig import NUMBER
from phone_rig import PERSON, PhoneRig

from topcalls.controller import softphones

pytestmark = pytest.mark.service


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(softphones, "REPORT_SECONDS", 0.2)


@pytest.fixture
def rig(db, tmp_path):
    made = PhoneRig(db, tmp_path)
    yield made
    made.close()


def test_a_softphone_becomes_a_user_and_goes_again(rig):
    rig.controller()
    phone = rig.add()
    rig.wait_known(phone)
    path = rig.folder / f"users/sp_{phone.id}.xml"
    assert path.stat().st_mode & 0o777 == 0o640
    rig.services.softphones.delete(rig.account.account_id, phone.id)
    rig.wait_until(lambda: not rig.knows(phone), "its end")
    assert rig.files() == []


def test_files_of_others_stay(rig):
    (rig.folder / "users").mkdir(parents=True)
    (rig.folder / "users" / "mine.xml").write_text("<include>\n</include>\n")
    rig.controller()
    rig.wait_known(rig.add())
    assert "users/mine.xml" in rig.files()


def test_a_controller_that_died_between_file_and_reload_is_made_up_for(rig):
    phone = rig.add()
    rig.controller()
    rig.wait_known(phone)
    rig.controllers[0].stop(0)
    rig.switch.switch.users._users.clear()  # the switch has not read it
    rig.controller()
    rig.wait_known(phone)


def test_a_switch_that_starts_anew_while_it_is_compared_is_compared_again(rig, monkeypatch):
    """It answers, and has lost what it answered to."""
    phone = rig.add()
    rig.controller()
    rig.wait_known(phone)
    *_, keeper = rig.controllers[0]._gear.keepers
    switch, answered = keeper._switch, []

    class StartsAnew:
        is_up = True

        def api(self, command, **options):
            answer = switch.api(command, **options)
            if "reloadxml" not in command:
                return answer
            answered.append(command)
            if len(answered) == 1:
                rig.switch.switch.users._users.clear()
                keeper.forget()
            return answer

    monkeypatch.setattr(keeper, "_switch", StartsAnew())
    keeper.forget()
    rig.wait_until(lambda: len(answered) > 1, "a second look")
    rig.wait_known(phone)


def test_two_controllers_and_one_writes(rig):
    rig.controller()
    rig.controller()
    rig.wait_known(rig.add())
    loaded = [item.line for item in rig.switch.received if "reloadxml" in item.line]
    assert len(loaded) == 1


def test_who_is_registered(rig):
    rig.controller()
    phone = rig.add()
    rig.wait_known(phone)
    rig.switch.switch.users.register(phone.username, phone.password, PERSON)

    def seen():
        return rig.services.softphones.get(rig.account.account_id, phone.id).registered_at

    assert rig.wait_until(seen, "the registration") == ("node-1",)


def test_a_softphone_talks_with_an_agent_of_its_account(rig):
    account_id = rig.account.account_id
    inbound_rig.number(rig.services, account_id, inbound_rig.agent(rig.services, account_id))
    rig.controller()
    phone = rig.add()
    rig.wait_known(phone)
    for dialled in (NUMBER, NUMBER.removeprefix("+1")):
        channel = rig.dial(phone, dialled)

        def taken(uuid=channel.uuid):
            calls = rig.services.calls.list(account_id, 50).data
            return next((call for call in calls if call.external_call_id == uuid), None)

        call = rig.wait_until(taken, "the call")
        rig.wait_status(call.id, "in-progress")
        assert (call.phone_number, call.from_phone_number) == (NUMBER, "201")
        channel.put_down()
        rig.wait_over(call.id)


def refusal(rig, phone, to):
    channel = rig.dial(phone, to)
    assert channel.channel.over.wait(15)
    return channel.channel.cause


def test_a_softphone_reaches_no_agent_of_another_account(rig):
    other = factories.principal(rig.services, name="Other")
    agent = inbound_rig.agent(rig.services, other.account_id)
    inbound_rig.number(rig.services, other.account_id, agent)
    rig.controller()
    phone = rig.add()
    rig.wait_known(phone)
    for dialled in (NUMBER, NUMBER.removeprefix("+1")):
        assert refusal(rig, phone, dialled) == "UNALLOCATED_NUMBER"
    assert rig.services.calls.list(other.account_id, 50).data == ()


def test_a_user_that_is_no_softphone_reaches_nobody(rig):
    """Made by hand, or deleted a moment ago: it is not taken for a carrier."""
    account_id = rig.account.account_id
    inbound_rig.number(rig.services, account_id, inbound_rig.agent(rig.services, account_id))
    rig.controller()
    phone = rig.add()
    rig.wait_known(phone)
    text = (rig.folder / f"users/sp_{phone.id}.xml").read_text()
    (rig.folder / "users" / "mine.xml").write_text(text.replace(phone.username, "by-hand"))
    rig.switch.switch.users.reload()
    channel = rig.switch.call_in("by-hand", NUMBER, PERSON, user="by-hand", password=phone.password)
    assert channel.channel.over.wait(15)
    assert channel.channel.cause == "OUTGOING_CALL_BARRED"
    assert rig.services.calls.list(account_id, 50).data == ()
