
"use strict";
/* The flow table, the theme and the copy buttons. Everything a capture said reaches the page as text
   (textContent), never as markup. Nothing is stored and nothing is asked of a network. */
(() => {
  const $ = (id) => document.getElementById(id);
  const make = (name, text, css) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (css) element.className = css;
    return element;
  };
  for (const element of document.querySelectorAll(".needs-script")) element.hidden = false;

  /* ---------------------------------------------------------------- theme */
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const nameTheme = () => { $("theme").textContent = isDark() ? "Light theme" : "Dark theme"; };
  $("theme").addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; nameTheme(); });
  system.addEventListener("change", nameTheme);
  nameTheme();

  /* ---------------------------------------------------------------- copying */
  const say = (text) => { const place = $("copied"); if (place) place.textContent = text; };
  const byHand = (text) => {
    const area = make("textarea", text);
    area.setAttribute("readonly", "");
    area.className = "vh";
    document.body.append(area);
    area.select();
    let done = false;
    try { done = document.execCommand("copy"); } catch { done = false; }
    area.remove();
    return done;
  };
  const copy = async (text, button) => {
    let done = false;
    try { await navigator.clipboard.writeText(text); done = true; } catch { done = byHand(text); }
    button.focus();
    const label = button.firstChild;
    const before = button.dataset.label || (button.dataset.label = label.textContent);
    label.textContent = done ? "Copied" : "Select and copy";
    say(done ? "Filter copied" : "Copying is not allowed here: select the text and copy it");
    setTimeout(() => { label.textContent = before; say(""); }, 2500);
  };
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", () => copy($(button.dataset.copy).textContent, button));
  }

  /* ---------------------------------------------------------------- printing: open what is folded */
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open]):not(.rows):not(.hosts)")];
    for (const part of folded) part.open = true;
  });
  addEventListener("afterprint", () => { for (const part of folded) part.open = false; });

  /* ---------------------------------------------------------------- the flow table */
  if (!$("flow-table")) return;
  const held = JSON.parse($("flow-data").textContent);
  const texts = held.texts, column = held.columns, count = held.count;
  const whole = (values) => { let sum = 0; return values.map((value) => (sum += value)); };
  column.first = whole(column.first);
  column.frame = whole(column.frame);
  const word = (table, at) => texts[table][column[table][at]];
  const idOf = (at) => (typeof column.id[at] === "number" ? "f" + column.id[at] : column.id[at]);
  const grouped = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, " ");
  const sized = (value) => {
    if (value < 1000) return value + " B";
    let unit = -1;
    do { value /= 1000; unit += 1; } while (value >= 999.95 && unit < 3);
    return value.toFixed(1) + " " + ["kB", "MB", "GB", "TB"][unit];
  };
  const two = (value) => String(value).padStart(2, "0");
  const lasted = (micros) => {
    const seconds = Math.floor(micros / 1e6);
    if (seconds < 10) return (micros / 1e6).toFixed(2) + " s";
    if (seconds < 60) return seconds + " s";
    if (seconds < 3600) return Math.floor(seconds / 60) + " min " + two(seconds % 60) + " s";
    if (seconds < 86400) return Math.floor(seconds / 3600) + " h " + two(Math.floor(seconds % 3600 / 60)) + " min";
    return Math.floor(seconds / 86400) + " d " + two(Math.floor(seconds % 86400 / 3600)) + " h";
  };
  const moment = (micros) => {
    const date = new Date(Math.floor(micros / 1000));
    return isNaN(date) ? "" : date.toISOString();
  };
  const clock = (at) => moment(held.origin + column.first[at]).slice(11, 19);
  const socket = (end, port) => {
    const address = texts.end[end][0];
    if (port < 0) return address;
    return address.includes(":") ? "[" + address + "]:" + port : address + ":" + port;
  };
  const rolesOf = (end) => texts.roles[texts.end[end][1]];

  /* Sorting: texts have a rank each, found once; numbers are compared as they are. */
  const natural = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const ranks = (values, key) => {
    const order = values.map((_, at) => at).sort((a, b) => natural.compare(key(values[a]), key(values[b])));
    const rank = new Array(values.length);
    order.forEach((at, place) => { rank[at] = place; });
    return rank;
  };
  const keys = {};
  const keyOf = (name) => {
    if (keys[name]) return keys[name];
    const out = new Float64Array(count);
    const fill = (value) => { for (let at = 0; at < count; at++) out[at] = value(at); };
    if (name === "originator" || name === "responder") {
      const rank = ranks(texts.end, (end) => end[0]);
      fill((at) => rank[column[name][at]] * 65537 + column[name + "_port"][at] + 1);
    } else if (name === "packets") fill((at) => column.sent[at] + column.received[at]);
    else if (name === "bytes") fill((at) => column.bytes_sent[at] + column.bytes_received[at]);
    else if (name === "id") fill((at) => (typeof column.id[at] === "number" ? column.id[at] : at));
    else if (texts[name]) {
      const rank = ranks(texts[name], (text) => text);
      fill((at) => rank[column[name][at]]);
    } else fill((at) => column[name][at]);
    return (keys[name] = out);
  };

  /* Searching: every word is looked up in each table of texts once, then rows are compared by number. */
  const searched = ["transport", "protocol", "service", "outcome", "verdict", "reason", "detail", "waived", "rows"];
  const lower = {};
  for (const name of searched) lower[name] = texts[name].map((text) => text.toLowerCase());
  const lowerEnds = texts.end.map((end) => end[0].toLowerCase() + " " + texts.roles[end[1]].toLowerCase());
  const matcher = (term) => {
    const hits = {};
    for (const name of searched) hits[name] = lower[name].map((text) => text.includes(term));
    const joined = term.match(/^\[?(.+?)\]?:(\d{1,5})$/);
    const ends = lowerEnds.map((text) => text.includes(term));
    const exact = joined ? texts.end.map((end) => end[0].toLowerCase() === joined[1]) : null;
    const port = /^\d{1,5}$/.test(term) ? Number(term) : joined ? Number(joined[2]) : -2;
    const place = term.match(/^(tcp|udp)\/(\d{1,5})$/);
    return (at) => {
      if (ends[column.originator[at]] || ends[column.responder[at]]) return true;
      for (const name of searched) if (hits[name][column[name][at]]) return true;
      const from = column.originator_port[at], to = column.responder_port[at];
      if (exact) return (exact[column.originator[at]] && from === port) || (exact[column.responder[at]] && to === port);
      if (place) return to === Number(place[2]) && word("transport", at) === place[1];
      return from === port || to === port || idOf(at) === term;
    };
  };

  let order = Uint32Array.from({ length: count }, (_, at) => at);
  let sorted = "", falling = false, page = 0, only = null;

  const options = (select, table) => {
    const seen = new Map();
    for (const index of column[table]) seen.set(index, (seen.get(index) || 0) + 1);
    for (const [index, flows] of [...seen].sort((a, b) => b[1] - a[1])) {
      if (texts[table][index] === "") continue;
      const option = make("option", texts[table][index].slice(0, 40) + " (" + grouped(flows) + ")");
      option.value = index;
      select.append(option);
    }
  };
  options($("by-verdict"), "verdict");
  options($("by-outcome"), "outcome");
  options($("by-protocol"), "protocol");

  const select = () => {
    const terms = $("find").value.toLowerCase().split(/\s+/).filter(Boolean).map(matcher);
    const chosen = ["verdict", "outcome", "protocol"]
      .map((name) => [column[name], $("by-" + name).value])
      .filter(([, value]) => value !== "")
      .map(([values, value]) => [values, Number(value)]);
    const kept = [];
    for (let at = 0; at < count; at++) {
      if (only && !only(at)) continue;
      if (chosen.every(([values, value]) => values[at] === value) && terms.every((term) => term(at))) kept.push(at);
    }
    order = Uint32Array.from(kept);
    if (sorted) {
      const key = keyOf(sorted);
      order.sort(falling ? (a, b) => key[b] - key[a] || a - b : (a, b) => key[a] - key[b] || a - b);
    }
    page = 0;
    draw();
  };

  const filterOf = (at) => {
    const v = (address) => (address.includes(":") ? "ipv6.addr" : "ip.addr") + " == " + address;
    const ends = [texts.end[column.originator[at]][0], texts.end[column.responder[at]][0]];
    if (!ends.every((address) => /^[0-9a-f:.]+$/i.test(address) && /[.:]/.test(address))) return "";
    const transport = word("transport", at);
    const parts = ends.map(v);
    if (transport === "tcp" || transport === "udp") {
      parts.push(transport + ".port == " + column.originator_port[at], transport + ".port == " + column.responder_port[at]);
    }
    return parts.join(" && ");
  };

  const more = (at) => {
    const list = make("dl");
    const fact = (label, value) => {
      if (value === "" || value === undefined || value === null) return;
      list.append(make("dt", label));
      const place = make("dd");
      if (value instanceof Node) place.append(value); else place.textContent = value;
      list.append(place);
    };
    fact("Why", word("reason", at));
    fact("Waived", word("waived", at));
    fact("Payload", word("detail", at));
    fact("Service", [word("service", at), word("protocol", at)].filter(Boolean).join(", "));
    fact("Roles", (rolesOf(column.originator[at]) || "none") + " \u2192 " + (rolesOf(column.responder[at]) || "none"));
    fact("Opened by", word("basis", at));
    fact("Rows", word("rows", at).split(" ").join(", "));
    const started = moment(held.origin + column.first[at]);
    fact("Time", started && started.replace("T", " ").replace("Z", " UTC") + ", " + lasted(column.lasted[at]));
    fact("Frames", column.frame[at] + " to " + (column.frame[at] + column.frames[at]));
    fact("Bytes", grouped(column.bytes_sent[at]) + " / " + grouped(column.bytes_received[at]));
    fact("TCP flags", word("flags", at));
    fact("Belongs to", word("parent", at));
    const named = word("findings", at);
    if (named.length) {
      const place = make("span");
      named.forEach((number, index) => {
        const card = document.querySelector('[data-finding="' + number + '"]');
        const link = make("a", "finding " + number);
        if (card) link.href = "#" + card.closest("article").id;
        if (index) place.append(", ");
        place.append(link);
      });
      fact("Findings", place);
    }
    const filter = filterOf(at);
    if (filter) {
      const place = make("div", undefined, "filter");
      const button = make("button", undefined, "copy");
      button.type = "button";
      button.append(document.createTextNode("Copy"), make("span", " the filter of flow " + idOf(at), "vh"));
      button.addEventListener("click", () => copy(filter, button));
      place.append(make("code", filter), button);
      fact("Wireshark", place);
    }
    return list;
  };

  const line = (at) => {
    const row = make("tr");
    const head = make("th", undefined, "mono");
    head.scope = "row";
    const open = make("button", idOf(at), "open");
    open.type = "button";
    open.setAttribute("aria-expanded", "false");
    open.addEventListener("click", () => {
      const shown = open.getAttribute("aria-expanded") === "true";
      open.setAttribute("aria-expanded", String(!shown));
      if (shown) { row.nextSibling.remove(); return; }
      const below = make("tr", undefined, "more");
      const cell = make("td");
      cell.colSpan = 10;
      cell.append(more(at));
      below.append(cell);
      row.after(below);
    });
    head.append(open);
    row.append(head);
    const add = (text, css) => { const cell = make("td", text, css); row.append(cell); return cell; };
    add(clock(at), "mono");
    const guess = word("basis", at).startsWith("guess") ? "*" : "";
    add(socket(column.originator[at], column.originator_port[at]) + guess, "mono").title = rolesOf(column.originator[at]);
    add(socket(column.responder[at], column.responder_port[at]), "mono").title = rolesOf(column.responder[at]);
    add(word("transport", at) + " " + (word("service", at) || word("protocol", at)), "wrap");
    const verdict = word("verdict", at);
    const cell = add(undefined);
    const dot = make("span", undefined, "dot f-" + verdict);
    dot.setAttribute("aria-hidden", "true");
    cell.append(dot, " " + verdict + (word("waived", at) ? ", waived" : ""));
    add(word("outcome", at));
    add(column.sent[at] + "/" + column.received[at], "num");
    add(sized(column.bytes_sent[at] + column.bytes_received[at]), "num");
    add(lasted(column.lasted[at]), "num");
    return row;
  };

  const draw = () => {
    const size = Number($("page-size").value);
    const pages = Math.max(1, Math.ceil(order.length / size));
    page = Math.min(Math.max(0, page), pages - 1);
    $("flow-rows").replaceChildren(...Array.from(order.slice(page * size, (page + 1) * size), line));
    const flows = grouped(order.length) + (order.length === 1 ? " flow" : " flows");
    $("result").textContent = order.length === count ? flows : flows + " of " + grouped(count);
    $("page-said").textContent = "Page " + grouped(page + 1) + " of " + grouped(pages);
    $("page-first").disabled = $("page-back").disabled = page === 0;
    $("page-last").disabled = $("page-next").disabled = page >= pages - 1;
  };

  for (const head of document.querySelectorAll("#flow-table th[data-sort]")) {
    const button = make("button", head.textContent);
    button.type = "button";
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      falling = sorted === head.dataset.sort && !falling;
      sorted = head.dataset.sort;
      for (const other of document.querySelectorAll("#flow-table th[data-sort]")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      select();
    });
  }
  let waiting = 0;
  $("find").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(select, 120); });
  for (const name of ["verdict", "outcome", "protocol"]) $("by-" + name).addEventListener("change", select);
  $("tools").addEventListener("submit", (event) => { event.preventDefault(); select(); });
  $("page-size").addEventListener("change", () => { page = 0; draw(); });
  const turn = (id, to) => $(id).addEventListener("click", () => { page = to(); draw(); });
  turn("page-first", () => 0);
  turn("page-back", () => page - 1);
  turn("page-next", () => page + 1);
  turn("page-last", () => Infinity);

  /* From a finding or a row to its flows. */
  const show = (said, test) => {
    only = test;
    $("only").hidden = test === null;
    $("only-said").textContent = said;
    $("find").value = "";
    for (const name of ["verdict", "outcome", "protocol"]) $("by-" + name).value = "";
    select();
    if (test) { $("explorer").scrollIntoView(); $("find").focus({ preventScroll: true }); }
  };
  for (const button of document.querySelectorAll("[data-finding]")) {
    const number = Number(button.dataset.finding);
    button.addEventListener("click", () =>
      show("Flows of finding " + number, (at) => word("findings", at).includes(number)));
  }
  for (const button of document.querySelectorAll("[data-row]")) {
    const named = texts.rows.map((ids) => ids.split(" ").includes(button.dataset.row));
    button.addEventListener("click", () => show("Flows of " + button.dataset.row, (at) => named[column.rows[at]]));
  }
  $("only-off").addEventListener("click", () => { show("", null); $("find").focus(); });
  $("alike").open = count < 2000 ? false : true;
  draw();
})();
