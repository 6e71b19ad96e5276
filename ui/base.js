/* The reader's switches without loading the page, and keys for lists. Pages are complete without
 * this file: a switch is a link that the server answers, remembered in the same cookie. */
(function () {
  "use strict";
  var root = document.documentElement;
  var here = document.querySelector(".nav [aria-current]"); /* on a phone the menu scrolls */
  if (here) here.parentNode.scrollLeft = here.offsetLeft + here.offsetWidth / 2 - here.parentNode.clientWidth / 2;
  document.addEventListener("click", function (event) {
    var link = event.target.closest("[data-set]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    var part = link.dataset.set.split(":"), name = part[0];
    var dark = name === "theme" && !root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches;
    var on = root.dataset[name] === part[1] || dark;
    var value = on ? part[2] : part[1];
    root.dataset[name] = value;
    link.setAttribute("aria-pressed", String(!on));
    document.cookie = name + "=" + value + "; Path=/; Max-Age=31536000; SameSite=Lax";
  });
  /* The address of the question goes to the clipboard; without one the field opens, marked. */
  document.addEventListener("click", function (event) {
    var head = event.target.closest("details.link > summary");
    if (!head) return;
    var field = head.parentNode.querySelector("input"), word = head.querySelector("span"), was = word.textContent;
    function open() { head.parentNode.open = true; field.select(); }
    if (!navigator.clipboard) { setTimeout(open, 0); event.preventDefault(); return; }
    event.preventDefault();
    navigator.clipboard.writeText(field.value).then(function () {
      word.textContent = head.dataset.done;
      setTimeout(function () { word.textContent = was; }, 2000);
    }, open);
  });
  /* How far the ledger had come at this browser's last look; a session compares with where it began. */
  var since = document.getElementById("since");
  if (since) {
    try {
      var size = Number(since.dataset.size), then = Number(sessionStorage.getItem("since") || localStorage.getItem("seen") || size);
      sessionStorage.setItem("since", then);
      localStorage.setItem("seen", size);
      if (then > 0 && then < size) {
        since.firstElementChild.textContent = since.dataset.text.replace("{then}", then.toLocaleString("en")).replace("{more}", (size - then).toLocaleString("en"));
        since.querySelector("a").href = "/?as_of=" + then;
        since.hidden = false;
      }
    } catch (error) { /* no storage: nothing to compare with */ }
  }
  /* The palette: what /go finds, while one types. Answers that come late are dropped. */
  var palette = (function () {
    var box, field, list, asked = 0, timer;
    var label = (document.querySelector(".seek input") || {}).placeholder || "";
    function links() { return Array.prototype.slice.call(list.querySelectorAll("a")); }
    function move(step) {
      var all = links(), at = all.findIndex(function (a) { return a.classList.contains("cur"); });
      if (!all.length) return;
      if (at >= 0) all[at].classList.remove("cur");
      at = (at + step + all.length) % all.length;
      all[at].classList.add("cur");
      all[at].scrollIntoView({ block: "nearest" });
      field.setAttribute("aria-activedescendant", all[at].id);
    }
    function show(text) {
      var page = new DOMParser().parseFromString(text, "text/html").querySelector("div");
      list.textContent = "";
      if (page) list.appendChild(page);
      links().forEach(function (a, i) { a.id = "pal-" + i; });
      move(1);
    }
    function ask() {
      var mine = ++asked, q = field.value.trim();
      if (!q) { list.textContent = ""; return; }
      fetch("/go/list?q=" + encodeURIComponent(q), { credentials: "same-origin" })
        .then(function (answer) { return answer.ok ? answer.text() : ""; })
        .then(function (text) { if (mine === asked) show(text); })
        .catch(function () { if (mine === asked) list.textContent = ""; });
    }
    function key(event) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { move(event.key === "ArrowDown" ? 1 : -1); event.preventDefault(); }
      if (event.key !== "Enter") return;
      var at = list.querySelector("a.cur");
      event.preventDefault();
      location.href = at ? at.href : "/go?q=" + encodeURIComponent(field.value);
    }
    function build() {
      box = document.createElement("dialog");
      if (!box.showModal || !window.fetch) return false;
      box.className = "pal";
      box.setAttribute("aria-label", label);
      field = box.appendChild(document.createElement("input"));
      field.type = "search";
      field.maxLength = 100;
      field.placeholder = label;
      field.setAttribute("aria-label", label);
      list = box.appendChild(document.createElement("div"));
      list.setAttribute("role", "region");
      list.setAttribute("aria-live", "polite");
      field.addEventListener("input", function () { clearTimeout(timer); timer = setTimeout(ask, 120); });
      field.addEventListener("keydown", key);
      box.addEventListener("click", function (event) { if (event.target === box) box.close(); });
      document.body.appendChild(box);
      return true;
    }
    return {
      open: function () {
        if (!document.querySelector("a.toseek") || (!box && !build())) return false;
        if (!box.open) box.showModal();
        field.select();
        field.focus();
        return true;
      }
    };
  })();
  document.addEventListener("click", function (event) {
    var link = event.target.closest("a.toseek");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && palette.open()) event.preventDefault();
  });
  document.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k" && palette.open()) event.preventDefault();
  });
  document.addEventListener("keydown", function (event) {
    if (/INPUT|SELECT|TEXTAREA/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") {
      var field = document.querySelector("main input[type=search], .onebox input");
      if (field && field.offsetParent) field.focus();
      else if (!palette.open()) location.href = "/go";
      event.preventDefault();
    }
    if (event.key !== "j" && event.key !== "k") return;
    var rows = Array.prototype.slice.call(document.querySelectorAll("[data-row], tbody tr")).filter(function (row) { return row.querySelector("a"); });
    var at = rows.findIndex(function (row) { return row.classList.contains("cur"); });
    var next = rows[Math.max(0, Math.min(rows.length - 1, at + (event.key === "j" ? 1 : -1)))];
    if (!next) return;
    rows.forEach(function (row) { row.classList.remove("cur"); });
    next.classList.add("cur");
    next.querySelector("a").focus();
  });
})();
