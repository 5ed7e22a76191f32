#!/usr/bin/env python3
"""Writes the tables of sim/engine/distribution.cpp: quantiles in fixed point, at high precision.

    tools/tables/quantiles.py sim/engine        (needs Python 3 and mpmath)

It puts exponential_quantiles.inc and normal_quantiles.inc into the folder that it is given. Their
layout is QuantileLayout in sim/engine/distribution.hpp.
"""
import sys
from mpmath import mp, mpf, log, erfinv, sqrt, floor, factorial

mp.prec = 200
CELLS, TAIL_CELLS, TAIL_LEVELS = 4096, 256, 6


def fixed(x, bits):
    return int(floor(x * mpf(2) ** bits + mpf(1) / 2))


def exponential(mass):
    """The value, of mean 1, that is exceeded with probability `mass`."""
    return -log(mass)


def normal(mass):
    """The same of the standard normal distribution, mass <= 1/2."""
    return mpf(0) if mass == mpf(1) / 2 else sqrt(2) * erfinv(1 - 2 * mass)


def tail(quantile, end):
    """Nodes of the opened upper tail, each level a sixteenth of the one before. The last cell ends
    where its mean is right."""
    nodes = []
    for level in range(TAIL_LEVELS):
        mass = mpf(2) ** (-8 - 4 * level)
        nodes += [quantile(mass * (1 - mpf(j) / TAIL_CELLS)) for j in range(TAIL_CELLS)]
        nodes.append(end)  # Beyond it only the last level looks.
    return nodes


def write(path, comment, nodes):
    with open(path, "w") as out:
        out.write("// %s Made by tools/tables/quantiles.py.\n" % comment)
        for k in range(0, len(nodes), 5):
            out.write(" ".join("0x%016x," % n for n in nodes[k:k + 5]) + "\n")


def main(folder):
    thinnest = mpf(2) ** -36
    # The mean of an exponential beyond q is q + 1, the middle of q and q + 2.
    end = exponential(thinnest) + 2
    nodes = [exponential(1 - mpf(i) / CELLS) for i in range(CELLS)] + [end]
    for level in range(TAIL_LEVELS):
        width = mpf(2) ** (-8 - 4 * level)
        nodes += [exponential(1 - width * j / TAIL_CELLS) for j in range(TAIL_CELLS + 1)]
    nodes += tail(exponential, end)
    write(folder + "/exponential_quantiles.inc", "Exponential of mean 1, Q32.32.",
          [fixed(n, 32) for n in nodes])

    # In units of the 99th percentile, so that p99 / median alone scales a lognormal; and the
    # mean of a normal beyond z is close to z + 1 / z.
    z99 = normal(mpf(1) / 100)
    end = normal(thinnest) + 2 / normal(thinnest)
    nodes = [normal(1 - mpf(i) / CELLS) for i in range(CELLS // 2, CELLS)] + [end]
    nodes += tail(normal, end)
    write(folder + "/normal_quantiles.inc", "Upper half of the normal / its 99th percentile, Q4.60.",
          [fixed(n / z99, 60) for n in nodes])

    print("exp2_terms of sim/engine/fixed_point.cpp, Q2.62, rounded down:")
    for n in range(20):
        print("0x%016x," % int(floor(log(2) ** n / factorial(n) * mpf(2) ** 62)))


main(sys.argv[1])
