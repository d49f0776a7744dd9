"use strict";
(() => {
  // Everything from the data goes on screen as text nodes; nothing is ever parsed as markup.
  const data = JSON.parse(document.getElementById("data").textContent);
  const SVG = "http://www.w3.org/2000/svg";
  const FIRST = 15;
  const FEW = 10;
  const FAMILY = {
    supervisor_request: "demand", refund_demand: "demand", regulator_threat: "threat", legal_threat: "threat", exposure_threat: "threat",
    churn_threat: "threat", abuse: "threat", safety_risk: "threat", repeat_contact: "strain", sarcasm: "strain", urgency: "strain", thanks: "kind",
  };
  let lang = "en";
  let limit = FIRST;
  let filter = "all";
  const opened = new Set();
  const unfolded = new Set();
  const $ = (id) => document.getElementById(id);

  // ---- words and numbers
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
  const t = (key, values = {}) => fill(data.strings[lang][key] ?? key, values);
  const word = (kind, name) => data.strings[lang][`${kind}.${name}`] ?? String(name).replace(/[_-]/g, " ");
  const category = (name) => (data.categories[name] ? data.categories[name][lang] : name.replace(/_/g, " "));
  const count = (n) => n.toLocaleString(lang);
  const percent = (n, of) => {
    if (!of) return "–";
    const value = (100 * n) / of;
    return `${value > 0 && value < 10 ? value.toFixed(1) : Math.round(value)}%`;
  };
  const score = (n) => n.toFixed(2);
  const span = (s) => {
    for (const [unit, name] of [[86400, "days"], [3600, "hours"], [60, "minutes"]]) {
      if (s >= unit * 2) return t(name, { n: Math.round(s / unit) });
    }
    return t("seconds", { n: Math.round(s) });
  };
  const leadWords = (n) => (n === 1 ? t("lead_message") : t("lead_messages", { n: count(n) }));

  // ---- nodes
  const put = (node, attributes, children) => {
    for (const [key, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else node.setAttribute(key, value === true ? "" : String(value));
    }
    for (const child of children.flat(3)) {
      if (child === null || child === undefined || child === false) continue;
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
    return node;
  };
  const el = (tag, attributes = {}, ...children) => put(document.createElement(tag), attributes, children);
  const svg = (tag, attributes = {}, ...children) => put(document.createElementNS(SVG, tag), attributes, children);
  const meter = (share) => {
    const inner = el("i");
    inner.style.width = `${Math.max(0, Math.min(100, share * 100))}%`;
    return el("span", { class: "inline", "aria-hidden": "true" }, inner);
  };
  const table = (caption, heads, rows, hiddenCaption) =>
    el("table", {}, el("caption", { class: hiddenCaption ? "hidden" : null }, caption),
      el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell, i) => (i ? el("td", {}, cell) : el("th", { scope: "row" }, cell)))))));

  // ---- overview
  function overview() {
    const c = data.counts, m = data.medians;
    const period = data.first_at ? [t("period", { a: data.first_at.slice(0, 10), b: data.last_at.slice(0, 10) })] : [];
    const facts = [...period, `${t("model")} ${data.model.name} ${data.model.version}`, `${t("generated")} ${data.created_at.slice(0, 16).replace("T", " ")} UTC`];
    if (data.shard) facts.push(t("shard", { n: data.shard }));
    $("meta").replaceChildren(...facts.map((fact) => el("span", {}, fact)));
    const cards = [
      [t("conversations"), count(c.conversations), t("per_chat", { n: c.conversations ? (c.messages / c.conversations).toFixed(1) : 0 })],
      [t("messages"), count(c.messages), t("by_customers", { n: count(c.customer_messages) })],
      [t("escalated"), percent(c.escalated, c.conversations), t("of_conversations", { n: count(c.escalated), of: count(c.conversations) }), c.escalated ? "hot" : ""],
      [t("alerts"), count(c.alerts), t("alerts_ahead", { n: count(c.alerts_ahead) })],
      [t("warned"), percent(c.warned, c.forecastable), c.forecastable ? t("of_foreseeable", { n: count(c.warned), of: count(c.forecastable) }) : t("none_foreseeable"), c.warned ? "good" : ""],
      [t("median_lead"), m.lead_seconds === null ? "–" : span(m.lead_seconds), m.lead_messages === null ? t("no_lead") : leadWords(m.lead_messages)],
    ];
    $("cards").replaceChildren(...cards.map(([name, value, note, tone]) =>
      el("div", { class: "card" }, el("dt", {}, name), el("dd", { class: tone || null }, value), el("dd", { class: "note" }, note))));
  }

  function histogram() {
    const bins = data.risk, top = Math.max(1, ...bins), W = 440, H = 190, base = 160, step = (W - 10) / bins.length;
    const tint = (i) => `color-mix(in srgb, var(--anger) ${Math.round((100 * i) / (bins.length - 1))}%, var(--risk))`;
    const bars = bins.map((n, i) => {
      const h = n ? Math.max(2, (n / top) * 132) : 0, range = `${(i / bins.length).toFixed(2)}–${((i + 1) / bins.length).toFixed(2)}`;
      const bar = svg("rect", { x: 5 + i * step + 1.5, y: base - h, width: step - 3, height: h, rx: 2 }, svg("title", {}, `${t("risk")} ${range}: ${count(n)}`));
      bar.style.fill = tint(i);
      const label = n ? svg("text", { x: 5 + (i + 0.5) * step, y: base - h - 5, "text-anchor": "middle", class: "count" }, n >= 10000 ? `${Math.round(n / 1000)}k` : n) : null;
      return [bar, label];
    });
    const ticks = [0, 0.25, 0.5, 0.75, 1].map((v) => svg("text", { x: 5 + v * (W - 10), y: base + 17, "text-anchor": v === 0 ? "start" : v === 1 ? "end" : "middle" }, String(v)));
    const rows = bins.map((n, i) => [`${(i / bins.length).toFixed(2)}–${((i + 1) / bins.length).toFixed(2)}`, count(n)]);
    $("histogram").replaceChildren(el("div", { class: "panel" },
      svg("svg", { class: "histogram", viewBox: `0 0 ${W} ${H}`, "aria-hidden": "true" }, bars, svg("line", { x1: 5, x2: W - 5, y1: base + 0.5, y2: base + 0.5 }), ticks)),
      el("div", { class: "hidden" }, table(t("risk_spread"), [t("risk"), t("conversations")], rows)));
  }

  const rateCell = (escalated, of) => el("span", { class: of && escalated / of >= 0.5 ? "warm" : null }, percent(escalated, of));

  function categories() {
    const rows = data.by.category, all = data.counts.conversations, most = Math.max(1, ...rows.map((r) => r[1]));
    const body = rows.map(([name, chats, , escalated, alerts]) => [
      [category(name), meter(chats / most)], count(chats), percent(chats, all), rateCell(escalated, chats), count(alerts)]);
    const heads = [t("category"), t("chats"), t("share"), t("rate"), t("alerts")];
    $("categories").replaceChildren(el("div", { class: "panel" }, rows.length ? table(t("complaints"), heads, body, true) : el("p", { class: "quiet" }, t("no_complaints"))));
  }

  function breakdowns() {
    const one = (key, title, name, withResponse) => {
      const rows = data.by[key], most = Math.max(1, ...rows.map((r) => r[1]));
      const shown = unfolded.has(key) ? rows : rows.slice(0, FEW);
      const heads = [title, t("chats"), t("rate"), t("alerts"), ...(withResponse ? [t("response")] : [])];
      const body = shown.map(([id, chats, , escalated, alerts, answers, waited]) => [
        [el("bdi", {}, name(id)), meter(chats / most)], count(chats), rateCell(escalated, chats), count(alerts),
        ...(withResponse ? [answers ? span(waited / answers) : "–"] : [])]);
      const unfold = () => { unfolded.add(key); breakdowns(); };
      const rest = rows.length > shown.length ? el("p", {}, el("button", { type: "button", class: "link", onclick: unfold }, t("show_more", { n: rows.length - shown.length })))
        : data.more[key] ? el("p", { class: "quiet" }, t("more_rows", { n: count(data.more[key]) })) : null;
      return el("div", { class: "panel" }, rows.length ? table(title, heads, body, true) : [el("h3", {}, title), el("p", { class: "quiet" }, t("none"))], rest);
    };
    $("breakdowns").replaceChildren(
      el("div", { class: "stack" }, one("language", t("by_language"), (id) => word("language", id), false), one("channel", t("by_channel"), (id) => id, false)),
      one("agent", t("by_agent"), (id) => id || "–", true));
  }

  // Small counts beside the histogram: why chats escalated, which rules warned, how chats ended.
  function tallies() {
    const one = (key, title, name, column) => {
      const rows = data.by[key].filter((r) => r[column]), sum = rows.reduce((n, r) => n + r[column], 0);
      if (!rows.length) return null;
      const body = [...rows].sort((p, q) => q[column] - p[column]).map((r) => [[name(r[0]), meter(r[column] / sum)], count(r[column]), percent(r[column], sum)]);
      return el("div", { class: "panel" }, table(title, [title, column === 4 ? t("alerts") : t("chats"), t("share")], body, true));
    };
    $("tallies").replaceChildren(...[
      one("escalation_rule", t("why_escalated"), (id) => `${id} ${word("event", id)}`, 1),
      one("rule", t("by_rule"), (id) => word("rule", id), 4),
      one("outcome", t("by_outcome"), (id) => word("outcome", id), 1)].filter(Boolean));
  }

  // ---- the riskiest conversations
  const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

  function spark(chat) {
    const n = chat.chat.length, x = (i) => (n > 1 ? (i / (n - 1)) * 150 : 75), y = (v) => 32 - v * 30;
    const risk = chat.chat.map((m, i) => [x(i), y(m.k)]);
    const anger = chat.chat.flatMap((m, i) => ("a" in m ? [[x(i), y(m.a)]] : []));
    if (!risk.length) return el("span");
    const area = `${path(risk)}L${risk[risk.length - 1][0]} 33L${risk[0][0]} 33Z`;
    return svg("svg", { class: "spark", viewBox: "0 0 150 34", "aria-hidden": "true" },
      svg("path", { class: "area", d: area }), svg("path", { d: path(risk) }), svg("path", { class: "angry", d: path(anger) }));
  }

  function badges(chat) {
    const found = [];
    if (chat.event_rule) found.push(["event", `${chat.event_rule} ${word("event", chat.event_rule)}`]);
    if (chat.alert_count) found.push(["", chat.alert_count === 1 ? t("badge_alert") : t("badge_alerts", { n: count(chat.alert_count) })]);
    if (chat.lead) found.push(["ahead", t("badge_ahead", { t: span(chat.lead[1]) })]);
    else if (chat.escalated) found.push(["missed", t(chat.at_once ? "badge_first" : "badge_missed")]);
    return el("span", { class: "badges" }, found.map(([tone, text]) => el("span", { class: `badge ${tone}` }, text)));
  }

  function row(chat, number) {
    const about = [word("language", chat.language), chat.channel, `${count(chat.messages)} ${t("messages").toLowerCase()}`];
    if (chat.started) about.push(chat.started.slice(0, 10));
    const what = chat.categories.length ? category(chat.categories[0][0]) : null;
    const details = el("details", { open: opened.has(number) },
      el("summary", {},
        el("span", { class: "no" }, number),
        el("span", { class: "gauge" }, el("span", { class: "hidden" }, `${t("risk")} `), el("b", {}, score(chat.risk)), meter(chat.risk)),
        el("div", { class: "who" }, el("h3", {}, what ? `${what} · ` : "", el("bdi", {}, chat.id)), el("p", {}, about.join(" · "))),
        spark(chat), badges(chat), el("span", { class: "turn", "aria-hidden": "true" }, "›")));
    const open = () => { if (!details.querySelector(".body")) details.append(body(chat)); };
    details.addEventListener("toggle", () => { if (details.open) { opened.add(number); open(); } else opened.delete(number); });
    if (details.open) open();
    return el("li", { class: "chat" }, details);
  }

  function body(chat) {
    const bubbles = new Map(), cards = new Map();
    const talk = el("div", { class: "talk", role: "region", tabindex: "0", "aria-label": t("chat_label") }, conversation(chat, bubbles, cards));
    const light = (i) => {
      for (const [key, node] of bubbles) node.classList.toggle("is-live", key === i);
    };
    const show = (node) => {
      if (talk.scrollHeight > talk.clientHeight) talk.scrollTo({ top: node.offsetTop - talk.offsetTop - talk.clientHeight / 3, behavior: "smooth" });
      else node.scrollIntoView({ block: "center" });
    };
    const go = (i) => { const node = bubbles.get(i); if (node) show(node); };
    return el("div", { class: "body" }, talk, el("div", { class: "side" }, curves(chat, light, go), evidence(chat), alertIndex(chat, cards, show), facts(chat)));
  }

  function conversation(chat, bubbles, cards) {
    const out = [];
    const before = chat.shown_from, after = chat.messages - before - chat.chat.length;
    if (before > 0) out.push(el("p", { class: "gap-note" }, t("hidden_before", { n: count(before) })));
    const first = chat.chat.length ? chat.chat[0].i : 0;
    const early = chat.alerts.filter((a) => a.at === null || a.at < first);
    early.forEach((a) => out.push(alertCard(a, chat, cards)));
    let day = "";
    for (const m of chat.chat) {
      if (m.t.slice(0, 10) !== day) { day = m.t.slice(0, 10); out.push(el("p", { class: "day" }, day)); }
      if (m.i === chat.event) out.push(el("p", { class: "ruled" }, `${t("escalation")}: ${word("event", chat.event_rule)}`));
      const node = bubble(m, m.i === chat.event);
      bubbles.set(m.i, node);
      out.push(node);
      chat.alerts.filter((a) => a.at === m.i).forEach((a) => out.push(alertCard(a, chat, cards)));
    }
    if (after > 0) out.push(el("p", { class: "gap-note" }, t("hidden_after", { n: count(after) })));
    if (chat.alert_count > chat.alerts.length) out.push(el("p", { class: "gap-note" }, t("more_alerts", { n: count(chat.alert_count - chat.alerts.length) })));
    return out;
  }

  function bubble(m, isEvent) {
    const names = (list) => list.map((name) => word("signal", name)).join(" · ");
    const text = m.x.map(([piece, signals]) => {
      if (!signals) return piece;
      const family = ["threat", "demand", "strain", "kind"].find((f) => signals.some((s) => (FAMILY[s] ?? "strain") === f));
      return el("mark", { class: family, title: names(signals) }, piece, el("span", { class: "hidden" }, ` [${names(signals)}]`));
    });
    const tags = [];
    if (m.a >= 0.5) tags.push(el("span", { class: "a" }, `${t("anger")} ${score(m.a)}`));
    if (m.f >= 0.5) tags.push(el("span", { class: "f" }, `${t("frustration")} ${score(m.f)}`));
    for (const [name] of m.g ?? []) tags.push(el("span", {}, word("signal", name)));
    for (const [name] of m.c ?? []) tags.push(el("span", {}, word("act", name)));
    const head = [el("span", {}, word("role", m.r)), m.s && m.s !== m.r ? el("bdi", {}, m.s) : null, el("time", { datetime: m.t, title: m.t }, m.t.slice(11, 16)),
      m.l === "und" ? null : el("span", {}, word("language", m.l))];
    return el("div", { class: `msg ${m.r}${isEvent ? " is-event" : ""}` }, el("p", { class: "head" }, head),
      el("div", { class: "bubble", dir: "auto", lang: m.l === "zh" || m.l === "en" ? m.l : null }, text, m.cut ? el("span", { class: "quiet" }, `… (${t("cut", { n: count(m.cut) })})`) : null),
      tags.length ? el("p", { class: "tags" }, tags) : null);
  }

  function alertPlace(a, chat) {
    if (a.at === null) return a.raised.slice(0, 16).replace("T", " ");
    const message = chat.chat.find((m) => m.i === a.at);
    if (!message || new Date(message.t).getTime() === new Date(a.raised).getTime()) return t("at_message", { n: a.at + 1 });
    return t("later", { n: a.at + 1, t: a.raised.slice(0, 16).replace("T", " ") });
  }

  function alertCard(a, chat, cards) {
    const reasons = a.reasons.map((r) => el("li", {},
      el("span", {}, word("signal", r.signal), r.at === null || r.at === undefined ? null : el("span", { class: "quiet" }, ` · ${t("at_message", { n: r.at + 1 })}`), r.text ? [" ", el("q", { dir: "auto" }, r.text)] : null),
      meter(r.weight), el("span", { class: "num" }, el("span", { class: "hidden" }, `${t("weight", { n: "" })} `), score(r.weight))));
    const node = el("div", { class: `alert ${a.severity}`, tabindex: "-1" },
      el("p", {}, el("span", { class: "sev" }, `${t("alert")} · ${word("severity", a.severity)}`), el("span", {}, word("rule", a.rule)), el("span", { class: "quiet" }, `${t("risk")} ${score(a.risk)} · ${alertPlace(a, chat)}`)),
      reasons.length ? el("ul", { class: "reasons", "aria-label": t("why") }, reasons) : null,
      a.next ? el("p", { class: "next" }, el("b", {}, `${t("next_step")}${lang === "zh" ? "：" : ": "}`), a.next) : null);
    cards.set(a, node);
    return node;
  }

  function alertIndex(chat, cards, show) {
    if (!chat.alerts.length) return null;
    const go = (a) => { const node = cards.get(a); show(node); node.focus({ preventScroll: true }); };
    return el("div", {}, el("h4", {}, t("alert_index")), el("ul", { class: "index" }, chat.alerts.map((a) =>
      el("li", {}, el("button", { type: "button", onclick: () => go(a) }, `${word("severity", a.severity)} · ${word("rule", a.rule)} · ${alertPlace(a, chat)}`)))));
  }

  function evidence(chat) {
    const found = [...new Set(chat.chat.flatMap((m) => m.x.flatMap(([, signals]) => signals ?? [])))];
    if (!found.length) return null;
    return el("div", {}, el("h4", {}, t("evidence")), el("ul", { class: "legend" }, found.map((s) => el("li", {}, el("mark", { class: FAMILY[s] ?? "strain" }, word("signal", s))))));
  }

  function facts(chat) {
    const rows = [
      [t("categories"), chat.categories.map(([name]) => category(name)).join(lang === "zh" ? "、" : ", ") || t("no_complaint")],
      [t("stage"), word("stage", chat.stage)], [t("outcome"), word("outcome", chat.outcome)],
      [t("csat"), t("of_five", { n: chat.csat })],
      [t("first_response"), chat.first_response === null ? t("unanswered") : span(chat.first_response)],
      [t("duration"), span(chat.seconds)], [t("channel"), chat.channel],
    ];
    if (chat.lead) rows.push([t("warned"), `${leadWords(chat.lead[0])}${lang === "zh" ? "，" : ", "}${span(chat.lead[1])}`]);
    if (chat.agents.length) rows.push([t("agents"), chat.agents.filter(Boolean).join(", ")]);
    if (chat.team) rows.push([t("team"), chat.team]);
    if (chat.source !== "default") rows.push([t("source"), chat.source]);
    return el("div", {}, el("h4", {}, t("facts")), el("dl", { class: "facts" }, rows.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])));
  }

  function curves(chat, light, go) {
    const W = 420, H = 190, left = 26, right = 8, top = 20, bottom = 22, n = chat.chat.length;
    const x = (i) => left + (n > 1 ? (i / (n - 1)) * (W - left - right) : (W - left - right) / 2);
    const y = (v) => top + (1 - v) * (H - top - bottom);
    const series = (key) => chat.chat.flatMap((m, i) => (key in m ? [[x(i), y(m[key])]] : []));
    const risk = series("k"), anger = series("a"), strain = series("f"), dots = n <= 60;
    const base = y(0), cursor = svg("line", { class: "cursor", y1: top, y2: base, x1: left, x2: left });
    const at = (i) => chat.chat.findIndex((m) => m.i === i), event = chat.event === null ? -1 : at(chat.event);
    const flags = [...new Set(chat.alerts.map((a) => (a.at === null ? -1 : at(a.at))))].filter((i) => i >= 0);
    const chart = svg("svg", { class: "curve", viewBox: `0 0 ${W} ${H}`, role: "slider", tabindex: "0", "aria-label": t("curve_label"), "aria-valuemin": 1, "aria-valuemax": Math.max(1, n), "aria-valuenow": 1 },
      [0, 0.5, 1].map((v) => [svg("line", { class: v === 0.5 ? "half" : "grid", x1: left, x2: W - right, y1: y(v), y2: y(v) }), svg("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, String(v))]),
      svg("text", { x: left, y: H - 5 }, n ? chat.chat[0].i + 1 : ""), svg("text", { x: W - right, y: H - 5, "text-anchor": "end" }, n ? chat.chat[n - 1].i + 1 : ""),
      svg("text", { x: (W + left - right) / 2, y: H - 5, "text-anchor": "middle" }, t("message")),
      n ? svg("path", { class: "area", d: `${path(risk)}L${risk[n - 1][0]} ${base}L${risk[0][0]} ${base}Z` }) : null,
      event >= 0 ? [svg("line", { class: "event", x1: x(event), x2: x(event), y1: top - 4, y2: base }), svg("text", { class: "event-label", x: x(event) + (event > n / 2 ? -5 : 5), y: 11, "text-anchor": event > n / 2 ? "end" : "start" }, t("escalation"))] : null,
      svg("path", { class: "line k", d: path(risk) }), svg("path", { class: "line f", d: path(strain) }), svg("path", { class: "line a", d: path(anger) }),
      dots ? [strain.map(([cx, cy]) => svg("rect", { class: "dot-f", x: cx - 2.6, y: cy - 2.6, width: 5.2, height: 5.2 })), anger.map(([cx, cy]) => svg("circle", { class: "dot-a", cx, cy, r: 3 }))] : null,
      flags.map((i) => svg("path", { class: "flag", d: `M${x(i) - 5} ${top - 6}h10l-5 8z` })), cursor);
    const readout = el("p", { class: "readout" }, t("curves_help"));
    let live = 0;
    const point = (i) => {
      if (!n) return;
      live = Math.max(0, Math.min(n - 1, i));
      const m = chat.chat[live];
      const values = [...("a" in m ? [[t("anger"), m.a], [t("frustration"), m.f]] : []), [t("risk"), m.k]];
      const where = `${t("readout", { n: m.i + 1 })} · ${word("role", m.r)} · ${m.t.slice(11, 16)}`;
      cursor.setAttribute("x1", x(live)); cursor.setAttribute("x2", x(live));
      chart.classList.add("live");
      chart.setAttribute("aria-valuenow", String(live + 1));
      chart.setAttribute("aria-valuetext", `${where}: ${values.map(([name, v]) => `${name} ${score(v)}`).join(", ")}`);
      readout.replaceChildren(where, el("br"), ...values.flatMap(([name, v], k) => [k ? " · " : "", `${name} `, el("b", {}, score(v))]));
      light(m.i);
    };
    const away = () => { chart.classList.remove("live"); light(-1); };
    const nearest = (e) => {
      const box = chart.getBoundingClientRect(), inner = W - left - right;
      return n > 1 ? Math.round((((e.clientX - box.left) / box.width) * W - left) / inner * (n - 1)) : 0;
    };
    chart.addEventListener("pointermove", (e) => point(nearest(e)));
    chart.addEventListener("pointerleave", () => { if (document.activeElement !== chart) away(); });
    chart.addEventListener("click", (e) => { point(nearest(e)); if (n) go(chat.chat[live].i); });
    chart.addEventListener("focus", () => point(live));
    chart.addEventListener("blur", away);
    chart.addEventListener("keydown", (e) => {
      const to = { ArrowRight: live + 1, ArrowUp: live + 1, ArrowLeft: live - 1, ArrowDown: live - 1, Home: 0, End: n - 1, PageUp: live + 10, PageDown: live - 10 }[e.key];
      if (to === undefined || !n) return;
      e.preventDefault();
      point(to);
      go(chat.chat[live].i);
    });
    const keys = [["k", t("risk")], ["a", t("anger")], ["f", t("frustration")], ...(flags.length ? [["flag", t("alert")]] : []), ...(event >= 0 ? [["event", t("escalation")]] : [])];
    return el("div", {}, el("h4", {}, t("curves")), chart, el("ul", { class: "legend" }, keys.map(([key, name]) => el("li", {}, el("span", { class: `key ${key}`, "aria-hidden": "true" }), name))), readout);
  }

  const CHOICES = { all: () => true, warned: (c) => c.lead !== null, missed: (c) => c.escalated && c.lead === null, open: (c) => !c.escalated };

  function chats() {
    const chosen = data.chats.map((chat, i) => [chat, i + 1]).filter(([chat]) => CHOICES[filter](chat));
    $("chats").replaceChildren(...chosen.slice(0, limit).map(([chat, number]) => row(chat, number)));
    $("chats-status").textContent = chosen.length ? t("shown", { n: Math.min(limit, chosen.length), of: chosen.length }) : t("nothing");
    $("more").hidden = chosen.length <= limit;
    $("more").textContent = t("show_more", { n: chosen.length - limit });
  }

  // ---- inputs and how to read
  function inputs() {
    const skipped = Object.values(data.skipped).reduce((a, b) => a + b, 0);
    const file = (f) => el("div", { class: "file" },
      el("p", {}, el("b", {}, el("bdi", {}, f.path)), " ", el("span", { class: "quiet" }, t(f.format ? "read_as" : "read_as_plain", { format: f.format, encoding: f.encoding || "–", c: count(f.conversations), m: count(f.messages) }))),
      f.failure ? el("p", { class: "bad" }, f.failure) : null,
      el("ul", {}, Object.entries(f.skipped).map(([why, n]) => el("li", {}, t("skipped", { n: count(n), why }))), f.errors.slice(0, 5).map((e) => el("li", {}, e)), f.notes.map((note) => el("li", {}, note))));
    $("input-list").replaceChildren(el("p", { class: "lead" }, skipped || data.unread ? t("some_skipped", { n: count(skipped), f: count(data.unread) }) : t("all_read")),
      el("div", { class: "panel" }, data.inputs.map(file), data.more_inputs ? el("p", { class: "quiet" }, t("more_inputs", { n: count(data.more_inputs) })) : null));
  }

  function reading() {
    const parts = ["anger", "risk", "event", "warned", "privacy", "files"];
    $("reading-list").replaceChildren(...parts.map((p) => el("div", {}, el("dt", {}, t(`read_${p}_t`)), el("dd", {}, t(`read_${p}`)))));
  }

  function render() {
    document.documentElement.lang = lang === "zh" ? "zh-Hans" : "en";
    document.title = `Boilover · ${t("title")}`;
    for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
    for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", t(node.dataset.label));
    for (const node of document.querySelectorAll("[data-lang]")) node.setAttribute("aria-pressed", String(node.dataset.lang === lang));
    [overview, histogram, tallies, categories, breakdowns, chats, inputs, reading].forEach((part) => part());
  }

  const KEY = "boilover-report-language";
  const remembered = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const remember = (value) => { try { localStorage.setItem(KEY, value); } catch { /* private windows and some file:// settings refuse */ } };
  for (const node of document.querySelectorAll("[data-lang]")) node.addEventListener("click", () => { lang = node.dataset.lang; remember(lang); render(); });
  $("filter").addEventListener("change", (e) => { filter = e.target.value; limit = FIRST; chats(); });
  $("more").addEventListener("click", () => { const from = limit; limit = data.chats.length; chats(); $("chats").children[from]?.querySelector("summary")?.focus(); });
  lang = remembered() === "zh" || remembered() === "en" ? remembered() : (navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en";
  render();
})();
