// The landing page works without this; with it the search follows the typing, the button names the
// person, and a window of its own opens as one.
const form = document.querySelector("form.columns");
const people = document.getElementById("people");
const search = document.getElementById("q");
const button = form.querySelector("[data-open]");
const ownWindow = form.querySelector("[name=window]");
const arrow = button && button.querySelector("svg");

function nameOnButton() {
  const chosen = form.querySelector("[name=person]:checked");
  if (button && chosen) button.replaceChildren(button.dataset.open.replace("%s", chosen.dataset.name) + " ", arrow);
}

let waiting = 0;
let asked = 0;
function find() {
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    const mine = ++asked;
    const chosen = form.querySelector("[name=person]:checked");
    const query = new URLSearchParams({ q: search.value, person: chosen ? chosen.value : "" });
    const answer = await fetch(`${form.dataset.people}?${query}`);
    if (!answer.ok || mine !== asked) return;
    people.innerHTML = await answer.text();
    nameOnButton();
  }, 150);
}

search.addEventListener("input", find);
search.addEventListener("keydown", (event) => {
  if (event.key === "Enter") {
    event.preventDefault();
    find();
  }
});
form.addEventListener("change", (event) => {
  if (event.target.name === "person") nameOnButton();
});
form.addEventListener("submit", (event) => {
  const by = event.submitter;
  const opens = by === button && ownWindow && ownWindow.checked;
  form.target = opens ? "_blank" : "";
  if (by && by.dataset.busy) {
    // The answer takes a moment: say so, and take a second press for the same one.
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    by.textContent = by.dataset.busy;
  }
});
window.addEventListener("pageshow", () => delete form.dataset.sent);
nameOnButton();
