#!/usr/bin/env python3
"""One bundled scenario, from its file to its outputs.

    bundled.py summary|oracle|determinism PROGRAM NAME

NAME is a folder of scenarios/, for its scenario.json, or FOLDER/VARIANT.

summary: the run succeeds and prints expected.txt (VARIANT.expected.txt) of the folder;
         BROKERSIM_REWRITE=1 rewrites that.
oracle: the independent checker accepts the traces of seeds 1 to 3, or to BROKERSIM_SEEDS.
determinism: twice, observed or not, at every level of the trace: the same run.
"""
import difflib
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CHECKER = os.path.join(TOP, "tests", "oracle", "check_trace.py")
LEVELS = ("state", "records", "all")


class Failure(Exception):
    pass


def run(program, scenario, *options):
    """Standard output of a run that must succeed."""
    command = [program, "run", scenario, *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=TOP)
    if done.returncode != 0:
        raise Failure("%s\nexit status %d\n%s%s" % (" ".join(command), done.returncode,
                                                    done.stdout.decode("utf-8", "replace"),
                                                    done.stderr.decode("utf-8", "replace")))
    return done.stdout


def fingerprint(output):
    found = re.search(rb"model:[0-9a-f]{32}", output)
    if not found:
        raise Failure("no model fingerprint in\n" + output.decode("utf-8", "replace"))
    return found.group().decode()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def same(what, a, b):
    if a != b:
        raise Failure("%s differ:\n  %s\n  %s" % (what, a[:200], b[:200]))


def summary(program, scenario, _):
    expected = os.path.join(TOP, re.sub(r"(/)scenario\.json$|\.json$", r"\1", scenario))
    expected += "expected.txt" if expected.endswith("/") else ".expected.txt"
    output = run(program, scenario)
    if os.environ.get("BROKERSIM_REWRITE") == "1":
        with open(expected, "wb") as file:
            file.write(output)
    wanted = read(expected)
    if output != wanted:
        lines = [text.decode("utf-8", "replace").splitlines(True) for text in (wanted, output)]
        raise Failure("".join(difflib.unified_diff(*lines, "expected.txt", "standard output")))


def oracle(program, scenario, folder):
    for seed in map(str, range(1, int(os.environ.get("BROKERSIM_SEEDS", "3")) + 1)):
        trace = os.path.join(folder, "seed-%s.jsonl" % seed)
        run(program, scenario, "--seed", seed, "--trace", trace, "--trace-level", "records")
        done = subprocess.run([sys.executable, "-B", CHECKER, trace, "--all"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise Failure("seed %s: the checker says (exit status %d)\n%s" %
                          (seed, done.returncode, done.stdout))


def determinism(program, scenario, folder):
    plain = run(program, scenario)
    model = fingerprint(plain)
    same("two summaries", plain, run(program, scenario))
    same("fingerprints of the summary and of --json", model,
         fingerprint(run(program, scenario, "--json")))
    narrated = run(program, scenario, "--narrate")
    same("fingerprints with and without a narrator", model, fingerprint(narrated))
    same("two narrations", narrated, run(program, scenario, "--narrate"))
    for level in LEVELS:
        traces = [os.path.join(folder, "%s-%d.jsonl" % (level, k)) for k in (1, 2)]
        for trace in traces:
            same("summaries with and without a trace", plain,
                 run(program, scenario, "--trace", trace, "--trace-level", level))
        same("two traces at level " + level, read(traces[0]), read(traces[1]))
    packed = os.path.join(folder, "packed.jsonl.zst")
    run(program, scenario, "--trace", packed, "--trace-level", "records")
    unpacked = subprocess.run(["zstd", "-dcq", packed], stdout=subprocess.PIPE, check=True).stdout
    same("a trace and the same one compressed", read(os.path.join(folder, "records-1.jsonl")),
         unpacked)
    if fingerprint(run(program, scenario, "--seed", "987654321")) == model:
        raise Failure("another seed gives the same run")


def main():
    checks = {"summary": summary, "oracle": oracle, "determinism": determinism}
    if len(sys.argv) != 4 or sys.argv[1] not in checks:
        sys.exit(__doc__)
    # Relative to the source tree, as the outputs of a run may name its file.
    folder, _, variant = sys.argv[3].partition("/")
    scenario = "scenarios/%s/%s.json" % (folder, variant or "scenario")
    with tempfile.TemporaryDirectory() as folder:
        try:
            checks[sys.argv[1]](os.path.abspath(sys.argv[2]), scenario, folder)
        except Failure as failure:
            print(failure)
            sys.exit(1)


if __name__ == "__main__":
    main()
