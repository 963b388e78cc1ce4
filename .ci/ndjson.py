"""JSON lines for Schemathesis: a generated value is sent as one line, and each line of a response is one value."""

import json

import schemathesis

TYPE = "application/x-ndjson"


@schemathesis.serializer(TYPE)
def line(ctx, value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.deserializer(TYPE)
def first(ctx, response):
    lines = [json.loads(text) for text in response.content.splitlines()]
    assert len(lines) <= 1, "one line was sent"
    return lines[0]
