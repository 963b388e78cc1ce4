"""What Schemathesis needs to be told: JSON lines, and the two rules of requests that a JSON Schema cannot say."""

import json

import schemathesis

TYPE = "application/x-ndjson"


@schemathesis.serializer(TYPE)
def line(ctx, value):
    """A generated value is sent as one line."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.deserializer(TYPE)
def first(ctx, response):
    """Each line of a response is one value."""
    lines = [json.loads(text) for text in response.content.splitlines()]
    assert len(lines) <= 1, "one line was sent"
    return lines[0]


def order_days(fields):
    """The first day is not later than the last one."""
    days = [fields.get(name) for name in ["published_after", "since", "published_before"]]
    days = [day for day in days if isinstance(day, str)]
    if isinstance(fields.get("published_before"), str):
        fields["published_before"] = max(days)


def take_cursor(case, fields):
    """A cursor is one that the server gave, for the same request."""
    if isinstance(fields.pop("cursor"), str):
        response = case.call()
        cursor = response.json().get("next_cursor") if response.status_code == 200 else None
        if cursor:
            fields["cursor"] = cursor


@schemathesis.hook
def before_call(ctx, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    for fields in [case.query, case.body]:
        if isinstance(fields, dict):
            order_days(fields)
            if "cursor" in fields:
                take_cursor(case, fields)
