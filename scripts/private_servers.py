"""PostgreSQL and Redis of one test run: on free loopback ports, in a directory that goes away.

Each context manager gives a URL, or raises `Unavailable` saying why there is none. The servers are
children of this process and die with it, even when it is killed.
"""

import contextlib
import ctypes
import glob
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

READY_SECONDS = 30
STOP_SECONDS = 10
_SET_PARENT_DEATH_SIGNAL = 1
_LIBC = ctypes.CDLL(None)


class Unavailable(Exception):
    """This server cannot run here; the message says why."""


@contextlib.contextmanager
def postgres():
    """A PostgreSQL cluster; gives the URL of its superuser's database."""
    initdb = _postgres_program("initdb")
    account = _unprivileged_account()
    with _directory(account) as directory:
        password = secrets.token_urlsafe(12)
        _create_cluster(initdb, directory, password, account)
        port = _free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "max_connections": 100,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
        }
        options = [text for name in settings for text in ("-c", f"{name}={settings[name]}")]
        command = [_postgres_program("postgres"), "-D", str(directory / "data"), *options]
        is_ready = [_postgres_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        with _server(command, directory, is_ready, account):
            yield f"postgresql://topcalls:{password}@127.0.0.1:{port}/postgres"


@contextlib.contextmanager
def redis():
    """A Redis (or Valkey) that keeps nothing; gives its URL."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if not program:
        raise Unavailable("redis-server is not installed")
    with _directory(None) as directory:
        port = str(_free_port())
        where = ["--port", port, "--bind", "127.0.0.1", "--dir", str(directory)]
        command = [program, *where, "--save", "", "--appendonly", "no", "--daemonize", "no"]
        with _server(command, directory, lambda: _answers(int(port)), None):
            yield f"redis://127.0.0.1:{port}/0"


def _postgres_program(name):
    """Debian keeps the server's programs out of PATH, one directory per version."""
    packaged = sorted(
        glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda path: float(path.split("/")[4])
    )
    program = shutil.which(name)
    if name != "initdb":
        beside = Path(_postgres_program("initdb")).parent / name
        program = str(beside) if beside.exists() else program
    if not program and not packaged:
        raise Unavailable(f"PostgreSQL's {name} is not installed")
    return os.path.realpath(program or packaged[-1])


def _unprivileged_account():
    """PostgreSQL refuses to run as root: whom to run it as, or None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise Unavailable("running as root, and there is neither a user postgres nor nobody")


def _create_cluster(initdb, directory, password, account):
    password_file = directory / "password"
    password_file.write_text(password)
    if account:
        os.chown(password_file, account.pw_uid, account.pw_gid)
    made = subprocess.run(
        [initdb, "-D", directory / "data", "-U", "topcalls", "-E", "UTF8", "--locale=C"]
        + ["--auth=scram-sha-256", "--no-sync", f"--pwfile={password_file}"],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        **_as(account),
    )
    if made.returncode:
        raise Unavailable(f"initdb failed: {made.stderr.strip()}")


@contextlib.contextmanager
def _directory(account):
    directory = Path(tempfile.mkdtemp(prefix="topcalls-test-"))
    try:
        if account:
            os.chown(directory, account.pw_uid, account.pw_gid)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def _server(command, directory, is_ready, account):
    """Run `command` until the block ends. It leaves our session, so Ctrl-C does not reach it."""
    with (
        open(directory / "log", "wb") as log,
        subprocess.Popen(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_parent,
            **_as(account),
        ) as process,
    ):
        try:
            _wait_until_ready(process, is_ready, directory / "log")
            yield
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_ready(process, is_ready, log):
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        ready = is_ready() if callable(is_ready) else not subprocess.run(is_ready).returncode
        if ready:
            return
        time.sleep(0.05)
    lines = log.read_text(errors="replace").strip().splitlines()
    raise Unavailable(f"{process.args[0]} did not start: {lines[-1] if lines else 'no output'}")


def _as(account):
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def die_with_parent():
    """In a child, before its program runs: get SIGINT when the process that started it dies."""
    _LIBC.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGINT)


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
