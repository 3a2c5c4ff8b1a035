"""The console before somebody's eyes: what they do in it, in a real browser on the running
product."""

import pytest
from scenarios import NUMBERS

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]
SCRIPT = "<script>document.title='broken into'</script>"
REFUSED = "return [...document.querySelectorAll('section td.number')].map(one => one.innerText)"
PICTURES = "return [...document.images].filter(one => one.naturalWidth > 0).length"
DRAWN = (
    "const canvas = document.querySelector('.player canvas');"
    "const {width, height} = canvas;"
    "return canvas.getContext('2d').getImageData(0, 0, width, height).data.some(Boolean)"
)
ROWS = "return document.querySelectorAll('tbody tr').length"
PEOPLE = (
    f"phone_number,name,day\n{NUMBERS['silent']},{SCRIPT},Tuesday\n+12,Ben,Friday\n"
    "+12025550150,Cleo,Sunday\nnobody,Dan,\n"
)
CAMPAIGN = {
    "name": "Reminders",
    "call.task": "Remind them of the appointment on {{day}}.",
    "call.first_sentence": "Hello, this is Bright Smile Dental.",
    "pacing.max_concurrent": "1",
}


def test_who_comes_for_the_first_time_signs_in_looks_round_and_signs_out(browser, clinic):
    browser.open("/")
    assert browser.path.startswith("console/sign-in")
    assert browser.run("return document.activeElement.name") == "key"
    browser.sign_in("tc_test_" + "x" * 43)
    browser.wait_for("This key is not known.")
    assert len(browser.faults()) == 1  # its status, of which a browser tells
    browser.sign_in(clinic.key)
    assert "live calls" in browser.wait_for("Latest calls")
    browser.press("Sign out")
    browser.wait_for("You are signed out.")
    browser.open("/calls")
    assert browser.path.startswith("console/sign-in")


def test_a_call_is_placed_followed_spoken_into_stopped_and_heard(reader, clinic):
    reader.open("/calls")
    reader.unfold("Place a call", "phone_number")
    reader.fill("phone_number", NUMBERS["silent"])
    reader.fill("task", "Ask whether Tuesday at ten suits.")
    reader.press("Call")
    reader.wait_at("console/live/")
    call_id = reader.path.removeprefix("console/live/")
    reader.wait_true("return document.querySelectorAll('.turns li').length > 0")

    reader.driver.find_element("id", "say").send_keys(f"One moment, {SCRIPT} please.")
    reader.press("Say")
    reader.wait_for("The agent will say it.")
    reader.wait_for("One moment, <script>")
    assert "broken into" not in reader.driver.title
    reader.press("Hang up")
    assert reader.agree() == "Hang up this call?"
    reader.wait_at(f"console/calls/{call_id}", 60)

    clinic.wait_over(call_id)
    reader.open(f"/calls/{call_id}")
    reader.wait_true(DRAWN)
    last = reader.driver.find_elements("css selector", ".turns [data-seek]")[-1]
    last.click()
    at = int(last.get_attribute("data-seek")) / 1000
    reader.wait_true("return document.querySelector('.turns li.now')")
    assert reader.run("return document.querySelector('audio').currentTime") >= at
    assert reader.run("return [...document.querySelectorAll('.turns li')].pop().matches('.now')")


def test_calls_are_found_by_what_was_said_and_by_how_they_ended(reader, told):
    reader.open("/calls")
    reader.fill("search", "rachel goodbye")
    reader.press("Show")
    reader.wait_at("console/calls?")
    assert reader.run("return document.querySelector('[name=search]').value") == "rachel goodbye"
    assert reader.run(f"return !!document.querySelector('tbody a[href$=\"{told}\"]')")
    reader.fill("search", "zebra")
    reader.press("Show")
    reader.wait_for("No call is like that.")
    reader.press("Show all")
    reader.wait_true(f"{ROWS} > 0")
    reader.choose("status", "busy")
    reader.press("Show")
    reader.wait_for("No call is like that.")


def test_an_agent_is_written_published_and_talked_with(reader):
    reader.open("/agents")
    reader.press("New agent")
    reader.fill("name", f"Rachel {SCRIPT}")
    reader.fill("configuration.task", "Confirm the appointment of {{name}} on Tuesday at ten.")
    reader.fill("configuration.tools", "[{")
    reader.press("Keep as a draft")
    reader.wait_for("Something is not right yet")
    assert len(reader.faults()) == 1
    assert reader.run("return document.querySelector('[name=\"configuration.tools\"]').value") == (
        "[{"
    )
    reader.fill("configuration.tools", "")
    reader.press("Keep as a draft")
    reader.wait_for("The agent is made.")
    assert reader.driver.title == f"Rachel {SCRIPT} · TopCalls"
    reader.press("Publish version 1")
    reader.wait_for("It is published")

    reader.press("Chat with it")
    reader.fill("request_data.name", "Cleo")
    reader.press("Have it begin")
    reader.wait_true("return document.querySelectorAll('.turns li').length === 1")
    reader.fill("text", "Yes, that suits me.")
    reader.press("Say")
    reader.wait_true("return document.querySelectorAll('.turns li').length === 3")
    assert "Yes, that suits me." in reader.text
    reader.press("Begin anew")
    reader.wait_true("return document.querySelectorAll('.turns li').length === 0")


def test_leads_are_uploaded_and_their_campaign_rehearsed_run_and_changed(reader, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE)
    reader.open("/lists")
    reader.unfold("Make a list", "name")
    reader.fill("name", "Patients")
    reader.press("Make it")
    reader.wait_for("The list is made.")
    reader.driver.find_element("id", "file").send_keys(str(file))
    reader.press("Upload")
    assert "Done at" in reader.wait_for("Rows that were not taken")
    assert "100 %" in reader.run("return document.querySelector('progress').textContent")
    assert reader.run(REFUSED) == ["3", "5"]

    reader.press("the list")
    reader.press("2 leads")
    reader.wait_for(SCRIPT)
    assert "broken into" not in reader.driver.title
    assert NUMBERS["silent"] not in reader.text
    reader.driver.back()

    reader.press("New campaign of it")
    for name, value in CAMPAIGN.items():
        reader.fill(name, value)
    reader.press("Make the draft")
    reader.wait_for("It is ready to start.")
    reader.press("Rehearse")
    reader.wait_at("console/campaigns/")
    reader.press("Rehearse")
    reader.wait_for("What would come of it", 60)
    assert reader.run(PICTURES) == 2

    reader.press("Reminders")
    reader.press("Start")
    assert "People are called" in reader.agree()
    reader.wait_for("It is started.")
    reader.wait_for("in flight")
    reader.press("Pause")
    reader.wait_for("It is paused.")
    reader.press("Edit")
    reader.fill("pacing.max_concurrent", "2")
    reader.press("See what changes")
    assert "pacing.max_concurrent" in reader.wait_for("Nothing is changed yet.")
    reader.press("Change it")
    reader.wait_true("return document.querySelector('.note.done')")
    reader.press("Stop for good")
    reader.agree()
    reader.wait_for("It is stopped for good.")
