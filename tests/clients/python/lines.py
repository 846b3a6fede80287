"""One line on standard input is one request; one line on standard output is its status."""

import sys


def serve(connect, status_of):
    """Requests a namespace in the context that each line names; an empty line means the current one.

    `connect` makes the GET of a context, `status_of` gives the HTTP status of its error, or None.
    """
    gets = {}
    say("ready")
    for line in sys.stdin:
        context = line.strip() or None
        try:
            if context not in gets:
                gets[context] = connect(context)
            gets[context]()
            say("200")
        except Exception as error:
            status = status_of(error)
            say(str(status) if status else f"error {type(error).__name__}: {error}")


def say(text):
    print(" ".join(text.split()), flush=True)
