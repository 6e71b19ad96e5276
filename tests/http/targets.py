#!/usr/bin/env python3
"""Reads a page of targets or mechanisms: targets.py FILE EXPRESSION. The expression sees

  rows    of the list of targets: {id: {"text", "lamp", "beam", "picture", "cells"}}
  status  the counts by verdict: {"met": 3, …}
  states  rows of the mechanism tables: {id: {"text", "lamp", "links"}}
  count   the figures above them: {"running": 5, …}
  text    everything that is read out
"""
import re
import sys
from html.parser import HTMLParser


class Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.rows, self.states, self.status, self.count = {}, {}, {}, {}
        self.text, self.row, self.figure, self.lamp, self.section, self.big = [], None, None, False, [], False

    def handle_starttag(self, name, attributes):
        a = dict(attributes)
        css = (a.get("class") or "").split()
        if name == "tr":
            self.row = {"text": [], "lamp": "", "act": False, "beam": 0, "picture": 0, "cells": 0, "links": [], "id": None}
        if self.row is not None:
            self.row["beam"] += "beam" in css
            self.row["picture"] += ("zh-fig" in css) - ("beam" in css)  # a beam is drawn by one
            self.row["cells"] += "yc" in css
            if name == "a":
                self.row["links"].append(a.get("href", ""))
                if "t" in css:
                    self.row["id"] = a.get("id")
            if "lamp" in css:
                self.lamp = True
                self.row["act"] = "act" in css
        if "data-status" in a:
            self.figure = (self.status, a["data-status"])
        if "data-count" in a:
            self.figure = (self.count, a["data-count"])
        self.big = "big" in css or (self.big and name == "a")

    def handle_endtag(self, name):
        if name == "tr" and self.row is not None:
            self.row["text"] = " ".join(self.row["text"])
            if self.row["id"] is not None:
                system = any(link.startswith("/systems/") for link in self.row["links"])
                (self.states if system else self.rows)[self.row["id"]] = self.row
            self.row = None
        if name == "p":
            self.big = False

    def handle_data(self, data):
        data = data.strip()
        if not data:
            return
        self.text.append(data)
        if self.row is not None:
            self.row["text"].append(data)
            if self.lamp:
                self.row["lamp"], self.lamp = data, False
        if self.big and self.figure is not None:
            self.figure[0][self.figure[1]] = int(data.replace(",", ""))
            self.figure = None


page = Page()
page.feed(open(sys.argv[1], encoding="utf-8").read())
names = {"rows": page.rows, "status": page.status, "states": page.states, "count": page.count,
         "text": " ".join(page.text), "re": re, "argv": sys.argv[3:]}
if not eval(sys.argv[2], names):  # the expressions are those of the test beside it
    print("not true:", sys.argv[2])
    print({k: (v["lamp"], v["text"]) for k, v in {**page.rows, **page.states}.items()} if len(page.rows) < 20 else len(page.rows))
    print(page.status, page.count)
    sys.exit(1)
