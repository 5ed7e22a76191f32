#!/usr/bin/env python3
"""The JSON Schema that the program prints, against scenarios that it accepts and misspelt ones.

    schema.py PROGRAM

Needs the Python package jsonschema (exit status 77 without it: skipped). With it, the schema is valid
by draft-07 and 2020-12, and both take every bundled scenario and every acceptable one of the hostile
inputs, and refuse those with a misspelt key or word.
"""
import json
import os
import subprocess
import sys
import tempfile
import warnings

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tests", "oracle", "hostile"))
warnings.filterwarnings("ignore", category=DeprecationWarning)
try:
    import jsonschema
except ImportError:
    print("the Python package jsonschema is not installed")
    sys.exit(77)
import gen  # noqa: E402

# Names of what another place of the file defines: no schema can tell.
TWO_PLACES = ("typo-word-topic", "typo-word-group-topic", "typo-word-target", "typo-word-role-topic",
              "typo-word-zone", "typo-word-after", "typo-word-zone-machine", "typo-word-coordinator")


def scenarios_of(groups, expect):
    """(id, text) of the hostile inputs that are single files of JSON."""
    for case in gen.c.cases:
        if case["group"] not in groups or case["expect"] != expect or not case.get("main"):
            continue
        data = case["files"].get(case["main"])
        if isinstance(data, bytes):
            yield case["id"], data


def plain_json(data):
    """The value, or None when it is no plain JSON (comments, broken on purpose, extends)."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return None if isinstance(value, dict) and "extends" in value else value


def accepted(program, data):
    """Whether the program takes it."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s.json")
        with open(path, "wb") as file:
            file.write(data)
        return subprocess.run([program, "check", path], capture_output=True,
                              check=False).returncode == 0


def bundled():
    folder = os.path.join(TOP, "scenarios")
    for name in sorted(os.listdir(folder)):
        for file in sorted(os.listdir(os.path.join(folder, name)) if
                           os.path.isdir(os.path.join(folder, name)) else []):
            if file.endswith(".json"):
                with open(os.path.join(folder, name, file), "rb") as text:
                    yield name + "/" + file, text.read()


def main():
    program = os.path.abspath(sys.argv[1])
    schema = json.loads(subprocess.run([program, "schema"], stdout=subprocess.PIPE,
                                       check=True).stdout)
    wrong = []
    counts = [0, 0]
    for draft in (jsonschema.Draft7Validator, jsonschema.Draft202012Validator):
        draft.check_schema(schema)
        validator = draft(schema)
        good = list(bundled()) + [case for case in scenarios_of(("ok",), "accept")
                                  if accepted(program, case[1])]
        for name, data in good:
            value = plain_json(data)
            if value is None:
                continue
            counts[0] += 1
            errors = list(validator.iter_errors(value))
            if errors:
                wrong.append("%s: refused by %s: %s at %s" % (
                    name, draft.__name__, errors[0].message[:300], list(errors[0].path)))
        for name, data in scenarios_of(("typo",), "reject"):
            value = plain_json(data)
            if value is None or name in TWO_PLACES:
                continue
            counts[1] += 1
            if validator.is_valid(value):
                wrong.append("%s: misspelt, but %s takes it" % (name, draft.__name__))
    print("\n".join(wrong))
    print("%d valid and %d misspelt scenarios, %d wrong" % (counts[0], counts[1], len(wrong)))
    return 1 if wrong or min(counts) < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
