#!/usr/bin/env python3
"""Scenarios that were changed at random: no crash, and fmt, its own output and the schema agree.

    mutants.py PROGRAM [SEED [COUNT]]

Each is tests/scenario/everything.json with one to three values dropped, replaced or moved. The program takes it
or refuses it with a message. What it takes, the schema takes too (where Python's jsonschema is installed),
and `fmt` of its `fmt` is the same bytes.
"""
import copy
import json
import os
import random
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
try:
    import jsonschema
except ImportError:
    jsonschema = None

VALUES = [None, True, False, 0, 1, -1, 2, 1.5, "", "5ms", "0s", "1KiB", "10MB/s", "7/s", "3%", 0.5, "b1", "b2",
          "b9", "orders", "orders/0", "g", "p", [], {}, ["b1"], [["b1"], ["b2"]], {"count": 3}, "all", "1",
          {"uniform": ["1ms", "2ms"]}, {"every": 3}, "leader:orders/0", "zone:z", "random:broker", "block",
          "crash", "dead_letter", "x" * 260, 10**12, -5, {"x-a": 1}, "earliest"]


def paths(value, path=()):
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        found += paths(child, path + (key,))
    return found


def at(document, path):
    for key in path:
        document = document[key]
    return document


def mutate(document, dice):
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        every = paths(document)
        path, other = dice.choice(every), dice.choice(every)
        parent, key = at(document, path[:-1]), path[-1]
        what = dice.random()
        if what < 0.25:
            del parent[key]
        elif what < 0.75:
            parent[key] = copy.deepcopy(dice.choice(VALUES))
        elif what < 0.9:
            parent[key] = copy.deepcopy(at(document, other))
        elif isinstance(parent, dict) and isinstance(other[-1], str):
            parent[other[-1]] = copy.deepcopy(at(document, other))
    return document


def judge(program, validator, document, folder):
    """What is wrong, or None; and whether the program took it."""
    path, once, twice = (os.path.join(folder, name) for name in ("s.json", "once.json", "twice.json"))
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file)
    done = subprocess.run([program, "fmt", path, "-q", "-o", once], capture_output=True, check=False)
    if done.returncode not in (0, 2):
        return "exit status %d: %s" % (done.returncode, done.stderr[-300:]), False
    if done.returncode == 2:
        return (None if b": error: " in done.stderr else "refused without a message"), False
    again = subprocess.run([program, "fmt", once, "-q", "-o", twice], capture_output=True, check=False)
    if again.returncode != 0:
        return "refuses its own output: %s" % again.stderr[-300:], True
    with open(once, encoding="utf-8") as a, open(twice, encoding="utf-8") as b:
        form = a.read()
        if form != b.read():
            return "fmt of fmt is something else", True
    if validator and not validator.is_valid(document):
        return "the schema refuses it", True
    if validator and not validator.is_valid(json.loads(form)):
        return "the schema refuses the output of fmt", True
    return None, True


def main():
    program = os.path.abspath(sys.argv[1])
    dice = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 400
    with open(os.path.join(TOP, "tests", "scenario", "everything.json"), encoding="utf-8") as file:
        base = json.load(file)
    validator = None
    if jsonschema:
        schema = subprocess.run([program, "schema"], stdout=subprocess.PIPE, check=True).stdout
        validator = jsonschema.Draft7Validator(json.loads(schema))
    taken = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(count):
            document = mutate(copy.deepcopy(base), dice)
            problem, accepted = judge(program, validator, document, folder)
            taken += accepted
            if problem:
                wrong += 1
                print(problem, json.dumps(document), sep="\n")
    print("%d scenarios, %d taken, %d wrong" % (count, taken, wrong))
    return 1 if wrong or taken < count // 20 else 0


if __name__ == "__main__":
    sys.exit(main())
