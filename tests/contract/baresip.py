"""A telephone at a carrier's end of TLS and SRTP: baresip, which answers, speaks and writes down.

It is a program of its own, so that our crypto meets a stranger's.
"""

import shutil
import subprocess
import wave
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import gevent
import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

MODULES = next(Path("/usr").glob("lib*/**/baresip/modules"), None)
PROGRAM = shutil.which("baresip")

_SETTINGS = """\
sip_listen {host}:{port}
sip_certificate {directory}/certificate.pem
audio_source aufile,{directory}/speech.wav
audio_player aubridge,nobody
audio_srate 8000-48000
audio_channels 1-1
rtp_ports {rtp}-{last_rtp}
module_path {modules}
module g711.so
module aufile.so
module aubridge.so
module srtp.so
module sndfile.so
snd_path {directory}
module_tmp account.so
module_app menu.so
"""


class Baresip:
    """It is called by its number. `port` is where it listens for SIP, `tls_port` where over TLS."""

    def __init__(self, directory, host, port, certificate, speech, *, number, media="srtp-mand"):
        self.directory, self.port, self.tls_port = directory, port, port + 1
        directory.mkdir()
        (directory / "certificate.pem").write_text(certificate)
        with wave.open(str(directory / "speech.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(speech)
        rtp = 15000 + port % 400 * 10
        (directory / "config").write_text(
            _SETTINGS.format(
                host=host,
                port=port,
                directory=directory,
                rtp=rtp,
                last_rtp=rtp + 8,
                modules=MODULES,
            )
        )
        encryption = f";mediaenc={media}" if media else ""
        account = f"<sip:{number}@{host}>;regint=0;answermode=auto;audio_codecs=pcmu{encryption}"
        (directory / "accounts").write_text(account + "\n")
        self._log = (directory / "log").open("wb")
        self._process = subprocess.Popen(
            [PROGRAM, "-f", str(directory), "-4", "-s"],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._wait_for("baresip is ready")

    @property
    def log(self):
        return (self.directory / "log").read_text(errors="replace")

    def heard(self):
        """All that came, L16 at 8 kHz, of its one call."""
        (file,) = self.directory.glob("dump-*-dec.wav")
        raw = file.read_bytes()[44:]  # the header is completed at the end
        return np.frombuffer(raw[: len(raw) & ~1], "<i2").tobytes()

    def close(self):
        self._process.kill()
        self._process.wait(10)
        self._process.stdin.close()
        self._log.close()

    def _wait_for(self, words, seconds=15):
        with gevent.Timeout(seconds, AssertionError(f"no {words!r}: {self.log}")):
            while words not in self.log:
                assert self._process.poll() is None, self.log
                gevent.sleep(0.05)


class Authority:
    """Signs certificates for addresses. `pem` is what those who trust it are given."""

    def __init__(self, name):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.pem = _pem(self._build(self._name, self._key, is_authority=True))

    def certificate(self, host):
        """Certificate and key for a host, as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        made = self._build(name, key, is_authority=False, host=host)
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return _pem(made) + secret.decode()

    def _build(self, name, key, *, is_authority, host=None):
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        )
        if host is not None:
            address = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
            builder = builder.add_extension(address, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
