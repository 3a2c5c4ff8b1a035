"""Pages of the web: when two addresses are one page, and which pages belong to a site."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

DEFAULT_PAGES = 100
MOST_PAGES = 2_000
MOST_URLS = 100
MOST_LINKS = 2_000
MOST_DEPTH = 10
"""Pages of a site, addresses of a source, links of one page that are followed, and how many links
from the first page a page may be."""

LONGEST_URL = 2_048
MOST_REDIRECTS = 5
MOST_QUERY_VALUES = 4
"""An address with more is one of the endless ones that calendars and filters make."""

_TRACKING = re.compile(
    r"(utm_.*|gclid|fbclid|msclkid|mc_[ce]id|sessionid|phpsessid|jsessionid|sid)"
)
_PORTS = {"http": ":80", "https": ":443"}
_NO_PAGE = re.compile(
    r"\.(7z|apk|avi|bmp|bz2|css|dmg|eot|exe|gif|gz|ico|iso|jpe?g|js|m4[av]|mkv|mov|mp[34]|mpe?g|ogg|"
    r"png|pptx?|rar|svg|tar|tiff?|ttf|wav|web[mp]|wmv|woff2?|xlsx?|xml|zip)$",
    re.IGNORECASE,
)


def normal(url: str, base: str = "") -> str | None:
    """The one address under which a page is known; None for what is no page of the web."""
    try:
        parts = urlsplit(urljoin(base, url.strip()))
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not host or parts.username or len(url) > LONGEST_URL:
        return None
    colon = f":{port}" if port else ""
    place = host if colon == _PORTS[parts.scheme] else host + colon
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(name.lower())
    ]
    path = re.sub(r"//+", "/", parts.path) or "/"
    found = urlunsplit((parts.scheme, place, path, urlencode(kept), ""))
    return found if found.isprintable() and " " not in found else None


def belongs(url: str, root: str) -> bool:
    """Whether a page is of the site that begins at `root`: the same host, and below its folder."""
    page, top = urlsplit(url), urlsplit(root)
    if _host(page.netloc) != _host(top.netloc):
        return False
    folder = top.path.rpartition("/")[0] + "/"
    return page.path.startswith(folder) or page.path == top.path


def pages_among(links: Iterable[str], page: str, root: str) -> list[str]:
    """The pages of the site that `page` links to, each once, in their order."""
    found: dict[str, None] = {}
    for link in links:
        url = normal(link, page)
        if url is None or not belongs(url, root) or _NO_PAGE.search(urlsplit(url).path):
            continue
        if len(parse_qsl(urlsplit(url).query)) <= MOST_QUERY_VALUES and not _repeats(url):
            found[url] = None
            if len(found) == MOST_LINKS:
                break
    return list(found)


def _host(place: str) -> str:
    return place.removeprefix("www.")


def _repeats(url: str) -> bool:
    """`/a/b/a/b/a/b/…`: the mark of a site whose relative links go wrong."""
    parts = [part for part in urlsplit(url).path.split("/") if part]
    return len(parts) - len(set(parts)) >= 3
