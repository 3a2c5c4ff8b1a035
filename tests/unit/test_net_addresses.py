"""Private addresses in every disguise."""

import pytest

from topcalls.net.addresses import is_public

pytestmark = pytest.mark.unit

_PRIVATE = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.254 127.0.0.1 127.255.255.254 169.254.169.254
    172.16.0.1 172.31.255.255 192.0.2.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1
    239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:224.0.0.1
    fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 fec0::1 ff02::1 2001:db8::1 100::1
    2002:7f00:1:: 2002:a00:1:: 64:ff9b::7f00:1 64:ff9b::a00:1
    168.63.129.16 192.0.0.8 192.0.0.192 192.88.99.1 ::ffff:168.63.129.16 ::ffff:192.0.0.192
    64:ff9b::a9fe:a9fe 64:ff9b:1::a9fe:a9fe 64:ff9b:1::808:808 2002:a9fe:a9fe:: ::a9fe:a9fe
    ::ffff:0:127.0.0.1 3fff::1
    2001:0:4136:e378:8000:63bf:80ff:fffe 2001:0:a00:1:8000:63bf:f7f7:f7f7
"""

_PUBLIC = """
    1.1.1.1 8.8.8.8 93.184.216.34 100.63.255.255 100.128.0.1 172.32.0.1 223.255.255.1
    2606:4700:4700::1111 2a00:1450:4001:81b::200e ::ffff:8.8.8.8 2002:808:808:: 64:ff9b::808:808
"""


@pytest.mark.parametrize("address", _PRIVATE.split())
def test_private(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", _PUBLIC.split())
def test_public(address):
    assert is_public(address)
