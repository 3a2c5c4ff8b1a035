"""What people write: settings, scenarios."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from target import Target, mutated

from topcalls import config
from topcalls.config import Settings
from topcalls.errors import ConfigError
from topcalls.sandbox import scenario
from topcalls.sandbox.scenario import BUILTIN_DIRECTORY, ScenarioError

# --- settings

_SECRET = "s3cret-which-must-not-show"
_values = (
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(["0", "-1", "1e999", "nan", "true", "auto", "live", "sandbox", _SECRET])
    | st.integers().map(str)
)
_variables = [config.PREFIX + name.upper() for name in Settings.model_fields]
_environments = st.dictionaries(
    st.sampled_from([*_variables, "FROM_NUMBER", "OPENAI_API_KEY"])
    | st.text("ABC_", max_size=6).map("TOPCALLS_".__add__),
    _values,
    max_size=6,
)
_TOML = [
    b'telephony = "sandbox"\napi_port = 8080\n',
    b'esl_host = "switch"\nesl_port = 8021\ngateway = "trunk"\nopenai_api_key = "' + b'k"\n',
    b"max_calls = 10\nwebhook_timeout_seconds = 2.5\nallow_private_webhooks = true\n",
    b"secret_key = '" + _SECRET.encode() + b"'\n",
]


def _load(file: Path | None, environ: dict[str, str]) -> None:
    try:
        settings = config.load(file, environ)
    except ConfigError as error:
        assert error.field, "the setting is named"
        assert error.remedy, "and what to do"
        assert _SECRET not in str(error)
    else:
        hidden = settings.model_copy(update={"data_dir": Path()})
        for name, field in Settings.model_fields.items():
            if "SecretStr" in str(field.annotation) and getattr(hidden, name) is not None:
                assert "**" in str(getattr(hidden, name)) or not str(getattr(hidden, name))


def _environment(environ: dict[str, str]) -> None:
    secret = {key: value for key, value in environ.items() if value == _SECRET}
    shown = {key for key in secret if not key.endswith(("_KEY", "_PASSWORD"))}
    _load(None, {key: value for key, value in environ.items() if key not in shown})


def _settings_file(content: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        file.write(content)
        file.flush()
        _load(Path(file.name), {})


_deep_toml = st.sampled_from([100, 100_000]).map(lambda count: b"a = " + b"[" * count)

# --- scenarios

_SCENARIOS = [path.read_bytes() for path in sorted(BUILTIN_DIRECTORY.glob("*.yaml"))]
_SNIPPETS = [
    b"name: 2020-99-99\n",
    b'number: !!int "x"\n',
    b"? [a]\n: b\n",
    b"- when: '(((('\n",
    b"- - - -",
]

_deep_yaml = st.sampled_from([b"[", b"{a: ", b"- "]).flatmap(
    lambda opening: st.sampled_from([20, 100, 2000]).map(lambda count: opening * count)
)


def _scenario(content: bytes) -> None:
    text = content.decode(errors="replace")
    if text.count("*") > 3:  # aliases that multiply: a file of the operator's own, not an attack
        return
    try:
        made: Any = scenario.parse_scenario(text, "some.yaml")
    except ScenarioError as error:
        assert str(error).startswith("some.yaml")
    else:
        assert made.callee
        assert made.spoken_texts() is not None


TARGETS = [
    Target("settings from the environment", _environments, _environment),
    Target("settings file", mutated(_TOML) | _deep_toml, _settings_file),
    Target("scenario", mutated([*_SCENARIOS, *_SNIPPETS]) | _deep_yaml, _scenario),
]
