/* Progress of a check or a commit without loading the page; when it has ended the page is loaded
 * once more. Without this file the page refreshes itself. */
(function () {
  "use strict";
  var place = document.querySelector("[data-job]");
  if (!place || !window.fetch) return;
  var bar = place.querySelector("progress");
  var text = place.querySelector("p");
  var wait = 400;
  function look() {
    fetch("/api/v1/jobs/" + place.dataset.job, { headers: { Accept: "application/json" } })
      .then(function (answer) { return answer.ok ? answer.json() : null; })
      .then(function (job) {
        if (job && job.state !== "queued" && job.state !== "running") {
          location.reload();
          return;
        }
        if (job && job.total > 0) {
          var share = Math.min(100, Math.floor(job.progress * 100 / job.total));
          bar.max = job.total;
          bar.value = Math.min(job.progress, job.total);
          text.textContent = text.textContent.replace(/\d+%/, share + "%");
        }
        wait = Math.min(wait * 1.3, 2000);
        setTimeout(look, wait);
      })
      .catch(function () { setTimeout(look, 2000); });
  }
  setTimeout(look, wait);
})();
