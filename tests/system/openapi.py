"""The API's description, and whether an answer is as it says: the part of JSON Schema that it uses.

A member that the description does not have is a mistake here, though clients are told to skip it; but where the
description allows others: there it passes on what the broker says, which may come to say more.
"""

import datetime
import json

import support

DOCUMENT = json.loads((support.SOURCE / "web" / "api" / "openapi.json").read_text())
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}


def resolve(schema):
    while "$ref" in schema:
        node = DOCUMENT
        for part in schema["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        schema = node
    return schema


def check(value, schema, where="$"):
    """Fails with the place of the first thing that is not as described."""
    schema = resolve(schema)
    kind = schema.get("type")
    if kind:
        is_it = isinstance(value, TYPES[kind]) and not (kind == "integer" and isinstance(value, bool))
        assert is_it, f"{where}: {value!r} is no {kind}"
    if "enum" in schema:
        assert value in schema["enum"], f"{where}: {value!r} is not one of {schema['enum']}"
    if schema.get("format") == "date-time":
        assert value.endswith("Z"), f"{where}: {value!r}"
        datetime.datetime.fromisoformat(value.removesuffix("Z"))
    if kind == "object" and "properties" in schema:
        for name in schema.get("required", ()):
            assert name in value, f"{where} has no {name}"
        for name, item in value.items():
            if name not in schema["properties"] and schema.get("additionalProperties"):
                continue
            assert name in schema["properties"], f"{where}: {name} is not described"
            check(item, schema["properties"][name], f"{where}.{name}")
    if kind == "array":
        for number, item in enumerate(value):
            check(item, schema["items"], f"{where}[{number}]")


def check_answer(method, path, answer):
    """`path` as the description has it: with {id}."""
    described = DOCUMENT["paths"][path][method.lower()]["responses"]
    response = described.get(str(answer.status), described["default"])
    content = response.get("content")
    if not content:
        assert answer.body == b"", answer
        return
    kind, media = next(iter(content.items()))
    if kind == "application/json":
        assert answer.headers["Content-Type"] == "application/json", answer
        check(answer.json, media["schema"])
