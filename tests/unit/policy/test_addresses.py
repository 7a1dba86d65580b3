"""No stranger's URL may point at the operator's own machines."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from podfetch_tui.policy.addresses import (
    host_refusal,
    is_allowed,
    literal_address,
    parse_networks,
    port_allowed,
)


def _words(table: str) -> list[str]:
    return table.split()


REFUSED = _words(
    """
127.0.0.1 127.0.0.2 127.1.2.3 127.255.255.254 127.255.255.255 0.0.0.0 0.0.0.1 0.1.2.3
10.0.0.1 10.255.255.255 10.1.1.1 172.16.0.1 172.31.255.255 172.20.10.1 192.168.0.1
192.168.1.1 192.168.255.255 169.254.169.254 169.254.0.1 169.254.170.2 169.254.255.255
100.64.0.1 100.100.100.200 100.127.255.255 168.63.129.16 192.0.0.1 192.0.0.8 192.0.0.9
192.0.0.170 192.0.0.192 192.0.0.255 192.0.2.1 192.0.2.255 192.88.99.1 192.88.99.255
198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 203.0.113.255 224.0.0.1 224.0.0.251
239.255.255.250 239.255.255.255 240.0.0.1 250.1.1.1 255.255.255.254 255.255.255.255
2130706433 017700000001 0x7f000001 0X7F000001 0x7f.1 0x7F.0.0.1 0x7f.0x0.0x0.0x1 127.1
127.0.1 0177.0.0.1 0177.0.0.01 0177.1 00000177.0.0.1 127.0.0.01 127.00.0.1 127.000.000.001
127.0.0.1. 127.1. 2130706433. 0x7f000001. 0 0. 0x0 00 0x 1 127 2852039166 0xa9fea9fe
0xA9.0xFE.0xA9.0xFE 0251.0376.0251.0376 169.254.43518 169.16689662 3232235777 0xc0a80101
192.168.257 192.11010305 10.1 012.1 0xa.1 167772161 4294967295 4294967296 99999999999
18446744073709551617 256.256.256.256 1.2.3.256 1.2.3.4.5 1.2.3.4. 8.8.8.8. 08.8.8.8
134744072 0x08080808 8.8.2056 010.010.010.010 example.com.127 a.0x7f foo.0 foo.09 foo.1.
:: ::1 [::1] [::] [0:0:0:0:0:0:0:1] [0000:0000:0000:0000:0000:0000:0000:0001] ::0001
[::ffff:127.0.0.1] [::ffff:7f00:1] [::FFFF:10.0.0.1] [::ffff:0:127.0.0.1] [::ffff:8.8.8.8]
::ffff:a9fe:a9fe [::127.0.0.1] [::7f00:1] [::8.8.8.8] [::2] [0:0:0:0:0:ffff:127.0.0.1]
[64:ff9b::7f00:1] [64:ff9b::a9fe:a9fe] [64:ff9b::8.8.8.8] [64:ff9b::127.0.0.1]
[64:ff9b:1::1] [64:ff9b:1:ffff::a9fe:a9fe] [2002:7f00:1::] [2002:7f00:1::1]
[2002:a9fe:a9fe::1] [2002:c0a8:101::] [2002:808:808::1] [2001::1] [2001:0:53aa:64c::1]
[2001:0:4136:e378:8000:63bf:80ff:fffe] [2001:2::1] [2001:10::1] [2001:20::1] [2001:1ff::1]
[2001:db8::1] [2001:db8:ffff::1] [3fff::1] [3fff:fff::1] [3ffe::1] [100::1] [fc00::1]
[fd00::1] [fd00:ec2::254] [fd20:ce::254] [fdff:ffff::1] [fe80::1] [fe80::1%eth0] [fe80::1%1]
[febf::1] [fec0::1] [feff::1] [ff01::1] [ff02::1] [ff02::fb] [ff05::2] [ff0e::1] [4000::1]
[5f00::1] [8000::1] [e000::1] [1::1] [0100:0:0:1::1] [::1%lo] [2606:4700:4700::1111%eth0]
[::1 ::1] [127.0.0.1] [] [::g] [1:2:3] [::ffff:127.0.0.256] [2001:db8::1::2]
"""
)

PUBLIC = _words(
    """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1
168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.1 172.15.255.255 172.32.0.1
191.255.255.255 192.0.1.1 192.0.3.1 192.88.98.1 192.167.255.255 192.169.0.1 198.17.255.255
198.20.0.1 203.0.112.1 203.0.114.1 223.255.255.255 [2606:4700:4700::1111]
[2001:4860:4860::8888] [2001:200::1] [2400:cb00::1] [2a00:1450:4001::1] [2620:0:2d0::1]
[2003::1] [3000::1] 2606:4700::1
"""
)

NAMES = _words(
    """
example.com localhost localhost. feeds.example.org. a xn--bcher-kva.example 1.example 0x7f.com
127.0.0.1.example.com 127-0-0-1.example 0xyz abc.0xg 1e100.net a.b.c.d dead.beef face
"""
)


def test_the_table_holds_enough_spellings() -> None:
    assert len(set(REFUSED)) >= 160


@pytest.mark.parametrize("host", sorted(set(REFUSED)))
def test_no_spelling_of_a_non_public_address_passes(host: str) -> None:
    assert host_refusal(host)


@pytest.mark.parametrize("host", PUBLIC)
def test_neighbours_of_refused_ranges_pass(host: str) -> None:
    assert host_refusal(host) is None


@pytest.mark.parametrize("host", NAMES)
def test_a_name_is_not_taken_for_an_address(host: str) -> None:
    assert literal_address(host) is None
    assert host_refusal(host) is None


def test_the_reason_is_a_word_for_humans() -> None:
    assert is_allowed("127.0.0.1") == "loopback"
    assert is_allowed("169.254.169.254") == "link-local"
    assert is_allowed(ip_address("::1")) == "loopback"
    assert is_allowed("2001:0:53aa:64c::1") == "Teredo"
    assert is_allowed("rubbish") == "not an address"


def test_an_opened_network_opens_only_itself() -> None:
    allow = parse_networks(["127.0.0.0/8", "fd00::/8"])
    assert is_allowed("127.0.0.9", allow) is None
    assert is_allowed("fd00::1", allow) is None
    assert is_allowed("10.0.0.1", allow) == "private"
    assert is_allowed("::1", allow) == "loopback"
    assert is_allowed("::ffff:127.0.0.1", allow) == "IPv4-mapped"
    assert is_allowed("64:ff9b::7f00:1", allow) == "NAT64"
    assert host_refusal("0x7f.1", allow) == "an address in an unusual spelling"


@pytest.mark.parametrize(
    ("network", "public", "hidden"),
    [
        ("64:ff9b::/96", "64:ff9b::808:808", "64:ff9b::7f00:1"),
        ("::ffff:0:0/96", "::ffff:8.8.8.8", "::ffff:169.254.169.254"),
        ("2002::/16", "2002:808:808::1", "2002:a00:1::1"),
        ("2001::/32", "2001:0:808:808:0:0:f7f7:f7f7", "2001:0:808:808:0:0:80ff:fffe"),
    ],
)
def test_an_opened_tunnel_does_not_open_what_is_behind_it(
    network: str, public: str, hidden: str
) -> None:
    allow = parse_networks([network])
    assert is_allowed(public, allow) is None
    assert is_allowed(hidden, allow)
    assert is_allowed(hidden, parse_networks([network, "0.0.0.0/0"])) is None


def test_a_list_of_networks_names_its_wrong_member() -> None:
    assert [str(n) for n in parse_networks([" 10.0.0.0/8", "::1"])] == ["10.0.0.0/8", "::1/128"]
    with pytest.raises(ValueError, match=r"'10\.0\.0\.1/8' is not a network"):
        parse_networks(["192.168.0.0/16", "10.0.0.1/8"])


@pytest.mark.parametrize("port", [80, 443, 1024, 8000, 8080, 8443, 49152, 65535])
def test_web_ports_are_open(port: int) -> None:
    assert port_allowed(port) is None


@pytest.mark.parametrize(
    "port", [-1, 0, 1, 22, 25, 53, 81, 110, 143, 445, 993, 1023, 3306, 5432, 6379, 11211, 65536]
)
def test_ports_of_other_services_are_closed(port: int) -> None:
    assert port_allowed(port)
