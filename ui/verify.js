/* Checks proofs, disclosures and figures in the reader's own browser: nothing is sent anywhere and
 * no server is asked. Formats: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy and
 * tlog-proof; RFC 6962 trees; zhl1 records. Arithmetic of its own and not WebCrypto, which exists
 * only in secure contexts: a proof must be checkable from a file and over plain http too.
 * Logs of SM2 and SM3 are for zhiheng-verify. */
(function (world) {
  "use strict";

  function Refused(zh, en) { this.zh = zh; this.en = en; }
  function refuse(zh, en) { throw new Refused(zh, en); }

  // ---- bytes ----
  var utf8 = new TextEncoder();
  function join() {
    var n = 0, i, at = 0;
    for (i = 0; i < arguments.length; i++) n += arguments[i].length;
    var out = new Uint8Array(n);
    for (i = 0; i < arguments.length; i++) { out.set(arguments[i], at); at += arguments[i].length; }
    return out;
  }
  function same(a, b) {
    if (a.length !== b.length) return false;
    for (var i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
    return true;
  }
  function hex(bytes) {
    return Array.prototype.map.call(bytes, function (b) { return (b < 16 ? "0" : "") + b.toString(16); }).join("");
  }
  function unhex(text, n) {
    if (typeof text !== "string" || !/^([0-9a-fA-F]{2})*$/.test(text) || (n !== undefined && text.length !== 2 * n))
      refuse("十六进制内容不合格式", "not hexadecimal");
    var out = new Uint8Array(text.length / 2);
    for (var i = 0; i < out.length; i++) out[i] = parseInt(text.substr(2 * i, 2), 16);
    return out;
  }
  function unbase64(text, n) {
    var raw = "";
    try { raw = atob(text); } catch (e) { refuse("Base64 内容不合格式", "not Base64"); }
    if (btoa(raw) !== text || (n !== undefined && raw.length !== n)) refuse("Base64 内容不合格式", "not Base64");
    return Uint8Array.from(raw, function (c) { return c.charCodeAt(0); });
  }
  function bigEndian(value, bytes) {
    var out = new Uint8Array(bytes), v = BigInt(value);
    for (var i = bytes - 1; i >= 0; i--) { out[i] = Number(v & 255n); v >>= 8n; }
    return out;
  }
  function plainNumber(text) {
    if (typeof text !== "string" || !/^(0|[1-9][0-9]{0,19})$/.test(text) || BigInt(text) >= 1n << 64n)
      refuse("数字不合格式", "not a number as the format writes it");
    return BigInt(text);
  }

  // ---- SHA-2 (FIPS 180-4); constants are fractions of roots of the first primes ----
  var primes = [];
  for (var c = 2; primes.length < 80; c++)
    if (primes.every(function (p) { return c % p !== 0; })) primes.push(c);
  /* First 64 bits of the fraction of the k-th root of p, by Newton's method on integers. */
  function rootFraction(p, k) {
    var n = BigInt(p) << BigInt(64 * k), x = 1n << 70n, y;
    for (;;) {
      y = k === 2 ? (x + n / x) / 2n : (2n * x + n / (x * x)) / 3n;
      if (y >= x) return x & ((1n << 64n) - 1n);
      x = y;
    }
  }
  var K512 = primes.map(function (p) { return rootFraction(p, 3); });
  var H512 = primes.slice(0, 8).map(function (p) { return rootFraction(p, 2); });
  var K256 = Int32Array.from(K512.slice(0, 64), function (v) { return Number(v >> 32n) | 0; });
  var H256 = Int32Array.from(H512, function (v) { return Number(v >> 32n) | 0; });

  function padded(message, block, lengthBytes) {
    var n = Math.ceil((message.length + 1 + lengthBytes) / block) * block;
    var out = new Uint8Array(n);
    out.set(message);
    out[message.length] = 0x80;
    out.set(bigEndian(BigInt(message.length) * 8n, 8), n - 8);
    return out;
  }
  function sha256(message) {
    var data = padded(message, 64, 8), h = Int32Array.from(H256), w = new Int32Array(64);
    for (var at = 0; at < data.length; at += 64) {
      for (var i = 0; i < 64; i++) {
        if (i < 16) {
          w[i] = data[at + 4 * i] << 24 | data[at + 4 * i + 1] << 16 | data[at + 4 * i + 2] << 8 | data[at + 4 * i + 3];
        } else {
          var x = w[i - 15], y = w[i - 2];
          w[i] = w[i - 16] + w[i - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) +
            ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10);
        }
      }
      var s = Int32Array.from(h);
      for (i = 0; i < 64; i++) {
        var e = s[4], a = s[0];
        var t1 = s[7] + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) +
          (e & s[5] ^ ~e & s[6]) + K256[i] + w[i] | 0;
        var t2 = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) +
          (a & s[1] ^ a & s[2] ^ s[1] & s[2]) | 0;
        s.copyWithin(1, 0, 7);
        s[4] = s[4] + t1;
        s[0] = t1 + t2;
      }
      for (i = 0; i < 8; i++) h[i] += s[i];
    }
    var out = new Uint8Array(32);
    for (i = 0; i < 32; i++) out[i] = h[i >> 2] >>> 24 - 8 * (i & 3);
    return out;
  }
  var M64 = (1n << 64n) - 1n;
  function turn(v, n) { return (v >> n | v << 64n - n) & M64; }
  function sha512(message) {
    var data = padded(message, 128, 16), h = H512.slice(), w = [];
    for (var at = 0; at < data.length; at += 128) {
      for (var i = 0; i < 80; i++) {
        if (i < 16) {
          w[i] = BigInt("0x" + hex(data.subarray(at + 8 * i, at + 8 * i + 8)));
        } else {
          var x = w[i - 15], y = w[i - 2];
          w[i] = w[i - 16] + w[i - 7] + (turn(x, 1n) ^ turn(x, 8n) ^ x >> 7n) +
            (turn(y, 19n) ^ turn(y, 61n) ^ y >> 6n) & M64;
        }
      }
      var s = h.slice();
      for (i = 0; i < 80; i++) {
        var e = s[4], a = s[0];
        var t1 = s[7] + (turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n)) + (e & s[5] ^ (e ^ M64) & s[6]) + K512[i] + w[i];
        var t2 = (turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n)) + (a & s[1] ^ a & s[2] ^ s[1] & s[2]);
        s = [t1 + t2 & M64, a, s[1], s[2], s[3] + t1 & M64, e, s[5], s[6]];
      }
      for (i = 0; i < 8; i++) h[i] = h[i] + s[i] & M64;
    }
    return join.apply(null, h.map(function (v) { return bigEndian(v, 8); }));
  }

  // ---- Ed25519, verification (RFC 8032 section 5.1.7), in extended coordinates ----
  var P = (1n << 255n) - 19n, L = (1n << 252n) + 27742317777372353535851937790883648493n;
  function mod(v, m) { v %= m; return v < 0n ? v + m : v; }
  function power(b, e) {
    var out = 1n;
    for (b = mod(b, P); e > 0n; e >>= 1n) { if (e & 1n) out = out * b % P; b = b * b % P; }
    return out;
  }
  var D = mod(-121665n * power(121666n, P - 2n), P), I = power(2n, (P - 1n) / 4n);
  function little(bytes) { return BigInt("0x" + hex(Uint8Array.from(bytes).reverse())); }
  function point(bytes) {
    var y = little(bytes), sign = y >> 255n;
    y &= (1n << 255n) - 1n;
    if (y >= P) return null;
    var square = mod((y * y - 1n) * power(D * y * y + 1n, P - 2n), P);
    var x = power(square, (P + 3n) / 8n);
    if (mod(x * x - square, P) !== 0n) x = x * I % P;
    if (mod(x * x - square, P) !== 0n || (x === 0n && sign)) return null;
    if ((x & 1n) !== sign) x = P - x;
    return [x, y, 1n, x * y % P];
  }
  function add(p, q) {
    var a = mod((p[1] - p[0]) * (q[1] - q[0]), P), b = mod((p[1] + p[0]) * (q[1] + q[0]), P);
    var cc = 2n * p[3] * q[3] * D % P, d = 2n * p[2] * q[2] % P;
    var e = b - a, f = d - cc, g = d + cc, h = b + a;
    return [mod(e * f, P), mod(g * h, P), mod(f * g, P), mod(e * h, P)];
  }
  function times(n, p) {
    var out = [0n, 1n, 1n, 0n];
    for (; n > 0n; n >>= 1n) { if (n & 1n) out = add(out, p); p = add(p, p); }
    return out;
  }
  var BASE = (function () {
    var y = 4n * power(5n, P - 2n) % P;
    return point(bigEndian(y, 32).reverse());
  })();
  function ed25519(key, message, signature) {
    var a = point(key), r = point(signature.subarray(0, 32)), s = little(signature.subarray(32));
    if (!a || !r || s >= L) return false;
    var k = mod(little(sha512(join(signature.subarray(0, 32), key, message))), L);
    var left = times(s, BASE), right = add(r, times(k, a));
    return mod(left[0] * right[2] - right[0] * left[2], P) === 0n && mod(left[1] * right[2] - right[1] * left[2], P) === 0n;
  }

  // ---- SM3 (GB/T 32905-2016) ----
  function rol(v, n) { n &= 31; return v << n | v >>> 32 - n; }
  var HSM3 = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];
  function sm3(message) {
    var data = padded(message, 64, 8), v = Int32Array.from(HSM3), w = new Int32Array(68);
    for (var at = 0; at < data.length; at += 64) {
      for (var i = 0; i < 68; i++) {
        if (i < 16) {
          w[i] = data[at + 4 * i] << 24 | data[at + 4 * i + 1] << 16 | data[at + 4 * i + 2] << 8 | data[at + 4 * i + 3];
        } else {
          var x = w[i - 16] ^ w[i - 9] ^ rol(w[i - 3], 15);
          w[i] = x ^ rol(x, 15) ^ rol(x, 23) ^ rol(w[i - 13], 7) ^ w[i - 6];
        }
      }
      var s = Int32Array.from(v);
      for (i = 0; i < 64; i++) {
        var a = rol(s[0], 12), ss1 = rol(a + s[4] + rol(i < 16 ? 0x79cc4519 : 0x7a879d8a, i) | 0, 7);
        var ff = i < 16 ? s[0] ^ s[1] ^ s[2] : s[0] & s[1] | s[0] & s[2] | s[1] & s[2];
        var gg = i < 16 ? s[4] ^ s[5] ^ s[6] : s[4] & s[5] | ~s[4] & s[6];
        var t1 = ff + s[3] + (ss1 ^ a) + (w[i] ^ w[i + 4]) | 0, t2 = gg + s[7] + ss1 + w[i] | 0;
        s = Int32Array.of(t1, s[0], rol(s[1], 9), s[2], t2 ^ rol(t2, 9) ^ rol(t2, 17), s[4], rol(s[5], 19), s[6]);
      }
      for (i = 0; i < 8; i++) v[i] ^= s[i];
    }
    var out = new Uint8Array(32);
    for (i = 0; i < 32; i++) out[i] = v[i >> 2] >>> 24 - 8 * (i & 3);
    return out;
  }

  // ---- SM2, verification (GB/T 32918.2-2016, 7.1), on the curve of GB/T 32918.5 ----
  var SM2 = {
    p: BigInt("0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff"),
    b: BigInt("0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"),
    n: BigInt("0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123"),
    g: [BigInt("0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"),
      BigInt("0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0")]
  };
  SM2.a = SM2.p - 3n;
  function inverse(v, m) {
    var r = [m, mod(v, m)], t = [0n, 1n];
    while (r[1] !== 0n) {
      var q = r[0] / r[1];
      r = [r[1], r[0] - q * r[1]];
      t = [t[1], t[0] - q * t[1]];
    }
    return mod(t[0], m);
  }
  /* Affine points, null at infinity: one signature is checked at a time. */
  function sm2Add(p, q) {
    var m = SM2.p, slope;
    if (!p || !q) return p || q;
    if (p[0] === q[0]) {
      if (mod(p[1] + q[1], m) === 0n) return null;
      slope = (3n * p[0] * p[0] + SM2.a) * inverse(2n * p[1], m) % m;
    } else {
      slope = mod((q[1] - p[1]) * inverse(q[0] - p[0], m), m);
    }
    var x = mod(slope * slope - p[0] - q[0], m);
    return [x, mod(slope * (p[0] - x) - p[1], m)];
  }
  function sm2Times(n, p) {
    var out = null;
    for (; n > 0n; n >>= 1n) { if (n & 1n) out = sm2Add(out, p); p = sm2Add(p, p); }
    return out;
  }
  function number(bytes) { return BigInt("0x" + hex(bytes)); }
  /* key: 04 x y; signature: r s; the identity is the default of the standard. */
  function sm2(key, message, signature) {
    var point = [number(key.subarray(1, 33)), number(key.subarray(33))], id = utf8.encode("1234567812345678");
    var m = SM2.p, r = number(signature.subarray(0, 32)), s = number(signature.subarray(32)), t = mod(r + s, SM2.n);
    if (key[0] !== 4 || point[0] >= m || point[1] >= m || r < 1n || r >= SM2.n || s < 1n || s >= SM2.n || t === 0n ||
      mod(point[1] * point[1] - point[0] * point[0] * point[0] - SM2.a * point[0] - SM2.b, m) !== 0n) return false;
    var z = sm3(join(bigEndian(8 * id.length, 2), id, bigEndian(SM2.a, 32), bigEndian(SM2.b, 32),
      bigEndian(SM2.g[0], 32), bigEndian(SM2.g[1], 32), key.subarray(1)));
    var at = sm2Add(sm2Times(s, SM2.g), sm2Times(t, point));
    return at !== null && mod(number(sm3(join(z, message))) + at[0], SM2.n) === r;
  }

  // ---- keys, notes, policies ----
  var SM2_LABEL = join([0xff], utf8.encode("zhiheng/sm2-sm3/v1"));
  function readKey(text) {
    var parts = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text);
    if (!parts) refuse("公钥不合格式:" + text.slice(0, 60), "not a verifier key: " + text.slice(0, 60));
    var key = unbase64(parts[3]);
    var gm = key.length === SM2_LABEL.length + 65 && same(key.subarray(0, SM2_LABEL.length), SM2_LABEL);
    if (!gm && (key.length !== 33 || (key[0] !== 1 && key[0] !== 4))) refuse("公钥类型不支持", "key type not supported");
    if (hex(sha256(join(utf8.encode(parts[1] + "\n"), key)).subarray(0, 4)) !== parts[2])
      refuse("公钥与其标识不符", "the key is not that of its id");
    return { name: parts[1], id: parts[2], witness: key[0] === 4, check: gm ? sm2 : ed25519, hash: gm ? sm3 : sha256,
      key: key.subarray(gm ? SM2_LABEL.length : 1) };
  }
  /* A tlog-policy, or just keys, one a line. k: witnesses asked for when there is no quorum line. */
  function readPolicy(text, k) {
    var policy = { logs: [], witnesses: [], groups: {}, quorum: null };
    text.split("\n").forEach(function (line) {
      var words = line.trim().split(/[ \t]+/);
      if (words[0] === "" || words[0][0] === "#") return;
      if (words[0] === "log") policy.logs.push(readKey(words[1] || ""));
      else if (words[0] === "witness") policy.witnesses.push({ name: words[1], key: readKey(words[2] || "") });
      else if (words[0] === "group") {
        var members = words.slice(3);
        var need = words[2] === "all" ? members.length : words[2] === "any" ? 1 : Number(plainNumber(words[2]));
        if (members.length === 0 || need < 1 || need > members.length) refuse("策略的组不合格式", "not a group");
        policy.groups[words[1]] = { k: need, members: members };
      } else if (words[0] === "quorum" && policy.quorum === null) policy.quorum = words[1];
      else if (words.length === 1) {
        var key = readKey(words[0]);
        if (key.witness) policy.witnesses.push({ name: key.name, key: key }); else policy.logs.push(key);
      } else refuse("策略行不合格式:" + line.slice(0, 60), "not a policy line: " + line.slice(0, 60));
    });
    if (policy.logs.length === 0) refuse("没有日志的公钥", "no log key");
    policy.k = k || 0;
    return policy;
  }
  function satisfied(policy, seen, name, depth) {
    if (depth > 40) refuse("策略的组互相引用", "groups refer to each other");
    var group = policy.groups[name];
    if (!group) {
      if (!policy.witnesses.some(function (w) { return w.name === name; }))
        refuse("策略提到未定义的名称:" + name, "undefined name in the policy: " + name);
      return seen.indexOf(name) >= 0;
    }
    return group.members.filter(function (m) { return satisfied(policy, seen, m, depth + 1); }).length >= group.k;
  }
  function readNote(text) {
    var at = text.lastIndexOf("\n\n");
    if (at < 0 || !/\n$/.test(text) || /[\x00-\x09\x0b-\x1f]/.test(text)) refuse("检查点不是有效的签名文本", "not a signed note");
    var lines = text.slice(at + 2).split("\n").slice(0, -1);
    if (lines.length === 0) refuse("检查点没有签名", "no signature");
    return { text: text.slice(0, at + 1), signatures: lines.map(function (line) {
      var parts = /^— ([^ +\s]+) ([A-Za-z0-9+/]+=*)$/.exec(line);
      if (!parts) refuse("签名行不合格式", "not a signature line");
      var bytes = unbase64(parts[2]);
      return { name: parts[1], id: hex(bytes.subarray(0, 4)), bytes: bytes.subarray(4) };
    }) };
  }
  /* null: no signature of this key; else its time (0 for a log). Refuses a wrong one. */
  function checkNote(note, key) {
    var found = note.signatures.filter(function (s) { return s.name === key.name && s.id === key.id; })[0];
    if (!found) return null;
    var message = utf8.encode(note.text), bytes = found.bytes, time = 0n;
    if (key.witness && bytes.length === 72) {
      time = BigInt("0x" + hex(bytes.subarray(0, 8)));
      message = utf8.encode("cosignature/v1\ntime " + time + "\n" + note.text);
      bytes = bytes.subarray(8);
    }
    if (bytes.length !== 64 || (key.witness && time === 0n) || !key.check(key.key, message, bytes))
      refuse("签名不成立:" + key.name, "signature is wrong: " + key.name);
    return time;
  }
  function openCheckpoint(text, policy) {
    var note = readNote(text), lines = note.text.split("\n");
    if (lines.length < 4 || lines.slice(0, -1).some(function (l) { return l === ""; }))
      refuse("检查点不合格式", "not a checkpoint");
    var out = { origin: lines[0], size: plainNumber(lines[1]), root: unbase64(lines[2], 32), witnesses: [], times: [] };
    var signed = policy.logs.filter(function (key) {
      return !key.witness && key.name === out.origin && checkNote(note, key) !== null;
    });
    if (signed.length === 0) refuse("没有受信任日志的签名:" + out.origin, "no trusted log signed: " + out.origin);
    out.hash = signed[0].hash;
    policy.witnesses.forEach(function (w) {
      var time = checkNote(note, w.key);
      if (time !== null) { out.witnesses.push(w.name); out.times.push(time); }
    });
    var enough = policy.quorum === null ? out.witnesses.length >= policy.k
      : policy.quorum === "none" || satisfied(policy, out.witnesses, policy.quorum, 0);
    if (!enough) refuse("见证签名不足:" + out.witnesses.length, "too few cosignatures: " + out.witnesses.length);
    return out;
  }

  // ---- trees ----
  function leafHash(hash, entry) { return hash(join([0], entry)); }
  function nodeHash(hash, a, b) { return hash(join([1], a, b)); }
  /* RFC 9162 section 2.1.3.2; the steps are kept for the drawing. */
  function climb(hash, leaf, index, size, path) {
    var steps = [], here = leaf, used = 0, last = size - 1n;
    if (index >= size) refuse("位置不在日志中", "index beyond the log");
    for (var level = 0; last > 0n; level++, index >>= 1n, last >>= 1n) {
      if (index % 2n === 0n && index === last) continue;
      if (used === path.length) refuse("证明路径太短", "path too short");
      var left = index % 2n === 1n, other = path[used++];
      here = left ? nodeHash(hash, other, here) : nodeHash(hash, here, other);
      steps.push({ level: level, left: left, sibling: other, result: here });
    }
    if (used !== path.length) refuse("证明路径太长", "path too long");
    return { root: here, steps: steps };
  }
  function included(entry, index, tree, path) {
    if (entry.hash !== tree.hash) refuse("条目的杂凑算法与日志的不同", "the entry's hash is not the log's");
    var way = climb(tree.hash, entry.leaf, index, tree.size, path);
    if (!same(way.root, tree.root)) refuse("包含证明不成立:路径不通向已签名的树根", "inclusion: the path does not lead to the signed root");
    return way.steps;
  }
  /* Head of many leaves, kept as the right edge. */
  function Edge(hash) { this.size = 0n; this.node = []; this.hash = hash; }
  Edge.prototype.add = function (leaf) {
    var level = 0;
    for (var rest = this.size; rest & 1n; rest >>= 1n, level++) leaf = nodeHash(this.hash, this.node[level], leaf);
    this.node[level] = leaf;
    this.size++;
  };
  Edge.prototype.root = function () {
    var out = null;
    for (var level = 0; this.size >> BigInt(level) > 0n; level++)
      if (this.size >> BigInt(level) & 1n) out = out ? nodeHash(this.hash, this.node[level], out) : this.node[level];
    return out || this.hash(new Uint8Array(0));
  };

  // ---- files ----
  function readProof(text) {
    var at = text.indexOf("\n\n"), lines = text.slice(0, at).split("\n");
    if (at < 0 || lines[0] !== "c2sp.org/tlog-proof@v1") refuse("不是存证证明文件", "not a tlog-proof");
    var next = /^extra /.test(lines[1] || "") ? 2 : 1;
    if (!/^index /.test(lines[next] || "")) refuse("缺少 index 行", "no index line");
    return { index: plainNumber(lines[next].slice(6)), note: text.slice(at + 2),
      path: lines.slice(next + 1).map(function (line) { return unbase64(line, 32); }) };
  }
  function readEntry(bytes) {
    if (bytes.length !== 56 || hex(bytes.subarray(0, 4)) !== "7a686c31" || (bytes[4] !== 1 && bytes[4] !== 2))
      refuse("不是 zhl1 存证条目", "not a zhl1 entry");
    var view = new DataView(bytes.buffer, bytes.byteOffset);
    return { hash: bytes[4] === 2 ? sm3 : sha256, kind: bytes[5], time: Number(view.getBigUint64(6)), subject: view.getBigUint64(14), n: view.getUint16(22), root: bytes.subarray(24) };
  }
  function fieldBytes(field) {
    switch (field.type) {
      case "t": case "d": return utf8.encode(field.value);
      case "u": return bigEndian(plainNumber(field.value), 8);
      case "b": return unhex(field.value);
      case "n": return new Uint8Array(0);
    }
    return refuse("字段类型不认识", "unknown field type");
  }
  /* "zhiheng/field/v1\0" salt u16 name type u32 value, and its path to the record root. */
  function checkField(field, entry) {
    var name = utf8.encode(field.name), value = fieldBytes(field);
    var commit = entry.hash(join(utf8.encode("zhiheng/field/v1\0"), unhex(field.salt, 32), bigEndian(name.length, 2), name,
      utf8.encode(field.type), bigEndian(value.length, 4), value));
    var way = climb(entry.hash, leafHash(entry.hash, commit), BigInt(field.index), BigInt(entry.n), field.path.map(function (h) { return unhex(h, 32); }));
    if (!same(way.root, entry.root)) refuse("字段与记录存证根不一致:" + field.name, "field is not of the record: " + field.name);
  }
  function checkDisclosure(file) {
    var bytes = unhex(file.entry, 56), entry = readEntry(bytes);
    file.fields.forEach(function (field) { checkField(field, entry); });
    entry.leaf = leafHash(entry.hash, bytes);
    return entry;
  }

  // ---- figures ----
  function decimal(text) {
    var parts = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text || "");
    if (!parts || (parts[2] + (parts[3] || "")) === "") refuse("不是十进制数:" + text, "not a decimal: " + text);
    var digits = (parts[3] || "").length;
    var scaled = BigInt(parts[2] + (parts[3] || "") || "0");
    return { scaled: parts[1] === "-" ? -scaled : scaled, digits: digits };
  }
  function plus(a, b) {
    var digits = Math.max(a.digits, b.digits);
    return { digits: digits, scaled: a.scaled * 10n ** BigInt(digits - a.digits) + b.scaled * 10n ** BigInt(digits - b.digits) };
  }
  function equal(a, b) { return plus(a, { scaled: -b.scaled, digits: b.digits }).scaled === 0n; }
  function walkList(hash, text, limit, each) {
    var edge = new Edge(hash), last = -1n;
    if (text !== "" && !/\n$/.test(text)) refuse("清单末行不完整", "the list's last line is cut");
    text.split("\n").slice(0, -1).forEach(function (line) {
      var words = /^(\d+) (\S+)(?: (.*))?$/.exec(line);
      var index = words ? plainNumber(words[1]) : refuse("清单行不合格式", "not a line of the list");
      if (index <= last || index >= limit) refuse("清单没有按位置升序,或超出检查点", "list out of order or beyond the checkpoint");
      last = index;
      each(index, words[2], words[3] || "");
      edge.add(leafHash(hash, utf8.encode(line)));
    });
    return edge;
  }
  function matches(edge, count, root) {
    if (edge.size !== count || !same(edge.root(), root)) refuse("清单与存证的根或行数不一致:有增删或改动", "list differs from its root");
  }
  function checkFigure(file, policy, say) {
    var entry = checkDisclosure(file), proof = readProof(file.proof || "");
    var tree = openCheckpoint(proof.note, policy), steps = included(entry, proof.index, tree, proof.path);
    if (entry.kind !== 4) refuse("不是“公布的数字”条目", "not an entry of a published figure");
    function field(name, types) {
      var f = file.fields.filter(function (x) { return x.name === name && types.indexOf(x.type) >= 0; })[0];
      return f ? f : refuse("缺少字段 " + name, "field missing: " + name);
    }
    var limit = plainNumber(field("checkpoint_size", "u").value), sums = [{ scaled: 0n, digits: 0 }, { scaled: 0n, digits: 0 }];
    if (limit > proof.index) refuse("数字声称的检查点晚于它自己", "computed after itself");
    var used = [], taken = [], out = 0, seen = {}, without = false;
    matches(walkList(entry.hash, file.detail, limit, function (index, num, den) {
      used.push(index);
      sums[0] = plus(sums[0], decimal(num));
      if (den === "-") without = true; else sums[1] = plus(sums[1], decimal(den));
    }), plainNumber(field("detail_count", "u").value), unhex(field("detail_root", "b").value, 32));
    matches(walkList(entry.hash, file.frame, limit, function (index, mark, reason) {
      seen[index] = true;
      if (mark === "+") taken.push(index);
      else if (mark === "-" && reason !== "") out++;
      else refuse("候选行不合格式", "not a line of the frame");
    }), plainNumber(field("frame_count", "u").value), unhex(field("frame_root", "b").value, 32));
    if (used.length !== taken.length || used.some(function (v, i) { return v !== taken[i]; }))
      refuse("计入的候选与明细不一致", "included candidates differ from the detail");
    say(true, "检查点与包含证明", "checkpoint and inclusion", tree.origin + " · " + tree.size);
    say(true, "数字", "figure", field("indicator", "t").value + " = " + field("value", "t").value);
    say(true, "明细与其根一致", "detail matches its root", String(used.length));
    say(true, "候选与其根一致(计入/排除)", "frame matches its root (in/out)", taken.length + " / " + out);
    var fold = file.fields.filter(function (f) { return f.name === "fold"; })[0], den = field("denominator", "dn");
    if (!fold || fold.value === "sum") {
      if (!equal(sums[0], decimal(field("numerator", "d").value)) ||
        (den.type === "d" && (without || !equal(sums[1], decimal(den.value)))))
        refuse("明细合计不等于公布的分子或分母", "sums differ from numerator or denominator");
      say(true, "重算:合计等于分子、分母", "recount: sums equal numerator and denominator",
        field("numerator", "d").value + " / " + (den.value || "-"));
    }
    (file.records || []).forEach(function (record) {
      var one = checkDisclosure(record);
      if (!seen[record.index]) refuse("开示的记录不在候选中", "record is not in the frame");
      included(one, BigInt(record.index), tree, record.path.map(function (h) { return unhex(h, 32); }));
    });
    say(true, "逐条打开的记录", "records opened", String((file.records || []).length));
    return steps;
  }

  /* Everything that was given, together. files: texts. Returns steps, the path climbed, and the
   * verdict; never throws for what is wrong with the files. */
  function check(files, keys, k) {
    var out = { ok: false, steps: [], path: [], fields: [] };
    function say(ok, zh, en, detail) { out.steps.push({ ok: ok, zh: zh, en: en, detail: detail || "" }); }
    try {
      var policy = readPolicy(keys, k), proof = null, shown = null;
      if (files.length === 0) refuse("没有文件", "no file");
      files.forEach(function (text) {
        if (/^c2sp\.org\/tlog-proof@/.test(text)) { proof = readProof(text); return; }
        var file;
        try { file = JSON.parse(text); } catch (e) { refuse("文件不是证明,也不是 JSON", "neither a proof nor JSON"); }
        if (file.format === "zhiheng/figure/v1") {
          out.path = checkFigure(file, policy, say);
          out.fields = out.fields.concat(file.fields);
          out.ok = true;
        } else if (file.format === "zhiheng/disclosure/v1") {
          shown = checkDisclosure(file);
          out.fields = out.fields.concat(file.fields);
          say(true, "披露的字段与记录根一致", "fields match the record root", file.fields.length + " / " + shown.n);
          if (file.proof) proof = readProof(file.proof);
        } else refuse("文件格式不认识", "unknown format");
      });
      if (shown && !proof) refuse("还需要存证证明文件(.tlog-proof)", "its .tlog-proof is needed too");
      if (proof && !shown) refuse("还需要披露文件:证明要对着条目核验", "the disclosure with its entry is needed too");
      if (proof) {
        var tree = openCheckpoint(proof.note, policy);
        say(true, "检查点签名", "checkpoint signature", tree.origin + " · " + tree.size);
        say(true, "见证签名", "cosignatures", tree.witnesses.join(", ") || "0");
        out.path = included(shown, proof.index, tree, proof.path);
        say(true, "包含证明", "inclusion", "#" + proof.index);
        say(true, "登记时间", "recorded", new Date(shown.time).toISOString());
        out.ok = true;
      }
    } catch (e) {
      out.ok = false;
      if (e instanceof Refused) say(false, e.zh, e.en);
      else say(false, "文件内容不合格式", "malformed file", String(e && e.message));
    }
    return out;
  }

  world.zhVerify = { check: check, sha256: sha256, sha512: sha512, ed25519: ed25519, sm3: sm3, sm2: sm2, hex: hex, unhex: unhex };

  // ---- the page ----
  if (typeof document === "undefined") return;
  var place = document.querySelector("[data-verify]");
  if (!place) return;
  var english = document.documentElement.lang.slice(0, 2) === "en";
  var input = place.querySelector("input[type=file]"), keys = place.querySelector("textarea");
  var list = place.querySelector("ol"), verdict = place.querySelector("[role=status]");
  var table = place.querySelector("table"), body = table.querySelector("tbody"), shown = place.querySelector("dl");
  function element(name, text, css) {
    var out = document.createElement(name);
    out.textContent = text;
    if (css) out.className = css;
    return out;
  }
  /* The way up: each node of it, and beside it the half that the proof gave. */
  function shape(name, attributes, parent, text) {
    var out = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.keys(attributes).forEach(function (key) { out.setAttribute(key, attributes[key]); });
    if (text !== undefined) out.textContent = text;
    return parent.appendChild(out);
  }
  function climbing(path) {
    var high = 46, wide = 96, tall = 24, top = 18, middle = 270, away = 150, n = path.length;
    var picture = shape("svg", { viewBox: "50 0 440 " + (n * high + tall + 2 * top), role: "img", "aria-label": place.dataset.mine + " → " + place.dataset.root }, document.createElement("div"));
    function y(level) { return top + (n - level) * high; }
    function wire(x, level, css) {
      shape("path", { d: "M" + x + " " + y(level) + "V" + (y(level) - (high - tall) / 2) + "H" + middle + "V" + (y(level + 1) + tall), "class": css }, picture);
    }
    function node(x, level, css, text) {
      shape("rect", { x: x - wide / 2, y: y(level), width: wide, height: tall, "class": css }, picture);
      shape("text", { x: x, y: y(level) + tall / 2 + 4 }, picture, text);
    }
    path.forEach(function (step, i) { wire(step.left ? middle - away : middle + away, i, ""); });
    path.forEach(function (step, i) { wire(middle, i, "way"); });
    path.forEach(function (step, i) {
      node(step.left ? middle - away : middle + away, i, "given", hex(step.sibling).slice(0, 8));
      node(middle, i + 1, "mine", hex(step.result).slice(0, 8));
    });
    node(middle, 0, "mine", "#");
    shape("text", { x: middle + wide / 2 + 8, y: y(n) + 16, "class": "side" }, picture, place.dataset.root);
    shape("text", { x: path.length && !path[0].left ? middle - wide / 2 - 70 : middle + wide / 2 + 8, y: y(0) + 16, "class": "side" }, picture, place.dataset.mine);
    return picture;
  }
  function draw(result) {
    verdict.textContent = (result.ok ? "✓ " + place.dataset.good : "✗ " + place.dataset.bad);
    verdict.className = result.ok ? "verify-good" : "verify-bad";
    list.replaceChildren.apply(list, result.steps.map(function (step) {
      var text = (step.ok ? "✓ " : "✗ ") + (english ? step.en : step.zh);
      return element("li", step.detail ? text + (english ? ": " : "：") + step.detail : text, step.ok ? "" : "verify-bad");
    }));
    body.replaceChildren.apply(body, (result.ok ? result.path : []).map(function (step) {
      var row = element("tr", "");
      row.append(element("td", String(step.level)), element("td", step.left ? "←" : "→"),
        element("td", hex(step.sibling).slice(0, 16) + "…", "mono"), element("td", hex(step.result).slice(0, 16) + "…", "mono"));
      return row;
    }));
    document.getElementById("path").classList.toggle("drawn", result.ok && result.path.length > 0);
    document.getElementById("fields").classList.toggle("drawn", result.ok && result.fields.length > 0);
    place.querySelector(".pathdrawn").replaceChildren.apply(place.querySelector(".pathdrawn"), result.ok && result.path.length > 0 ? [climbing(result.path)] : []);
    shown.replaceChildren.apply(shown, result.ok ? [].concat.apply([], result.fields.map(function (field) {
      return [element("dt", field.name), element("dd", field.value === undefined ? "—" : String(field.value))];
    })) : []);
  }
  function run() {
    var files = Array.prototype.slice.call(input.files);
    if (files.length === 0) return;
    Promise.all(files.map(function (file) { return file.text(); })).then(function (texts) {
      draw(check(texts, keys.value, Number(place.dataset.witnesses || 0)));
    });
  }
  input.addEventListener("change", run);
  keys.addEventListener("input", run);
  place.addEventListener("dragover", function (event) { event.preventDefault(); });
  place.addEventListener("drop", function (event) {
    event.preventDefault();
    input.files = event.dataTransfer.files;
    run();
  });
})(typeof window === "undefined" ? globalThis : window);
