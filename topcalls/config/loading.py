"""Read the settings: defaults, the settings file, the environment."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from topcalls.config.contradictions import refuse_contradictions
from topcalls.config.names import CONFIG_VARIABLE, PREFIX
from topcalls.config.settings import Settings
from topcalls.errors import ConfigError

DEFAULT_FILE = Path("topcalls.toml")
_TEST_PREFIX = "TOPCALLS_TEST_"


def load(file: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process.

    `file`: the settings file; without it `TOPCALLS_CONFIG` names one, else `topcalls.toml` is read
    if it is there. Raises `ConfigError` naming the setting and the remedy.
    """
    path = file or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if path is None and DEFAULT_FILE.exists():
        path = DEFAULT_FILE
    from_file = _read(path) if path else {}
    _refuse_unknown(from_file, set(Settings.model_fields), f"the settings file {path}")
    ours = [key for key in environ if key.startswith(PREFIX) and not key.startswith(_TEST_PREFIX)]
    _refuse_unknown(ours, set(_variables()) | {CONFIG_VARIABLE}, "the environment")
    from_environment = {
        name: environ[variable] for variable, name in _variables().items() if environ.get(variable)
    }
    try:
        settings = Settings.model_validate({**from_file, **from_environment})
    except ValidationError as error:
        raise _first_problem(error) from None
    refuse_contradictions(settings)
    return settings


def _variables() -> dict[str, str]:
    """Environment variable to setting; the `TOPCALLS_` form comes last, so it wins."""
    return {
        "FROM_NUMBER": "from_number",
        "OPENAI_API_KEY": "openai_api_key",
        "TELNYX_API_KEY": "telnyx_api_key",
        "TWILIO_ACCOUNT_SID": "twilio_account_sid",
        "TWILIO_AUTH_TOKEN": "twilio_auth_token",
        **{PREFIX + name.upper(): name for name in Settings.model_fields},
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"The settings file {path} cannot be read: {error.strerror}.",
            field=CONFIG_VARIABLE,
            remedy="Check its name and permissions.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(
            f"The settings file {path} is not valid TOML: {error}.",
            field=CONFIG_VARIABLE,
            remedy="Mend that line; text values need quotes.",
        ) from None


def _refuse_unknown(names: Iterable[str], known: set[str], where: str) -> None:
    for name in sorted(set(names) - known):
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {close[0]}?" if close else "See docs/configuration.md for the list."
        raise ConfigError(f"{name} in {where} is no setting.", field=name, remedy=hint)


def _first_problem(error: ValidationError) -> ConfigError:
    problem = error.errors(include_input=False, include_url=False)[0]
    name = str(problem["loc"][0]) if problem["loc"] else "settings"
    return ConfigError(
        f"The setting {name} is wrong: {problem['msg']}.",
        field=name,
        remedy=f"Set {PREFIX}{name.upper()} or `{name}` in the settings file. "
        f"{Settings.model_fields[name].description or ''}".strip(),
    )
