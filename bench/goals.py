"""What is measured, beside what, and what is good enough.

A figure is a case's list of values, one for each round. A goal compares medians: `of` is the
figure, `beside` its baseline (None: the figure itself), and their ratio or the value must be at
least, or at most, the limit.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    group: str
    text: str
    of: str
    beside: object  # a figure's name, or None
    how: str        # "of/beside", "beside/of", "of-beside" or "of"
    sense: str      # "least" or "most"
    limit: float


def at_least(group, text, of, limit, beside=None, how=None):
    return Goal(group, text, of, beside, how or ("of/beside" if beside else "of"), "least", limit)


def at_most(group, text, of, limit, beside=None, how=None):
    return Goal(group, text, of, beside, how or ("of/beside" if beside else "of"), "most", limit)


def payload_goals():
    for length in (65536, 262144, 1048576):
        yield at_least("payload", f"buffered, {length >> 10} KiB, of the rate of two copies",
                       f"payload-buffered/{length}", 0.8, f"payload-two-copies/{length}",
                       "beside/of")
    yield at_least("payload", "direct, 1 MiB, of buffered", "payload-direct/1048576", 5,
                   "payload-buffered/1048576", "beside/of")


def ring_goals():
    yield at_least("ring", "16 B batched, of calls", "ring-send/16/batched", 20,
                   "ioctl-send/16/single")
    yield at_least("ring", "16 B batched, of ck's ring", "ring-send/16/batched", 1,
                   "ck-ring/16/single")
    yield at_least("ring", "64 KiB batched, of memcpy", "ring-send/65536/batched-bytes", 0.7,
                   "memcpy/65536/bytes")
    yield at_least("ring", "64 KiB batched, of memcpy from another processor's cache",
                   "ring-send/65536/batched-bytes", 0.7, "memcpy-across/65536/bytes")


def flat(group, text, name, counts, base=1):
    for count in counts:
        yield at_most(group, f"{text}, {count:,} of {base}", f"{name}/{count}", 1.5,
                      f"{name}/{base}")


def scaling_goals():
    yield from flat("scaling", "a call, opens", "scaling-opens-1", (2, 4, 16, 64))
    # With one open both threads wait for the same file: a lock, and no base to compare with.
    yield from flat("scaling", "a call on two processors, opens", "scaling-opens-2", (4, 16, 64), 2)
    yield at_most("scaling", "a call on two processors, 2 opens, of one's", "scaling-opens-2/2",
                  1.5, "scaling-opens-1/1")
    tens = (10, 100, 1000, 10000, 100000)
    yield from flat("scaling", "a waiting call more, waiting", "scaling-waiting", tens)
    yield from flat("scaling", "a call beside them, waiting", "scaling-waiting-call", tens)
    yield from flat("scaling", "a pool block more, blocks", "scaling-blocks", tens + (1000000,))


GOALS = [
    at_most("call", "one buffered call, ns", "call-host", 150),
    at_least("call", "rate, of Wine's", "call-host", 300, "call-wine", "beside/of"),
    at_most("call", "with all rules of the verifier, ns", "call-verified", 3000),
    at_most("dispatch", "entry to handler, instructions more than by hand",
            "dispatch-library/entry-to-handler", 60, "dispatch-hand/entry-to-handler", "of-beside"),
    at_most("dispatch", "handler to completion, instructions more than by hand",
            "dispatch-library/handler-to-completion", 60, "dispatch-hand/handler-to-completion",
            "of-beside"),
    *payload_goals(),
    at_least("notify", "8 pending, of polling", "notify/8", 2, "notify-polling"),
    *ring_goals(),
    at_least("wine", "ring, 16 B batched, of calls, both under Wine",
             "wine:ring-send/16/batched", 50, "wine:ioctl-send/16/single"),
    at_most("cycle", "install, start, ask, stop, remove, ms", "cycle-host", 2),
    at_least("cycle", "speed, of Wine's", "cycle-host", 100, "cycle-wine", "beside/of"),
    at_least("fuzz", "requests a second, pool rules on", "fuzz-pool", 100000),
    *scaling_goals(),
    at_most("memory", "at rest with MyDevice, KiB", "memory-at-rest", 32 * 1024),
    at_most("memory", "growth over the calls, KiB", "memory-growth", 64),
]


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def judge(goal, figures):
    """(value, "met" or "missed" or "missing", the figure's name that is missing)."""
    for name in (goal.of, goal.beside):
        if name is not None and name not in figures:
            return None, "missing", name
    of = median(figures[goal.of]["values"])
    beside = median(figures[goal.beside]["values"]) if goal.beside else None
    if (goal.how == "of/beside" and not beside) or (goal.how == "beside/of" and not of):
        return None, "missing", goal.beside or goal.of
    value = {"of": lambda: of, "of-beside": lambda: of - beside, "of/beside": lambda: of / beside,
             "beside/of": lambda: beside / of}[goal.how]()
    good = value >= goal.limit if goal.sense == "least" else value <= goal.limit
    return value, "met" if good else "missed", None
