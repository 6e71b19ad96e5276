"""Checkpoints as text (C2SP signed-note, tlog-checkpoint), read without the program."""
import base64
import os


def parse(note):
    """(origin, size, root in hex)"""
    origin, size, root = note.split("\n")[:3]
    return origin, int(size), base64.b64decode(root).hex()


def split(text):
    """Notes that stand one after another: each ends with its signature lines."""
    notes, lines, signatures = [], [], False
    for line in text.split("\n"):
        if signatures and not line.startswith("— "):
            notes.append("\n".join(lines) + "\n")
            lines, signatures = [], False
        signatures = signatures or line.startswith("— ")
        lines.append(line)
    return notes


def signed(path):
    """Size -> root of every checkpoint in a file; none when it is not there."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return {size: root for _, size, root in map(parse, split(file.read()))}
