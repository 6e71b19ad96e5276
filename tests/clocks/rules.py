"""Time limits from the rule sheets alone: the second implementation that the program is compared with.

Sources, and nothing else:
  - rule sheet 00, engineering rules 1 to 3: the version of a rule is the one in force on the date of
    the triggering event; 日 are calendar days and 工作日 are days without weekends and holidays, with
    调休 working days; day 1 is the day after the event; a calendar period whose last day is a day off
    ends with the next working day; suspended time is not counted, as recorded intervals;
  - declarations, item 7: units, `when:` first match, amount from a field, `date: --06-30`, `every:`,
    extensions.
Where the sheets leave a choice, the civil code (民法典 第二百条 至 第二百零四条) is followed: a month or a
year ends on the corresponding day, or on the last day of a month that has none.

Everything is counted here by walking over days one at a time, on purpose unlike arithmetic.
"""

from datetime import date, datetime, timedelta

DAY = timedelta(days=1)


class NotCovered(Exception):
    """A day that the holiday table does not speak of."""


class Calendar:
    """Holidays and 调休 days of a table; years outside `cover` are unknown."""

    def __init__(self, text):
        self.off, self.work, self.covers = set(), set(), []
        for line in text.splitlines():
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] == "cover":
                self.covers.append((date.fromisoformat(words[1]), date.fromisoformat(words[2])))
            elif words[1] == "off":
                self.off.add(date.fromisoformat(words[0]))
            else:
                self.work.add(date.fromisoformat(words[0]))

    def working(self, day):
        if not any(first <= day <= last for first, last in self.covers):
            raise NotCovered(day)
        if day in self.work:
            return True
        return day not in self.off and day.isoweekday() <= 5


def corresponding_day(day, months):
    """The day of that number `months` later; the last of the month where it has no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    last = date(year + month // 12, month % 12 + 1, 1) - DAY
    return date(year, month, min(day.day, last.day))


def stood_still(day, spans):
    """Whether the day does not count because of a suspension.

    The rule of the beginning (the day of the event is not counted) applied to the end of a
    suspension too: a day counts when the clock was running at its first instant. So the day on
    which it is stopped still counts, the day on which it goes on does not.
    """
    return any(a < day <= b for a, b in spans)


class Standing(Exception):
    """The clock stands still for good: it has no end."""


def closed(spans):
    return [(a, b if b is not None else date.max) for a, b in spans]


def next_day(day, spans):
    """The following day; a clock that never goes on again has none."""
    day += DAY
    if any(b == date.max and day > a for a, b in spans):
        raise Standing()
    return day


def count(calendar, trigger, amount, unit, spans):
    """The last day of the period before roll-over; spans = [(date stopped, date resumed)]."""
    if amount == 0:
        return roll(calendar, trigger, spans) if unit == "working_day" else trigger
    if unit in ("month", "year"):
        amount *= 12 if unit == "year" else 1
        # A period by the calendar, lengthened by the days on which the clock stood still.
        last, still, day = corresponding_day(trigger, amount), 0, trigger
        while True:
            day = next_day(day, spans)
            still += stood_still(day, spans)
            if day >= last + still * DAY and not stood_still(day, spans):
                return day
    day, counted = trigger, 0
    while counted < amount:
        day = next_day(day, spans)
        if not stood_still(day, spans):
            counted += 1 if unit == "day" else calendar.working(day)
    return day


def roll(calendar, day, spans):
    """期限末日遇法定休假日顺延至节后首个工作日; it cannot end on a day on which it stands still."""
    while stood_still(day, spans) or not calendar.working(day):
        day = next_day(day, spans)
    return day


def rolled(calendar, last, spans):
    """Roll-over where the table speaks; beyond it the day stays, nothing is guessed."""
    try:
        return roll(calendar, last, spans)
    except NotCovered:
        return last


def hours(trigger, amount, spans):
    """Hours are counted from the instant; what is suspended is taken out of them."""
    left, at = timedelta(hours=amount), trigger
    for a, b in spans:
        a = max(a, trigger)
        if b is not None and b <= a:
            continue
        if at + left <= a:
            break
        left -= max(a - at, timedelta(0))
        if b is None:
            raise Standing()
        at = max(at, b)
    return at + left


def midnight_after(day):
    return datetime(day.year, day.month, day.day) + DAY


def choose(versions, trigger_date, facts):
    """The first version in force on the triggering date whose condition holds."""
    for v in versions:
        if v.get("from") and trigger_date < v["from"]:
            continue
        if v.get("to") and trigger_date > v["to"]:
            continue
        if v.get("when") is not None and facts.get("mode") != v["when"]:
            continue
        return v
    return None


def legs_of(clock, version, amount, extensions, passed):
    """The parts of the period one after the other. Equal units are one period: two times one month
    from 31 January is two months, 31 March. A year is twelve months."""
    legs = [clock.get("every", (0, "day")), (amount, version["unit"]), clock.get("extend", (0, "day"))]
    times = [passed, 1, extensions]
    merged = []
    for (n, unit), k in zip(legs, times):
        n, unit = (n * k * 12, "month") if unit == "year" else (n * k, unit)
        if n == 0:
            continue
        if merged and merged[-1][1] == unit:
            n += merged.pop()[0]
        merged.append((n, unit))
    return merged or [(0, version["unit"])]


def due(calendar, clock, trigger, facts, spans=(), extensions=0, passed=0):
    """The first instant after the period, or None where there is none (no version, standing still,
    no amount, working days beyond the table). trigger: datetime; spans: [(datetime, datetime)];
    extensions: how many were granted; passed: occurrences of a recurring duty that have gone by."""
    version = choose(clock["versions"], trigger.date(), facts)
    if version is None:
        return None
    days = closed([(a.date(), b.date() if b is not None else None) for a, b in spans])
    try:
        if version.get("fixed"):
            # A day of the calendar: it does not move with what stood still, only off a holiday.
            month, day = version["fixed"]
            year = trigger.year
            while fixed_day(year, month, day) <= trigger.date():  # day 1 is the day after the event
                year += 1
            last = fixed_day(year + (passed if clock.get("every") else 0), month, day)
            if extensions and clock.get("extend"):
                n, unit = clock["extend"]
                last = count(calendar, last, n * extensions, unit, [])
                if unit == "working_day":
                    return midnight_after(last)
            return midnight_after(rolled(calendar, last, []))
        amount = facts.get("amount") if version.get("field") else version["amount"]
        if amount is None:
            return None
        at = trigger
        for n, unit in legs_of(clock, version, amount, extensions, passed):
            if unit == "hour":
                at = hours(at, n, spans)
            else:
                at = datetime.combine(count(calendar, at.date(), n, unit, days), at.time())
        if unit == "hour":
            return at
        last = at.date() if unit == "working_day" else rolled(calendar, at.date(), days)
        return midnight_after(last)
    except (NotCovered, Standing):
        return None


def fixed_day(year, month, day):
    """--02-29 is the last of February in a common year."""
    return corresponding_day(date(2024, month, day), (year - 2024) * 12)
