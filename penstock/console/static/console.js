// What neither HTML nor htmx does: two fields that show one share, and how far an upload is.
"use strict";

document.addEventListener("input", (event) => {
  const twin = event.target.dataset && event.target.dataset.twin;
  if (!twin) return;
  document.getElementById(twin).value = event.target.value;
  tellShares(event.target.form, Number(event.target.value));
});

function tellShares(form, share) {
  if (!Number.isFinite(share)) return;
  for (const place of form.querySelectorAll("[data-share]")) {
    const part = place.dataset.share === "rest" ? 100 - share : share;
    place.textContent = `${Math.round(part * 100) / 100} %`;
  }
}

document.addEventListener("htmx:xhr:progress", (event) => {
  const form = event.target.closest("form");
  const bar = form && form.querySelector("progress");
  if (!bar || !event.detail.lengthComputable) return;
  const share = Math.floor((event.detail.loaded / event.detail.total) * 100);
  bar.closest("[hidden]")?.removeAttribute("hidden");
  bar.value = share;
  const said = form.querySelector("[data-said]");
  const words = share < 100 ? `${share - (share % 10)} % sent` : "All sent; the rows are being taken in";
  if (said.textContent !== words) said.textContent = words;
});

document.addEventListener("submit", (event) => {
  const wait = event.target.querySelector("[data-wait]");
  if (wait && !event.defaultPrevented) wait.textContent = wait.dataset.wait;
});

document.addEventListener("change", (event) => {
  const place = event.target.type === "file" && event.target.form.querySelector("[data-size]");
  if (!place || !event.target.files.length) return;
  const bytes = event.target.files[0].size, large = bytes >= Number(event.target.dataset.announced);
  const words = `${(bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 1)} MB.`;
  place.textContent = large
    ? `${words} That is large: on all rows a training can take long, so choose a sample below if you want to be quick.`
    : words;
});

for (const each of document.querySelectorAll("[data-scripted]")) each.hidden = false;

document.addEventListener("htmx:sendError", (event) => {
  const said = event.target.closest("form")?.querySelector("[data-said]");
  if (!said) return;
  said.closest("[hidden]")?.removeAttribute("hidden");
  said.textContent = "The file was not taken: the connection ended. Look whether it is too large, and try again.";
});
