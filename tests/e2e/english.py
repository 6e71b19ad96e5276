"""English pages are in English: every page that can be reached from the first one with ?lang=en.

usage: english.py URL   URL: a server with the data of the demo. The pages are found by their
links, at most EACH addresses of one route of the route table in src/web and QUESTIONS
questions to one address; a GET route of pages that was not reached fails, unless it is listed in
ELSEWHERE. A text or label with a Han character fails that stands neither in an element with
lang="zh" (a record's value, a quotation, a declared text without English: zh_html_value marks
those) nor in one of the elements of DATA. Then what is refused: the questions and forms of REFUSED
are answered with their sentence in English, and no Chinese stands in the refusal but what was sent.
Prints what failed, then counts.
"""
import glob
import html.parser
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

EACH = 60
QUESTIONS = 3
HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")

# Elements whose text is what people or files brought, by tag or class, for all routes ("") or one.
DATA = {
    ("", "textarea"): "what was typed",
    ("", "title"): "of the tab: the heading's text, whose parts are marked there",
    ("/systems", ".dt"): "a name of a mark: the clause's number",
    ("/tools/{id}", "text"): "in drawings: names and units of the data that were put in",
    ("/tools/{id}", "aria-label"): "the same in what a drawing says",
}
# Pages that a reader of the demo cannot reach by links, with the step that sees them; files.
ELSEWHERE = {
    "/figures/{id}": "ledger: nothing is published in the demo",
    "/publications/{id}": "ledger",
    "/obligations/{id}": "http: the demo has none",
    "/registers/{reg}/papers": "http: a choice of records, sent by a form",
    "/registers/{reg}/{id}/erase": "http",
    "/registers/{reg}/bulk": "http: a choice of records, sent by a form",
    "/registers/{reg}/bulk/{bulk}": "http",
    "/registers/{reg}/choices/{field}": "a fragment for the form's script: values of records",
}
# What is refused: address, form or None, a piece of the sentence.
REFUSED = [
    ("/registers/food_failure?where=nothing+%3D+1", None, "there is no field or parameter nothing"),
    ("/registers/food_failure?where=category", None, "is no condition"),
    ("/registers/food_failure?where=category+%3D+%27zz%27", None, "has no code zz"),
    ("/registers/food_failure?where=category+%3D", None, "the expression is not finished, a value is wanted"),
    ("/registers/food_failure?sort=nothing", None, "nothing"),
    ("/registers/food_failure?search=a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q+r+s+t+u+v", None, "at most"),
    ("/registers/food_failure?after=x", None, "does not belong to this question"),
    ("/registers/food_failure/1-1", None, "has no record"),
    ("/indicators/food_failure_lots?region=000001", None, "000001"),
    ("/nowhere", None, "/nowhere"),
    ("/figures/99", None, "there is no published figure 99"),
    ("/registers/enterprise/new", {"f.uscc": "91350100M000100Y44", "f.name": "x"}, "check character"),
    ("/registers/enterprise/new", {}, "must be filled in"),
    ("/registers/complaint/new", {"f.received_at": "yesterday"}, "is not a date"),
    ("/registers/complaint/new", {"f.amount": "many"}, "is not a number"),
]
FILES = re.compile(r"^/(api|static|log|export|files)/|/(\{file\}|file|files/\{field\})$")


class Page(html.parser.HTMLParser):
    """Links of a page, and its Chinese texts outside what may be Chinese."""

    EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}

    def __init__(self, route):
        super().__init__(convert_charrefs=True)
        self.route, self.stack, self.links, self.found, self.said = route, [], [], [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])
        for name in ("alt", "aria-label", "placeholder", "title"):
            brought = (self.route, name) in DATA
            if not brought and HAN.search(attrs.get(name) or "") and not self.is_chinese(self.stack + [(tag, attrs)]):
                self.found.append((f"{self.place()} > {tag} {name}", attrs[name]))
        if tag not in self.EMPTY:
            self.stack.append((tag, attrs))

    def handle_endtag(self, tag):
        for i in range(len(self.stack) - 1, -1, -1):
            if self.stack[i][0] == tag:
                del self.stack[i:]
                return

    def handle_data(self, data):
        if any(self.refuses(attrs) for _, attrs in self.stack) and not self.is_quoted():
            self.said.append(data)
        if HAN.search(data) and not self.is_chinese(self.stack):
            self.found.append((self.place(), " ".join(data.split())))

    def refuses(self, attrs):
        """An alert, or what is wrong with a field."""
        return attrs.get("role") == "alert" or "msg" in (attrs.get("class") or "").split()

    def is_quoted(self):
        return any(tag in ("q", "code", "kbd", "input", "textarea") for tag, _ in self.stack)

    def is_chinese(self, stack):
        return any(self.may_be_chinese(*one) for one in stack)

    def may_be_chinese(self, tag, attrs):
        classes = ["." + name for name in (attrs.get("class") or "").split()]
        return (attrs.get("lang", "").startswith("zh") or tag in ("script", "style")
                or any((route, name) in DATA for route in ("", self.route) for name in [tag] + classes))

    def place(self):
        named = [tag + "".join("." + c for c in (attrs.get("class") or "").split()) +
                 ("#" + attrs["id"] if attrs.get("id") else "") for tag, attrs in self.stack]
        return " > ".join(named[2:])


def routes():
    """Patterns of the GET routes, as regular expressions."""
    out = {}
    for path in sorted(glob.glob("src/web/**/*.c", recursive=True)):
        for body in re.findall(r"ZH_ROUTE\(\w+\) = \{?(.*?)\};", open(path, encoding="utf-8").read(), re.S):
            if '.method = "GET"' in body:
                pattern = re.search(r'\.path = "([^"]+)"', body).group(1)
                out[pattern] = re.compile("^" + re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(pattern)).replace(r"\*", ".*") + "$")
    return out


def fetch(url, form=None):
    data = None if form is None else urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(url, data, {"Accept": "text/html", "Cookie": "lang=en"})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get_content_type(), error.read()


def refused(base):
    """How many of REFUSED were not answered in English."""
    wrong = 0
    for path, form, sentence in REFUSED:
        status, kind, body = fetch(base + path, form)
        page = Page(path.split("?")[0])
        page.feed(body.decode("utf-8") if kind == "text/html" else "")
        said = " ".join(" ".join(page.said).split())
        if status < 400 and not said or sentence not in said or HAN.search(said):
            wrong += 1
            print(f"FAILED: {path} {form or ''}: {status} {said[:200]!r} lacks {sentence!r} or is Chinese")
    return wrong


def main():
    base = sys.argv[1].rstrip("/")
    table = routes()
    # the literal pattern wins over one with a parameter
    order = sorted(table, key=lambda pattern: (pattern.count("{") + pattern.count("*"), pattern))
    seen, asked, counts, kinds, found = set(), {}, {}, {}, {}
    queue = ["/"] + [pattern for pattern in order if "{" not in pattern and "*" not in pattern]
    passed = failed = 0
    while queue:
        path = queue.pop(0)
        bare = path.split("?")[0].split("#")[0]
        pattern = next((p for p in order if table[p].match(bare)), None)
        key = path.split("#")[0]
        asked[bare] = asked.get(bare, 0) + (key not in seen)
        if pattern is None or key in seen or counts.get(pattern, 0) >= EACH or asked[bare] > QUESTIONS:
            continue
        if kinds.get(pattern) not in (None, "text/html") or re.search(r"\.\w+$", bare):
            continue
        seen.add(key)
        status, kind, body = fetch(base + key)
        kinds[pattern] = kind if status < 400 else kinds.get(pattern)
        if kind != "text/html":
            continue
        counts[pattern] = counts.get(pattern, 0) + 1
        page = Page(pattern)
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
        shown = pattern in counts or kinds.get(pattern) not in (None, "text/html")
        if not shown and pattern not in ELSEWHERE and not FILES.search(pattern):
            failed += 1
            print(f"FAILED: no page of {pattern} was reached")
    wrong = refused(base)
    passed += len(REFUSED) - wrong
    failed += wrong
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
