"""Settings: where they come from, and what is refused."""

import pytest

from topcalls import config
from topcalls.errors import ConfigError

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def in_an_empty_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def refused(**environ):
    with pytest.raises(ConfigError) as error:
        config.load(environ=environ)
    return error.value


def test_nothing_configured_is_the_sandbox():
    settings = config.load(environ={})
    assert (settings.telephony_mode, settings.ai_mode, settings.key_kind) == (
        "sandbox",
        "sandbox",
        "test",
    )
    assert settings.effective_database_url.startswith("sqlite:////")


def test_defaults_then_file_then_environment(tmp_path):
    (tmp_path / "topcalls.toml").write_text('api_port = 9000\nnode = "file"\n')
    settings = config.load(environ={"TOPCALLS_NODE": "environment"})
    assert (settings.api_host, settings.api_port, settings.node) == (
        "127.0.0.1",
        9000,
        "environment",
    )


def test_the_two_well_known_variables_are_understood_and_ours_win():
    environ = {"FROM_NUMBER": "+12025550199", "OPENAI_API_KEY": "sk-a"}
    settings = config.load(environ=environ)
    assert settings.from_number == "+12025550199"
    assert settings.openai_api_key.get_secret_value() == "sk-a"
    assert settings.ai_mode == "live"
    ours = config.load(environ={**environ, "TOPCALLS_OPENAI_API_KEY": "sk-b"})
    assert ours.openai_api_key.get_secret_value() == "sk-b"


def test_an_unknown_key_is_refused_by_name_with_the_likely_one(tmp_path):
    error = refused(TOPCALLS_API_PROT="1")
    assert error.field == "TOPCALLS_API_PROT"
    assert "TOPCALLS_API_PORT" in error.remedy
    (tmp_path / "topcalls.toml").write_text("api_prot = 1\n")
    assert "api_port" in refused().remedy


def test_a_wrong_value_names_the_setting_and_never_echoes_it():
    error = refused(TOPCALLS_API_PORT="eighty")
    assert error.field == "api_port"
    assert "TOPCALLS_API_PORT" in error.remedy
    assert "eighty" not in str(error)


def test_an_unreadable_settings_file_is_an_error(tmp_path):
    error = refused(TOPCALLS_CONFIG=str(tmp_path / "missing.toml"))
    assert "cannot be read" in error.message
    (tmp_path / "bad.toml").write_text("api_port = = 1\n")
    assert "line 1" in refused(TOPCALLS_CONFIG=str(tmp_path / "bad.toml")).message
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    assert "not valid TOML" in refused(TOPCALLS_CONFIG=str(tmp_path / "binary.toml")).message


LIVE = {
    "TOPCALLS_ESL_HOST": "127.0.0.1",
    "TOPCALLS_ESL_PASSWORD": "secret-word",
    "TOPCALLS_GATEWAY": "trunk",
    "OPENAI_API_KEY": "sk-secret",
}


def test_a_live_line_never_talks_to_a_scripted_model():
    assert config.load(environ=LIVE).key_kind == "live"
    without_ai = {key: value for key, value in LIVE.items() if key != "OPENAI_API_KEY"}
    assert refused(**without_ai).field == "openai_api_key"


def test_a_live_line_takes_no_recorded_answers_of_tools():
    assert refused(**LIVE, TOPCALLS_TOOL_CASSETTE="orders.json").field == "tool_cassette"
    assert config.load(environ={"TOPCALLS_TOOL_CASSETTE": "orders.json"}).tool_cassette.name


def test_a_live_line_may_have_no_gateway_of_its_own():
    environ = {key: value for key, value in LIVE.items() if key != "TOPCALLS_GATEWAY"}
    assert config.load(environ=environ).gateway == ""


@pytest.mark.parametrize("name", ["TOPCALLS_ESL_PASSWORD"])
def test_what_a_live_line_needs_is_asked_for_by_name(name):
    environ = {key: value for key, value in LIVE.items() if key != name}
    error = refused(**environ)
    assert name in error.remedy


def test_sandbox_telephony_may_rehearse_with_a_live_model():
    settings = config.load(environ={"OPENAI_API_KEY": "sk-a", "TOPCALLS_TELEPHONY": "sandbox"})
    assert (settings.telephony_mode, settings.ai_mode) == ("sandbox", "live")


def test_secrets_never_print_and_settings_never_change():
    settings = config.load(environ=LIVE)
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert "sk-secret" not in text
        assert "secret-word" not in text
    with pytest.raises(ValueError, match="frozen"):
        settings.node = "other"


# --- links


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"API_HOST": "10.0.0.7", "API_PORT": "9000"}, "http://10.0.0.7:9000"),
        ({"API_HOST": "::1"}, "http://[::1]:8080"),
        ({"API_HOST": "0.0.0.0"}, "http://127.0.0.1:8080"),
        ({"API_HOST": "::"}, "http://127.0.0.1:8080"),
        ({"PUBLIC_URL": "https://calls.example.com/ai/"}, "https://calls.example.com/ai"),
        ({"API_PORT": "0", "PUBLIC_URL": "http://[::1]:80"}, "http://[::1]:80"),
    ],
)
def test_links_begin_with_an_address_that_can_be_opened(given, url):
    environ = {f"TOPCALLS_{name}": value for name, value in given.items()}
    assert config.load(environ=environ).effective_public_url == url


@pytest.mark.parametrize(
    "url",
    [
        "calls.example.com",
        "ftp://calls.example.com",
        "http://",
        "http://[::",
        "https://0.0.0.0:8080",
        "https://calls.example.com:0",
        "https://calls.example.com:port",
        "https://me:secret@calls.example.com",
        "https://calls.example.com/?key=1",
        "https://calls.example.com/#top",
        "https://calls.example.com/a b",
    ],
)
def test_a_public_url_that_cannot_be_opened_is_refused_by_name(url):
    error = refused(TOPCALLS_PUBLIC_URL=url)
    assert error.field == "public_url"
    assert "TOPCALLS_PUBLIC_URL" in error.remedy
    assert "secret" not in str(error)


def test_a_port_that_nobody_knows_is_refused():
    error = refused(TOPCALLS_API_PORT="0")
    assert error.field == "api_port"
    assert "TOPCALLS_PUBLIC_URL" in error.remedy


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_live_installation_that_listens_everywhere_says_how_it_is_reached(host):
    live = {
        "TOPCALLS_ESL_HOST": "switch",
        "TOPCALLS_ESL_PASSWORD": "x",
        "TOPCALLS_GATEWAY": "trunk",
        "OPENAI_API_KEY": "sk-x",
        "TOPCALLS_API_HOST": host,
    }
    assert refused(**live).field == "public_url"
    url = "https://calls.example.com"
    assert config.load(environ={**live, "TOPCALLS_PUBLIC_URL": url}).effective_public_url == url
