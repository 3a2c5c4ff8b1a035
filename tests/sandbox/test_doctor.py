"""`topcalls doctor` beside a running product."""

import json

import pytest

pytestmark = pytest.mark.sandbox


def statuses(report):
    return {check["check"]: check["status"] for check in report["checks"]}


def test_text_for_people_tells_no_secret(product):
    text = product.cli("doctor")
    assert "0 fault(s)" in text
    assert product.endpoints["esl"]["password"] not in text
    assert "+12025550199" not in text
    assert product.key not in text


def test_another_data_dir_knows_nothing_of_it(product, tmp_path):
    """The same settings but for the directory: nothing runs there."""
    here = product.environment["TOPCALLS_DATA_DIR"]
    product.environment["TOPCALLS_DATA_DIR"] = str(tmp_path)
    try:
        report = json.loads(product.cli("doctor", "--json"))
    finally:
        product.environment["TOPCALLS_DATA_DIR"] = here
    found = statuses(report)
    assert found["sandbox"] == "warning"
    assert found["database"] == "warning"
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_password_of_the_switch(product):
    """A live installation that is pointed at the running switch with another password."""
    esl = product.endpoints["esl"]
    wrong = {
        "TOPCALLS_ESL_HOST": esl["host"],
        "TOPCALLS_ESL_PORT": str(esl["port"]),
        "TOPCALLS_ESL_PASSWORD": "not-the-password",
        "TOPCALLS_GATEWAY": "sandbox",
        "OPENAI_API_KEY": "sk-bad",
        "TOPCALLS_OPENAI_BASE_URL": product.endpoints["openai_base_url"],
    }
    product.environment.update(wrong)
    try:
        done = product.cli("doctor", "--json", check=False)
    finally:
        for name in wrong:
            del product.environment[name]
    assert done.returncode == 1
    found = statuses(json.loads(done.stdout))
    assert found["switch"] == "fault"
    assert found["ai_server"] == "fault"
    assert found["database"] == "ok"
    assert "not-the-password" not in done.stdout + done.stderr
