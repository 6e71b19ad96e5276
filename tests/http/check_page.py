#!/usr/bin/env python3
"""Checks a page: check_page.py FILE. Elements nest and close, ids are unique, nothing that the content
security policy would drop, every picture and control has a name, every link stays here. Prints what
is wrong; exit 1 when something is."""
import re
import sys
from html.parser import HTMLParser

VOID = {"br", "col", "hr", "img", "input", "link", "meta", "wbr"}
ABROAD = ("http://", "https://", "//", "javascript:", "data:")


class Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.wrong, self.ids, self.heads = [], [], set(), 0

    def bad(self, what):
        self.wrong.append("%d: %s" % (self.getpos()[0], what))

    def element(self, name, attributes, closed):
        names = [key for key, _ in attributes]
        given = dict(attributes)
        if len(names) != len(set(names)):
            self.bad("<%s> has an attribute twice" % name)
        for key, value in attributes:
            if key == "style" or key.startswith("on"):
                self.bad("<%s %s>" % (name, key))
            if key in ("href", "src", "action") and (value or "").startswith(ABROAD) and name != "a":
                self.bad("<%s %s=%s> from elsewhere" % (name, key, value))
            if key == "href" and value == "#":
                self.bad("a link to nowhere")
        if "id" in given:
            if given["id"] in self.ids:
                self.bad("id %s twice" % given["id"])
            self.ids.add(given["id"])
        if name == "script" and "src" not in given:
            self.bad("a script in the page")
        if name == "style":
            self.bad("a style sheet in the page")
        if name in ("select", "textarea") or (name == "input" and given.get("type") != "hidden"):
            if "aria-label" not in given and "id" not in given and "label" not in self.open:
                self.bad("<%s> without a name" % name)
        if name == "svg" and given.get("aria-hidden") != "true" and not (given.get("aria-label") or given.get("aria-labelledby")) and "svg" not in self.open:
            self.bad("a picture without a name")
        self.heads += name == "h1"
        if not closed and name not in VOID:
            self.open.append(name)

    def handle_starttag(self, name, attributes):
        self.element(name, attributes, False)

    def handle_startendtag(self, name, attributes):
        self.element(name, attributes, True)

    def handle_endtag(self, name):
        if not self.open or self.open[-1] != name:
            self.bad("</%s> inside %s" % (name, self.open[-3:]))
        else:
            self.open.pop()


text = open(sys.argv[1], encoding="utf-8").read()
page = Page()
page.feed(text)
page.close()
if page.open:
    page.wrong.append("still open: %s" % page.open)
if page.heads != 1:
    page.wrong.append("%d h1" % page.heads)
if not re.match(r"<!doctype html>\s*<html lang=", text):
    page.wrong.append("does not begin as a page with a language")
print("\n".join(page.wrong[:20]))
sys.exit(1 if page.wrong else 0)
