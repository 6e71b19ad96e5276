"""Plays a log against zhiheng-witness: an independent client of C2SP tlog-witness.

   witness.py URL SAMPLE KEY-OF-WITNESS

SAMPLE is what tests/proof/sample wrote. Trees, proofs, key ids and signatures are computed here,
from RFC 6962 sections 2.1 to 2.1.2, the C2SP texts and RFC 8032 section 6, without any code of the
program. Prints what failed and "N passed, N failed"."""
import base64
import hashlib
import os
import struct
import sys
import threading
import urllib.error
import urllib.request

passed = failed = 0


def check(what, good):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print("FAILED:", what)


# ---- RFC 8032: verification only ----
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT % P
    if (x * x - x2) % P:
        return None
    return P - x if x & 1 != sign else x


def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(n, a):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = add(out, a)
        a = add(a, a)
        n >>= 1
    return out


BY = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BY, 0), BY, 1, recover_x(BY, 0) * BY % P)


def verify(key, message, signature):
    a, r = point(key), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    left, right = times(s, BASE), add(r, times(h, a))
    return ((left[0] * right[2] - right[0] * left[2]) % P == 0
            and (left[1] * right[2] - right[1] * left[2]) % P == 0)


# ---- RFC 6962 ----
def node(a, b):
    return hashlib.sha256(b"\x01" + a + b).digest()


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node(root(leaves[:k]), root(leaves[k:]))


def subproof(m, leaves, whole):
    n = len(leaves)
    if m == n:
        return [] if whole else [root(leaves)]
    k = split(n)
    if m <= k:
        return subproof(m, leaves[:k], whole) + [root(leaves[k:])]
    return subproof(m - k, leaves[k:], False) + [root(leaves[:k])]


def read_leaves(pub, size):
    out = []
    for n in range((size + 255) // 256):
        width = min(256, size - 256 * n)
        path = f"{pub}/tile/entries/{n:03d}" + (f".p/{width}" if width < 256 else "")
        data = open(path, "rb").read()
        at = 0
        while at < len(data):
            length = struct.unpack_from(">H", data, at)[0]
            out.append(hashlib.sha256(b"\0" + data[at + 2:at + 2 + length]).digest())
            at += 2 + length
    return out


def notes(text):
    out, at = [], 0
    while at < len(text):
        end = text.index("\n\n— ", at) + 2
        while text.startswith("— ", end):
            end = text.index("\n", end) + 1
        out.append(text[at:end])
        at = end
    return out


# ---- the protocol ----
def post(url, body, path="/add-checkpoint", method="POST"):
    request = urllib.request.Request(url + path, data=body.encode(), method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers.get("Content-Type", ""), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Content-Type", ""), error.read().decode()


def body_of(old, proof, note):
    lines = "".join(base64.b64encode(h).decode() + "\n" for h in proof)
    return f"old {old}\n{lines}\n{note}"


def cosigned(answer, note, vkey):
    """Whether the answer is one line that is the witness's cosignature over the note's text."""
    name, key_id, key = vkey.split("+", 2)
    key = base64.b64decode(key)
    if not answer.startswith(f"— {name} ") or answer.count("\n") != 1 or not answer.endswith("\n"):
        return False
    data = base64.b64decode(answer[len(f"— {name} "):-1], validate=True)
    expected = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if len(data) != 76 or data[:4] != expected or expected.hex() != key_id or key[0] != 4:
        return False
    text = note[:note.index("\n\n— ") + 1]
    message = f"cosignature/v1\ntime {struct.unpack('>Q', data[4:12])[0]}\n{text}"
    return verify(key[1:], message.encode(), data[12:])


def main():
    url, sample, vkey = sys.argv[1].rstrip("/"), sys.argv[2], sys.argv[3]
    pub = f"{sample}/pub"
    history = notes(open(f"{pub}/checkpoints", encoding="utf-8").read())
    sizes = [int(n.split("\n")[1]) for n in history]
    leaves = read_leaves(pub, sizes[-1])
    check("the sample's last root", base64.b64encode(root(leaves)).decode() == history[-1].split("\n")[2])

    def ask(i, old=0, proof=None, note=None):
        if proof is None:
            proof = subproof(old, leaves[:sizes[i]], True) if old else []
        return post(url, body_of(old, proof, note or history[i]))

    # What is not a request, or not about a known log.
    check("GET is not allowed", post(url, "", method="GET")[0] in (404, 405))
    check("another path", post(url, "x", path="/other")[0] == 404)
    for bad in ("", "old\n\n", "old 01\n\n" + history[0], "old -1\n\n" + history[0],
                "old 0\n" + history[0], "old 0\nxx\n\n" + history[0], "old 0\n\n",
                body_of(0, [b"\0" * 32] * 64, history[0]),
                body_of(sizes[1] + 1, [], history[1])):
        check(f"400 for {bad[:30]!r}", post(url, bad)[0] == 400)
    check("404 for another origin", ask(0, note=history[0].replace("ledger.test", "other.test", 1))[0] == 404)
    broken = history[0].replace("\n" + history[0].split("\n")[2], "\n" + base64.b64encode(b"\1" * 32).decode(), 1)
    check("403 for another root under the signature", ask(0, note=broken)[0] == 403)
    unsigned = history[0][:history[0].index("— ")] + "— nobody.example AAAAAAAA\n"
    check("403 without the log's signature", ask(0, note=unsigned)[0] == 403)

    # First contact, growth, and what must be refused on the way.
    check("422 when the first proof is not empty", ask(1, proof=[leaves[0]])[0] == 422)
    status, _, answer = ask(1)
    check("first contact", status == 200 and cosigned(answer, history[1], vkey))
    check("the same again, from its size", ask(1, old=sizes[1])[0] == 200)
    status, kind, answer = ask(2)
    check("409 with the size", status == 409 and kind == "text/x.tlog.size" and answer == f"{sizes[1]}\n")
    check("409 for an older one", ask(0)[0] == 409)
    check("409 for an older size", ask(2, old=sizes[0])[0] == 409)
    good = subproof(sizes[1], leaves[:sizes[2]], True)
    for i in range(len(good)):
        altered = good[:i] + [bytes(32)] + good[i + 1:]
        check(f"422 for a proof altered at {i}", ask(2, old=sizes[1], proof=altered)[0] == 422)
    check("422 for a short proof", ask(2, old=sizes[1], proof=good[:-1])[0] == 422)
    check("422 for a long proof", ask(2, old=sizes[1], proof=good + [bytes(32)])[0] == 422)
    status, _, answer = ask(2, old=sizes[1])
    check("growth", status == 200 and cosigned(answer, history[2], vkey))
    check("no way back", ask(1, old=sizes[1])[0] == 409)

    # The race of the text: of many requests from one size, exactly one of each size wins, and what
    # is kept never shrinks.
    answers = []

    def race(i):
        answers.append((i, ask(i, old=sizes[2])[0]))

    threads = [threading.Thread(target=race, args=(i,)) for i in range(3, min(9, len(sizes)))
               if sizes[i] > sizes[2]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check("one of the racing requests wins", [s for _, s in answers].count(200) == 1)
    check("the others are stale", all(s in (200, 409) for _, s in answers))
    status, _, kept = ask(0)
    winner = [sizes[i] for i, s in answers if s == 200]
    check("what is kept is the winner's", status == 409 and winner and kept == f"{winner[0]}\n")
    kept = int(kept)
    status, _, answer = ask(len(sizes) - 1, old=kept)
    check("to the end", status == 200 and cosigned(answer, history[-1], vkey))
    print("kept", sizes[-1])
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
