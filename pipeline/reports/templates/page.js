"use strict";
(() => {
  const rows = [...document.querySelectorAll(".row")];
  const pages = new Map([...document.querySelectorAll(".target")].map((one) => [one.id, one]));
  const list = document.getElementById("list");
  const text = document.getElementById("f-text");
  const choices = [...document.querySelectorAll("select[data-key]")];
  const count = document.getElementById("count");
  const plain = (words) =>
    words.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐ]/g, "d").toLowerCase();
  const haystack = new Map(rows.map((one) => [one, plain(one.textContent)]));
  const fits = (one, wanted) =>
    (!wanted || haystack.get(one).includes(wanted)) &&
    choices.every(
      (control) =>
        !control.value ||
        (control.dataset.key === "goods"
          ? one.dataset.goods.split(", ").includes(control.value)
          : one.dataset[control.dataset.key] === control.value),
    );
  const filter = () => {
    const wanted = plain(text.value.trim());
    let shown = 0;
    for (const one of rows) {
      one.hidden = !fits(one, wanted);
      shown += one.hidden ? 0 : 1;
    }
    count.textContent = `Đang xem ${shown} trên ${rows.length} đối tượng của trang này`;
  };
  let last = "";
  const open = () => {
    const code = location.hash.slice(1);
    const page = pages.get(code);
    document.body.classList.toggle("reading", Boolean(page));
    for (const one of pages.values()) one.hidden = one !== page;
    if (page) {
      last = code;
      page.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    } else if (last) {
      const from = document.querySelector(`.row a[href="#${CSS.escape(last)}"]`);
      (from && !from.closest(".row").hidden ? from : list).focus();
      last = "";
    }
  };
  addEventListener("hashchange", open);
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const reading = document.body.classList.contains("reading");
    if (event.key === "Escape" && reading) location.hash = "list";
    if (event.key === "/" && !reading && text && document.activeElement !== text) {
      event.preventDefault();
      text.focus();
    }
  });
  if (text) {
    for (const control of [text, ...choices]) control.addEventListener("input", filter);
    document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
    filter();
  }
  open();
})();
