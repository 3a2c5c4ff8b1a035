"""Every command of the guides is run, in order, on a product that is as a reader's."""

import shutil

import pytest
from guides import ADDRESS, GUIDES, KEY, RECEIVER, ROOT, Terminal
from product import Product, free_port

from topcalls.services.keys import SCOPES

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.timeout(380),
    pytest.mark.skipif(
        not (shutil.which("jq") and shutil.which("curl")), reason="needs jq and curl"
    ),
]
SECONDS = 180
ALONE_SECONDS = 300

TASKS = (
    "first_call",
    "connect_a_trunk",
    "inbound_reception",
    "campaign",
    "compliance",
    "tools",
    "knowledge",
    "webhooks",
    "tuning",
)
ALONE = ("scaling_out",)
"""What changes the product for everybody comes when all others are through."""


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """A product of its own: a guide may change what others rely on."""
    product = Product(tmp_path_factory.mktemp("guides")).start()
    yield product
    assert product.stop() == 0


@pytest.fixture(scope="module")
def open_terminal(product, tmp_path_factory):
    """Open a terminal and run a page in it, as the owner of an account with the first key."""
    opened = []

    def open_it(page, key=None):
        directory = tmp_path_factory.mktemp("reader")
        (directory / "var").symlink_to(product.directory / "var")
        key = key or first_key(product)
        put_in = {ADDRESS: product.url, KEY: key, RECEIVER: str(free_port())}
        environment = {**product.environment, "TOPCALLS_API_KEY": key}
        opened.append(Terminal(page, directory, environment, put_in))
        return opened[-1]

    yield open_it
    for terminal in opened:
        terminal.close()


def first_key(product):
    """That of a new account, with all scopes, as the first start shows one."""
    return product.new_key(",".join(SCOPES), product.new_account("Reader"))


@pytest.fixture(scope="module")
def readers(open_terminal):
    """Terminals of all who follow a guide side by side, by its name."""
    return {name: open_terminal(page_of(name)) for name in TASKS}


def page_of(name):
    return (GUIDES / f"{name}.md").read_text()


@pytest.mark.parametrize("name", TASKS)
def test_a_guide_leads_where_it_says(readers, name):
    assert readers[name].finish(SECONDS) == []


@pytest.mark.parametrize("name", ALONE)
def test_a_guide_that_changes_the_installation_leads_where_it_says(readers, open_terminal, name):
    for reader in readers.values():
        reader.finish(SECONDS)
    assert open_terminal(page_of(name)).finish(ALONE_SECONDS) == []


def test_the_first_commands_of_the_readme_place_a_call(product, open_terminal):
    text = (ROOT / "README.md").read_text()
    section = text.partition("## Place a call\n")[2].partition("\n## ")[0]
    key = first_key(product)
    assert open_terminal(section, key).finish(SECONDS) == []
    (call,) = product.request("GET", "/v1/calls", key=key).body["data"]
    assert call["phone_number"] == "+12025550107"


def test_what_to_look_at_in_trouble_can_be_looked_at(product, open_terminal):
    key = first_key(product)
    body = {"phone_number": "+12025550101", "task": "Say that this is a test."}
    call_id = product.request("POST", "/v1/calls", body, key=key).body["call_id"]
    product.wait_at(f"/v1/calls/{call_id}", lambda call: call["status"] == "failed", key=key)
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    assert open_terminal(page, key).finish(SECONDS) == []
