"use strict";
(() => {
  const sample = document.body.dataset.sample;
  const items = [...document.querySelectorAll(".item")];
  const judges = [...document.querySelectorAll(".judge")];
  const names = judges.map((one) => one.dataset.judgement);
  const reader = document.getElementById("reader");
  const progress = document.getElementById("progress");
  const meter = document.getElementById("meter");
  const place = `soihang-review-${sample}`;
  const load = () => {
    try { return JSON.parse(localStorage.getItem(place)) || {}; } catch { return {}; }
  };
  const kept = load();
  const answers = kept.answers || {};
  reader.value = kept.reader || "";
  let stored = true;
  const save = () => {
    try { localStorage.setItem(place, JSON.stringify({ reader: reader.value, answers })); stored = true; } catch { stored = false; }
  };
  let at = Math.max(0, items.findIndex((one) => !answers[one.dataset.code]));
  const show = () => {
    items.forEach((one, number) => { one.hidden = number !== at; });
    const item = items[at];
    const answer = answers[item.dataset.code];
    item.querySelector(".reasons").hidden = !answer;
    item.querySelector(".behaviour").value = answer ? answer.behaviour : "";
    judges.forEach((one) => one.setAttribute("aria-pressed", String(Boolean(answer) && one.dataset.judgement === answer.judgement)));
    const done = Object.keys(answers).length;
    meter.value = done;
    progress.textContent = `Đã soi ${done}/${items.length} tin` + (done === items.length ? ". Xong: bấm “Tải kết quả”." : "") + (stored ? "" : " Trình duyệt không lưu được: đừng đóng trang trước khi tải kết quả.");
  };
  const judge = (judgement) => {
    const code = items[at].dataset.code;
    const before = answers[code];
    answers[code] = {
      judgement,
      behaviour: before ? before.behaviour : "",
      first: before ? before.first : judgement,
      at: before ? before.at : new Date().toISOString(),
    };
    save();
    show();
    items[at].querySelector(".reasons").scrollIntoView({ block: "nearest" });
  };
  const go = (step) => {
    at = Math.min(items.length - 1, Math.max(0, at + step));
    show();
    window.scrollTo(0, 0);
  };
  const cell = (text) => `"${String(text).replaceAll('"', '""')}"`;
  const table = () => {
    const who = reader.value.normalize("NFC").replace(/[^\p{L}\p{N} _.-]/gu, "").replace(/^[-.\s]+/, "").trim();
    const rows = [["code", "reader", "judgement", "behaviours", "first_judgement", "judged_at"]];
    for (const item of items) {
      const answer = answers[item.dataset.code];
      if (answer) rows.push([item.dataset.code, who, answer.judgement, answer.behaviour, answer.first, answer.at]);
    }
    return "\ufeff" + rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
  };
  const hand_over = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([table()], { type: "text/csv;charset=utf-8" }));
    link.download = `soi-tin-${sample}${reader.value ? "-" + reader.value.replace(/[^A-Za-z0-9]/g, "") : ""}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  judges.forEach((one) => one.addEventListener("click", () => judge(one.dataset.judgement)));
  document.getElementById("back").addEventListener("click", () => go(-1));
  document.getElementById("next").addEventListener("click", () => go(1));
  document.getElementById("export").addEventListener("click", hand_over);
  reader.addEventListener("input", save);
  items.forEach((item) => item.querySelector(".behaviour").addEventListener("change", (event) => {
    answers[item.dataset.code].behaviour = event.target.value;
    save();
  }));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    const number = Number(event.key);
    if (number >= 1 && number <= names.length) judge(names[number - 1]);
    else if (event.key === "ArrowRight" || (event.key === "Enter" && !/^(BUTTON|A|SUMMARY)$/.test(event.target.tagName))) go(1);
    else if (event.key === "ArrowLeft") go(-1);
    else return;
    event.preventDefault();
  });
  show();
})();
