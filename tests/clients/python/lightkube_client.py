"""lightkube."""

from lightkube import ApiError, Client, KubeConfig
from lightkube.resources.core_v1 import Namespace

from lines import serve


def connect(context):
    client = Client(config=KubeConfig.from_env().get(context))
    return lambda: client.get(Namespace, "default")


def status_of(error):
    if isinstance(error, ApiError):
        return error.status.code or error.response.status_code
    response = getattr(error, "response", None)
    return getattr(response, "status_code", None)


serve(connect, status_of)
