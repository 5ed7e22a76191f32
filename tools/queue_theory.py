"""Laws of service and what theory says about queues with them, for tools/closed_forms.

Times are in nanoseconds. A law is its first moment, its second one, and how a scenario writes it.
"""
import math

MS = 1_000_000


def ns(value):
    return "%dns" % round(value)


# ---- laws ----

def constant(mean):
    return mean, mean * mean, ns(mean)


def exponential(mean):
    return mean, 2 * mean * mean, {"exponential": ns(mean)}


def lognormal(mean, scv):
    sigma = math.sqrt(math.log(1 + scv))
    median = mean / math.sqrt(1 + scv)
    return mean, mean * mean * (1 + scv), {
        "lognormal": {"median": ns(median), "p99": ns(median * math.exp(2.3263478740408408 * sigma))}}


def two_points(share, low, high):
    return (share * low + (1 - share) * high, share * low ** 2 + (1 - share) * high ** 2,
            {"quantiles": {"0": ns(low), "%.7f" % (100 * share - 1e-7): ns(low),
                           "%.7f" % (100 * share): ns(high), "100": ns(high)}})


def tabulated(beyond, first, second):
    """A law by what lies beyond a value: as straight lines between many points of its quantiles."""
    def quantile(mass):
        low, high = 0.0, first
        while beyond(high) > mass:
            high *= 2
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if beyond(middle) > mass else (low, middle)
        return low
    shares = [k / 4000 for k in range(4000)]
    shares += [1 - 0.00025 * 0.93 ** k for k in range(1, 140)]
    points = {"%.7f" % (100 * p): ns(quantile(1 - p)) for p in sorted(set(shares))}
    points["100"] = ns(quantile(1e-9))
    return first, second, {"quantiles": points}


def hyperexponential(p, mean1, mean2):
    return tabulated(lambda x: p * math.exp(-x / mean1) + (1 - p) * math.exp(-x / mean2),
                     p * mean1 + (1 - p) * mean2, 2 * (p * mean1 ** 2 + (1 - p) * mean2 ** 2))


def erlang2(mean):
    return tabulated(lambda x: math.exp(-2 * x / mean) * (1 + 2 * x / mean), mean, 1.5 * mean ** 2)


# ---- theory ----

def wait_mg1(lam, law):
    return lam * law[1] / (2 * (1 - lam * law[0]))


def wait_mmc(servers, lam, mu):
    load = lam / mu
    below = sum(load ** k / math.factorial(k) for k in range(servers))
    full = load ** servers / math.factorial(servers) * servers / (servers - load)
    return full / (below + full) / (servers * mu - lam)


def sojourn_tandem(lam, mus):
    return sum(1 / (mu - lam) for mu in mus)


def wait_batches(lam, size, law):
    """Batches of a fixed size, `lam` of them for each unit of time."""
    mean, second = size * law[0], size * (law[1] - law[0] ** 2) + (size * law[0]) ** 2
    return lam * second / (2 * (1 - lam * mean)) + law[0] * (size - 1) / 2


def throughput_closed(demands, think, customers):
    """Exact mean value analysis."""
    queues = [0.0] * len(demands)
    for n in range(1, customers + 1):
        stays = [d * (1 + q) for d, q in zip(demands, queues)]
        throughput = n / (think + sum(stays))
        queues = [throughput * s for s in stays]
    return throughput


def delay_linger(lam, most, linger):
    """In the accumulator: a batch leaves when `most` records or `linger` is reached."""
    load = lam * linger
    term, reached, waiting, records = math.exp(-load), 1.0, 0.0, 1.0
    for k in range(most - 1):
        reached -= term  # Now of more than k arrivals in `linger`.
        waiting += (k + 1) * reached / lam
        records += reached
        term *= load / (k + 1)
    return waiting / records


def slowest_of(n, shift, mean):
    """Of n exponential times with a common shift."""
    return shift + mean * sum(1 / k for k in range(1, n + 1))
