#!/usr/bin/env python3
"""The import pages of a running server, from outside: wizard.py PROGRAM WORK

Files go in as multipart posts, numbers come out of the HTML. What the shops' rows mean is counted
here from the rows themselves; the messy workbook and the outcome of each of its rows are those of
tests/data/dirty.py.
"""
import csv
import gzip
import html.parser
import http.client
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "data"))
sys.dont_write_bytecode = True
import dirty  # noqa: E402
import workbook as wb  # noqa: E402
from program import Tally  # noqa: E402

SHOPS = os.path.join(HERE, "..", "fixture", "cli")
HEADER = ["编号", "地区", "检查日期", "结论", "罚款", "情况"]


class Page(html.parser.HTMLParser):
    """A page: its text, its tables as rows of texts, its marked cells, its links and forms."""

    def __init__(self, source):
        super().__init__()
        self.source = source
        self.text, self.tables, self.marks, self.links, self.sections = "", [], [], [], {}
        self.cell = self.mark = self.section = None
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self.cell = []
            self.tables[-1][-1].append(self.cell)
        elif tag == "mark":
            self.mark = [attrs.get("class", ""), ""]
            self.marks.append(self.mark)
        elif tag == "section":
            self.section = attrs.get("id")
        elif tag == "a":
            self.links.append(attrs.get("href", ""))

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.cell = None
        elif tag == "mark":
            self.mark = None
        elif tag == "section":
            self.section = None

    def handle_data(self, data):
        self.text += data + " "
        if self.cell is not None:
            self.cell.append(data)
        if self.mark is not None:
            self.mark[1] += data
        if self.section is not None:
            self.sections[self.section] = self.sections.get(self.section, "") + data + " "

    def rows(self, first):
        """Rows of the table whose heading begins with this text, cells as one text each."""
        for table in self.tables:
            rows = [[re.sub(r"\s+", " ", "".join(c)).strip() for c in row] for row in table]
            if rows and rows[0] and rows[0][0] == first:
                return rows[1:]
        return []

    def fact(self, label):
        """The number under a label of the counts."""
        m = re.search(re.escape(label) + r"\s+([\d,]+)", self.sections.get("counts", ""))
        return int(m.group(1).replace(",", "")) if m else None


class Server:
    def __init__(self, program, work, name, packs):
        self.program, self.packs = program, packs
        self.data = os.path.join(work, name)
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "serve", "--packs", self.packs, "--data", self.data, "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=open(self.data + ".log", "ab"), text=True)
        line = self.process.stdout.readline()
        self.port = int(re.search(r":(\d+)/", line).group(1))
        return self

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(60)

    def ask(self, method, path, body=None, **headers):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        sent = {"Accept": "text/html"}
        sent.update({k.replace("_", "-"): v for k, v in headers.items()})
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        got = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        connection.close()
        return got

    def page(self, path, **headers):
        """A page; of a commit whose report is being written, once it is there."""
        for _ in range(100):
            status, _, body = self.ask("GET", path, **headers)
            text = body.decode("utf-8")
            if 'data-job="' not in text or self.job(path.split("?")[0])["state"] in ("queued", "running"):
                break
            time.sleep(0.1)
        return status, Page(text)

    def post(self, path, fields, **headers):
        body = urllib.parse.urlencode(fields)
        return self.ask("POST", path, body, Content_Type="application/x-www-form-urlencoded", **headers)

    def send(self, name, content, register="", **fields):
        """A multipart post as a browser makes it. (status, headers, body)"""
        edge = "----edge7MA4YWxkTrZu0gW"
        parts = b""
        fields["register"] = register
        for key, value in fields.items():
            parts += ('--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (edge, key, value)).encode()
        if name is not None:
            quoted = name.replace('"', "%22")
            parts += ('--%s\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n'
                      'Content-Type: application/octet-stream\r\n\r\n' % (edge, quoted)).encode()
            parts += content + b"\r\n"
        parts += ("--%s--\r\n" % edge).encode()
        return self.ask("POST", "/import", parts, Content_Type="multipart/form-data; boundary=" + edge)

    def job(self, path):
        _, _, body = self.ask("GET", "/api/v1/jobs/" + path.rsplit("/", 1)[1], Accept="application/json")
        return json.loads(body)

    def wait(self, path, seconds=120):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            job = self.job(path)
            if job["state"] not in ("queued", "running"):
                return job
            time.sleep(0.05)
        return job

    def check(self, name, content, register="", **fields):
        """Sends and waits: path of the check."""
        status, headers, body = self.send(name, content, register, **fields)
        if status != 303:
            raise SystemExit("%s: %d %s" % (name, status, body[:2000].decode()))
        self.wait(headers["location"])
        return headers["location"]

    def commit(self, path, mode, reason=""):
        """Orders and waits: path of the import, or the refusal."""
        status, headers, body = self.post(path + "/commit", {"mode": mode, "reason": reason})
        if status != 303:
            return status, body.decode("utf-8")
        self.wait(headers["location"])
        return status, headers["location"]

    def sql(self, text):
        connection = sqlite3.connect("file:%s/zhiheng.db?mode=ro" % self.data, uri=True)
        try:
            return connection.execute(text).fetchall()
        finally:
            connection.close()

    def records(self, register):
        return self.sql("SELECT count(*) FROM r_" + register)[0][0]


def shops(rows):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([HEADER] + rows)
    return out.getvalue().encode("utf-8")


def shop(number, verdict="合格", fine="", place="武汉", day="2026-03-01", note=""):
    return ["S-%s" % number, place, day, verdict, fine, note]


def rate(verdicts):
    """Failing share in per cent, two digits, half to even as GB/T 8170."""
    return "%.2f" % (100 * verdicts.count("不合格") / len(verdicts))


def effect(page):
    """(before, after, n) of the only indicator of shops."""
    rows = page.rows("指标")
    return tuple(re.sub(r"%|[\d.]+–[\d.]+|\s", "", c) for c in rows[0][1:]) if rows else None


# ---- the shops --------------------------------------------------------------------------------


def test_choice(tally, server):
    status, page = server.page("/import")
    tally.equal(status, 200, "GET /import")
    tally.check("门店检查" in page.text and "/import/templates/shop_check.xlsx" in page.links, "templates are offered")
    status, english = server.page("/import?lang=en")
    tally.check("Shop check" in english.text and "Templates" in english.text, "English")
    status, headers, body = server.ask("GET", "/import/templates/shop_check.csv")
    tally.equal(body.decode("utf-8-sig").strip(), ",".join(HEADER), "CSV template has the labels")
    status, headers, body = server.ask("GET", "/import/templates/shop_check.xlsx")
    tally.check("attachment" in headers["content-disposition"], "a download")
    book = zipfile.ZipFile(io.BytesIO(body))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    tally.equal(re.findall(r"<t [^>]*>([^<]*)</t>", sheet), HEADER, "XLSX template has the labels")
    lists = re.findall(r'sqref="([A-Z]+)2:[A-Z]+\d+"><formula1>([^<]*)<', sheet)
    tally.equal(lists, [("B", "代码!$A$2:$A$4"), ("D", "代码!$B$2:$B$3")], "drop-downs of the code fields")
    codes = book.read("xl/worksheets/sheet3.xml").decode()
    tally.check(all(name in codes for name in ("湖北省", "武汉市", "合格")), "codes of the drop-downs")
    tally.check("罚款不能为负" in book.read("xl/worksheets/sheet2.xml").decode(), "explanations name the rules")
    for bad in ("nothing.xlsx", "shop_check.exe", "..%2f..%2fetc%2fpasswd"):
        tally.equal(server.ask("GET", "/import/templates/" + bad)[0], 404, "no template " + bad)
    return body


def test_template_comes_back(tally, server, template):
    """A row typed into the template is a record; its other sheets are not."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(template)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            if name.endswith("sheet1.xml"):
                cells = "".join(wb.cell("%s2" % wb.letters(i), v)
                                for i, v in enumerate(["T-1", "武汉市", "2026-01-02", "合格", "", "手填"]))
                text = text.replace("</sheetData>", '<row r="2">%s</row></sheetData>' % cells)
            new.writestr(name, text)
    _, page = server.page(server.check("填好的模板.xlsx", out.getvalue()))
    tally.equal((page.fact("新增"), page.fact("拒绝")), (1, 0), "a filled template is understood")
    tally.check("填写" in page.sections["how"] and "说明" not in page.sections["how"], "only its first sheet is read")


def test_first(tally, server):
    content = open(os.path.join(SHOPS, "shops.csv"), "rb").read()
    path = server.check("shops.csv", content)
    _, page = server.page(path)
    tally.check("导入：门店检查" in page.text, "the register is found from the header")
    tally.equal([page.fact(x) for x in ("新增", "变更", "存疑，须说明", "拒绝", "与库中已有相同")], [4, 0, 0, 0, 0], "counts")
    tally.check("登记册自己的列名一致" in page.sections["how"], "why it was read so")
    tally.check("列对上了 6/6" in page.text, "columns are shown")
    tally.equal(effect(page), ("未报", rate(["合格", "不合格", "不合格", "合格"]), "0→4"), "effect on the indicator")
    tally.equal((server.records("shop_check"), server.sql("SELECT count(*) FROM zh_outbox")[0][0]), (0, 0),
                "a check writes nothing")
    again = server.send("shops.csv", content)[1]["location"]
    tally.equal(again, path, "the same file sent twice is one job")
    status, done = server.commit(path, "all")
    tally.equal(status, 303, "commit")
    twice = server.post(path + "/commit", {"mode": "all"})
    tally.equal((twice[0], twice[1].get("location")), (303, done), "ordered twice is one job")
    _, page = server.page(done)
    tally.check("已写入 4 条记录" in page.text, "result")
    tally.check("#0 至 #3" in page.text, "positions in the ledger")
    tally.check(any(link.startswith("/registers/shop_check?where=recorded_at") for link in page.links), "link to the records")
    tally.equal(server.records("shop_check"), 4, "written once")
    _, page = server.page(server.check("shops.csv", content))
    tally.equal((page.fact("新增"), page.fact("与库中已有相同")), (0, 4), "afterwards all are the same")
    tally.check("没有要写的行" in page.text, "nothing to commit, and the button says so")
    return ["合格", "不合格", "不合格", "合格"]


def test_move(tally, server, known):
    """The indicator moves by what the check computed; altered rows give altered numbers."""
    for turn, verdicts in (("a", ["不合格"] * 3 + ["合格"]), ("b", ["合格"] * 5)):
        rows = [shop(turn + str(i), v, "10" if v == "不合格" else "") for i, v in enumerate(verdicts)]
        path = server.check("turn-%s.csv" % turn, shops(rows))
        _, page = server.page(path)
        wanted = rate(known), rate(known + verdicts), "%d→%d" % (len(known), len(known) + len(verdicts))
        tally.equal(effect(page), wanted, "predicted, turn " + turn)
        server.commit(path, "all")
        known = known + verdicts
        _, page = server.page(server.check("probe-%s.csv" % turn, shops([shop("probe")])))
        tally.equal(effect(page)[0], wanted[1], "committed as predicted, turn " + turn)
    changed = [["S-2", "武汉市", "2026-01-06", "合格", "", "复核后合格"]]
    path = server.check("changed.csv", shops(changed))
    _, page = server.page(path)
    known[1] = "合格"
    tally.equal((page.fact("变更"), effect(page)[1]), (1, rate(known)), "an amended record moves it too")
    server.commit(path, "all")
    _, page = server.page(server.check("probe.csv", shops([shop("probe2")])))
    tally.equal(effect(page)[0], rate(known), "and the amendment did")


def test_problems(tally, server):
    before = server.records("shop_check")
    path = server.check("shops_bad.csv", open(os.path.join(SHOPS, "shops_bad.csv"), "rb").read())
    _, page = server.page(path)
    tally.equal([page.fact(x) for x in ("新增", "存疑，须说明", "拒绝")], [1, 1, 3], "counts of the bad shops")
    kinds = {re.search("[a-z_.]+$", row[4]).group(): (row[0], row[1], row[2], row[3]) for row in page.rows("级别")}
    tally.equal(kinds.get("fine_not_negative", kinds), ("拒绝", "1", "罚款", "-3"), "a kind of problem, in place")
    tally.equal(len(kinds), 4, "kinds")
    _, page = server.page(path + "?view=rows")
    tally.equal(sorted(map(tuple, page.marks)), [("bad", "-3"), ("bad", "2026-13-03"), ("bad", "火星"), ("doubt", "合格")],
                "the cells that are wrong are marked")
    _, page = server.page(path + "?view=rows&rule=fine_needs_fault")
    tally.equal([row[0] for row in page.rows("行")], ["6"], "rows of one rule")
    for junk in ("?view=rows&from=-5", "?view=rows&from=99999999999999999999", "?view=%3Cscript%3E&rule='%20or%201"):
        tally.equal(server.page(path + junk)[0], 200, "junk in the address " + junk)
    _, _, body = server.ask("GET", path + "/errors.csv")
    tally.equal(len(list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))), 5, "list of all problems")
    _, _, body = server.ask("GET", path + "/rows.csv")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    tally.equal((rows[0], [row[0] for row in rows[1:]]), (HEADER + ["错误", "怎么办", "原行号"], ["S-6", "S-7", "S-8", "S-9"]),
                "rows with an error column")
    tally.check("罚款不能为负" in rows[2][6], "it says what is wrong")
    status, text = server.commit(path, "all")
    tally.check(status == 409 and "3 行被拒绝或存疑" in text or "被拒绝或存疑" in text, "all is refused while rows are bad", status)
    tally.equal(server.records("shop_check"), before, "nothing was written")
    status, done = server.commit(path, "clean")
    tally.equal((status, server.records("shop_check")), (303, before + 1), "only the clean row")
    _, page = server.page(done)
    tally.equal((page.fact("已写入"), page.fact("拒绝"), page.fact("存疑，须说明")), (1, 3, 1), "result of the clean rows")
    rows[1][1], rows[2][4], rows[3][2] = "宜昌", "3", "2026-03-13"
    rows[2][3] = "不合格"
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    path = server.check("改过.csv", out.getvalue().encode())
    _, page = server.page(path)
    tally.equal([page.fact(x) for x in ("新增", "存疑，须说明", "拒绝")], [3, 1, 0], "the corrected rows come back")
    status, text = server.commit(path, "all")
    tally.equal(status, 409, "a doubtful row needs a reason")
    status, headers, _ = server.post(path + "/check", {"reason": "罚款属实"})
    server.wait(headers["location"])
    _, page = server.page(headers["location"])
    tally.equal([page.fact(x) for x in ("新增", "存疑，须说明")], [4, 0], "with a reason it may stand")
    status, done = server.commit(path, "all", "罚款属实")
    tally.equal((status, server.records("shop_check")), (303, before + 5), "all, with the reason")
    tally.check("罚款属实" in server.page(done)[1].text, "the reason is shown")


def test_paste(tally, server):
    text = "\r\n".join("\t".join(row) for row in [HEADER, shop("paste", "合格", "", "宜昌", "2026-04-01", "第一行")])
    status, headers, _ = server.send(None, b"", cells=text)
    tally.equal(status, 303, "pasted cells")
    server.wait(headers["location"])
    tally.equal(server.page(headers["location"])[1].fact("新增"), 1, "are a table")
    status, _, body = server.send(None, b"", cells="  ")
    tally.check(status == 400 or status == 422, "nothing pasted", status)
    tally.check("没有贴进任何内容" in body.decode() and "role=\"alert\"" in body.decode(), "and the page says so")


def bomb(size):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        with z.open("rows.csv", "w") as f:
            f.write(",".join(HEADER).encode() + b"\n")
            for _ in range(size):
                f.write(b"0" * (1 << 20))
    return out.getvalue()


def test_refused(tally, server):
    before = server.records("shop_check")
    many = ",".join("c%d" % i for i in range(1000000)).encode()
    wide = json.dumps([{"c%d" % i: 1 for i in range(40000)}]).encode()
    cases = [
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, ""),
        ("program.xlsx", b"PK\x03\x04" + b"\0" * 100, ""),
        ("bomb.zip", bomb(64), "shop_check"),
        ("wide.csv", many + b"\n" + many, "shop_check"),
        ("wide.csv", many + b"\n" + many, ""),
        ("wide.json", wide, "shop_check"),
        ("nested.json", b"[" * 100000, ""),
        ("other.csv", "甲,乙\n1,2\n".encode(), ""),
        ("other.csv", "甲,乙\n1,2\n".encode(), "shop_check"),
        ("half.csv.gz", gzip.compress(shops([shop(str(i)) for i in range(5000)]))[:9000], "shop_check"),
        ("header.csv", shops([]), "shop_check"),
        ("latin.csv", b"\xff\xfe\x00\xd8\x00\x00bad\xc3\x28", ""),
    ]
    for name, content, register in cases:
        status, headers, body = server.send(name, content, register)
        if not tally.equal(status, 303, "%s is taken for a check" % name):
            continue
        job = server.wait(headers["location"])
        _, page = server.page(headers["location"])
        empty = name == "header.csv" and page.fact("新增") == 0
        tally.check(empty or (job["state"] == "failed" and "预检没有做成" in page.text and "规则" in page.text),
                    "%s is refused with the reason" % name, (job["state"], page.text[:300]))
        status, _ = server.commit(headers["location"], "all")
        tally.check(empty or status == 409, "%s cannot be committed" % name, status)
    status, _, body = server.send("empty.csv", b"")
    tally.check(status in (400, 422) and "一个字节" in body.decode(), "an empty file", status)
    status, _, body = server.send("x.csv", shops([shop("x")]), "no_such")
    tally.check(status in (400, 422) and "没有登记册" in body.decode(), "an unknown register", status)
    status, _, body = server.send("x.csv", shops([shop("x")]), recipe="<b>")
    tally.check(status in (400, 422) and "<b>" not in body.decode().split("role=\"alert\"")[1][:400], "an unknown recipe", status)
    tally.equal(server.records("shop_check"), before, "none of them wrote anything")


def test_hostile(tally, server):
    evil = "<script>alert(1)</script>"
    content = shops([shop("evil", "合格", "", evil, "2026-03-01", evil), shop("=cmd()", "不合格", "-1", note="=1+1")])
    path = server.check('../..\\"' + evil + ".csv", content, "shop_check")
    for where in (path, path + "?view=rows", "/jobs", "/import"):
        status, page = server.page(where)
        tally.check(status == 200 and evil not in page.source, "escaped in " + where)
        tally.check(not re.search(r'\sstyle="|\son[a-z]+="', page.source), "no inline style or handler in " + where)
    _, page = server.page(path + "?view=rows")
    tally.check(evil in page.text, "but shown")
    _, _, body = server.ask("GET", path + "/rows.csv")
    tally.check("'=1+1" in body.decode("utf-8-sig"), "formulas are disarmed in the table")
    tally.check(not os.path.exists(os.path.join(server.data, "..", "..", evil + ".csv")), "no way out of the folder")
    jobs = server.sql("SELECT count(*) FROM zh_job")[0][0]
    for headers in ({"Origin": "http://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        tally.equal(server.post(path + "/commit", {"mode": "clean"}, **headers)[0], 403, "another site %r" % headers)
        tally.equal(server.ask("POST", "/import", b"x", Content_Type="text/plain", **headers)[0], 403, "another site sends")
    tally.equal(server.sql("SELECT count(*) FROM zh_job")[0][0], jobs, "made no job")
    for mode in ("", "ALL", "drop"):
        tally.check(server.post(path + "/commit", {"mode": mode})[0] in (400, 422), "mode %r" % mode)
    for what in ("/import/1", "/import/abc", "/import/%00", "/import/9999999999999999999999", path + "/../../etc/passwd",
                 path + "/secrets.csv"):
        tally.check(server.ask("GET", what)[0] in (400, 404), "no such thing " + what)
    status, headers, _ = server.post(path + "/commit", {"mode": "none"})
    tally.equal((status, headers["location"]), (303, "/import?discarded=1"), "thrown away")
    _, page = server.page(path)
    tally.check("文件已不在服务器上" in page.text and "只提交无误" not in page.text, "and cannot be committed any more")


def test_two_at_once(tally, server):
    before = server.records("shop_check")
    paths = {}

    def one(name):
        rows = [shop("%s-%d" % (name, i)) for i in range(300)]
        path = server.check(name + ".csv", shops(rows))
        paths[name] = server.commit(path, "all")

    threads = [threading.Thread(target=one, args=("t%d" % i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.check(all(status == 303 and server.job(path)["state"] == "done" for status, path in paths.values()),
                "three at once", paths)
    tally.equal(server.records("shop_check"), before + 900, "each is written once")


def begin_large(server, name, n):
    path = server.check(name + ".csv", shops([shop("%s-%d" % (name, i), day="2026-05-%02d" % (i % 28 + 1)) for i in range(n)]))
    status, headers, _ = server.post(path + "/commit", {"mode": "clean"})
    return path, headers["location"]


def until_some(server, path):
    for _ in range(2000):
        job = server.job(path)
        if job["cursor"] > 0 or job["state"] not in ("queued", "running"):
            return job
        time.sleep(0.01)
    return job


def test_restart(tally, server):
    before, n = server.records("shop_check"), 15000
    _, path = begin_large(server, "big", n)
    job = until_some(server, path)
    server.stop(signal.SIGKILL)
    some = server.records("shop_check") - before
    tally.check(0 < some < n, "killed in the middle", (some, job))
    server.start()
    job = server.wait(path)
    tally.equal((job["state"], server.records("shop_check")), ("done", before + n), "goes on by itself, nothing twice")
    _, page = server.page(path)
    tally.check("已写入 15,000 条记录" in page.text, "result after a restart")
    _, path = begin_large(server, "calm", n)
    until_some(server, path)
    tally.equal(server.stop(), 0, "stops in the middle of a commit")
    server.start()
    job = server.wait(path)
    tally.equal((job["state"], server.records("shop_check")), ("done", before + 2 * n), "and goes on")


def test_cancel(tally, server):
    before, n = server.records("shop_check"), 15000
    check, path = begin_large(server, "stop", n)
    until_some(server, path)
    tally.equal(server.post(path + "/cancel", {})[0], 303, "cancel")
    job = server.wait(path)
    written = server.records("shop_check") - before
    tally.check(job["state"] == "cancelled" and 0 < written < n, "stops after the batch in hand", (job, written))
    _, page = server.page(path)
    tally.check("取消前已写入 {:,} 条".format(written) in page.text, "and says what was written", page.text[:400])
    status, again = server.commit(check, "clean")
    tally.equal(server.records("shop_check"), before + n, "the rest can be committed later")


def test_command_line(tally, server, work):
    """An import of the command line that was killed: the page says what to do, and it works."""
    before, n = server.records("shop_check"), 20000
    content = shops([shop("cli-%d" % i) for i in range(n)])
    path = os.path.join(work, "cli.csv")
    with open(path, "wb") as f:
        f.write(content)
    killed = subprocess.Popen([server.program, "import", "shop_check", path, "--commit", "clean", "--data", server.data,
                               "--packs", server.packs], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(6000):
        if server.records("shop_check") > before:
            break
        time.sleep(0.01)
    killed.kill()
    killed.wait()
    some = server.records("shop_check") - before
    job = server.sql("SELECT id, state FROM zh_job WHERE kind = 'import' ORDER BY id DESC LIMIT 1")[0]
    tally.check(0 < some < n and job[1] == "running", "killed on the command line", (some, job))
    _, page = server.page("/import/%d" % job[0])
    tally.check("从命令行下的" in page.text and "接着写" in page.text, "the page says what to do")
    status, done = server.commit(server.check("cli.csv", content), "clean")
    tally.equal((status, done, server.records("shop_check")), (303, "/import/%d" % job[0], before + n),
                "the same file sent here goes on where it stopped")


def test_undo(tally, server):
    """A commit undone on its day: records go, amended ones go back, the indicator follows; once."""
    before = server.records("shop_check")
    _, page = server.page(server.check("probe-undo.csv", shops([shop("probe")])))
    value = effect(page)[0]
    rows = [["S-3", "武汉市", "2026-01-07", "不合格", "9", "撤销前"], shop("undo-1", "不合格", "5"), shop("undo-2")]
    status, done = server.commit(server.check("undo.csv", shops(rows)), "all")
    tally.equal((status, server.records("shop_check")), (303, before + 2), "committed, to be undone")
    _, page = server.page(done)
    tally.check("撤销这次导入" in page.text and "确定撤销 3 条" in page.text, "the page offers it, with a confirmation")
    status, headers, _ = server.post(done + "/undo", {})
    tally.equal((status, headers.get("location")), (303, done), "ordered")
    undone = "/import/%d" % server.sql("SELECT id FROM zh_job WHERE kind = 'undo' ORDER BY id DESC LIMIT 1")[0][0]
    tally.equal(server.wait(undone)["state"], "done", "carried out")
    _, page = server.page(done)
    tally.check("这次导入已撤销：撤回 2 条，退回原值 1 条" in page.text and "确定撤销" not in page.text, "and the page says so",
                page.text[:600])
    tally.equal(server.records("shop_check"), before, "what it made is withdrawn")
    _, page = server.page(server.check("probe-undone.csv", shops([shop("probe")])))
    tally.equal(effect(page)[0], value, "the indicator is back where it was")
    gone = server.sql("SELECT office, id FROM r_shop_check_h WHERE op = 'withdraw' ORDER BY id LIMIT 1")[0]
    status, page = server.page("/registers/shop_check/%d-%d" % gone)
    tally.check(status == 200 and "已于" in page.text and "撤回" in page.text, "a withdrawn record says that it is")
    status, english = server.page("/registers/shop_check/%d-%d?lang=en" % gone)
    tally.check("was withdrawn on" in english.text, "in English")
    status, headers, _ = server.post(done + "/undo", {})
    tally.equal(status, 303, "ordered twice")
    tally.equal(server.sql("SELECT count(*) FROM zh_job WHERE kind = 'undo'")[0][0], 1, "is one job")
    other = server.sql("SELECT id FROM zh_job WHERE kind = 'check' LIMIT 1")[0][0]
    tally.equal(server.post("/import/%d/undo" % other, {})[0], 409, "a check cannot be undone")
    job = server.sql("SELECT id FROM zh_job WHERE kind = 'import' AND state = 'done' ORDER BY id LIMIT 1")[0][0]
    seen = subprocess.run([server.program, "job", "undo", str(job), "--data", server.data, "--packs", server.packs, "--json"],
                          capture_output=True, text=True, timeout=120)
    told = json.loads(seen.stdout)
    tally.check(seen.returncode == 0 and told["left"] > 0 and any("改过" in one["why"] for one in told["list"]),
                "on the command line: what was changed since is left and listed", (seen.stdout[:400], seen.stderr[:400]))
    seen = subprocess.run([server.program, "verify", "--data", server.data, "--packs", server.packs],
                          capture_output=True, text=True, timeout=300)
    tally.check(seen.returncode == 0, "verify", seen.stdout[-600:])
    status, page = server.page("/jobs")
    tally.check("撤销导入" in page.text and "已撤销" in page.text, "in the list of jobs")


def test_jobs(tally, server):
    status, page = server.page("/jobs")
    tally.check(status == 200 and "导入 · 门店检查" in page.text and "没有做成" in page.text, "list of jobs")
    _, _, body = server.ask("GET", "/api/v1/jobs", Accept="application/json")
    jobs = json.loads(body)["jobs"]
    tally.check(len(jobs) > 10 and all(isinstance(job["id"], str) for job in jobs), "the same as JSON")
    status, headers, body = server.ask("GET", "/api/v1/jobs/77", Accept="application/json")
    tally.check(status == 404 and "problem+json" in headers["content-type"], "an unknown job is a problem document")
    status, page = server.page("/jobs?lang=en")
    tally.check("Check · Shop check" in page.text, "jobs in English")
    _, headers, _ = server.ask("GET", "/jobs")
    tally.check("script-src 'self'" in headers["content-security-policy"], "content security policy")


# ---- the messy workbook -----------------------------------------------------------------------


def test_messy(tally, server, work):
    path = os.path.join(work, "季度.xlsx")
    hidden = wb.sheet_xml([dirty.HEADER, ["H-1", "隐藏", "", "2026-01-01", "铅", "1", "", "1"]])
    wb.write(path, [("抽检", dirty.sheet(str(dirty.lots(dirty.body()))), False), ("底稿", hidden, True),
                    ("空表", wb.sheet_xml([]), False)])
    check = server.check("季度 汇总.xlsx", open(path, "rb").read(), recipe="quarterly")
    _, page = server.page(check)
    tally.equal([page.fact(x) for x in ("新增", "与库中已有相同", "变更", "存疑，须说明", "拒绝")],
                [len(dirty.GOOD), len(dirty.SAME), 0, len(dirty.DOUBTFUL), len(dirty.BAD)], "messy workbook")
    tally.check("抽检" in page.sections["how"] and "底稿" not in page.sections["how"], "the hidden sheet is left alone")
    _, page = server.page(check + "?view=rows")
    wanted = sorted("抽检 %d" % row for some in (dirty.BAD, dirty.DOUBTFUL) for row in some)
    tally.equal(sorted(row[0] for row in page.rows("行")), wanted, "every bad row stands where it is")
    tally.equal(sum(1 for _ in page.marks), sum(1 for some in (dirty.BAD, dirty.DOUBTFUL)
                                                for _, found in some.values() for column, _ in found if column),
                "every bad cell is marked")
    tally.equal(server.records("lot"), 0, "nothing is written")
    status, done = server.commit(check, "clean")
    tally.equal((status, server.records("lot")), (303, len(dirty.GOOD)), "its clean rows are")


def main():
    program, work = os.path.abspath(sys.argv[1]), sys.argv[2]
    tally = Tally()
    server = Server(program, work, "shops", os.path.join(SHOPS, "packs")).start()
    template = test_choice(tally, server)
    test_template_comes_back(tally, server, template)
    known = test_first(tally, server)
    test_move(tally, server, known)
    test_problems(tally, server)
    test_paste(tally, server)
    test_refused(tally, server)
    test_hostile(tally, server)
    test_two_at_once(tally, server)
    test_restart(tally, server)
    test_cancel(tally, server)
    test_command_line(tally, server, work)
    test_undo(tally, server)
    test_jobs(tally, server)
    tally.equal(server.stop(), 0, "the server ends")
    server = Server(program, work, "lots", os.path.join(HERE, "..", "fixture", "dirty")).start()
    test_messy(tally, server, work)
    tally.equal(server.stop(), 0, "the server ends")
    tally.finish()


if __name__ == "__main__":
    main()
