"""Does the API of this machine answer, and can it serve?"""

from __future__ import annotations

import json
import urllib.error
import urllib.request

from topcalls.core.checkup import Finding, fault, ok

SECONDS = 2.0


def api(url: str) -> Finding:
    """Ask `/ready` of the API at this address; a machine without one is no fault."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/ready", timeout=SECONDS):
            return ok("api", f"Ready at {url}.")
    except urllib.error.HTTPError as error:
        with error:
            return fault("api", f"At {url} it cannot serve: {_detail(error)}", "See its log.")
    except OSError:
        return ok("api", f"None answers at {url}; it may run elsewhere.")


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"it answers {error.code}."
