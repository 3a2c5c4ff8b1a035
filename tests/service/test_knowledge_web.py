"""Pages and sites, from a real server: rules held to, bounds kept, nothing private reached."""

from datetime import timedelta

import factories
import pytest
from gevent.pywsgi import WSGIServer
from knowledge_rig import ingestion, read_all

from topcalls.core.knowledge import BaseStatus, Failure
from topcalls.core.web_addresses import EVERYWHERE
from topcalls.errors import InvalidRequest
from topcalls.services.knowledge import Knowledge
from topcalls.services.knowledge_pages import LONGEST_PAUSE, Pages
from topcalls.services.knowledge_search import KnowledgeSearch

pytestmark = pytest.mark.service


def page(text, *links, head=""):
    anchors = "".join(f'<p>See <a href="{link}">{link}</a> for more of it.</p>' for link in links)
    body = f"<article><h1>About</h1><p>{text} It is said at some length, so that it counts.</p>"
    document = (
        f"<html><head><title>{text}</title>{head}</head><body>{body}{anchors}</article></body>"
    )
    return 200, {"Content-Type": "text/html; charset=utf-8"}, document + "</html>"


class Site:
    """`pages` by path: (status, headers, body), or a function of the path for all others."""

    def __init__(self):
        self.pages = {}
        self.asked = []
        self.agents = set()
        self.rest = lambda path: (404, {}, "none")
        self._server = WSGIServer(("127.0.0.1", 0), self._serve, log=None)
        self._server.start()
        self.root = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self):
        self._server.stop(timeout=1)

    def _serve(self, environ, start):
        query = environ.get("QUERY_STRING", "")
        path = environ["PATH_INFO"] + (f"?{query}" if query else "")
        self.asked.append(path)
        self.agents.add(environ.get("HTTP_USER_AGENT"))
        status, headers, body = self.pages.get(path) or self.rest(path)
        start(f"{status} X", list(headers.items()))
        return [body if isinstance(body, bytes) else body.encode()]


@pytest.fixture
def site():
    server = Site()
    yield server
    server.stop()


@pytest.fixture
def shop(services, site):
    return Shop(services, site)


class Shop:
    """An account whose pages may be on this machine."""

    def __init__(self, services, site):
        self.services, self.site = services, site
        self.account = factories.principal(services).account_id
        self.knowledge = Knowledge(services.db, services.clock, reach=lambda: EVERYWHERE)
        self.pages = Pages(services.clock, allow_private=True, seconds=5)
        self.reading = ingestion(services, pages=self.pages)

    def base(self, path="/", **more):
        body = {"type": "web", "name": "Web", "urls": [self.site.root + path]} | more
        return self.knowledge.create(self.account, body)

    def read(self, rounds=60):
        read_all(self.services, self.reading, rounds)

    def documents(self, base):
        found = self.knowledge.sources.documents(self.account, base.id, limit=200).data
        return {item.url.removeprefix(self.site.root): item for item in found}

    def found(self, base, query):
        search = KnowledgeSearch(self.services.db, self.services.clock)
        return [hit.url for hit in search.search(self.account, [base.id], query).hits]


def test_a_page_is_read_and_cited_by_its_address(shop):
    shop.site.pages["/a"] = page("The lighthouse opens at dawn.", "/b")
    base = shop.base("/a#top")
    shop.read()
    assert shop.found(base, "lighthouse") == [f"{shop.site.root}/a"]
    assert list(shop.documents(base)) == ["/a"]
    assert "/b" not in shop.site.asked, "it is no site that was asked for"
    assert all(agent.startswith("TopCallsBot/") for agent in shop.site.agents)


def test_a_site_is_followed_below_its_folder_and_not_beyond(shop):
    shop.site.pages |= {
        "/help/": page("Start.", "a", "b.html", "/shop/", "https://other.example/", "pic.png"),
        "/help/a": page("Ravens are fed at noon.", "b.html", "c"),
        "/help/b.html": page("Bells ring at six.", "/help/"),
        "/help/c": page("Cats sleep all day.", "?page=2"),
        "/help/c?page=2": page("Dogs as well."),
    }
    base = shop.base("/help/", site=True)
    shop.read()
    assert set(shop.documents(base)) == {
        "/help/",
        "/help/a",
        "/help/b.html",
        "/help/c",
        "/help/c?page=2",
    }
    assert not {"/shop/", "/help/pic.png"} & set(shop.site.asked)
    assert shop.found(base, "ravens") == [f"{shop.site.root}/help/a"]
    assert len(shop.site.asked) == len(set(shop.site.asked))


def test_robots_txt_is_held_to(shop):
    rules = "User-agent: *\nDisallow: /private\nCrawl-delay: 7\n\nUser-agent: Else\nDisallow: /\n"
    shop.site.pages |= {
        "/robots.txt": (200, {"Content-Type": "text/plain"}, rules),
        "/": page("Start.", "/private/x", "/open"),
        "/open": page("Ravens are fed at noon."),
    }
    base = shop.base(site=True)
    for _ in range(4):
        shop.read()
        shop.services.clock.advance(7)
    assert shop.documents(base)["/private/x"].error is Failure.ROBOTS
    assert "/private/x" not in shop.site.asked
    assert shop.found(base, "ravens")
    assert shop.pages.pause(f"{shop.site.root}/") == timedelta(seconds=7)
    assert shop.site.asked.count("/robots.txt") == 1


def test_no_site_slows_us_down_for_ever(shop):
    rules = "User-agent: *\nCrawl-delay: 86400\n"
    shop.site.pages |= {"/robots.txt": (200, {}, rules), "/": page("Start.")}
    shop.base()
    shop.read()
    assert shop.pages.pause(f"{shop.site.root}/") == LONGEST_PAUSE


def test_a_page_may_forbid_itself_and_its_links(shop):
    robots = '<meta name="Robots" content="{}">'
    shop.site.pages |= {
        "/": page("Start.", "/hidden", "/dead-end"),
        "/hidden": page("Secret ravens.", head=robots.format("noindex")),
        "/dead-end": page("Open.", "/beyond", head=robots.format("NOFOLLOW")),
    }
    base = shop.base(site=True)
    shop.read()
    assert shop.documents(base)["/hidden"].error is Failure.ROBOTS
    assert shop.found(base, "ravens") == []
    assert "/beyond" not in shop.site.asked


def test_a_site_without_end_is_bounded(shop):
    def endless(path):
        if path == "/robots.txt":
            return 404, {}, ""
        number = int(path.rpartition("/")[2] or 0)
        return page(f"Page {number}.", *(f"/d/{number * 40 + n + 1}" for n in range(40)))

    shop.site.rest = endless
    base = shop.base("/d/0", site=True, max_pages=12)
    shop.read()
    assert len(shop.documents(base)) == 12
    assert len(shop.site.asked) == 13
    assert shop.knowledge.get(shop.account, base.id).status is BaseStatus.READY


def test_a_site_whose_links_go_deeper_and_deeper_is_bounded(shop):
    shop.site.rest = lambda path: page("Loop.", "loop/", f"?n={len(path)}")
    base = shop.base("/", site=True, max_pages=2000)
    shop.read()
    assert len(shop.documents(base)) < 60


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ((404, {}, ""), Failure.NOT_FOUND),
        ((403, {}, ""), Failure.REFUSED),
        ((500, {}, ""), Failure.UNREACHABLE),
        ((302, {"Location": "/"}, ""), Failure.REDIRECTS),
        ((302, {}, ""), Failure.REDIRECTS),
        ((302, {"Location": "file:///etc/passwd"}, ""), Failure.REFUSED),
        ((200, {"Content-Type": "image/png"}, b"\x89PNG"), Failure.UNSUPPORTED),
        ((200, {"Content-Type": "application/pdf"}, b"%PDF-broken"), Failure.BROKEN),
        ((200, {"Content-Type": "text/html"}, b"x" * 20_000_001), Failure.TOO_LARGE),
    ],
    ids=str,
)
def test_what_a_server_can_do_wrong(shop, answer, failure):
    shop.site.pages["/"] = answer
    base = shop.base()
    shop.read(rounds=2)
    assert shop.documents(base)["/"].error is failure


def test_private_addresses_are_refused_when_asked_for_and_after_any_redirect(services, site):
    account = factories.principal(services).account_id
    with pytest.raises(InvalidRequest):
        services.knowledge.create(account, {"type": "web", "name": "x", "urls": [f"{site.root}/"]})
    allowed = int(site.root.rpartition(":")[2])
    pages = Pages(services.clock, allow_private=lambda host, port: port == allowed)
    site.pages |= {
        "/": (302, {"Location": "http://169.254.169.254/latest/meta-data/"}, ""),
        "/name": (302, {"Location": "http://localhost:9/"}, ""),
        "/number": (302, {"Location": "http://2130706433:9/"}, ""),
    }
    knowledge = Knowledge(services.db, services.clock, reach=lambda: EVERYWHERE)
    urls = [f"{site.root}/", f"{site.root}/name", f"{site.root}/number"]
    base = knowledge.create(account, {"type": "web", "name": "x", "urls": urls})
    read_all(services, ingestion(services, pages=pages))
    found = {item.error for item in knowledge.sources.documents(account, base.id).data}
    assert found == {Failure.PRIVATE}


def test_pages_are_read_again_and_those_that_are_gone_are_forgotten(shop):
    shop.site.pages |= {
        "/": page("Start.", "/a", "/b"),
        "/a": page("Ravens are fed at noon."),
        "/b": page("Bells ring at six."),
    }
    base = shop.base(site=True, recrawl_hours=24)
    shop.read()
    assert shop.found(base, "bells")
    shop.site.pages |= {"/": page("Start.", "/a"), "/a": page("Ravens are fed at dusk.")}
    del shop.site.pages["/b"]
    shop.services.clock.advance(timedelta(hours=25).total_seconds())
    shop.read()
    assert set(shop.documents(base)) == {"/", "/a"}
    assert (len(shop.found(base, "dusk")), shop.found(base, "noon")) == (1, [])
    assert shop.found(base, "bells") == []
    (source,) = shop.knowledge.sources.list(shop.account, base.id)
    assert source.due_again_at is not None


def test_a_page_that_cannot_be_reached_is_used_as_it_was(shop):
    shop.site.pages["/"] = page("Ravens are fed at noon.")
    base = shop.base()
    shop.read()
    (source,) = shop.knowledge.sources.list(shop.account, base.id)
    shop.site.pages["/"] = (503, {}, "")
    shop.knowledge.sources.refresh(shop.account, base.id, source.id)
    for minutes in (0, 1, 5, 20, 30):
        shop.services.clock.advance(timedelta(minutes=minutes).total_seconds())
        shop.read()
    document = shop.documents(base)["/"]
    assert (document.error, document.in_use) == (Failure.UNREACHABLE, True)
    assert shop.found(base, "ravens")
    shop.site.pages["/"] = (410, {}, "")
    shop.knowledge.sources.refresh(shop.account, base.id, source.id)
    shop.read()
    assert (shop.documents(base)["/"].in_use, shop.found(base, "ravens")) == (False, [])


def test_a_page_of_a_site_that_leads_elsewhere_is_none_of_it(shop):
    shop.site.pages |= {
        "/help/": page("Start.", "/help/out", "/help/in"),
        "/help/out": (302, {"Location": "/shop/ravens"}, ""),
        "/help/in": (301, {"Location": "/help/bells"}, ""),
        "/help/bells": page("Bells ring at six."),
        "/shop/ravens": page("Ravens are sold here."),
    }
    base = shop.base("/help/", site=True)
    shop.read()
    assert shop.documents(base)["/help/out"].error is Failure.NOT_FOUND
    assert (shop.found(base, "ravens"), len(shop.found(base, "bells"))) == ([], 1)


def test_a_site_that_hides_its_rules_is_not_read(shop):
    shop.site.pages |= {"/robots.txt": (503, {}, ""), "/": page("Ravens.")}
    base = shop.base()
    shop.read(rounds=2)
    assert shop.documents(base)["/"].error is Failure.UNREACHABLE
    assert "/" not in shop.site.asked


def test_one_page_after_the_other_with_a_pause(shop):
    shop.site.pages |= {"/": page("Start.", "/a"), "/a": page("More.")}
    shop.base(site=True)
    (source_id,) = shop.reading.due(shop.services.clock.now())
    shop.reading.run(source_id)
    assert shop.reading.due(shop.services.clock.now()) == []
    shop.services.clock.advance(1)
    assert shop.reading.due(shop.services.clock.now()) == [source_id]
