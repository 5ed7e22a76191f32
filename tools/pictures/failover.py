#!/usr/bin/env python3
"""Draws a failover out of a trace: who is up, who leads, who is in sync, who cannot be written.

    brokersim run scenarios/replication-table/scenario.json --trace t.jsonl
    tools/pictures/failover.py t.jsonl > docs/pictures/replication-table.svg
"""
import html
import json
import sys

WIDTH, LEFT, RIGHT, ROW = 900, 130, 20, 30
COLOURS = ["#3b6ea5", "#c77d2e", "#4c8c5a", "#8a5a9e", "#a8475b", "#5b8f96"]
INK, PALE, RED = "#333333", "#dddddd", "#c62828"


class Picture:
    def __init__(self, end):
        self.end, self.y, self.parts = end, 20, []

    def x(self, t):
        return LEFT + (WIDTH - LEFT - RIGHT) * t / self.end

    def box(self, begin, end, y, height, colour, title):
        self.parts.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s">'
                          "<title>%s</title></rect>" %
                          (self.x(begin), y, max(self.x(end) - self.x(begin), 0.5), height, colour,
                           html.escape(title)))

    def text(self, x, y, text, anchor="start", colour=INK, size=13):
        self.parts.append('<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s" font-size="%d">%s'
                          "</text>" % (x, y, anchor, colour, size, html.escape(text)))

    def row(self, label):
        self.text(LEFT - 12, self.y + 15, label, "end")
        self.y += ROW
        return self.y - ROW

    def axis(self):
        step = next(s for s in (1, 2, 5, 10, 20, 60, 600, 3600) if self.end / 1e9 / s <= 12)
        for second in range(0, int(self.end / 1e9) + 1, step):
            x = self.x(second * 1e9)
            self.parts.append('<line x1="%.1f" y1="14" x2="%.1f" y2="%d" stroke="%s"/>' %
                              (x, x, self.y, PALE))
            self.text(x, self.y + 16, "%d s" % second, "middle", size=11)
        self.y += 30

    def svg(self):
        return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" '
                'font-family="sans-serif">\n<rect width="100%%" height="100%%" fill="#ffffff"/>\n'
                "%s\n</svg>\n" % (WIDTH, self.y, WIDTH, "\n".join(self.parts)))


def spans(changes, end):
    """[(time, value)] as [(from, to, value)]."""
    return [(t, changes[k + 1][0] if k + 1 < len(changes) else end, value)
            for k, (t, value) in enumerate(changes)]


def seconds(t):
    return "%.3f s" % (t / 1e9)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    header, last = lines[0], lines[-1]
    topics = {topic + "/" for topic in header["topics"] if not topic.startswith("__")}
    up, fenced, parts, outages = {}, {}, {}, []
    for line in lines[1:-1]:
        kind, t = line["e"], line["t"]
        if kind in ("node.up", "node.down"):
            up.setdefault(line["node"], []).append((t, kind == "node.up"))
        elif kind == "ctl.broker":
            fenced.setdefault(line["node"], []).append((t, line["state"] != "unfenced"))
        elif kind == "ctl.part" and any(line["tp"].startswith(topic) for topic in topics):
            parts.setdefault(line["tp"], []).append((t, line))
        elif kind == "unavailable" and line["side"] == "produce":
            outages.append(line)
    brokers = sorted(fenced)
    colour = {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(brokers)}
    picture = Picture(last["t"])
    body = picture.parts
    picture.parts = []
    for name in brokers:
        y = picture.row(name)
        for begin, end, alive in spans(up[name], last["t"]):
            if alive:
                picture.box(begin, end, y + 2, 16, colour[name], "%s runs" % name)
        for begin, end, out in spans(fenced[name], last["t"]):
            if out and end > begin:
                picture.box(begin, end, y + 20, 4, INK, "%s is fenced from %s to %s" %
                            (name, seconds(begin), seconds(end)))
    picture.y += 8
    for tp in sorted(parts):
        y = picture.row(tp)
        for begin, end, state in spans(parts[tp], last["t"]):
            leader, isr = state["leader"], state["isr"]
            height = 16 * len(isr) / len(state["repl"])
            picture.box(begin, end, y + 18 - height, height, colour.get(leader, PALE),
                        "%s: leader %s, in sync %s" % (tp, leader, ", ".join(isr)))
        for window in outages:
            if window["tp"] == tp:
                picture.box(window["from"], window["to"], y + 20, 4, RED,
                            "%s cannot be written from %s to %s" %
                            (tp, seconds(window["from"]), seconds(window["to"])))
    bars = picture.parts
    picture.parts = body
    picture.axis()
    picture.parts += bars
    picture.text(LEFT, picture.y + 4, "Colour of a partition: its leader. Full height: all "
                 "replicas in sync. Black: fenced. Red: producers wait.", size=12)
    picture.y += 18
    sys.stdout.write(picture.svg())


if __name__ == "__main__":
    main()
