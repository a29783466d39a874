"use strict";
(() => {
  const text = document.getElementById("f-text");
  const authority = document.getElementById("f-authority");
  const level = document.getElementById("f-level");
  const targets = [...document.querySelectorAll(".target")];
  const haystack = new Map(targets.map((one) => [one, one.textContent.normalize("NFC").toLowerCase()]));
  const count = document.getElementById("count");
  const show = () => {
    const wanted = text.value.normalize("NFC").trim().toLowerCase();
    let shown = 0;
    for (const one of targets) {
      const fits =
        (!wanted || haystack.get(one).includes(wanted)) &&
        (!authority.value || one.dataset.authority === authority.value) &&
        (!level.value || one.dataset.level === level.value);
      one.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    count.textContent = `Đang xem ${shown} trên ${targets.length} đối tượng của trang này`;
  };
  for (const control of [text, authority, level]) control.addEventListener("input", show);
  show();
})();
