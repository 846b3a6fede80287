"""kr8s, by its synchronous API."""

import kr8s

from lines import serve


def connect(context):
    api = kr8s.api(context=context)
    return lambda: list(api.get("namespaces", "default"))


def status_of(error):
    response = getattr(error, "response", None)
    return getattr(response, "status_code", None)


serve(connect, status_of)
