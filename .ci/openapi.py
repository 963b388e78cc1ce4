"""Checks an OpenAPI description, whose file is the argument, beyond what Schemathesis does: that it is valid, that
generators of clients can name its operations, and that its examples are valid."""

import json
import re
import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

description = json.load(open(sys.argv[1]))
validate(description)

found = []


def resolved(part):
    """What a reference leads to."""
    if "$ref" not in part:
        return part
    found = description
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def check_example(place, example, schema):
    # References lead to the components.
    schema = {**schema, "components": description["components"]}
    checker = Draft202012Validator.FORMAT_CHECKER
    for error in Draft202012Validator(schema, format_checker=checker).iter_errors(example):
        found.append(f"{place}: the example {json.dumps(example)}: {error.message}")


def examples(part):
    return [part["example"]] if "example" in part else [example["value"] for example in part.get("examples", {}).values()]


def check_tuples(place, part):
    """An array whose positions have meanings is an object."""
    if isinstance(part, dict):
        if "prefixItems" in part or isinstance(part.get("items"), list):
            found.append(f"{place}: a tuple")
        for name, value in part.items():
            check_tuples(f"{place}/{name}", value)
    elif isinstance(part, list):
        for value in part:
            check_tuples(place, value)


def check_operation(place, operation):
    for name in ["summary", "description", "operationId", "tags"]:
        if not operation.get(name):
            found.append(f"{place}: no {name}")
    if not re.fullmatch("[a-z][a-z0-9]*(_[a-z0-9]+)*", operation.get("operationId", "")):
        found.append(f"{place}: the operation id is no name of a method")
    parts = [resolved(parameter) for parameter in operation.get("parameters", [])]
    contents = [resolved(operation.get("requestBody", {}))]
    contents += [resolved(response) for response in operation["responses"].values()]
    parts += [part for content in contents for part in content.get("content", {}).values()]
    given = [(example, part["schema"]) for part in parts for example in examples(part)]
    if not given:
        found.append(f"{place}: no example")
    for example, schema in given:
        check_example(place, example, schema)
    for requirement in operation.get("security", []):
        for name in requirement:
            if name not in description["components"]["securitySchemes"]:
                found.append(f"{place}: the security scheme {name} is not declared")


methods = ["get", "put", "post", "delete", "patch"]
operations = [
    (f"{method.upper()} {path}", item[method])
    for path, item in description["paths"].items()
    for method in methods
    if method in item
]
for place, operation in operations:
    check_operation(place, operation)
check_tuples("", description)
for name, schema in description["components"]["schemas"].items():
    if "example" in schema:
        check_example(name, schema["example"], schema)
names = [operation.get("operationId") for _, operation in operations]
found += [f"{name}: the id of several operations" for name in sorted(set(names)) if names.count(name) > 1]
if found:
    sys.exit("\n".join(found))
print(f"{len(operations)} operations, {len(description['components']['schemas'])} schemas: valid")
