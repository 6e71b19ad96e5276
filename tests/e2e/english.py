"""English pages are in English: every page that can be reached from the first one with ?lang=en.

usage: english.py URL [REPORT]   URL: a server with the data of the demo. The pages are found by
their links, at most EACH of one route of the route table in src/web; a GET route of pages that was
not reached fails, unless it is listed in ELSEWHERE. A text with a Han character fails that does not
stand in an element with lang="zh" (a record's value, a quotation, a declared text without English:
zh_html_value marks those) and not in one of the elements of DATA. Prints what failed, then counts;
REPORT receives every finding.
"""
import glob
import html.parser
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

EACH = 60
HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")

# Elements whose text is what people or files brought, by tag, class or attribute; nothing of the
# program's own may be written into them.
DATA = {
    "textarea": "what was typed",
    "title": "of the tab: as the heading, which marks its parts",
    "code": "an expression as declared",
    ".filename": "a file's name",
}
# Routes of pages that the demo cannot show, with the step that sees them.
ELSEWHERE = {}


class Page(html.parser.HTMLParser):
    """Links of a page, and its Chinese texts outside what may be Chinese."""

    EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.stack, self.links, self.found = [], [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])
        if tag not in self.EMPTY:
            self.stack.append((tag, attrs))

    def handle_endtag(self, tag):
        for i in range(len(self.stack) - 1, -1, -1):
            if self.stack[i][0] == tag:
                del self.stack[i:]
                return

    def handle_data(self, data):
        if HAN.search(data) and not any(self.may_be_chinese(*one) for one in self.stack):
            self.found.append((self.place(), " ".join(data.split())))

    @staticmethod
    def may_be_chinese(tag, attrs):
        classes = ["." + name for name in (attrs.get("class") or "").split()]
        return (attrs.get("lang", "").startswith("zh") or tag in ("script", "style")
                or any(name in DATA for name in [tag] + classes))

    def place(self):
        named = [tag + "".join("." + c for c in (attrs.get("class") or "").split()) +
                 ("#" + attrs["id"] if attrs.get("id") else "") for tag, attrs in self.stack]
        return " > ".join(named[2:])


def routes():
    """Patterns of the GET routes, as regular expressions."""
    out = {}
    for path in sorted(glob.glob("src/web/*.c")):
        for body in re.findall(r"ZH_ROUTE\(\w+\) = \{?(.*?)\};", open(path, encoding="utf-8").read(), re.S):
            if '.method = "GET"' in body:
                pattern = re.search(r'\.path = "([^"]+)"', body).group(1)
                out[pattern] = re.compile("^" + re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(pattern)).replace(r"\*", ".*") + "$")
    return out


def fetch(url):
    request = urllib.request.Request(url, headers={"Accept": "text/html", "Cookie": "lang=en"})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get_content_type(), error.read()


def main():
    base = sys.argv[1].rstrip("/")
    table = routes()
    # the literal pattern wins over one with a parameter
    order = sorted(table, key=lambda pattern: (pattern.count("{") + pattern.count("*"), pattern))
    seen, counts, kinds, found = set(), {}, {}, {}
    queue = ["/"] + [pattern for pattern in order if "{" not in pattern and "*" not in pattern]
    passed = failed = 0
    while queue:
        path = queue.pop(0)
        bare = path.split("?")[0].split("#")[0]
        pattern = next((p for p in order if table[p].match(bare)), None)
        key = path.split("#")[0]
        if pattern is None or key in seen or counts.get(pattern, 0) >= EACH:
            continue
        if kinds.get(pattern) not in (None, "text/html") or re.search(r"\.\w+$", bare):
            continue
        seen.add(key)
        status, kind, body = fetch(base + key)
        kinds[pattern] = kind if status < 400 else kinds.get(pattern)
        if kind != "text/html":
            continue
        counts[pattern] = counts.get(pattern, 0) + 1
        page = Page()
        page.feed(body.decode("utf-8"))
        for place, text in page.found:
            found.setdefault((pattern, place), []).append((key, text))
        if page.found:
            failed += 1
        else:
            passed += 1
        for link in page.links:
            link = urllib.parse.urljoin(base + key, link)
            if link.startswith(base + "/") and "lang=" not in link:
                queue.append(link[len(base):])
    for (pattern, place), texts in sorted(found.items()):
        print(f"FAILED: {pattern} {place}: {texts[0][1][:80]} ({len(texts)} times, {texts[0][0]})")
    for pattern in order:
        api = pattern.startswith(("/api/", "/static/", "/log/", "/export/", "/files/"))
        if not api and pattern not in counts and kinds.get(pattern) in (None, "text/html") and pattern not in ELSEWHERE:
            failed += 1
            print(f"FAILED: no page of {pattern} was reached")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
