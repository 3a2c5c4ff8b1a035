"""The console in a real browser: who is let in, and other ways to look at it."""

from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from browser_rig import PHONE, WIDE
from gates import Gate
from scenarios import NUMBERS
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]
TURNS = "return [...document.querySelectorAll('.turns li')].map(line => line.textContent.trim())"
MENU = "return [...document.querySelectorAll('.menu nav a')].map(link => link.innerText)"
OFFERED = (
    "return [...document.querySelectorAll('form[method=post] button')].map(one => one.innerText)"
)
LINKS = "return [...document.querySelectorAll('main nav a')].map(one => one.getAttribute('href'))"
SECTIONS = (
    "return [...document.querySelectorAll('.menu nav a')].map(one => one.getAttribute('href'))"
)
FORMS = ("/campaigns/new", "/agents/new", "/carriers/new", "/leads/new")
WIDTH = "return document.documentElement.scrollWidth"
PALE = Path(__file__).with_name("pale_texts.js").read_text()
"""Finds texts that stand out less than WCAG 2 asks of AA from what is behind them."""


@pytest.fixture(scope="module")
def pages(window, clinic, told):
    """Every page of the menu and of the tabs beneath, forms, and those of a call."""
    window.forget()
    window.open("/sign-in")
    window.sign_in(clinic.key)
    window.wait_at("console/")
    found = dict.fromkeys(window.run(SECTIONS))
    assert len(found) == 13
    for page in [*found]:
        window.open(page.removeprefix("/console"))
        found |= dict.fromkeys(link for link in window.run(LINKS) if "?" not in link)
    assert window.faults() == []
    return [*(page.removeprefix("/console") for page in found), *FORMS, f"/calls/{told}"]


# --- who is not let in, or not to all


def test_whoever_is_signed_out_meanwhile_comes_back_to_where_they_were(reader, clinic):
    reader.open("/live")
    reader.command("Network.clearBrowserCookies")
    reader.wait_at("console/sign-in")
    reader.sign_in(clinic.key)
    reader.wait_at("console/live")
    assert "Live calls" in reader.text


def test_a_session_ends_with_its_key(browser, clinic):
    key = clinic.new_key("calls:read")
    browser.open("/calls")
    browser.sign_in(key)
    browser.wait_at("console/calls")
    found = clinic.request("GET", "/v1/account/keys").body["data"]
    (key_id,) = (one["id"] for one in found if key.startswith(one["prefix"]))
    clinic.request("DELETE", f"/v1/account/keys/{key_id}")
    assert "Sign in again." in browser.open("/calls")
    assert browser.path.startswith("console/sign-in")


def test_a_key_is_shown_no_more_than_it_may(browser, clinic, told):
    call_id = clinic.place()
    browser.open("/calls")
    browser.sign_in(clinic.new_key("calls:read"))
    browser.wait_at("console/calls")
    assert browser.run(MENU) == ["Overview", "Live", "Calls", "Analytics", "Settings"]
    reading = {"Sign out", "Show the number", "Save all of these as CSV"}
    pages = (
        "/",
        "/live",
        f"/live/{call_id}",
        "/calls",
        f"/calls/{told}",
        "/analytics",
        "/usage",
        "/settings",
    )
    for page in pages:
        assert "TopCalls" in browser.open(page)
        assert set(browser.run(OFFERED)) <= reading, page
    assert browser.faults() == []
    assert "Your key does not allow that" in browser.open("/leads")
    assert len(browser.faults()) == 1  # its status, of which a browser tells
    clinic.hang_up(call_id)


def test_forged_forms_do_nothing(reader, clinic):
    before = clinic.request("GET", "/v1/calls").body["data"]
    form = (
        f'<form method="post" action="{reader.url}/console/calls">'
        f'<input name="phone_number" value="{NUMBERS["talk"]}"><input name="task" value="Pay">'
        "<button>Win</button></form>"
    )
    reader.driver.get("data:text/html," + quote(form))
    reader.press("Win")
    reader.wait_at("console/")
    assert "Sign out" in reader.open("/calls")
    reader.run("document.body.innerHTML = arguments[0]", form)
    reader.press("Win")
    reader.wait_for("Nothing was changed.")
    reader.faults()  # each was refused with a status, of which a browser tells
    made = clinic.request("GET", "/v1/calls").body["data"]
    assert [call["id"] for call in made] == [call["id"] for call in before]


# --- other ways to look at it


def test_without_scripts_pages_read_and_forms_work(reader, told):
    reader.scripts(allowed=False)
    reader.show(PHONE)
    reader.open("/")
    reader.press("Menu")
    reader.press("Calls")
    reader.wait_at("console/calls")
    assert "Hi, this is Rachel." in reader.open(f"/calls/{told}")
    assert "What happened" in reader.text
    assert "Load the page again" in reader.open("/live")
    reader.open("/lists")
    reader.unfold("Make a list", "name")
    reader.fill("name", "Without scripts")
    reader.press("Make it")
    reader.wait_for("The list is made.")


def test_a_stream_that_is_cut_goes_on_without_loss_or_duplicates(reader, clinic):
    call_id = clinic.place()
    with closing(Gate(reader.url)) as gate:
        reader.driver.get(f"{gate.url}/console/live/{call_id}")
        reader.wait_for("Rachel")
        clinic.say(call_id, "This is number one.")
        reader.wait_for("number one.")
        with gate.shut():
            clinic.say(call_id, "This is number two.")
        clinic.say(call_id, "This is number three.")
        reader.wait_for("number three.")
        shown = reader.run(TURNS)
    numbers = [turn.partition("number ")[2] for turn in shown if "number" in turn]
    assert numbers == ["one.", "two.", "three."]
    assert len(shown) == len(set(shown))
    clinic.hang_up(call_id)
    reader.driver.get("about:blank")
    reader.faults()  # the connections that were cut


def test_a_keyboard_is_enough(reader):
    keys = ActionChains(reader.driver)

    def go_to(words):
        for _ in range(60):
            keys.send_keys(Keys.TAB).perform()
            if reader.run("return document.activeElement.innerText.trim()") == words:
                assert reader.run("return document.activeElement.matches(':focus-visible')")
                return
        raise AssertionError(f"no key leads to {words!r} at {reader.path}")

    reader.open("/")
    go_to("To the page")
    keys.send_keys(Keys.ENTER).perform()
    assert reader.run("return document.activeElement.id") == "page"
    reader.open("/")
    go_to("Leads")
    keys.send_keys(Keys.ENTER).perform()
    reader.wait_at("console/leads")
    go_to("New lead")
    keys.send_keys(Keys.ENTER).perform()
    reader.wait_at("console/leads/new")


def test_a_phone_has_a_menu_and_no_page_that_scrolls_sideways(reader, pages):
    reader.show(PHONE)
    reader.open("/")
    assert not reader.sees(".menu nav")
    reader.press("Menu")
    assert reader.sees(".menu nav")
    wide = {page: reader.run(WIDTH) for page in pages if reader.open(page)}
    assert {page: width for page, width in wide.items() if width > PHONE[0]} == {}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_is_without_fault_and_its_texts_stand_out(reader, pages, dark):
    reader.show(WIDE, dark=dark)
    for page in pages:
        assert "Something went wrong" not in reader.open(page), page
        assert reader.run(PALE) == [], page
        assert reader.faults() == [], page
