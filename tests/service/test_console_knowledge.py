"""The console: knowledge bases made of texts, files and pages, read, searched."""

import io

import pytest
from console_rig import ON_SQLITE, Reader

pytest_plugins = ("api_fixtures", "console_fixtures")
pytestmark = [pytest.mark.service, ON_SQLITE]
TEXT = {"type": "text", "name": "Hours", "text": "# Hours\n\nOpen from nine to six.", "urls": "x"}


@pytest.fixture
def base_id(reader):
    answer = reader.send("/knowledge", TEXT, since="/knowledge")
    assert answer.status_code == 303
    return answer.headers["Location"][-36:]


def test_without_bases_it_says_what_to_do(reader):
    assert "No knowledge yet." in reader.read("/knowledge")


def test_a_base_is_made_of_a_text_and_shows_its_state(api, reader, base_id):
    base = api.get(f"/v1/knowledge/{base_id}").json
    assert base["name"] == "Hours"
    assert "Hours" in reader.read("/knowledge")
    page = reader.read(f"/knowledge/{base_id}")
    assert base["status"] in page
    assert "Search, as an agent does" in page


def test_a_file_is_added_as_a_source(api, reader, base_id):
    page = f"/knowledge/{base_id}"
    file = (io.BytesIO(b"Guests park in Mill Lane."), "parking.txt")
    answer = reader.send(f"{page}/sources", {"type": "file", "file": file}, since=page)
    assert answer.status_code == 303
    sources = api.get(f"/v1/knowledge/{base_id}/sources").json["data"]
    assert sorted(source["type"] for source in sources) == ["file", "text"]
    assert "parking.txt" in reader.read(page)


def test_pages_of_the_web_are_added_as_a_source(api, reader, base_id):
    page = f"/knowledge/{base_id}"
    form = {"type": "web", "name": "Help", "urls": "https://www.example.com/help/", "site": "yes"}
    assert reader.send(f"{page}/sources", form, since=page).status_code == 303
    sources = api.get(f"/v1/knowledge/{base_id}/sources").json["data"]
    (source,) = [source for source in sources if source["type"] == "web"]
    assert source["settings"]["site"] is True


def test_a_refused_source_keeps_what_was_written(api, reader, base_id):
    page = f"/knowledge/{base_id}"
    form = {"type": "web", "name": "Inside", "urls": "http://localhost/"}
    answer = reader.send(f"{page}/sources", form, since=page)
    assert answer.status_code == 400
    assert "urls-fault" in answer.text
    assert 'value="Inside"' in answer.text
    assert len(api.get(f"/v1/knowledge/{base_id}/sources").json["data"]) == 1


def test_a_file_that_was_not_chosen_is_told(reader, base_id):
    page = f"/knowledge/{base_id}"
    answer = reader.send(f"{page}/sources", {"type": "file", "name": "x"}, since=page)
    assert answer.status_code == 400
    assert "note fault" in answer.text


def test_what_is_not_found_says_what_to_do(reader, base_id):
    assert "Nothing is found." in reader.read(f"/knowledge/{base_id}?query=parking")


def test_sources_are_read_again_and_deleted_and_bases_too(api, reader, base_id):
    page = f"/knowledge/{base_id}"
    (source,) = api.get(f"/v1/knowledge/{base_id}/sources").json["data"]
    reader.send(f"{page}/sources/{source['id']}/refresh", since=page)
    assert "It is being read again." in reader.read(page)
    reader.send(f"{page}/sources/{source['id']}/delete", since=page)
    assert api.get(f"/v1/knowledge/{base_id}/sources").json["data"] == []
    reader.send(f"{page}/delete", since=page)
    assert api.get("/v1/knowledge").json["data"] == []


def test_who_may_only_read_is_offered_no_change(api, base_id):
    reader = Reader(api)
    reader.sign_in(api.key("knowledge:read"))
    assert "Add a source" not in reader.read(f"/knowledge/{base_id}")
    reader.send(f"/knowledge/{base_id}/delete", since="/knowledge")
    assert len(api.get("/v1/knowledge").json["data"]) == 1
