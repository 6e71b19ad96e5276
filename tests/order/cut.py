#!/usr/bin/env python3
"""The order of writes and syncs: cut.py PROGRAM WRITES SEALER RECORDER WORK POINTS

A process writes (tests/load/writes.c) or writes and seals (tests/ledger/sealer.c) while every write, sync and
change of a name in its folder is recorded (record.c). The machine is then imagined to lose power after each
event of that sequence, in three ways: everything written had reached the disk; nothing that was not synced had;
of what was not synced each sector of 512 bytes had or had not, by lot. The file of what the client had been
told is kept whole each time. From each of these folders: nothing told is missing, nothing is doubled,
checkpoints told are among those signed, `verify` finds no difference. At most POINTS events are cut at (0: all), spread
evenly over the sequence. The same with the syncs taken out of the sequence must lose what was told, else nothing is
tested here. The seed is printed; ZH_SEED repeats it.
"""
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "data"))
sys.path.insert(0, os.path.join(HERE, "..", "ledger"))
from program import Program, Tally  # noqa: E402
from notes import signed  # noqa: E402

PACK = os.path.join(HERE, "..", "fixture", "kill")
SECTOR = 512
TOLD = "told"


def events(path):
    """(kind, file, offset, bytes) in the order of the calls; a last event that was cut off is left out."""
    with open(path, "rb") as file:
        data = file.read()
    at, out = 0, []
    while at + 17 <= len(data):
        kind, number, offset, n = struct.unpack_from("<cIqI", data, at)
        if at + 17 + n > len(data):
            break
        out.append((kind.decode(), number, offset, data[at + 17:at + 17 + n]))
        at += 17 + n
    return out


class File:
    """What a file holds: as the program sees it, and as it was at its last sync."""

    def __init__(self, content=b""):
        self.seen, self.kept = bytearray(content), bytearray(content)
        self.loose = []  # (offset or None for a truncation, bytes or size) since the last sync

    def write(self, at, data):
        if len(self.seen) < at + len(data):
            self.seen.extend(bytes(at + len(data) - len(self.seen)))
        self.seen[at:at + len(data)] = data
        self.loose.append((at, data))

    def truncate(self, size):
        resize(self.seen, size)
        self.loose.append((None, size))

    def sync(self):
        self.kept, self.loose = bytearray(self.seen), []


def resize(content, size):
    del content[size:]
    content.extend(bytes(size - len(content)))


def torn(file, rng):
    """The synced content and, by lot, sectors of what came later."""
    content = bytearray(file.kept)
    for at, what in file.loose:
        if at is None:
            if rng.random() < 0.5:
                resize(content, what)
            continue
        for begin in range(at - at % SECTOR, at + len(what), SECTOR):
            if rng.random() < 0.5:
                continue
            low, high = max(begin, at), min(begin + SECTOR, at + len(what))
            if len(content) < high:
                content.extend(bytes(high - len(content)))
            content[low:high] = what[low - at:high - at]
    return content


class Disk:
    """The folder after some events. Names: a file's is kept when it or its directory was synced after it was made;
    a removal or a new name when the directory was."""

    def __init__(self, base):
        self.names, self.kept_names, self.open, self.directories = {}, {}, {}, {}
        for folder, _, files in os.walk(base):
            for name in files:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    self.names[os.path.relpath(path, base)] = File(file.read())
        self.kept_names = dict(self.names)

    def apply(self, event, synced=True):
        kind, number, offset, data = event
        if kind in "nx":
            name = os.path.normpath(data.decode())
            if offset == 1:
                self.directories[number] = "" if name == "." else name
                return
            if name not in self.names:
                self.names[name] = File()
            elif kind == "x":
                self.names[name].truncate(0)
            self.open[number] = self.names[name]
        elif kind == "w":
            self.open[number].write(offset, data)
        elif kind == "t":
            self.open[number].truncate(offset)
        elif kind == "s" and synced:
            self.sync(number)
        elif kind == "r":
            old, new = (os.path.normpath(part.decode()) for part in data.split(b"\0"))
            self.names[new] = self.names.pop(old)
        elif kind == "u":
            self.names.pop(os.path.normpath(data.decode()), None)

    def sync(self, number):
        if number in self.directories:
            folder = self.directories[number]
            for name in [n for n in self.kept_names if os.path.dirname(n) == folder]:
                del self.kept_names[name]
            self.kept_names.update((n, f) for n, f in self.names.items() if os.path.dirname(n) == folder)
            return
        file = self.open[number]
        file.sync()
        name = next((n for n, f in self.names.items() if f is file), None)
        if name is not None and name not in self.kept_names:
            self.kept_names[name] = file

    def lay(self, folder, how, rng):
        names = dict(self.names if how == "kept" or how == "mixed" and rng.random() < 0.5 else self.kept_names)
        if TOLD in self.names:
            names[TOLD] = self.names[TOLD]
        for name, file in names.items():
            if name.endswith("-shm"):
                continue
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            content = file.seen if how == "kept" or name == TOLD else file.kept if how == "lost" else torn(file, rng)
            with open(path, "wb") as out:
                out.write(content)
            os.chmod(path, 0o600)
        identity = os.path.join(folder, "log", "log")
        if os.path.exists(identity):  # a disk keeps the number of the file that says it is no copy
            with open(identity, "r+", encoding="ascii") as file:
                text = re.sub("(?m)^inode .*$", "inode %d" % os.stat(identity).st_ino, file.read())
                file.seek(0)
                file.truncate()
                file.write(text)


class Writing:
    """Single writes; the client's log says what was acknowledged."""
    name, lines = "single writes", 6

    def go_on(self, folder):
        """What the next process does first of itself: nothing, the database recovers when it is opened."""

    def __init__(self, program, writes, _):
        self.program, self.writes = program, writes

    def command(self, folder):
        return [self.writes, "write", "sqlite:%s/x.db" % folder, PACK, os.path.join(folder, TOLD), "order"]

    def open(self, folder):
        return Program(self.program, folder, "sqlite:%s/x.db" % folder, PACK)

    def told(self, folder):
        done = subprocess.run([self.writes, "check", "sqlite:%s/x.db" % folder, PACK, os.path.join(folder, TOLD), "2"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = done.stdout.decode("utf-8", "replace").strip().split("\n")
        words = said[-1].split()
        good = len(words) == 4 and words[1] == "passed," and words[2] == "0"
        return good, said[-3:]


class Sealing:
    """Writes sealed by checkpoints; TOLD has those that somebody may hold."""
    name, lines = "sealing", 3

    def go_on(self, folder):
        """The next process that seals makes what was lost of the tiles from the WAL."""
        self.open(folder).run("import", "entry", os.path.join(os.path.dirname(folder), "none.csv"))

    def __init__(self, program, _, sealer):
        self.program, self.sealer = program, sealer

    def command(self, folder):
        return [self.sealer, folder, "-", PACK, os.path.join(folder, TOLD), "0", "1", "order"]

    def open(self, folder):
        return Program(self.program, folder, None, PACK)

    def told(self, folder):
        history = signed(os.path.join(folder, "log", "pub", "checkpoints"))
        with open(os.path.join(folder, TOLD), encoding="ascii") as file:
            lines = [line.split() for line in file.read().split("\n")[:-1]]
        lost = [size for size, root in lines if history.get(int(size)) != root]
        return not lost, lost[:5]


def record(work, recorder, case, name):
    """A folder with its tables, and the events of the first writes in it."""
    base, live, trace = (os.path.join(work, name + part) for part in ("-base", "-live", "-trace"))
    os.mkdir(base)
    nothing = os.path.join(work, "none.csv")
    with open(nothing, "w", encoding="utf-8") as file:
        file.write("编号,地点,日期,金额,备注,标记\n")
    case.open(base).run("import", "entry", nothing)
    open(os.path.join(base, TOLD), "w").close()
    shutil.copytree(base, live)
    environment = dict(os.environ, LD_PRELOAD=recorder, ORDER_ROOT=live + "/", ORDER_TRACE=trace)
    process = subprocess.Popen(case.command(live), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        with open(os.path.join(live, TOLD), "rb") as file:
            if file.read().count(b"\n") >= case.lines:
                break
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    said = process.stderr.read().decode("utf-8", "replace")
    process.wait()
    return base, events(trace), said


def count_of_lines(disk):
    return disk.names[TOLD].seen.count(b"\n")


def prefix(base, sequence, k, synced=True):
    disk = Disk(base)
    for event in sequence[:k]:
        disk.apply(event, synced)
    return disk


def cut(tally, case, work, base, sequence, points, rng):
    disk = Disk(base)
    chosen = set(range(len(sequence))) if not points else set(
        round(i * (len(sequence) - 1) / max(1, points - 1)) for i in range(points))
    states = 0
    for k, event in enumerate(sequence):
        disk.apply(event)
        if k not in chosen:
            continue
        for how in ("kept", "lost", "mixed"):
            folder = os.path.join(work, "cut")
            os.mkdir(folder)
            disk.lay(folder, how, rng)
            what = "%s, cut after event %d of %d (%s), %s" % (case.name, k + 1, len(sequence), event[0], how)
            case.go_on(folder)
            good, said = case.told(folder)
            tally.check(good, what + ": what was told is there", said)
            code, out, err = case.open(folder).run("verify")
            tally.check(code == 0, what + ": verify", (out + err)[-500:])
            shutil.rmtree(folder)
            states += 1
    return states


def main():
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    program, writes, sealer, recorder, work, points = sys.argv[1:6] + [int(sys.argv[6])]
    seed = int(os.environ.get("ZH_SEED") or time.time_ns() % 1000000007)
    print("seed %d" % seed)
    rng, tally = random.Random(seed), Tally()
    for kind in (Writing, Sealing):
        case = kind(program, writes, sealer)
        base, sequence, said = record(work, recorder, case, kind.__name__.lower())
        kinds = {k: sum(1 for e in sequence if e[0] == k) for k in "wsnxtru"}
        told = count_of_lines(prefix(base, sequence, len(sequence)))
        if not tally.check(told >= case.lines and kinds["s"] >= told, case.name + " was recorded", "%s %d %s" % (kinds, told, said)):
            continue
        states = cut(tally, case, work, base, sequence, points, rng)
        print("%s: %d events, %d of them syncs, %d lines told; %d states of the disk" %
              (case.name, len(sequence), kinds["s"], told, states))
        # Without its syncs the same sequence loses what was told.
        folder = os.path.join(work, "unsynced")
        os.mkdir(folder)
        prefix(base, sequence, len(sequence), False).lay(folder, "lost", rng)
        good, _ = case.told(folder)
        tally.check(not good, case.name + ": a loss is noticed")
        shutil.rmtree(folder)
    tally.finish()


main()
