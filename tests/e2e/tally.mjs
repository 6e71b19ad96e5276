/* Counts of the browser tests: what failed is printed at once, the closing line at the end. */

export class Tally {
  passed = 0;
  failed = 0;

  check(name, good, why = "") {
    if (good) {
      this.passed += 1;
      return true;
    }
    this.failed += 1;
    const said = typeof why === "string" ? why : JSON.stringify(why);
    console.log(`FAILED: ${name}${said ? `\n    ${said.slice(0, 1500).replace(/\n/g, "\n    ")}` : ""}`);
    return false;
  }

  equal(name, got, wanted) {
    const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
    return this.check(name, a === b, `got ${a}, expected ${b}`);
  }

  /* A list of complaints that must be empty. */
  none(name, list) {
    return this.check(name, list.length === 0, `${list.length}: ${list.slice(0, 6).join("\n")}`);
  }

  /* A journey breaks off at the first step that cannot be taken; that is one failure. */
  async journey(name, steps) {
    const since = Date.now();
    try {
      await steps();
    } catch (error) {
      this.check(`${name}: ended early`, false, String(error.stack || error));
    }
    console.log(`${name}: ${((Date.now() - since) / 1000).toFixed(1)} s`);
  }

  close() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    return this.failed === 0;
  }
}
