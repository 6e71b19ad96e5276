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
  document.addEventListener("keydown", function (event) {
    if (/INPUT|SELECT|TEXTAREA/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") {
      var field = document.querySelector("main input[type=search], .onebox input") || document.querySelector(".seek input");
      if (field && field.offsetParent) field.focus();
      else location.href = "/go";
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
