"""What the figures say: report.py RESULTS.json [--document]

Prints the table, adds the goals to RESULTS.json and draws results.svg beside it. With --document
the table, the goals and the chart go into docs/performance.md and docs/performance.svg as well,
between the lines that mark their places.
"""
import json
import os
import shutil
import subprocess
import sys

import goals

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCUMENT = os.path.join(ROOT, "docs/performance.md")
CHART = os.path.join(ROOT, "docs/performance.svg")
# The chart: bars of nanoseconds an operation, so that all have one axis.
BARS = [("call on the host", "call-host"), ("call, all rules", "call-verified"),
        ("call, Wine", "call-wine"), ("ring 16 B", "ring-send/16/batched"),
        ("ck ring 16 B", "ck-ring/16/single"), ("pipe 16 B", "pipe/16/single"),
        ("local socket 16 B", "unix/16/single"), ("ring 16 B, Wine", "wine:ring-send/16/batched"),
        ("ring round trip", "ring-round-trip/16/spin"), ("notification", "notify/8"),
        ("fuzz request", "fuzz-pool"), ("life of a driver", "cycle-host"),
        ("life, Wine", "cycle-wine")]


def number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def figure_rows(results):
    for name, figure in results["figures"].items():
        values = figure["values"]
        yield [name, number(goals.median(values)), number(min(values)), number(max(values)),
               figure["unit"]]


# The program that a figure comes from, by how the figure's name begins; else they are alike.
PROGRAMS = [("wine:", "wine ring"), ("ring-", "ring"), ("ioctl-", "ring"),
            ("ck-ring", "ring baselines"), ("memcpy", "ring baselines")]


def reason(results, name):
    """Why a figure is missing: what its program said, or that it was not run."""
    programs = [program for start, program in PROGRAMS if name.startswith(start)]
    programs += [name, name.split("/")[0].split("-")[0]]
    for program in programs:
        if program in results["failures"]:
            return results["failures"][program]
    return "not run"


def goal_rows(results):
    for goal in goals.GOALS:
        value, verdict, missing = goals.judge(goal, results["figures"])
        limit = ("≥ " if goal.sense == "least" else "≤ ") + number(goal.limit)
        if verdict == "missing":
            yield [goal.group, goal.text, "", limit, f"missing: {missing}: "
                   f"{reason(results, missing)}"]
        else:
            yield [goal.group, goal.text, number(value), limit, verdict]


FIGURE_HEAD = ["figure", "median", "least", "greatest", "unit"]
GOAL_HEAD = ["case", "measured", "value", "goal", "verdict"]


def print_table(head, rows):
    rows = [head, *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head) - 1)]
    for row in rows:
        cells = [f"{cell:{'<' if index == 0 or head is GOAL_HEAD and index == 1 else '>'}{width}}"
                 for index, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join([*cells, row[-1]]))
    print()


def markdown(head, rows):
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines)


def nanoseconds(figure):
    value = goals.median(figure["values"])
    return {"ns": value, "ms": value * 1e6}.get(figure["unit"], 1e9 / value if value else 0)


def draw(results, path):
    """False: there is no gnuplot."""
    bars = [(text, nanoseconds(results["figures"][name])) for text, name in BARS
            if name in results["figures"]]
    if not shutil.which("gnuplot") or not bars:
        return False
    ticks = ", ".join(f'"{text}" {index}' for index, (text, _) in enumerate(bars))
    data = "\n".join(f"{index} {max(value, 0.1):.6g}" for index, (_, value) in enumerate(bars))
    program = f"""set terminal svg size 900,480 background "white"
set output "{path}"
set style fill solid 0.8
set boxwidth 0.7
set logscale y
set grid ytics
set ylabel "nanoseconds (logarithmic)"
set xtics rotate by -35 ({ticks})
set bmargin 8
unset key
$bars << END
{data}
END
plot $bars using 1:2 with boxes lc rgb "#3070b0"
"""
    done = subprocess.run(["gnuplot"], input=program.encode(), check=False)
    return done.returncode == 0


def replace(text, mark, lines):
    """Puts lines between <!-- mark --> and <!-- end mark -->."""
    begin, end = f"<!-- {mark} -->\n", f"<!-- end {mark} -->"
    head, rest = text.split(begin, 1)
    return head + begin + "\n" + lines + "\n\n" + end + rest.split(end, 1)[1]


def document(results):
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    text = replace(text, "goals", markdown(GOAL_HEAD, list(goal_rows(results))))
    text = replace(text, "figures", markdown(FIGURE_HEAD, list(figure_rows(results))))
    if draw(results, CHART):
        text = replace(text, "chart", "![nanoseconds an operation](performance.svg)")
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(text)


def main(arguments):
    if not 1 <= len(arguments) <= 2 or arguments[1:] not in ([], ["--document"]):
        sys.exit(__doc__)
    with open(arguments[0], encoding="utf-8") as file:
        results = json.load(file)
    rows = list(goal_rows(results))
    print_table(FIGURE_HEAD, list(figure_rows(results)))
    print_table(GOAL_HEAD, rows)
    results["goals"] = [dict(zip(GOAL_HEAD, row)) for row in rows]
    with open(arguments[0], "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1, ensure_ascii=False)
        file.write("\n")
    if not draw(results, os.path.splitext(arguments[0])[0] + ".svg"):
        print("bench: no chart: gnuplot is not installed (gnuplot-nox)", file=sys.stderr)
    if arguments[1:]:
        document(results)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
