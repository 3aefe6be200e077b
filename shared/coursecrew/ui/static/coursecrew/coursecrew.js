/* <coursecrew-activity>: shows the screens that the server renders, inside a shadow root.

   It catches links ("#/path") and forms, sends them to `base`, swaps the part that comes back, says
   what happened in one live region, and puts the focus where reading goes on. It knows no sentence:
   all of them come from the server, in attributes `say-…` or in the part. Several may stand on a page. */
(() => {
  if (customElements.get("coursecrew-activity")) return;

  const AUTOSAVE_AFTER = 1500; // with the way there, within two seconds of the last key
  const RETRY_AFTER = 15000;

  class Activity extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      const root = this.attachShadow({ mode: "open" });
      this.status = Object.assign(document.createElement("div"), { className: "status" });
      this.status.setAttribute("role", "status");
      this.holder = Object.assign(document.createElement("div"), { className: "holder" });
      this.holder.dir = this.dir || "ltr";
      this.holder.lang = this.lang || "en";
      const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: this.getAttribute("stylesheet") });
      const styled = new Promise((done) => { style.onload = style.onerror = done; });
      root.append(style, this.status, this.holder);

      root.addEventListener("click", (event) => this.clicked(event));
      root.addEventListener("submit", (event) => this.submitted(event));
      root.addEventListener("input", (event) => this.typed(event));
      root.addEventListener("change", (event) => this.chosen(event));
      root.addEventListener("paste", pasted);
      root.addEventListener("keydown", shortcut);
      this.letDrag(root);
      this.letTick(root);
      addEventListener("beforeunload", (event) => { if (this.unsaved) event.preventDefault(); });
      addEventListener("online", () => this.sendUnsent());
      document.addEventListener("visibilitychange", () => {
        if (!document.hidden) this.askAgain(this.holder.firstElementChild);
        this.watch();
      });
      addEventListener("popstate", (event) => {
        const path = event.state?.[this.key];
        if (path === undefined || path === this.path) return;
        if (this.holds()) history.pushState({ ...event.state, [this.key]: this.path }, "");
        else this.show(path, { remember: false });
      });
      this.followHeight();
      this.say("loading");
      styled.then(() => this.show((history.state || {})[this.key] ?? this.getAttribute("path") ?? "", { first: true }));
    }

    get key() { return "coursecrew " + this.getAttribute("base"); }

    /* --- talking to the server --- */

    /* Some platforms let no large file through to a handler: that goes to another door of the same. */
    base(body) {
      const limit = this.hasAttribute("large-base") && Number(this.getAttribute("large-from"));
      const large = limit && body && [...body.values()].some((value) => value.size > limit);
      return this.getAttribute(large ? "large-base" : "base");
    }

    address(path, body) {
      const [route, query] = path.split("?");
      const url = new URL(this.base(body), document.location.href);
      url.pathname = url.pathname.replace(/\/?$/, "/") + route;
      new URLSearchParams(query || "").forEach((value, name) => url.searchParams.set(name, value));
      return url;
    }

    async ask(path, body, known) {
      const headers = { Accept: "text/html", "X-Requested-With": "XMLHttpRequest" };
      if (known) headers["If-None-Match"] = known;
      const token = this.hasAttribute("token-key") && sessionStorage.getItem(this.getAttribute("token-key"));
      if (token) headers.Authorization = "Bearer " + token;
      const cookie = this.getAttribute("csrf-cookie");
      if (body && cookie) {
        const found = document.cookie.split("; ").find((one) => one.startsWith(cookie + "="));
        if (found) headers[this.getAttribute("csrf-header")] = decodeURIComponent(found.slice(cookie.length + 1));
      }
      return fetch(this.address(path, body), { method: body ? "POST" : "GET", body, headers, credentials: "same-origin" });
    }

    /* The part in an answer, or which sentence to say instead: the platform itself answers, too. */
    async read(answer) {
      const attached = answer.headers.get("Content-Disposition") || "";
      if (attached.startsWith("attachment")) return { file: await answer.blob(), name: attached };
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const part = page.querySelector("[data-coursecrew-part]");
      if (part) return { part };
      if (answer.status === 413) return { say: "too-large" };
      const signedOut = answer.redirected || answer.status === 401 || answer.status === 403;
      return { say: signedOut ? "signed-out" : "fault" };
    }

    /* --- showing --- */

    async show(path, { first = false, remember = true } = {}) {
      const turn = (this.turn = (this.turn || 0) + 1);
      clearTimeout(this.again);
      this.holder.setAttribute("aria-busy", "true");
      let got;
      try { got = await this.read(await this.ask(path)); } catch { got = { say: "offline" }; }
      if (turn !== this.turn) return;
      this.holder.removeAttribute("aria-busy");
      if (got.part) this.swap(got.part, { first, remember, asked: path });
      else {
        if (got.file) this.save(got);
        else this.say(got.say);
        this.askAgain(this.holder.firstElementChild);
      }
    }

    swap(part, { first = false, remember = true, asked = "" } = {}) {
      this.unsaved = this.warned = false;
      this.changed = new Set();
      clearTimeout(this.timer);
      this.path = asked.split("?")[0] === part.dataset.path ? asked : part.dataset.path;
      this.holder.replaceChildren(document.importNode(part, true));
      this.tell(part.dataset.said || "");
      const state = { ...history.state, [this.key]: this.path };
      if (first || !remember) history.replaceState(state, "");
      else if ((history.state || {})[this.key] !== this.path) history.pushState(state, "");
      const each = (what, does) => this.holder.querySelectorAll(what).forEach(does, this);
      each("form[data-draft]", this.recall);
      each("[data-week]", this.makeRoving);
      this.askAgain(part);
      this.watch();
      if (first) return;
      const notice = this.holder.querySelector(".notice[data-focus]"), mark = notice || this.holder.querySelector("[data-focus]");
      mark?.focus({ preventScroll: true });
      this.bringIntoView(notice || this); // with what was said, above the heading
    }

    /* --- parts that change by themselves, or while one chooses --- */

    /* A part that says so (in seconds) is asked for again, not while nobody sees it, and quietly: only
       its pieces are renewed, until the server no longer says so; then the whole is shown and told. */
    askAgain(part) {
      clearTimeout(this.again);
      const seconds = Number(part?.dataset.again);
      if (seconds && !document.hidden && !this.holder.hasAttribute("aria-busy")) this.again = setTimeout(() => this.look(this.path), seconds * 1000);
    }

    async look(path) {
      const turn = (this.turn = (this.turn || 0) + 1);
      let got;
      try { got = await this.read(await this.ask(path)); } catch { got = {}; }
      if (turn !== this.turn) return;
      const now = this.holder.firstElementChild;
      if (!got.part) return this.askAgain(now);
      const waited = now.dataset.again;
      if (got.part.dataset.again === waited && this.renew(got.part)) {
        this.path = path;
        history.replaceState({ ...history.state, [this.key]: path }, "");
        return this.askAgain(now);
      }
      const inside = Boolean(this.shadowRoot.activeElement);
      this.swap(got.part, { first: !inside, remember: false, asked: path });
      if (waited) this.tell(got.part.dataset.title);
    }

    /* Take over what lies in the pieces of a fresh part, except around the choice that asked for it;
       false if it has other pieces. */
    renew(part) {
      const [now, fresh] = [this.holder, part].map((root) => [...root.querySelectorAll("[data-piece]")]);
      if (!now.length || now.map((one) => one.dataset.piece).join() !== fresh.map((one) => one.dataset.piece).join()) return false;
      now.forEach((one, at) => {
        const on = this.shadowRoot.activeElement, held = one.contains(on);
        if (held && on === this.picked) return;
        one.replaceChildren(...document.importNode(fresh[at], true).childNodes);
        if (held) one.querySelector(on.id ? "#" + on.id : on.localName)?.focus();
      });
      return true;
    }

    /* A line of its own, such as who is here, is asked for at its own address, as often as the server
       says and only while somebody sees it; 304 leaves it as it is, a refusal ends the asking. */
    watch() {
      clearTimeout(this.watching);
      const line = this.holder.querySelector("[data-poll]");
      if (!line || document.hidden) return;
      this.watching = setTimeout(async () => {
        try {
          const at = this.shadowRoot.activeElement?.name || "";
          const answer = await this.ask(line.dataset.poll + "?in=" + encodeURIComponent(at), undefined, line.dataset.tag);
          if (answer.status !== 304) {
            const { part } = answer.ok ? await this.read(answer) : {};
            line.replaceChildren(...(part ? document.importNode(part, true).childNodes : []));
            if (!part) return;
            line.dataset.every = part.dataset.again;
            line.dataset.tag = answer.headers.get("ETag") || "";
          }
        } catch { /* no connection: asked again */ }
        if (line.isConnected) this.watch();
      }, line.dataset.every * 1000);
    }

    /* A form that shows what a choice would do shows it as soon as one chooses. */
    chosen(event) {
      const form = (this.picked = event.target).form;
      if (form && "atOnce" in form.dataset) this.look(form.getAttribute("action") + "?" + new URLSearchParams(new FormData(form)));
    }

    /* Drag and drop is a shorter way to a page that links lead to as well: what is dragged names the
       page, what it is dropped on completes the address. Nothing is changed by it. */
    letDrag(root) {
      let from = null, over = null;
      const mark = (to) => { over?.classList.remove("over"); (over = to)?.classList.add("over"); };
      const under = (event) => {
        const to = from && event.target.closest?.("[data-drop]");
        return to && to.closest("[data-group]") !== from.closest("[data-group]") ? to : null;
      };
      root.addEventListener("dragstart", (event) => {
        from = event.target.closest?.("[data-drag]");
        if (!from) return;
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", "");
      });
      root.addEventListener("dragover", (event) => {
        mark(under(event));
        if (over) event.preventDefault();
      });
      root.addEventListener("drop", (event) => {
        const to = under(event);
        if (!to) return;
        event.preventDefault();
        this.show(from.dataset.drag + "&" + to.dataset.drop);
      });
      root.addEventListener("dragend", () => { mark(null); from = null; });
    }

    bringIntoView(mark) {
      const frame = this.getAttribute("frame");
      const top = mark.getBoundingClientRect().top + scrollY;
      if (frame === "openedx" && parent !== window && document.referrer)
        parent.postMessage({ offset: Math.max(0, top - 24) }, new URL(document.referrer).origin);
      else if (frame === "lti" && parent !== window) parent.postMessage({ subject: "lti.scrollToTop" }, "*");
      const seen = mark.getBoundingClientRect();
      if (seen.top < 0 || seen.top > innerHeight - 40) mark.scrollIntoView({ block: "start" });
    }

    say(what) { this.tell(this.getAttribute("say-" + what) || "", "status " + (what === "loading" ? "quiet" : "wait")); }

    /* Green is for what was done; what went otherwise, or still goes on, is told without it. */
    tell(sentence, look = "status") {
      this.status.className = look;
      this.status.textContent = sentence;
    }

    save({ file, name }) {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = (/filename="([^"]*)"/.exec(name) || ["", "file"])[1];
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), RETRY_AFTER);
    }

    followHeight() {
      if (this.getAttribute("frame") !== "lti" || parent === window) return;
      new ResizeObserver(() => {
        const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
        parent.postMessage({ subject: "lti.frameResize", height }, "*");
      }).observe(document.body);
    }

    /* --- what people do --- */

    clicked(event) {
      const tool = event.target.closest("[data-mark]");
      if (tool) return mark(tool.closest(".writing").querySelector("textarea"), tool.dataset.mark);
      const link = event.target.closest("a[href^='#']");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const target = link.getAttribute("href").slice(1);
      if (!target.startsWith("/")) return this.jump(target);
      if (!this.holds(link)) this.show(target.slice(1));
    }

    /* What is not saved is left behind at the second press only; a form that is sent takes its own along. */
    holds(by, form) {
      if (!this.unsaved || this.warned || (form && [...this.changed].every((one) => one === form))) return false;
      this.warned = true;
      this.say("unsaved");
      if (by) by.after(this.status.cloneNode(true));
      else this.bringIntoView(this.status);
      return true;
    }

    jump(id) {
      const found = this.shadowRoot.getElementById(id);
      if (!found) return;
      found.closest("details")?.setAttribute("open", "");
      if (!found.matches("input, textarea, select, button, a, [tabindex]")) found.tabIndex = -1;
      found.focus({ preventScroll: true });
      this.bringIntoView(found);
    }

    async submitted(event) {
      event.preventDefault();
      const form = event.target, by = event.submitter;
      const path = by?.getAttribute("formaction") || form.getAttribute("action") || "";
      if (form.dataset.sending || this.holds(by, form)) return;
      if (form.method === "get") return this.show(path + "?" + new URLSearchParams(new FormData(form)));
      this.occupy(form, by);
      const body = new FormData(form);
      if (by?.name) body.append(by.name, by.value);
      clearTimeout(this.timer);
      clearTimeout(this.again);
      this.turn = (this.turn || 0) + 1;
      let got;
      try { got = await this.read(await this.ask(path, body)); } catch { got = { say: form.dataset.draft ? "kept" : "offline" }; }
      this.release(form, by);
      if (got.part) {
        this.forget(form); // a refused text stands in the part itself
        this.swap(got.part);
        this.unsaved = Boolean(got.part.querySelector(".notice[data-focus]"));
      } else if (got.file) this.save(got);
      else {
        this.say(got.say);
        if (got.say === "kept") this.keep(form, "unsent");
        this.askAgain(this.holder.firstElementChild);
      }
    }

    occupy(form, button) {
      form.dataset.sending = "1";
      if (!button) return;
      button.style.minInlineSize = button.offsetWidth + "px";
      button.dataset.words = button.textContent;
      button.textContent = button.dataset.busy || this.getAttribute("say-busy");
      button.setAttribute("aria-disabled", "true");
    }

    release(form, button) {
      delete form.dataset.sending;
      if (!button) return;
      button.textContent = button.dataset.words;
      button.removeAttribute("aria-disabled");
    }

    /* --- the hours of a week: one box an hour, by mouse, touch and arrow keys --- */

    letTick(root) {
      const boxOf = (target) => target?.closest?.("[data-week] input");
      const does = { keydown: (box, event) => this.moveInWeek(event, box), focusin: (box) => this.rove(box), change: (box) => this.countWeek(box) };
      for (const what in does) root.addEventListener(what, (event) => { const box = boxOf(event.target); if (box) does[what](box, event); });
      root.addEventListener("pointerdown", (event) => {
        const box = boxOf(event.target);
        this.stroke = box && !event.button ? { on: !box.checked, from: box, last: box, moved: false } : null;
      });
      root.addEventListener("pointermove", (event) => this.drawStroke(event, boxOf(root.elementFromPoint(event.clientX, event.clientY))));
      for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(() => { this.stroke = null; }));
      root.addEventListener("click", (event) => {
        if (this.stroke?.moved && boxOf(event.target)) event.preventDefault(); // drawn already
        const fold = event.target.closest("[data-fold], [data-early], [data-clear]");
        if (fold) this.foldWeek(fold);
      });
    }

    boxes(week) { return [...week.querySelectorAll("input[data-hour]")]; }

    /* One stop of the tab key for the whole grid: the first ticked hour that is seen, or the first one. */
    makeRoving(week) {
      const seen = this.boxes(week).filter((box) => box.offsetParent);
      const stop = seen.find((box) => box.checked) || seen[0];
      if (stop) this.rove(stop);
    }

    rove(stop) { this.boxes(stop.closest("[data-week]")).forEach((box) => { box.tabIndex = box === stop ? 0 : -1; }); }

    moveInWeek(event, box) {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const boxes = this.boxes(box.closest("[data-week]")), day = (one) => Math.floor(one.dataset.hour / 24);
      const aside = getComputedStyle(box).direction === "rtl" ? -1 : 1;
      const row = this.holder.querySelector("[data-fold]")?.offsetParent ? 6 : 24; // narrow, a day has rows of six
      const step = { ArrowLeft: -aside, ArrowRight: aside, ArrowUp: -row, ArrowDown: row }[event.key];
      if (!step) return;
      event.preventDefault();
      let at = Number(box.dataset.hour) + step;
      while (boxes[at] && !boxes[at].offsetParent) at += step;
      const next = boxes[at];
      if (!next || (Math.abs(step) === 1 && day(next) !== day(box))) return;
      if (event.shiftKey) {
        box.checked = next.checked = true;
        this.countWeek(box);
      }
      next.focus();
    }

    drawStroke(event, box) {
      const stroke = this.stroke;
      if (!stroke || !box || box === stroke.last || box.name !== stroke.from.name) return;
      const boxes = this.boxes(box.closest("[data-week]"));
      const ends = [stroke.last, box].map((one) => Number(one.dataset.hour)).sort((a, b) => a - b);
      const between = Math.floor(ends[0] / 24) === Math.floor(ends[1] / 24) ? boxes.slice(ends[0], ends[1] + 1) : [box];
      for (const one of [stroke.from, ...between]) one.checked = stroke.on;
      Object.assign(stroke, { last: box, moved: true });
      this.countWeek(box);
    }

    foldWeek(button) {
      const whole = button.closest("[data-weekly]"), week = whole.querySelector("[data-week]");
      if ("clear" in button.dataset) {
        this.boxes(week).forEach((box) => { box.checked = false; });
        return this.countWeek(week.querySelector("input"));
      }
      const open = ("fold" in button.dataset ? button.closest("tr").classList.toggle("open") : week.classList.toggle("all"));
      button.setAttribute("aria-expanded", open);
      this.makeRoving(week);
    }

    /* The total and the stretches, in the words and with the signs that the server gave. */
    countWeek(box) {
      const whole = box.closest("[data-weekly]"), boxes = this.boxes(whole), said = whole.querySelector("[data-said]");
      const fill = (text, ...parts) => parts.reduce((made, part) => made.replace("{}", () => part), text);
      const join = (text, parts) => parts.reduce((made, part) => (made ? fill(text, made, part) : part), "");
      const groups = new Map();
      whole.querySelectorAll("tr[data-day]").forEach((row, day) => {
        const free = [...boxes.slice(day * 24, day * 24 + 24).map((one) => (one.checked ? 1 : 0)).join("").matchAll(/1+/g)];
        const hours = join(said.dataset.comma, free.map((run) => `${run.index}\u2013${run.index + run[0].length}`));
        const sum = row.querySelector("[data-sum]");
        sum.textContent = hours || sum.dataset.none;
        if (hours) groups.set(hours, [...(groups.get(hours) || []), row.dataset.day]);
      });
      said.textContent = join(said.dataset.semicolon, [...groups].map(([hours, days]) => fill(said.dataset.group, join(said.dataset.comma, days), hours)));
      const total = whole.querySelector("[data-total]");
      total.textContent = fill(total.dataset.total, boxes.filter((one) => one.checked).length);
      this.alter(box.form);
    }

    /* --- text that is not saved yet --- */

    /* A draft is kept besides: no other press loses it. */
    alter(form) {
      this.unsaved = true;
      this.warned = false;
      if (form && !form.dataset.draft) this.changed.add(form);
    }

    typed(event) {
      const box = event.target, form = box.form;
      if (!box.matches("textarea, form[data-warn] :is(input, select), form:not([data-at-once]) input:not([type=radio], [type=checkbox], [type=search])")) return;
      this.alter(form);
      if (!form?.dataset.draft) return;
      this.keep(form);
      if (form.dataset.autosave) {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.autosave(form), AUTOSAVE_AFTER);
      }
    }

    /* Save without swapping: only hidden values and the line "saved at …" are taken from the answer. */
    async autosave(form) {
      if (form.dataset.sending || !form.isConnected) return;
      form.dataset.sending = "1";
      const body = new FormData(form), sent = this.texts(form);
      body.append("auto", "yes");
      let got;
      try { got = await this.read(await this.ask(form.getAttribute("action"), body)); } catch { got = { say: "kept" }; }
      delete form.dataset.sending;
      if (!form.isConnected) return;
      const fresh = got.part && this.sameForm(got.part, form);
      if (fresh && !got.part.querySelector(".notice[data-focus]")) {
        const level = this.adopt(form, fresh, sent);
        form.querySelectorAll("input[type=hidden]").forEach((field) => {
          if (field.name === "seen" && !level) return;
          field.value = fresh.querySelector(`input[type=hidden][name="${field.name}"]`)?.value ?? field.value;
        });
        form.querySelectorAll("[data-live]").forEach((line) => {
          line.textContent = fresh.querySelector(`[data-live="${line.dataset.live}"]`)?.textContent ?? "";
        });
        this.tell("");
        const open = new Map(this.texts(fresh));
        if (this.texts(form).every(([name, value]) => open.get(name) === value)) {
          this.unsaved = false;
          this.forget(form);
        } else this.timer = setTimeout(() => this.autosave(form), AUTOSAVE_AFTER);
      } else if (got.part) this.tell(got.part.querySelector(".notice[data-focus] p")?.textContent || "", "status wait");
      else {
        this.say(got.say);
        if (got.say === "kept") {
          this.keep(form, "unsent");
          this.timer = setTimeout(() => this.autosave(form), RETRY_AFTER);
        }
      }
    }

    /* Take over what others wrote meanwhile, wherever nothing was typed since the text was sent. Where
       something was, the version seen stays as it is, so that the next save merges and loses nothing. */
    adopt(form, fresh, sent) {
      let level = true;
      const saved = new Map(this.texts(fresh));
      for (const [name, value] of sent) {
        const box = form.elements[name], now = saved.get(name);
        if (!box || now === undefined || now === value) continue;
        if (box.value !== value) { level = false; continue; }
        const caret = [box.selectionStart, box.selectionEnd], top = box.scrollTop;
        let same = 0;
        while (same < value.length && value[same] === now[same]) same += 1;
        const moved = caret.map((at) => (at <= same ? at : Math.max(same, at + now.length - value.length)));
        box.value = now;
        if (this.shadowRoot.activeElement === box) box.setSelectionRange(...moved);
        box.scrollTop = top;
      }
      return level;
    }

    sendUnsent() {
      const form = this.holder.querySelector("form[data-draft][data-autosave]");
      if (form && this.unsaved) this.autosave(form);
    }

    sameForm(part, form) { return part.querySelector(`form[data-draft="${form.dataset.draft}"]`); }

    texts(form) { return [...form.querySelectorAll("textarea")].map((box) => [box.name, box.value]); }

    place(form) { return ["coursecrew", this.getAttribute("who") || "", this.getAttribute("base"), form.dataset.draft].join(" "); }

    /* Storage may be closed to frames from elsewhere: then the page itself is the only copy. */
    keep(form) {
      const seen = form.elements.seen?.value;
      try { localStorage.setItem(this.place(form), JSON.stringify({ seen, texts: this.texts(form) })); } catch { /* see above */ }
    }

    forget(form) {
      if (form.dataset.draft) try { localStorage.removeItem(this.place(form)); } catch { /* see above */ }
    }

    recall(form) {
      let kept = null;
      try { kept = JSON.parse(localStorage.getItem(this.place(form))); } catch { /* see above */ }
      if (!kept || JSON.stringify(kept.texts) === JSON.stringify(this.texts(form))) return;
      if (this.holder.querySelector(".notice[data-focus]")) return;
      kept.texts.forEach(([name, value]) => { if (form.elements[name]) form.elements[name].value = value; });
      if (form.elements.seen && kept.seen !== undefined) form.elements.seen.value = kept.seen;
      form.querySelectorAll("[data-unsent]").forEach((line) => { line.hidden = false; });
      this.unsaved = true;
    }
  }

  /* --- writing boxes: marks by button or key, and what is pasted, as Markdown --- */

  /* By the browser's own way where it has one, so that undo takes it back. */
  function insert(box, text, from = box.selectionStart, to = box.selectionEnd) {
    box.focus();
    box.setSelectionRange(from, to);
    if (document.execCommand("insertText", false, text)) return;
    box.setRangeText(text, from, to, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function mark(box, what) {
    let { selectionStart: from, selectionEnd: to, value } = box;
    const picked = value.slice(from, to);
    if (what === "bold") {
      insert(box, `**${picked}**`);
      return box.setSelectionRange(from + 2, to + 2);
    }
    if (what === "link") {
      const address = /^https?:\S+$/.test(picked);
      insert(box, address ? `[](${picked})` : `[${picked}](https://)`);
      return address ? box.setSelectionRange(from + 1, from + 1) : box.setSelectionRange(to + 3, to + 11);
    }
    from = value.lastIndexOf("\n", from - 1) + 1;
    to = value.indexOf("\n", to) < 0 ? value.length : value.indexOf("\n", to);
    const lines = value.slice(from, to).split("\n");
    if (what === "table") return insert(box, `${lines.join("\n")}\n\n${table([["", ""], ["", ""]])}\n`.trimStart(), from, to);
    const on = lines.every((line) => line.startsWith("- ")), apart = !on && /(^|\n)(?!- ).+\n$/.test(value.slice(0, from));
    insert(box, (apart ? "\n" : "") + lines.map((line) => (on ? line.slice(2) : "- " + line)).join("\n"), from, to);
  }

  function shortcut(event) {
    const box = event.target, bar = box.closest?.("[role=toolbar]");
    const what = { b: "bold", k: "link" }[event.key.toLowerCase()];
    if (what && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && box.matches("[data-rich]")) mark(box, what);
    else if (bar && event.key.startsWith("Arrow")) {
      const tools = [...bar.children], on = /Right|Down/.test(event.key) !== bar.matches(":dir(rtl)");
      const next = tools.at((tools.indexOf(box) + (on ? 1 : -1)) % tools.length);
      tools.forEach((tool) => { tool.tabIndex = tool === next ? 0 : -1; });
      next.focus();
    } else return;
    event.preventDefault();
  }

  function pasted(event) {
    const box = event.target, data = event.clipboardData;
    if (!box.matches?.("[data-rich]") || !data) return;
    const plain = data.getData("text/plain").replace(/\r/g, "").trim();
    const rows = plain.split("\n").map((line) => line.split("\t"));
    const cells = rows.length > 1 && rows[0].length > 1 && rows.every((row) => row.length === rows[0].length);
    const text = markdown(data.getData("text/html")) || (cells ? `\n${table(rows)}\n` : "");
    if (!text || text === plain) return;
    event.preventDefault();
    insert(box, text);
  }

  function table(rows) {
    const width = Math.max(...rows.map((row) => row.length));
    const lines = rows.map((row) => "| " + Array.from({ length: width }, (_, at) => (row[at] ?? "").trim().replace(/\s+/g, " ").replace(/\|/g, "\\|")).join(" | ") + " |");
    lines.splice(1, 0, "|" + " --- |".repeat(width));
    return lines.join("\n");
  }

  /* Pasted formatting as Markdown; nothing where there is none worth keeping. Styles are only read: a
     strict content policy complains of every one it meets. */
  function markdown(html) {
    const { body } = new DOMParser().parseFromString((html || "").replace(/\sstyle=/gi, " data-look="), "text/html");
    if (!body.querySelector("b, strong, em, i, a[href], li, table, h1, h2, h3, h4, h5, h6, [data-look*=font-weight]")) return "";
    return said(body).replace(/[ \t]+\n/g, "\n").replace(/\n{3,}/g, "\n\n").trim();
  }

  function said(node, depth = 0) {
    if (node.nodeType === 3) return node.data.replace(/\s+/g, " ");
    if (node.nodeType !== 1 || /^(style|script|title|meta)$/i.test(node.tagName)) return "";
    const name = node.tagName, inside = () => [...node.childNodes].map((one) => said(one, depth)).join("");
    const around = (sign, text) => (text.trim() && !text.includes("\n") ? text.replace(/^(\s*)(.*?)(\s*)$/, `$1${sign}$2${sign}$3`) : text);
    if (name === "BR") return "\n";
    if (name === "TABLE") return `\n\n${table([...node.rows].map((row) => [...row.cells].map((cell) => said(cell))))}\n\n`;
    if (name === "UL" || name === "OL") {
      const items = [...node.children].map((item, at) => "    ".repeat(depth) + (name === "OL" ? `${at + 1}. ` : "- ") + [...item.childNodes].map((one) => said(one, depth + 1)).join("").replace(/\n{2,}/g, "\n").trim());
      return (depth ? "\n" : "\n\n") + items.join("\n") + (depth ? "" : "\n\n");
    }
    if (name === "A" && /^https?:/.test(node.href)) return `[${inside().trim() || node.href}](${node.href})`;
    if (/^H[1-6]$/.test(name)) return `\n\n### ${inside().trim()}\n\n`;
    if (/^(P|DIV|SECTION|ARTICLE|BLOCKQUOTE|PRE|TR)$/.test(name)) return `\n\n${inside()}\n\n`;
    const weight = /font-weight:\s*(\w+)/.exec(node.dataset.look)?.[1], bold = weight ? weight === "bold" || weight >= 600 : /^(B|STRONG)$/.test(name);
    return around(bold ? "**" : /^(I|EM)$/.test(name) ? "*" : "", inside());
  }

  customElements.define("coursecrew-activity", Activity);
})();
