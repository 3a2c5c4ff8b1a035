"""A browser before the console of the running product: Debian's Chromium, driven by its driver."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import waiting
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
MISSING = [name for name, path in (("chromium", CHROMIUM), ("chromedriver", DRIVER)) if not path]
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-proxy-server",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
)
WIDE, PHONE = (1280, 900), (390, 844)
LIMIT = 20
SHOWN = "return [...document.querySelectorAll(arguments[0])].filter(one => one.checkVisibility())"
"""Selenium takes for hidden what stands in `<details>`, whatever its style."""

NAMED = f"{SHOWN}.find(one => one.innerText.trim() === arguments[1])"


class Browser:
    """One window. Nothing in it is left from one test to the next but what `forget` leaves."""

    def __init__(self, profile: Path, url: str) -> None:
        options = ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = Chrome(options=options, service=ChromeService(DRIVER))
        self.url = url

    def close(self) -> None:
        self.driver.quit()

    def forget(self) -> None:
        """A new window of somebody who is not signed in, on a wide screen that is light."""
        self.driver.get("about:blank")
        self.command("Network.clearBrowserCookies")
        self.show(WIDE)
        self.scripts(allowed=True)
        self.driver.get_log("browser")

    def command(self, name: str, **values: object) -> None:
        """One of Chromium's own."""
        self.driver.execute_cdp_cmd(name, values)

    def show(self, size: tuple[int, int], *, dark: bool = False) -> None:
        """Look at pages on a screen of this size."""
        width, height = size
        is_phone = width < 600
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=is_phone,
        )
        wishes = {
            "prefers-color-scheme": "dark" if dark else "light",
            "prefers-reduced-motion": "reduce",  # a page that still scrolls cannot be pressed
        }
        features = [{"name": name, "value": value} for name, value in wishes.items()]
        self.command("Emulation.setEmulatedMedia", features=features)

    def scripts(self, *, allowed: bool) -> None:
        """Whether pages that are opened from now on may run any."""
        self.command("Emulation.setScriptExecutionDisabled", value=not allowed)

    def faults(self) -> list[str]:
        """What the browser had to say against pages since the last time it was asked: refusals by
        their policy, scripts that fail."""
        told = self.driver.get_log("browser")
        return [entry["message"] for entry in told if entry["level"] == "SEVERE"]

    # --- to read

    @property
    def path(self) -> str:
        """Where it is, without the server."""
        return self.driver.current_url.partition("://")[2].partition("/")[2]

    @property
    def text(self) -> str:
        """What is read on the page."""
        return str(self.run("return document.body.innerText"))

    def run(self, script: str, *arguments: object) -> object:
        """What a script of the test finds out on the page."""
        return self.driver.execute_script(script, *arguments)

    def sees(self, selector: str) -> bool:
        """Whether something like that is shown."""
        return bool(self.run(SHOWN, selector))

    def wait_for(self, words: str, seconds: float = LIMIT) -> str:
        """Wait until these are read; the whole text then."""
        return self._wait(lambda: words in self.text and self.text, repr(words), seconds)

    def wait_at(self, path: str, seconds: float = LIMIT) -> None:
        """Wait until it is at an address that begins so."""
        self._wait(lambda: self.path.startswith(path), path, seconds)

    def wait_true(self, script: str, seconds: float = LIMIT) -> object:
        """Wait until a script finds something; what it finds."""
        return self._wait(lambda: self.run(script), script, seconds)

    def _wait(self, condition, what, seconds):
        def look():
            try:
                return condition()
            except StaleElementReferenceException:  # the page was left in between
                return None

        return waiting.until(look, lambda: f"no {what} at {self.path}: {self.text}", seconds)

    # --- to do

    def open(self, path: str) -> str:
        """A page of the console; its text."""
        self.driver.get(f"{self.url}/console{path}")
        return self.text

    def fill(self, name: str, value: str) -> None:
        """Write into the field of this name, instead of what is in it."""
        field = self.driver.find_element(By.NAME, name)
        field.clear()
        field.send_keys(value)

    def choose(self, name: str, value: str) -> None:
        """An entry of the list of this name."""
        Select(self.driver.find_element(By.NAME, name)).select_by_value(value)

    def unfold(self, words: str, name: str) -> None:
        """Press what is folded, unless its field of this name is shown already."""
        if not self.sees(f"[name={name}]"):
            self.press(words)

    def press(self, words: str) -> None:
        """The button, link or summary of these words, once there is one."""
        found = self._wait(lambda: self.run(NAMED, "button, a, summary", words), words, LIMIT)
        with suppress(StaleElementReferenceException):  # of a page that was left by it
            found.click()

    def agree(self) -> str:
        """Say yes to what the page asks; the question."""
        question = self.driver.switch_to.alert
        words = question.text
        question.accept()
        return words

    def sign_in(self, key: str) -> None:
        """With the form that is shown."""
        self.fill("key", key)
        self.press("Sign in")
