#!/usr/bin/env python3
"""Reads the drawings of a page or of an SVG file: figures.py FILE EXPRESSION. The expression sees

  drawings  {id of the figure: drawing}; a file of its own is "file", what stands in a row "row 0", …
  one       the first drawing

A drawing has title, texts and marks, a mark title, href, rects and circles ({attribute: number}).
scale(drawing) is the value at a position of its horizontal axis, by the ticks."""
import re
import sys
from html.parser import HTMLParser


def number(text):
    return float(text.rstrip("%").replace(",", ""))


class Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.drawings, self.drawing, self.mark, self.axis = {}, None, None, False
        self.open, self.figure, self.narrow = [], "file", False

    def handle_starttag(self, name, attributes):
        a = dict(attributes)
        css = (a.get("class") or "").split()
        if name not in ("line", "rect", "circle", "path", "meta", "link", "input", "img", "br"):
            self.open.append((name, self.figure, self.mark, self.axis, self.drawing, self.narrow))
        if name == "figure":
            self.figure = a["id"]
        if css and css[0] in ("beam", "spark"):
            self.figure = "row %d" % len([k for k in self.drawings if k.startswith("row")])
        self.narrow = self.narrow or "only-s" in css
        if name == "svg" and ("zh-fig" in css or "xmlns" in a) and not self.narrow:
            self.drawing = {"title": "", "texts": [], "marks": [], "ticks": [], "width": a["width"]}
            self.drawings[self.figure] = self.drawing
        if self.drawing is None:
            return
        if "axis" in css:
            self.axis = True
        if "mark" in css:
            self.mark = {"title": "", "href": a.get("href"), "rects": [], "circles": []}
            self.drawing["marks"].append(self.mark)
        if name in ("rect", "circle") and self.mark is not None:
            shape = {k: float(v) for k, v in a.items() if re.fullmatch(r"-?[0-9.]+", v or "")}
            shape["fill"] = css[0] if css else a.get("fill")
            self.mark[name + "s"].append(shape)
        if name == "text":
            self.x = float(a["x"])

    handle_startendtag = handle_starttag

    def handle_endtag(self, name):
        while self.open:
            was, self.figure, self.mark, self.axis, self.drawing, self.narrow = self.open.pop()
            if was == name:
                break

    def handle_data(self, data):
        if self.drawing is None or not self.open:
            return
        if self.open[-1][0] == "title":
            (self.mark or self.drawing)["title"] += data
        if self.open[-1][0] == "text":
            self.drawing["texts"].append(data)
            if self.axis and re.fullmatch(r"-?[0-9.,]+%?", data):
                self.drawing["ticks"].append((self.x, number(data)))


def scale(drawing):
    (x0, v0), (x1, v1) = drawing["ticks"][0], drawing["ticks"][-1]
    return lambda x: v0 + (x - x0) / (x1 - x0) * (v1 - v0)


def post(drawing, mark):
    """The value at which the post of a mark stands."""
    rect = [r for r in mark["rects"] if r["fill"] in ("f-ink", "#15212a")][0]
    return round(scale(drawing)(rect["x"] + rect["width"] / 2), 1)


reader = Reader()
reader.feed(open(sys.argv[1], encoding="utf-8").read())
drawings = reader.drawings
names = {"drawings": drawings, "one": next(iter(drawings.values()), None), "scale": scale, "post": post}
if not eval(sys.argv[2], names):
    print("not:", sys.argv[2])
    for key, d in drawings.items():
        print(key, d["title"], [(m["title"], m["href"], m["rects"]) for m in d["marks"]], d["ticks"])
    sys.exit(1)
