"""What queueing theory says exactly: waits and requests in flight of queues with Poisson arrivals.

Sources: A. K. Erlang (1917) for M/M/c; F. Pollaczek (1930) and A. Khinchine (1932) for M/G/1; J. D. C. Little
(1961) for the number in flight; L. Kleinrock, "Queueing Systems", volume 1 (1975), has all of them.
"""

import math


def erlang_c(servers: int, offered: float) -> float:
    """The probability that a request must wait in M/M/c.

    Args:
        servers: c.
        offered: Arrivals a second times seconds a request, less than c.

    Raises:
        ValueError: There is more work than the servers can do.
    """
    if not 0 <= offered < servers:
        raise ValueError(f"the offered load must be from 0 to below {servers}, not {offered:g}")
    blocked = 1.0  # Erlang B, by its recursion, which no factorial overflows
    for number in range(1, servers + 1):
        blocked = offered * blocked / (number + offered * blocked)
    load = offered / servers
    return blocked / (1 - load + load * blocked)


def mean_wait(service_s: float, per_s: float, *, servers: int = 1, variation: float = 1.0) -> float:
    """The mean wait for a server, in seconds.

    Exact for one server (Pollaczek and Khinchine) and for exponential service times (Erlang); for several
    servers and others the approximation of Lee and Longton (1959).

    Args:
        service_s: The mean service time.
        per_s: Arrivals a second.
        servers: How many there are.
        variation: The service times' standard deviation over their mean: 0 for constant ones.
    """
    offered = per_s * service_s
    wait_s = erlang_c(servers, offered) * service_s / (servers - offered)
    return wait_s * (1 + variation**2) / 2


def mean_in_flight(service_s: float, per_s: float, *, servers: int = 1, variation: float = 1.0) -> float:
    """How many requests are in on average, by Little's law; the arguments are those of `mean_wait`."""
    return per_s * (service_s + mean_wait(service_s, per_s, servers=servers, variation=variation))


def load_of(in_flight: float, *, variation: float = 1.0) -> float:
    """The load of one server at which so many requests are in on average: what a target means.

    Solves `in_flight = load + load**2 * (1 + variation**2) / (2 * (1 - load))`.
    """
    half = (1 + variation**2) / 2
    if math.isclose(half, 1.0):
        return in_flight / (1 + in_flight)
    linear = 1 + in_flight
    return (linear - math.sqrt(linear**2 - 4 * (1 - half) * in_flight)) / (2 * (1 - half))


def mm1_quantile(share: float, service_s: float, load: float) -> float:
    """A quantile of the time from arrival to answer in M/M/1, where it is exponential."""
    return -math.log(1 - share) * service_s / (1 - load)
