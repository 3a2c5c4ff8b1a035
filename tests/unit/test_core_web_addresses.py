"""What the text of a customer's URL alone gives away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.web_addresses import EVERYWHERE, MAX_LENGTH, Reach, endpoint, fault

pytestmark = pytest.mark.unit

PRIVATE = """
    localhost LOCALHOST localhost. a.localhost db.internal metadata.google.internal printer.local
    router.lan box.home.arpa 127.0.0.1 10.0.0.1 169.254.169.254 0.0.0.0 [::1] [::]
    [fd00:ec2::254] [fe80::1] [::ffff:10.0.0.1] [::ffff:169.254.169.254]
    2130706433 0x7f000001 0X7F.1 017700000001 0251.0376.0251.0376 127.1 127.0.1 0 0x 1.1.1 8.8.8.8.
    example.1 2852039166
"""
PUBLIC = """
    example.com EXAMPLE.com. xn--bcher-kva.example bücher.example 8.8.8.8 [2606:4700:4700::1111]
    127.0.0.1.nip.io 0x7f.example local internal.example a1 1a 9.example
"""


@pytest.mark.parametrize("host", PRIVATE.split())
def test_a_private_host_is_refused_in_every_spelling(host):
    wrong = fault(f"https://{host}/hook", "webhook_url")
    assert wrong is not None
    assert (wrong.path, wrong.code) == ("webhook_url", "private_address")
    assert fault(f"https://{host}/hook", "webhook_url", EVERYWHERE) is None


@pytest.mark.parametrize(
    ("url", "is_admitted"),
    [
        ("http://127.0.0.1:8025/", True),
        ("http://127.0.0.1:8025/slow?x=1", True),
        ("http://127.0.0.1:8026/", False),
        ("http://127.0.0.2:8025/", False),
        ("http://localhost:8025/", False),
        ("http://127.0.0.1/", False),
        ("https://10.0.0.1/", True),
        ("https://10.0.0.1:443/", True),
        ("http://10.0.0.1/", False),
        ("http://169.254.169.254/", False),
    ],
)
def test_some_private_addresses_may_be_admitted_alone(url, is_admitted):
    allowed = frozenset({"127.0.0.1:8025", "10.0.0.1:443"})
    assert (fault(url, "webhook_url", Reach(allowed)) is None) is is_admitted
    assert fault("https://example.com/", "webhook_url", Reach(allowed)) is None


@pytest.mark.parametrize("host", PUBLIC.split())
def test_a_public_host_is_not(host):
    assert fault(f"https://{host}/hook", "webhook_url") is None


@given(
    url=st.one_of(
        st.text(max_size=60),
        st.builds("{}://{}".format, st.sampled_from(["http", "https", "ftp", ""]), st.text()),
        st.none() | st.integers() | st.lists(st.text()),
    )
)
def test_anything_gets_a_verdict(url):
    wrong = fault(url, "tools.0.url")
    if wrong is None:
        assert url.startswith(("http://", "https://")) or url.lower().startswith("http")
        assert len(url) <= MAX_LENGTH
    else:
        assert (wrong.path, wrong.message.endswith(".")) == ("tools.0.url", True)


OURS = Reach(private=True, own=frozenset({"calls.example.com:443", "127.0.0.1:8080", "::1:8080"}))


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        ("https://calls.example.com/v1/calls", True),
        ("https://CALLS.example.com./", True),
        ("https://calls.example.com:443/recordings/x", True),
        ("https://user@calls.example.com/", True),
        ("http://127.0.0.1:8080/hook", True),
        ("http://[::1]:8080/hook", True),
        ("http://calls.example.com/", False),
        ("https://calls.example.com:8443/", False),
        ("https://example.com/calls.example.com", False),
        ("http://127.0.0.1:8081/hook", False),
    ],
)
def test_our_own_servers_are_no_receivers(url, is_ours):
    wrong = fault(url, "tools.0.url", OURS)
    if is_ours:
        assert (wrong.path, wrong.code) == ("tools.0.url", "own_address")
    else:
        assert wrong is None


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://example.com/a", "example.com:443"),
        ("http://Example.com.:81", "example.com:81"),
        ("http://[::1]/", "::1:80"),
        ("example.com", ""),
        ("http://[", ""),
        ("http://example.com:port/", ""),
        ("", ""),
    ],
)
def test_the_server_of_an_address(url, named):
    assert endpoint(url) == named
