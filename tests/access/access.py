"""The leak matrix: every GET route of the program x readers x canary records; readers are persons and
API keys.

usage: access.py URL ROUTES READERS RECORD FIELDS [REGISTER [PASSWORD]]   ROUTES: a file of "METHOD
REACH PATH" lines made from the route table; READERS: JSON {"name": {"cookie" or "key": ..., "secret":
[texts that must never be seen], "seen": [texts that the list must show]}}, who logs in by name and
password when neither is given; FIELDS: those of the canaries' register (complaint), with commas.
Fields are asked about one by one: by every reader about every field in the long run (ZH_LONG=1), else
about a quarter of them, another for every reader and run (ZH_SEED repeats it). Prints what leaked,
then counts.
"""
import json
import os
import random
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

base, routes_file, readers_file, record_id, field_list = sys.argv[1:6]
register = sys.argv[6] if len(sys.argv) > 6 else "complaint"
readers = json.load(open(readers_file, encoding="utf-8"))
passed = failed = 0


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


opener = urllib.request.build_opener(NoRedirect)


def ask(method, path, reader, data=None):
    request = urllib.request.Request(base + path, method=method, data=data)
    request.add_header("Accept", "text/html")
    if "cookie" in reader:
        request.add_header("Cookie", "zh_session=" + reader["cookie"])
    if "key" in reader:
        request.add_header("Authorization", "Bearer " + reader["key"])
    try:
        with opener.open(request, timeout=60) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")


def check(good, what):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print("FAILED:", what)


def log_in(name):
    form = urllib.parse.urlencode({"login": name, "password": sys.argv[7]}).encode()
    try:
        opener.open(urllib.request.Request(base + "/login", data=form), timeout=60)
    except urllib.error.HTTPError as answer:
        return re.search(r"zh_session=([0-9a-f]{64})", answer.headers["Set-Cookie"]).group(1)


for name, reader in readers.items():
    if "cookie" not in reader and "key" not in reader:
        reader["cookie"] = log_in(name)


seed = int(os.environ.get("ZH_SEED", random.randrange(1 << 30)))
print("seed", seed)
dice = random.Random(seed)


def some_fields():
    fields = field_list.split(",")
    return fields if os.environ.get("ZH_LONG") == "1" else dice.sample(fields, (len(fields) + 3) // 4)


# Every way to put a question to a route with parameters.
VALUES = {
    "reg": [register, "post"],
    "id": [record_id, "sampling_pass_rate"],
    "format": ["csv", "xlsx"],
    "outline": ["hubei-2023"],
    "file": [register + ".csv", "signals.csv", "map.csv"],
    "job": ["1"],
    "field": ["consumer.name", "place", "respondent"],
    "transition": ["accept"],
    "name": ["base.css", "survey.proportion_ci"],
}
WORDS = {"complaint": ("金丝雀", "consumer.name = '金丝雀甲'", "facts", "consumer.name,consumer.phone,facts,no,place"),
         "scoped": ("样本", "note = '样本二'", "note", "no,place,product,industry,note,after")}
word, condition, text_field, columns = WORDS[register]
QUESTIONS = [
    "",
    "?search=" + urllib.parse.quote(word),
    "?where=" + urllib.parse.quote(condition),
    "?where=" + urllib.parse.quote(text_field + " is not null") + "&sort=" + text_field,
    "?columns=" + columns,
    "?view=all&as_of=1000000",
    "?q=" + urllib.parse.quote(word),
    "?transition=accept&id=" + record_id,
    "?by=place@city&region=420000",
]


# … and every field of the canaries' register in every place that takes a field's name.
FIELD_ROUTES = ("/registers/{reg}", "/api/v1/registers/{reg}", "/export/{reg}/{format}", "/registers/{reg}/choices/{field}")
VALUES["field"] += some_fields()


def paths(pattern):
    out = [pattern]
    for name in re.findall(r"\{(\w+)\}", pattern):
        out = [p.replace("{%s}" % name, v) for p in out for v in VALUES.get(name, ["1"])]
    return out


def walk(name, reader, path, question, reach):
    status, text = ask("GET", path + question, reader)
    check(status < 500, f"{name}: {path}{question} answers {status}")
    # what was asked may be repeated; what is stored may not be told
    told = re.sub(r'(value|href|action)="[^"]*"', "", text)
    asked = urllib.parse.unquote(question)
    for secret in reader["secret"]:
        leaked = secret in told and secret not in asked
        check(not leaked, f"{name} sees {secret} at {path}{question}")
    if reach == "WHOLE" and not reader.get("whole"):
        check(status == 403, f"{name}: {path} is for readers of everything, answers {status}")
    if reach in ("PERSON", "ENROL") and "key" in reader:
        check(status == 403, f"{name}: {path} is for persons, answers {status}")


def try_to_write(name, reader, path):
    """An empty form writes nothing; a key without the verb is not even told what the form lacks."""
    status, text = ask("POST", path, reader, b"")
    check(status < 500, f"{name}: POST {path} answers {status}")
    for secret in reader["secret"]:
        check(secret not in text, f"{name} sees {secret} at POST {path}")
    if reader.get("reads"):
        check(status in (400, 403, 404, 405, 413, 422), f"{name} may only read, POST {path} answers {status}")


# What is answered to a POST without anything being written for anybody else.
NOT_WRITTEN = ("/api/v1/calc/", "/tools/", "/logout", "/demo", "/reports")
for line in open(routes_file, encoding="utf-8"):
    method, reach, pattern = line.split()
    for path in paths(pattern):
        status, text = ask(method, path, {}, b"" if method == "POST" else None)
        if reach == "OPEN":
            check(status not in (401, 500), f"{method} {path} is open but answers {status}")
        else:
            check(status in (303, 401), f"{method} {path} without a session answers {status}")
        for name, reader in readers.items():
            if method == "GET":
                questions = QUESTIONS if "{reg}" in pattern or "search" in pattern else QUESTIONS[:1]
                for question in questions:
                    walk(name, reader, path, question, reach)
            elif "key" in reader and not path.startswith(NOT_WRITTEN) and reach != "OPEN":
                try_to_write(name, reader, path)
    if pattern in FIELD_ROUTES:
        path = pattern.replace("{reg}", register).replace("{format}", "csv")
        for name, reader in readers.items():
            for field in some_fields():
                if "{field}" in path:
                    for begun in (word, "T", "1", "W", "Y", "SC"):
                        walk(name, reader, path.replace("{field}", field), "?q=" + urllib.parse.quote(begun), reach)
                    continue
                for question in ("?columns={}", "?sort={}", "?by={}", "?columns=no&where={}+is+not+null"):
                    walk(name, reader, path, question.format(field), reach)
for name, reader in readers.items():
    status, text = ask("GET", "/registers/" + register, reader)
    for text_seen in reader["seen"]:
        check(text_seen in text, f"{name} does not see {text_seen} in the list")
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
