"""A gateway behind a proxy: which one the environment names, and a real one by which real TLS goes."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from gateway_upstream import Upstream
from test_gateway_command import command

from recoup.errors import SettingsError
from recoup.gateway import GatewayOptions
from recoup.transports.origins import proxy_of, shown_proxy

NA = "sellingpartnerapi-na.amazon.com"
HOSTS = (NA, "api.amazon.com")
PROXY = "http://127.0.0.1:3128"


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"HTTPS_PROXY": PROXY}, PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://another:1"}, PROXY),
        ({"ALL_PROXY": PROXY}, PROXY),
        ({"ALL_PROXY": "http://another:1", "HTTPS_PROXY": PROXY}, PROXY),
        ({"HTTPS_PROXY": "127.0.0.1:3128"}, PROXY),
        ({"HTTP_PROXY": PROXY}, None),  # Amazon is called over https
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "localhost, intranet.example"}, PROXY),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "amazon.example,notamazon.com,zon.com"}, PROXY),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": NA}, None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "localhost,.Amazon.com"}, None),
        ({"HTTPS_PROXY": PROXY, "no_proxy": "*.amazon.com"}, None),
        ({"HTTPS_PROXY": PROXY, "no_proxy": "amazon.com"}, None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, None),
    ],
)
def test_the_proxy_that_the_environment_names(environment: dict[str, str], proxy: str | None) -> None:
    assert proxy_of(environment, NA) == proxy


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_is_called_without_one(host: str) -> None:
    assert proxy_of({"HTTPS_PROXY": PROXY}, host) is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (PROXY, PROXY),
        ("http://user:planted-password@proxy.example:3128/", "http://proxy.example:3128"),
        ("https://proxy.example", "https://proxy.example"),
        ("http://[::1]:3128", "http://[::1]:3128"),
    ],
)
def test_a_proxy_is_shown_without_its_password(url: str, shown: str) -> None:
    assert shown_proxy(url) == shown
    assert "planted" not in repr(GatewayOptions(proxy=url))


@pytest.mark.parametrize(
    "url", ["socks5://u:planted-password@proxy:1", "planted-password", "http://", "http://u:planted-password@p:port"]
)
def test_what_is_no_proxy_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(SettingsError, match="proxy: ") as caught:
        GatewayOptions(proxy=url)
    assert "planted" not in str(caught.value)


class TlsUpstream(Upstream):
    """The same in TLS, with a certificate for Amazon's hosts that nobody else trusts."""

    def __init__(self, certificate: Path) -> None:
        super().__init__()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), self._context.wrap_socket(connection, server_side=True) as wrapped:
            super()._serve(wrapped)


class Tunnels:
    """A proxy that opens tunnels, all of them to one server, and remembers what it was asked for."""

    def __init__(self, to: str, refuses: bool = False) -> None:
        self._to = int(to.rpartition(":")[2])
        self._refuses = refuses
        self.asked: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._tunnel, args=(connection,), daemon=True).start()

    def _tunnel(self, near: socket.socket) -> None:
        with near, suppress(OSError):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += near.recv(1)
            self.asked.append(head)
            if self._refuses:
                near.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with socket.create_connection(("127.0.0.1", self._to)) as far:
                back = threading.Thread(target=_copy, args=(far, near), daemon=True)
                back.start()
                _copy(near, far)
                back.join(20)

    def close(self) -> None:
        self._socket.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for Amazon's hosts, with its key; its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NA)])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "amazon.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def behind(certificate: Path, *, refuses: bool = False) -> Iterator[tuple[TlsUpstream, Tunnels]]:
    with TlsUpstream(certificate) as upstream:
        tunnels = Tunnels(upstream.url, refuses)
        try:
            yield upstream, tunnels
        finally:
            tunnels.close()


def test_amazon_is_called_by_the_proxy_and_trusted_as_the_environment_says(certificate: Path, tmp_path: Path) -> None:
    with behind(certificate) as (upstream, tunnels):
        environment = {
            "HTTPS_PROXY": f"http://user:planted-password@{tunnels.address}",
            "NO_PROXY": "",
            "SSL_CERT_FILE": str(certificate),
        }
        with command(log=tmp_path / "log", **environment) as (_, said):
            assert said["proxy"] == f"http://{tunnels.address}"
            response = httpx2.get(said["url"] + "/orders/v0/orders", trust_env=False)
            assert response.status_code == 200
            assert response.headers["x-recoup-decision"] == "done"
        assert [head.split(b" ")[1] for head in tunnels.asked] == [b"api.amazon.com:443", f"{NA}:443".encode()]
        assert all(b"proxy-authorization: basic" in head.lower() for head in tunnels.asked)
        assert (len(upstream.logins), upstream.calls[0].get("host")) == (1, NA)
        assert upstream.calls[0].get("x-amz-access-token") == "Atza|planted-access"
        assert "planted" not in (tmp_path / "log").read_text()


def test_a_proxy_that_refuses_is_told_as_nobody_reached(certificate: Path, tmp_path: Path) -> None:
    with behind(certificate, refuses=True) as (upstream, tunnels):
        environment = {"HTTPS_PROXY": f"http://{tunnels.address}", "NO_PROXY": ""}
        with command(log=tmp_path / "log", **environment) as (_, said):
            fields = {"x-amz-access-token": "Atza|planted-own", "x-recoup-deadline": "5"}
            response = httpx2.post(said["url"] + "/x", headers=fields, trust_env=False, timeout=30)
        assert response.status_code == 502
        assert response.json()["errors"][0]["code"] == "Unreachable"
        assert "407" in response.text
        assert "x-recoup-unknown-outcome" not in response.headers
        assert upstream.calls == []
        assert all(b"planted-own" not in head for head in tunnels.asked)
