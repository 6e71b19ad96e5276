/* Suggestions for codes and references, and a draft that outlives an accident. Forms are complete
 * without this file: names and codes are found by the server when the form is sent. */
(function () {
  "use strict";
  var lists = 0;
  function offer(input, list, choices) {
    list.textContent = "";
    choices.forEach(function (choice) {
      var option = document.createElement("option");
      option.value = choice.value;
      option.label = choice.label;
      option.textContent = choice.label;
      list.appendChild(option);
      if (choice.value === input.value) input.title = choice.label;
    });
  }
  function suggest(input) {
    var list = document.createElement("datalist"), timer = 0, asked = "";
    list.id = "choices-" + lists++;
    input.after(list);
    input.setAttribute("list", list.id);
    input.addEventListener("input", function () {
      clearTimeout(timer);
      timer = setTimeout(function () {
        var text = input.value.trim();
        if (!text || text === asked) return;
        asked = text;
        fetch(input.dataset.choices + "?q=" + encodeURIComponent(text), { headers: { Accept: "application/json" } })
          .then(function (answer) { return answer.ok ? answer.json() : { choices: [] }; })
          .then(function (found) { if (asked === text) offer(input, list, found.choices); })
          .catch(function () {});
      }, 150);
    });
  }
  document.querySelectorAll("input[data-choices]").forEach(suggest);

  var form = document.querySelector("form[data-draft]");
  if (!form || !window.sessionStorage) return;
  var key = "draft " + location.pathname, sent = "sent " + location.pathname;
  function inputs() {
    return Array.prototype.filter.call(form.elements, function (e) {
      return e.name && e.type !== "file" && e.type !== "hidden" && e.type !== "submit";
    });
  }
  if (form.dataset.draft !== "refused") {
    if (sessionStorage.getItem(sent)) sessionStorage.removeItem(key);
    var draft = JSON.parse(sessionStorage.getItem(key) || "{}");
    inputs().forEach(function (e) { if (e.name in draft && !e.value) e.value = draft[e.name]; });
  }
  sessionStorage.removeItem(sent);
  form.addEventListener("input", function () {
    var now = {};
    inputs().forEach(function (e) { if (e.value) now[e.name] = e.value; });
    try { sessionStorage.setItem(key, JSON.stringify(now)); } catch (full) { /* only a convenience */ }
  });
  form.addEventListener("submit", function (event) {
    if (!event.submitter || event.submitter.name !== "rows") sessionStorage.setItem(sent, "1");
  });
})();
