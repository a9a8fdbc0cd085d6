#!/usr/bin/python3
"""Renders the manual, a text file a page, as man pages and as what `sysbuf help` prints.

    render.py roff    PAGE.txt OUTPUT.N VERSION
    render.py topics  OUTPUT.c PAGE.txt...

A page: first line `name(section) - what it is`; then `# HEADING` and paragraphs, each separated by
an empty line. A paragraph whose first line begins with `* ` is a term, the indented lines behind it
say what it is; a paragraph of lines indented by four blanks is shown as it stands.
"""
import re
import sys
import textwrap

WIDTH = 79


def read_page(path):
    """(name, section, summary, [(kind, ...)])"""
    with open(path, encoding="utf-8") as page:
        lines = page.read().split("\n")
    title = re.fullmatch(r"([a-z-]+)\((\d)\) - (.+)", lines[0])
    if not title:
        sys.exit(f"{path}:1: expected `name(section) - what it is`")
    blocks, paragraph = [], []
    for line in lines[1:] + [""]:
        if line.startswith("# "):
            blocks.append(("heading", line[2:]))
        elif line.strip():
            paragraph.append(line)
        elif paragraph:
            blocks.append(read_paragraph(paragraph))
            paragraph = []
    return title.group(1), title.group(2), title.group(3), join_examples(blocks)


def read_paragraph(lines):
    if lines[0].startswith("* "):
        return ("term", lines[0][2:], " ".join(line.strip() for line in lines[1:]))
    if all(line.startswith("    ") for line in lines):
        return ("example", [line[4:] for line in lines])
    return ("text", " ".join(line.strip() for line in lines))


def join_examples(blocks):
    """An empty line inside an example stays there."""
    joined = []
    for block in blocks:
        if block[0] == "example" and joined and joined[-1][0] == "example":
            joined[-1] = ("example", joined[-1][1] + [""] + block[1])
        else:
            joined.append(block)
    return joined


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def roff(page, output, version):
    name, section, summary, blocks = read_page(page)
    lines = [f'.TH {name.upper()} {section} "" "sysbuf {version}" "sysbuf"', ".SH NAME",
             f"{escape(name)} \\- {escape(summary)}"]
    for block in blocks:
        if block[0] == "heading":
            lines.append(f".SH {block[1]}")
        elif block[0] == "text":
            lines += [".PP", escape(block[1])]
        elif block[0] == "term":
            lines += [".TP", f".B {escape(block[1])}", escape(block[2])]
        else:
            lines += [".PP", ".nf", ".RS"] + [escape(line) for line in block[1]] + [".RE", ".fi"]
    with open(output, "w", encoding="utf-8") as target:
        target.write("\n".join(lines) + "\n")


def wrap(text, indent):
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent,
                         break_long_words=False, break_on_hyphens=False)


def plain(page):
    name, _, summary, blocks = read_page(page)
    lines, before = [f"{name}: {summary}"], ""
    for block in blocks:
        kind = block[0]
        if before != "heading" and (kind, before) != ("term", "term"):
            lines.append("")
        if kind == "heading":
            lines.append(block[1])
        elif kind == "text":
            lines += wrap(block[1], "  ")
        elif kind == "term":
            lines += ["  " + block[1]] + wrap(block[2], "      ")
        else:
            lines += ["    " + line if line else "" for line in block[1]]
        before = kind
    return name, summary, "\n".join(lines) + "\n"


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def topics(output, pages):
    texts, table = [], []
    for number, page in enumerate(pages):
        name, summary, text = plain(page)
        lines = "".join(f"    {quote(line)},\n" for line in text.rstrip("\n").split("\n"))
        texts.append(f"static const char *const page_{number}[] = {{\n{lines}    NULL}};\n")
        table.append(f'    {{"{name.removeprefix("sysbuf-")}", {quote(summary)}, page_{number}}},\n')
    with open(output, "w", encoding="utf-8") as target:
        target.write('#include "cli/help/topics.h"\n\n' + "\n".join(texts))
        target.write("\nconst struct help_topic help_topics[] = {\n" + "".join(table) + "};\n")
        target.write("const size_t help_topic_count = sizeof help_topics / sizeof *help_topics;\n")


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "roff":
        roff(sys.argv[2], sys.argv[3], sys.argv[4])
    elif len(sys.argv) > 3 and sys.argv[1] == "topics":
        topics(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(__doc__)
