
"use strict";
// Filters, and nothing else: what is here can be read without it.
(() => {
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  const none = document.getElementById("none");
  const sections = Array.from(document.querySelectorAll(".sec"), (element) => ({
    element,
    name: element.dataset.section,
    items: Array.from(element.querySelectorAll(":scope > .i"), (item) => ({
      item,
      state: item.classList[1],
      owner: item.dataset.owner,
      stage: item.dataset.stage ?? element.dataset.stage,
      text: item.firstElementChild.textContent.toLowerCase(),
    })),
  }));
  const total = sections.reduce((sum, section) => sum + section.items.length, 0);
  const set = (element, hidden) => {
    if (element.hidden !== hidden) element.hidden = hidden;
  };

  const apply = () => {
    const chosen = new FormData(form);
    const states = new Set(chosen.getAll("state"));
    const section = chosen.get("section");
    const owner = chosen.get("owner");
    const stage = chosen.get("stage");
    const text = chosen.get("text").trim().toLowerCase();
    let count = 0;
    for (const group of sections) {
      let some = false;
      if (!section || group.name === section) {
        for (const one of group.items) {
          const fits =
            (!states.size || states.has(one.state)) &&
            (!owner || one.owner === owner) &&
            (!stage || one.stage === stage) &&
            (!text || one.text.includes(text));
          set(one.item, !fits);
          if (fits) {
            some = true;
            count += 1;
          }
        }
      }
      set(group.element, !some);
    }
    set(none, count > 0);
    shown.textContent = `${count} of ${total} items are shown.`;
  };

  const choose = (words) => {
    form.reset();
    for (const [name, value] of new URLSearchParams(words)) {
      for (const field of form.elements) {
        if (field.name !== name) continue;
        if (field.type !== "checkbox") field.value = value;
        else if (field.value === value) field.checked = true;
      }
    }
    apply();
  };

  // An address ends in an item's id, or in filters: #state=failed&owner=dba
  const follow = () => {
    let hash = location.hash.slice(1);
    try {
      hash = decodeURIComponent(hash);
    } catch {
      return;
    }
    if (hash.includes("=")) {
      choose(hash);
      document.getElementById("items").scrollIntoView();
      return;
    }
    const found = hash && document.getElementById(hash);
    const item = found && found.closest(".i");
    if (!item) {
      if (found && found.hidden) choose("");
      return;
    }
    if (item.hidden || item.parentElement.hidden) choose("");
    item.open = true;
    found.scrollIntoView();
  };

  let waiting = 0;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("change", apply);
  form.addEventListener("input", (event) => {
    if (event.target.type !== "search") return;
    clearTimeout(waiting);
    waiting = setTimeout(apply, 120);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    if (link.dataset.filter) {
      event.preventDefault();
      location.hash = link.dataset.filter;
    } else if (link.hash === location.hash) {
      follow(); // the same address again is no change of it
    }
  });
  addEventListener("hashchange", follow);
  if (!CSS.supports("selector(::details-content)")) {
    const opened = new Set();
    addEventListener("beforeprint", () => {
      for (const item of document.querySelectorAll(".i:not([open], [hidden])")) {
        item.open = true;
        opened.add(item);
      }
    });
    addEventListener("afterprint", () => {
      for (const item of opened) item.open = false;
      opened.clear();
    });
  }
  form.hidden = false;
  apply();
  follow();
})();
