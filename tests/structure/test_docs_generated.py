"""Pages drawn from the code are what the code would draw now."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.mark.parametrize(
    "script", ["draw_call_states.py", "draw_configuration.py", "draw_client.py"]
)
def test_a_generated_page_is_fresh(script):
    check = subprocess.run(
        [sys.executable, SCRIPTS / script, "--check"], capture_output=True, text=True, timeout=60
    )
    assert check.returncode == 0, f"{check.stderr} Run scripts/{script}."
