"""A TypeScript client that is generated from the OpenAPI document: its types are those meant."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import api_contract
import pytest

pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]
PROJECT = Path(__file__).parents[1] / "data" / "typescript"
NAMES = ("package.json", "package-lock.json", ".npmrc")
LIMIT = 280
GENERATED = "schema.d.ts"


def run(*command, cwd):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=LIMIT)


@pytest.fixture(scope="module")
def tools():
    """A folder with the generator and the compiler of the lock file, kept for the next run."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("Node.js with npm is not on this machine.")
    texts = b"".join((PROJECT / name).read_bytes() for name in NAMES)
    kept = Path(sys.prefix) / "typescript" / hashlib.sha256(texts).hexdigest()[:16]
    if not kept.exists():
        making = kept.with_name(f"{kept.name}.{os.getpid()}")
        making.mkdir(parents=True)
        for name in NAMES:
            shutil.copy(PROJECT / name, making)
        done = run("npm", "ci", "--ignore-scripts", cwd=making)
        if done.returncode:
            shutil.rmtree(making)
            if is_far(done.stderr):
                pytest.skip("The npm registry cannot be reached from this machine.")
            pytest.fail(done.stderr)
        making.rename(kept)
    return kept


def is_far(text):
    """npm got nothing, as against: it got something else than what the lock file says."""
    far = (
        "ENOTFOUND",
        "EAI_AGAIN",
        "ECONNREFUSED",
        "ECONNRESET",
        "ETIMEDOUT",
        "ENETUNREACH",
        "E403",
    )
    return any(f"code {name}" in text for name in far)


@pytest.fixture(scope="module")
def generated(tools, tmp_path_factory):
    """A folder with the types of the document and uses of them."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(json.dumps(api_contract.document()))
    (folder / "node_modules").symlink_to(tools / "node_modules")
    for name in ("package.json", "tsconfig.json", "uses.ts"):
        shutil.copy(PROJECT / name, folder)
    program = "node_modules/openapi-typescript/bin/cli.js"
    options = ("--default-non-nullable=false", "-o", GENERATED)
    made = run("node", program, "openapi.json", *options, cwd=folder)
    assert made.returncode == 0, made.stderr
    return folder


def test_uses_of_the_client_are_right_to_the_compiler(generated):
    checked = run("node", "node_modules/typescript/bin/tsc", "--strict", "--noEmit", cwd=generated)
    assert checked.returncode == 0, checked.stdout


def test_every_operation_has_a_name_and_no_answer_is_anything(generated):
    text = (generated / GENERATED).read_text()
    named = [operation["operationId"] for _, _, operation in api_contract.operations()]
    assert [name for name in named if f"\n    {name}: {{" not in text] == []
    assert "any;" not in text
    assert "Record<string, never> |" not in text


def test_the_lock_file_names_no_registry():
    lock = json.loads((PROJECT / "package-lock.json").read_text())
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []
    assert all("integrity" in entry for name, entry in lock["packages"].items() if name)
