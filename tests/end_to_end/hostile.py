#!/usr/bin/env python3
"""Runs tests/oracle/hostile/run_hostile.py, whose options it takes, with what it lacks mended.

- It reads at most 64 MiB of a file. A run that is interrupted after a second and a half has written
  more than that, so its last line would be missed: here those runs write the short level `state`.
- A small file system of its own takes a mount namespace, which some containers and a plain chroot
  refuse: those cases are left out there, and it says so.
- `trace-time-back` sets the time of the middle event to 0. In a trace of which more than half tells
  the settled cluster at t = 0 that changes nothing: here it is the last event.
"""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "oracle", "hostile"))
import gen  # noqa: E402
import run_hostile  # noqa: E402


def may_mount():
    """Whether this process may mount a file system that nobody else sees."""
    options = "-m" if os.geteuid() == 0 else "-rm"
    try:
        probe = subprocess.run(["unshare", options, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return probe.returncode == 0


if not may_mount():
    mounts = [case["id"] for case in gen.c.cases if any(s.get("mount") for s in case["steps"])]
    gen.c.cases[:] = [case for case in gen.c.cases if case["id"] not in mounts]
    print("left out, no mount namespaces here:", ", ".join(mounts))

for case in gen.c.cases:
    if case["group"] == "signal":
        for step in case["steps"]:
            if "{long}" in step["argv"]:
                step["argv"] = step["argv"] + ["--trace-level", "state"]
    if case["id"] == "trace-time-back":
        case["make"] = lambda trace: trace.out(ev=trace.but(len(trace.ev) - 1, t=0))

if __name__ == "__main__":
    sys.exit(run_hostile.main(gen.c))
