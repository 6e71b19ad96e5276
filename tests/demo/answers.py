"""What the summary of the demo must say, recomputed from the raw files without the program.

answers(FOLDER) gives answers by question, written as the summary asks it:
"indicator ID [--region R] [--period P] [--filter D=V] [--where W]"; a question with " --by DIM" has
an answer for each value. It builds on compute.py of tests/fixture/expected and adds what only the
summary asks. Standard library only; nothing is read from the packs but the raw data sets.
"""
import collections
import datetime
import os
import sys
from fractions import Fraction

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixture", "expected"))
import compute  # noqa: E402
from compute import files, rate, ratio, table  # noqa: E402


def question(name, region=None, period=None, filter=None, where=None, by=None):
    text = "indicator " + name
    for option, value in (("region", region), ("period", period), ("filter", filter), ("where", where), ("by", by)):
        text += " --%s %s" % (option, value) if value else ""
    return text


def counted(n):
    return {"value": str(n), "num": str(n)}


def base(folder):
    """The answers of compute.py, its counts turned into the indicators that the summary asks."""
    found = {}
    for name, function in compute.SETS:
        function(os.path.join(folder, name), found)
    out = {}
    for asked, answer in found.items():
        out[asked.replace("--class H13", "--filter class=H13")] = answer
    lots = "count food_failure --where \"maker_place@province = '%s' and %s\""
    for place, where in (("420000", "any(items.item = 'C08')"), ("430000", "any(items.item = 'A08')"),
                         ("340000", "any(items.item = 'Q14')"), ("340000", "any(items.item = 'P01')"),
                         ("430000", "sale_place@province = '420000'")):
        out[question("food_failure_lots", place, where=where)] = counted(found[lots % (place, where)]["n"])
    for hazard in ("primary aromatic amines", "formaldehyde", "melamine"):
        where = "any(hazards.name = '%s')" % hazard
        n = found["count rasff_notification --where \"any(origin.value = 'China') and %s\"" % where]["n"]
        out[question("rasff_from_china", None, "2024", where=where)] = counted(n)
    standard = "list = 'standard'"
    out[question("industry_entries", where=standard)] = \
        counted(found["count industry_entry --where \"%s\"" % standard]["n"])
    out[question("map_units")] = counted(found["count map_unit"]["n"])
    gone = [found.get(question("map_abolished_units", p), {"value": "0"}) for p in ("340000", "420000", "430000")]
    out[question("map_abolished_units")] = counted(sum(int(a["value"]) for a in gone))
    return out


def failures(folder, out):
    for path in files(folder, r"^food_noncompliance"):
        lots = {row["id"]: row for row in table(path)}.values()
        drinks = sum(row["production_location"] == "湖北省" and row["food_category"] == "alcohol"
                     and "氰化物" in row["adulterant"].split(";") for row in lots)
        out[question("food_failure_lots", "420000",
                     where="any(items.item = 'C08') and category = 'alcohol'")] = counted(drinks)
        for name, code in (("湖北省", "420000"), ("湖南省", "430000"), ("安徽省", "340000")):
            made = [row for row in lots if row["production_location"] == name]
            away = sum(row["types_of_sampling"] == "Off-site" for row in made)
            out[question("food_failure_offsite_share", code)] = ratio(away, len(made), 1)


def classes(folder, out):
    for path in files(folder, r"^samr_2019H2"):
        rows = compute.class_rows(path, "食品种类", "样品抽检数量/批次", "不合格样品数量/批次")
        out[question("food_nonconforming_rate_national", "000000", "2019H2", where="class != '35'", by="class")] = \
            {name: rate(failed, sampled) for name, sampled, failed in rows if name != "其他"}


def weeks(folder, out):
    for path in files(folder, r"^rasff_\d{4}.*csv"):
        rows = set()
        for row in table(path):
            year, number = row["reference"].split(".")
            rows.add((year, number.ljust(4, "0"), row["week"].zfill(2)))
        count = collections.Counter(row[2] for row in rows)
        out[question("rasff_notifications", None, "2024", by="listing")] = \
            {week: counted(n) for week, n in count.items()}


def inspections(folder, out):
    span = "2011-09/2013-12"
    for path in files(folder, r"^inspections"):
        rows = {row["Inspection_ID"]: row for row in table(path)}.values()
        out[question("chicago_fail_rate", None, span)] = rate(sum(r["Results"] == "Fail" for r in rows), len(rows))
        months = collections.defaultdict(list)
        for row in rows:
            months[row["Inspection_Date"][:7]].append(row["Results"] == "Fail")
        out[question("chicago_fail_rate", None, span, by="month")] = \
            {month: rate(sum(some), len(some)) for month, some in months.items()}
        risks = collections.defaultdict(list)
        for row in rows:
            risks[{"Risk 1 (High)": "high", "Risk 2 (Medium)": "medium", "Risk 3 (Low)": "low"}[row["Risk"]]].append(
                row["Results"] == "Fail")
        out[question("chicago_fail_rate", None, span, by="risk")] = \
            {risk: rate(sum(some), len(some)) for risk, some in risks.items()}


def moment(text):
    return datetime.datetime.fromisoformat(text) if text else None


def requests(folder, out):
    for path in files(folder, r"^nyc311"):
        rows = {row["unique_key"]: row for row in table(path)}.values()
        out[question("nyc311_requests", None, "2024-04")] = counted(len(rows))
        out[question("nyc311_closed_share", None, "2024-04")] = \
            ratio(sum(row["status"] == "Closed" for row in rows), len(rows), 1)
        agencies = collections.Counter(row["agency"] for row in rows)
        out[question("nyc311_requests", None, "2024-04", by="agency")] = \
            {agency: counted(n) for agency, n in agencies.items()}
        times = [closed - opened for opened, closed in
                 ((moment(row["created_date"]), moment(row["closed_date"])) for row in rows) if closed]
        hours = sum((Fraction(t // datetime.timedelta(milliseconds=1), 3600000) for t in times), Fraction(0))
        answer = ratio(hours, len(times), 1, False)
        out[question("nyc311_hours_to_close", None, "2024-04")] = {"value": answer["value"], "den": answer["den"]}


def date_of(text):
    return datetime.datetime.strptime(text, "%m/%d/%y").date()


def calls(folder, out):
    for path in files(folder, r"^sandy"):
        days = {str(date_of(row["date"])): int(row["total"]) for row in table(path)}
        out[question("sandy_calls", None, "2012-10/2017-09", by="day")] = \
            {day: counted(n) for day, n in days.items()}


def injuries(folder, out):
    for path in files(folder, r"^neiss"):
        rows = {(row[""], row["Treatment_Date"]) for row in table(path)}
        days = collections.Counter(str(date_of(row[1])) for row in rows)
        out[question("neiss_cases", None, "2016/2018", by="day")] = {day: counted(n) for day, n in days.items()}


def recalls(folder, out):
    found = {}
    compute.recalls(folder, found)
    count = "count recall_notice --where \"source = '%s'\""
    first = "count recall_notice --where \"source = '%s' and risk_class in ('1', '1p')\""
    names = [s for s in ("cpsc", "fda", "nhtsa", "usda", "fda_food") if count % s in found]
    out[question("recall_notices", None, "2014/2026", by="source")] = \
        {name: counted(found[count % name]["n"]) for name in names}
    graded = [name for name in ("fda", "usda", "fda_food") if name in names]
    if graded:
        out[question("recall_class_one_share", None, "2014/2026", where="source in ('fda', 'usda', 'fda_food')")] = \
            ratio(sum(found[first % name]["n"] for name in graded), sum(found[count % name]["n"] for name in graded), 1)


def abolished(folder, divisions):
    """Map units whose code is not in the list of divisions: code -> name as the map has it."""
    codes = {row["code"] for path in files(divisions, r"^areas") for row in table(path)}
    gone = {}
    for path in files(folder, r"_counties\.geojson"):
        for feature in compute.json.loads(compute.text(path))["features"]:
            if str(feature["id"]) not in codes:
                gone[str(feature["id"])] = feature["properties"]["name"]
    return gone


def division_names(divisions):
    return {row["code"]: row["name"] for path in files(divisions, r"^areas") for row in table(path)}


def answers(folder):
    out = base(folder)
    for name, function in (("cn-food-noncompliance", failures), ("cn-samr-food-summary", classes),
                           ("eu-rasff", weeks), ("us-chicago-inspections", inspections), ("us-nyc-311", requests),
                           ("us-nyc-sandy-311-daily", calls), ("us-neiss-fireworks", injuries),
                           ("us-recalls", recalls)):
        function(os.path.join(folder, name), out)
    return out


def exact(answer):
    """The value before rounding, to rank by."""
    return Fraction(answer["num"]) / Fraction(answer.get("den", "1"))
