#!/usr/bin/python3
"""Draw how cost grows with the size of a capture: tests/bench/growth.py RESULTS.json OUT.svg

Ratios over size, each the median of its rounds with their range: `pcap-truncate` as a multiple of cat, work in place
with full verification as one of the floor. A line that is level means that a GB costs as much in a large capture.
"""

import json
import math
import sys

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 190, 48, 56
LINES = (
    ("pcap-truncate", "pcap-truncate, x cat", "#1f5fa8"),
    ("in place", "in place, full, x floor", "#b3541e"),
)
STEP = 0.1


def show(size):
    return f"{round(size / 1e9, 1):g} GB" if size >= 0.99e9 else f"{round(size / 1e6):g} MB"


class Axes:
    """Size by its logarithm; ratios over what there is, and 1, with nothing empty."""

    def __init__(self, rows):
        ratios = [row[name][key] for row in rows for name, _, _ in LINES for key in ("ratio_min", "ratio_max")] + [1]
        self.low = math.floor(min(ratios) / STEP) * STEP
        self.high = math.ceil(max(ratios) / STEP) * STEP
        self.step = STEP * max(1, math.ceil((self.high - self.low) / STEP / 10))
        sizes = [math.log(row["bytes"]) for row in rows]
        self.first, self.last = min(sizes), max(sizes)

    def x(self, size):
        return LEFT + (math.log(size) - self.first) / (self.last - self.first) * (WIDTH - LEFT - RIGHT)

    def y(self, ratio):
        return HEIGHT - BOTTOM - (ratio - self.low) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)


def text(x, y, what, anchor="middle", colour="#222", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{more}>{what}</text>'


def line(x1, y1, x2, y2, colour, width=1):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def grid(axes, rows):
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    out = []
    for n in range(math.floor((axes.high - axes.low) / axes.step + 1.5)):
        ratio = axes.low + n * axes.step
        if ratio < axes.high + STEP / 2:
            out.append(line(LEFT, axes.y(ratio), right, axes.y(ratio), "#ddd"))
            out.append(text(LEFT - 8, axes.y(ratio) + 4, f"{ratio:.1f}", "end"))
    out.append(line(LEFT, axes.y(1), right, axes.y(1), "#666", 1.5))
    for row in rows:
        x = axes.x(row["bytes"])
        out.append(line(x, bottom, x, bottom + 5, "#222"))
        out.append(text(x, bottom + 20, show(row["bytes"])))
    middle = (TOP + bottom) / 2
    out.append(text((LEFT + right) / 2, HEIGHT - 12, "size of the capture"))
    out.append(text(18, middle, "time, as a multiple", more=f' transform="rotate(-90 18 {middle:.1f})"'))
    out.append(text(LEFT, 24, "What a capture costs by its size", "start", more=' font-weight="bold" font-size="15"'))
    return out


def apart(heights, least=17):
    """Heights of labels, none nearer to another than least."""
    placed = {}
    for name in sorted(heights, key=heights.get):
        placed[name] = max([heights[name]] + [y + least for y in placed.values()])
    return placed


def draw(rows):
    axes = Axes(rows)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *grid(axes, rows),
    ]
    labels = apart({name: axes.y(rows[-1][name]["ratio"]) for name, _, _ in LINES})
    for name, title, colour in LINES:
        points = [(axes.x(row["bytes"]), axes.y(row[name]["ratio"])) for row in rows]
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        out.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for (x, y), row in zip(points, rows):
            out.append(line(x, axes.y(row[name]["ratio_min"]), x, axes.y(row[name]["ratio_max"]), colour))
            out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')
        out.append(text(WIDTH - RIGHT + 12, labels[name] + 4, f"{title}: {rows[-1][name]['ratio']:.2f}", "start", colour))
    return "\n".join(out + ["</svg>"]) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1]) as results, open(sys.argv[2], "w") as out:
        out.write(draw(json.load(results)["growth"]))


if __name__ == "__main__":
    main()
