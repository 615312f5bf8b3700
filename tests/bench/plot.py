# SPDX-License-Identifier: LGPL-2.1-or-later
"""An SVG of CPU per delivered message: against fan-out, a line for each size, and against size, a
line for each fan-out. Both axes are logarithmic; the floor is dashed. Written by hand: no library."""

import math
import re

from targets import median

COLORS = ["#1f6fb2", "#d1641c", "#2c8a4b", "#8a3fa0"]
WIDTH, HEIGHT, PANEL, LEFT, TOP, BOTTOM = 960, 420, 340, 70, 50, 350
UNITS = {"B": 1, "KiB": 1024}


def points(cases):
    """{(receivers, size): (cost, floor or None)} of the saturated cases"""
    found = {}
    for name, case in cases.items():
        match = re.fullmatch(r"saturated 1 to (\d+), (\d+) (B|KiB)", name)
        if match and case["runs"]:
            found[int(match[1]), int(match[2]) * UNITS[match[3]]] = (
                median(case, "cpu_us_per_delivered"), median(case, "floor_cpu_us"))
    return found


def size_name(size):
    return f"{size} B" if size < 1024 else f"{size // 1024} KiB"


def text(x, y, what, anchor="middle", extra=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" {extra}>{what}</text>'


class Scale:
    def __init__(self, values, low, high):
        self.least, self.most = math.log(min(values)), math.log(max(values))
        self.low, self.high = low, high

    def __call__(self, value):
        if self.most == self.least:
            return (self.low + self.high) / 2
        share = (math.log(value) - self.least) / (self.most - self.least)
        return self.low + share * (self.high - self.low)


def line(marks, color, dashed):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in marks)
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    yield f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"{dash}/>'
    if not dashed:
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{color}"/>' for x, y in marks)


def panel(found, left, title, along, across, along_name, across_name, valued):
    """along, across: 0 or 1, which of (receivers, size) is the axis and which the lines; valued:
    the points have their figures beside them"""
    keys = sorted({key[along] for key in found})
    lines = sorted({key[across] for key in found})
    costs = [cost for pair in found.values() for cost in pair if cost]
    right = left + PANEL
    x = Scale(keys, left + 20, right - 25)
    decades = range(math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs))) + 1)
    y = Scale([10.0 ** decades[0], 10.0 ** decades[-1]], BOTTOM, TOP)
    yield text((left + right) / 2, TOP - 20, title, extra='font-weight="bold"')
    yield f'<path d="M{left},{TOP}V{BOTTOM}H{right}" fill="none" stroke="#444"/>'
    for decade in decades:
        height = y(10.0 ** decade)
        yield f'<path d="M{left},{height:.1f}H{right}" stroke="#ddd"/>'
        yield text(left - 8, height + 4, f"{10.0 ** decade:g}", "end")
    for key in keys:
        yield text(x(key), BOTTOM + 18, along_name(key))
    names = []
    for number, which in enumerate(lines):
        color = COLORS[number % len(COLORS)]
        here = sorted((key[along], pair) for key, pair in found.items() if key[across] == which)
        yield from line([(x(key), y(pair[0])) for key, pair in here], color, False)
        below = [(x(key), y(pair[1])) for key, pair in here if pair[1]]
        if below:
            yield from line(below, color, True)
        for key, pair in here:
            if valued:
                yield text(x(key), y(pair[0]) - 8, f"{pair[0]:.1f}", extra=f'fill="{color}"')
        names.append((y(here[-1][1][0]), across_name(which), color))
    free = BOTTOM
    for height, name, color in sorted(names, reverse=True):
        height = min(height, free)
        yield text(right - 6, height + 4, name, "start", f'fill="{color}"')
        free = height - 14  # the next one's, so that none is written over another


def plot(cases):
    found = points(cases)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
             f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" fill="#222">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>']
    if found:
        def to(receivers):
            return f"1 to {receivers}"
        parts += panel(found, LEFT, "against fan-out", 0, 1, to, size_name, True)
        parts += panel(found, LEFT + PANEL + 120, "against size", 1, 0, size_name, to, False)
        parts.append(text(WIDTH / 2, HEIGHT - 20, "CPU of the daemon per delivered message,"
                          " us, saturated; dashed: the floor"))
    else:
        parts.append(text(WIDTH / 2, HEIGHT / 2, "no saturated case was measured"))
    return "\n".join(parts) + "\n</svg>\n"
