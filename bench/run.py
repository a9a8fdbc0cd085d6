"""Runs benchmarks in alternation and collects their figures: run.py SIZE PHASE RESULTS.json

SIZE is full, quick or tiny (tiny asserts that all is answered rightly, its times mean nothing).
PHASE is host, wine, wine-cycle or wine-ring; those of Wine need BENCH_WINE, Wine's loader, and a
Wine that has been started (scripts/bench.sh). A program that fails makes its figures missing, with the reason.
"""
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINUX = os.path.join(ROOT, "build/linux")
WINDOWS = os.path.join(ROOT, "build/windows-x64")
BENCH = os.path.join(LINUX, "bench")
OUTPUT = os.path.join(ROOT, "build/bench")
MYDEVICE = os.path.join(WINDOWS, "mydevice/mydevice.sys")
DRIVER = os.path.join(WINDOWS, "bench/bench.sys")
CHANNELS = os.path.join(WINDOWS, "tests/drivers/channels.sys")
RINGS = [os.path.join(WINDOWS, "bench/ring_bench.sys"),
         os.path.join(WINDOWS, "bench/ring_sleepy.sys")]
SCRIPT = os.path.join(OUTPUT, "fuzz.script")

SIZES = {
    "full": dict(rounds=5, wine_rounds=3, calls=500000, verified=50000, wine_calls=1000,
                 seconds="0.1", short="0.02", inputs=20000, replayed=1000, lives=20,
                 wine_lives=2, waiting="100000", blocks="1000000", growth="10000000"),
    "quick": dict(rounds=3, wine_rounds=2, calls=100000, verified=10000, wine_calls=200,
                  seconds="0.02", short="0.002", inputs=3000, replayed=300, lives=5, wine_lives=1,
                  waiting="100000", blocks="1000000", growth="10000000"),
    "tiny": dict(rounds=1, wine_rounds=1, calls=100, verified=100, wine_calls=10, seconds="0.0001",
                 short="0.00001", inputs=50, replayed=50, lives=1, wine_lives=1, waiting="100",
                 blocks="100", growth="1000"),
}


@dataclass
class Step:
    """A program; what it prints are "case value unit" lines, or a number, which `label` names."""
    label: str
    command: list
    unit: str = ""
    processors: str = "0"
    limit: int = 120
    prefix: str = ""       # before the names of the figures that it prints
    repeats: bool = True   # False: in the first round only
    timed: int = 0         # the figure is so many, divided by the seconds the program took


def host_groups(size):
    seconds, short = size["seconds"], size["short"]
    ioctl = os.path.join(BENCH, "ioctl_host")
    fuzz = [os.path.join(BENCH, "fuzz_host"), MYDEVICE, str(size["inputs"])]
    program = lambda name, *arguments: [os.path.join(BENCH, name), *arguments]
    yield [Step("call-host", [ioctl, MYDEVICE, str(size["calls"])], "ns"),
           Step("call-verified", [ioctl, MYDEVICE, str(size["verified"]), "0xffff"], "ns")]
    yield [Step("dispatch", [os.path.join(ROOT, "bench/dispatch.sh"),
                             os.path.join(BENCH, "dispatch_count"), OUTPUT], repeats=False)]
    yield [Step("payload", program("payload_host", DRIVER, short))]
    yield [Step("notify", program("notify_host", CHANNELS, seconds), processors="0,1")]
    yield [Step("channel", program("channels_host", CHANNELS), processors="0,1")]
    yield [Step("ring", program("ring_host", *RINGS, seconds), processors="0,1"),
           Step("ring baselines", program("ring_baselines", seconds), processors="0,1")]
    yield [Step("cycle-host", program("cycle_host", MYDEVICE, str(size["lives"])), "ms")]
    yield [Step("fuzz-none", fuzz + ["0"], "requests/s"),
           Step("fuzz-pool", fuzz + ["1"], "requests/s"),
           Step("fuzz-all", fuzz + ["0xffff"], "requests/s"),
           Step("fuzz-replay", [os.path.join(LINUX, "cli/sysbuf"), "run", "-q", MYDEVICE, SCRIPT],
                "requests/s", timed=1)]
    yield [Step("scaling", program("scaling_host", DRIVER, short, size["waiting"], size["blocks"]),
                processors="0,1")]
    yield [Step("memory", program("memory_host", MYDEVICE, DRIVER, size["growth"]),
                repeats=False)]


def wine(program, *arguments):
    return [os.environ.get("BENCH_WINE", ""), os.path.join(WINDOWS, "bench", program), *arguments]


def windows_path(path):
    return "Z:" + path.replace("/", "\\")


def wine_groups(size):
    yield [Step("call-wine", wine("ioctl_windows.exe", str(size["wine_calls"])), "ns"),
           Step("call-host", [os.path.join(BENCH, "ioctl_host"), MYDEVICE, str(size["calls"])],
                "ns")]


def wine_cycle_groups(size):
    yield [Step("cycle-wine", wine("cycle_windows.exe", windows_path(MYDEVICE),
                                   str(size["wine_lives"])), "ms"),
           Step("cycle-host", [os.path.join(BENCH, "cycle_host"), MYDEVICE, str(size["lives"])],
                "ms")]


def wine_ring_groups(size):
    yield [Step("wine ring", wine("ring_windows.exe", *map(windows_path, RINGS), size["seconds"]),
                processors="0,1", prefix="wine:")]


PHASES = {"host": (host_groups, "rounds"), "wine": (wine_groups, "wine_rounds"),
          "wine-cycle": (wine_cycle_groups, "wine_rounds"),
          "wine-ring": (wine_ring_groups, "wine_rounds")}


class Failure(Exception):
    pass


def run(step):
    """The program's output, and the seconds that it took."""
    command = ["taskset", "-c", step.processors, *step.command]
    if os.cpu_count() == 1:
        command = step.command
    start = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, timeout=step.limit, check=False,
                              stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"did not end within {step.limit} s") from error
    except OSError as error:
        raise Failure(str(error)) from error
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        raise Failure(words[-1] if words else f"ended with {done.returncode}")
    return done.stdout.decode(errors="replace"), time.monotonic() - start


def figures_of(step, output, seconds):
    """(name, value, unit) of what a program printed."""
    if step.timed:
        yield step.label, step.timed / seconds, step.unit
        return
    for line in output.split("\n"):
        words = line.split()
        if len(words) == 1:
            yield step.label, float(words[0]), step.unit
        elif len(words) == 3 and words[0] == "cycle":
            yield step.label, float(words[1]), words[2]
        elif len(words) == 3:
            yield step.prefix + words[0], float(words[1]), words[2]


def collect(step, results):
    try:
        output, seconds = run(step)
        found = list(figures_of(step, output, seconds))
    except (Failure, ValueError) as error:
        results["failures"][step.label] = str(error)
        print(f"bench: {step.label}: {error}", file=sys.stderr)
        return
    for name, value, unit in found:
        figure = results["figures"].setdefault(name, {"unit": unit, "values": []})
        figure["values"].append(value)


def write_script(size, groups, results):
    """The requests that `sysbuf run` is to replay, and how many they are."""
    steps = [step for group in groups for step in group if step.timed]
    if not steps:
        return
    try:
        output, _ = run(Step("script", [os.path.join(BENCH, "fuzz_host"), MYDEVICE,
                                        str(size["replayed"]), "0", SCRIPT]))
        for step in steps:
            step.timed = int(output)
    except (Failure, ValueError) as error:
        results["failures"]["fuzz-replay"] = str(error)


def load(path):
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    return {"figures": {}, "failures": {}}


def main(arguments):
    if len(arguments) != 3 or arguments[0] not in SIZES or arguments[1] not in PHASES:
        sys.exit(__doc__)
    size = SIZES[arguments[0]]
    make_groups, rounds = PHASES[arguments[1]]
    os.makedirs(OUTPUT, exist_ok=True)
    results = load(arguments[2])
    results["size"] = arguments[0]
    groups = list(make_groups(size))
    write_script(size, groups, results)
    for number in range(size[rounds]):
        print(f"bench: {arguments[1]}, round {number + 1} of {size[rounds]}", flush=True)
        for group in groups:
            for step in group:
                if (number == 0 or step.repeats) and step.label not in results["failures"]:
                    collect(step, results)
    with open(arguments[2], "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    # Wine may be absent; what runs on the host must run.
    return 1 if arguments[1] == "host" and results["failures"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
