// The browser's verifier (ui/verify.js) outside a browser: published hashes and signatures, the
// sample's files, and single changes of them.
//   node verify.mjs ui/verify.js SAMPLE
import { readFileSync } from "node:fs";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import vm from "node:vm";

const [script, sample] = process.argv.slice(2);
vm.runInThisContext(readFileSync(script, "utf8"));
const v = globalThis.zhVerify;
let passed = 0, failed = 0;
function check(what, good, more) {
  if (good) passed++;
  else { failed++; console.log("FAILED:", what, more ? JSON.stringify(more) : ""); }
}

// Hashes against Node's, at every length around the blocks; RFC 8032 section 7.1 test 1.
for (let n = 0; n < 300; n++) {
  const bytes = Uint8Array.from({ length: n }, (_, i) => (i * 7 + n) & 255);
  for (const name of ["sha256", "sha512", "sm3"])
    check(`${name} of ${n}`, v.hex(v[name](bytes)) === createHash(name).update(bytes).digest("hex"));
}
const rfc = [v.unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"), new Uint8Array(0),
  v.unhex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")];
check("RFC 8032", v.ed25519(...rfc));
for (let i = 0; i < 20; i++) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = new Uint8Array(publicKey.export({ type: "spki", format: "der" }).subarray(-32));
  const message = Uint8Array.from({ length: i * 13 }, (_, k) => k & 255);
  const signature = new Uint8Array(sign(null, message, privateKey));
  check("signature of Node", v.ed25519(key, message, signature));
  signature[(i * 3) % 64] ^= 1 << (i % 8);
  check("changed signature", !v.ed25519(key, message, signature));
}

// GB/T 32918.5-2017, annex A: the signature of the standard's example, and changes of it.
const hex2 = (text) => v.unhex(text.replaceAll(" ", "").toLowerCase());
const gm = {
  key: hex2("04 09F9DF31 1E5421A1 50DD7D16 1E4BC5C6 72179FAD 1833FC07 6BB08FF3 56F35020" +
    "CCEA490C E26775A5 2DC6EA71 8CC1AA60 0AED05FB F35E084A 6632F607 2DA9AD13"),
  signature: hex2("F5A03B06 48D2C463 0EEAC513 E1BB81A1 5944DA38 27D5B741 43AC7EAC EEE720B3" +
    "B1B6AA29 DF212FD8 763182BC 0D421CA1 BB9038FD 1F7F42D4 840B69C4 85BBC1AA"),
};
const digest = new TextEncoder().encode("message digest");
check("GB/T 32918.5 annex A", v.sm2(gm.key, digest, gm.signature));
for (let i = 0; i < 64; i += 7) {
  const changed = Uint8Array.from(gm.signature);
  changed[i] ^= 1 << (i % 8);
  check("changed SM2 signature", !v.sm2(gm.key, digest, changed));
}
check("another message", !v.sm2(gm.key, digest.subarray(1), gm.signature));
check("a point off the curve", !v.sm2(Uint8Array.from(gm.key, (b, i) => (i === 64 ? b ^ 1 : b)), digest, gm.signature));

const read = (name) => readFileSync(`${sample}/${name}`, "utf8");
const policy = read("policy").split("\n").filter((l) => !l.includes("zhiheng-sm")).join("\n");
const keys = read("log.key");
const good = (what, files, text = policy, k = 0) => { const r = v.check(files, text, k); check(what, r.ok, r.steps); return r; };
const bad = (what, files, text = policy, k = 0) => {
  const r = v.check(files, text, k);
  check(what, !r.ok && r.steps.some((s) => !s.ok && s.zh && s.en), r.steps);
};
const proof = read("0.tlog-proof"), shown = read("0.json"), both = read("both.json"), figure = read("sample.figure.json");
check("path is drawn", good("proof and disclosure", [proof, shown]).path.length > 0);
good("either order", [shown, proof]);
good("one file", [both]);
good("figure", [figure]);
good("key alone", [both], keys);
good("witness by number", [both], keys + read("witness.key"), 1);
bad("no witness key", [both], keys, 1);
bad("no key", [both], "");
bad("the witness's key for the log's", [both], read("witness.key"));
bad("the SM2 key of another log", [both], read("gm.key"));
bad("an SM2 key of another label", [both], read("gm.key").replace(/\+\/3/, "+/2"));
bad("proof alone", [proof]);
bad("disclosure alone", [shown]);
bad("nothing", []);
bad("not a file of ours", ["{}"]);
bad("text", ["hello"]);
bad("another proof", [read("699.tlog-proof"), shown]);

const lines = proof.split("\n");
lines.forEach((line, i) => {
  if (line === "") return;
  const at = Math.floor(line.length / 2);
  const other = line[at] === "A" ? "B" : line[at] === "1" ? "2" : /[0-9]/.test(line[at]) ? "1" : "A";
  bad(`proof line ${i}`, [[...lines.slice(0, i), line.slice(0, at) + other + line.slice(at + 1), ...lines.slice(i + 1)].join("\n"), shown]);
  bad(`proof without line ${i}`, [[...lines.slice(0, i), ...lines.slice(i + 1)].join("\n"), shown]);
});
const edit = (text, change) => { const copy = JSON.parse(text); change(copy); return JSON.stringify(copy); };
JSON.parse(shown).fields.forEach((_, i) => {
  bad(`value of field ${i}`, [edit(shown, (f) => { f.fields[i].value += "1"; }), proof]);
  bad(`name of field ${i}`, [edit(shown, (f) => { f.fields[i].name += "x"; }), proof]);
  bad(`type of field ${i}`, [edit(shown, (f) => { f.fields[i].type = f.fields[i].type === "t" ? "d" : "t"; }), proof]);
  bad(`salt of field ${i}`, [edit(shown, (f) => { f.fields[i].salt = f.fields[i].salt.replace(/.$/, (c) => (c === "0" ? "1" : "0")); }), proof]);
  bad(`path of field ${i}`, [edit(shown, (f) => { f.fields[i].path.pop(); }), proof]);
});
bad("entry", [edit(shown, (f) => { f.entry = f.entry.replace(/.$/, (c) => (c === "0" ? "1" : "0")); }), proof]);
bad("figure: value", [edit(figure, (f) => { f.fields.find((x) => x.name === "value").value = "99.99"; })]);
bad("figure: a line less", [edit(figure, (f) => { f.detail = f.detail.split("\n").slice(1).join("\n"); })]);
bad("figure: a bad sample left out", [edit(figure, (f) => { f.frame = f.frame.replace(/4 - [^\n]*\n/, ""); })]);
bad("figure: another reason", [edit(figure, (f) => { f.frame = f.frame.replace("复检中", "其他"); })]);
bad("figure: order", [edit(figure, (f) => { f.detail = f.detail.split("\n").slice(0, -1).reverse().join("\n") + "\n"; })]);
bad("figure: a record's field", [edit(figure, (f) => { f.records[1].fields[0].value = "9"; })]);
bad("figure: a record's path", [edit(figure, (f) => { f.records[1].path.pop(); })]);
bad("figure: another record", [edit(figure, (f) => { f.records[0].entry = f.records[1].entry; f.records[0].fields = []; })]);
bad("figure: no proof", [edit(figure, (f) => { delete f.proof; })]);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
