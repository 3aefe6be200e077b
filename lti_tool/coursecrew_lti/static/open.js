/* The page of a launch: changes the one-time code of its address for a token that stays in this tab,
   then shows what is ready. Where no cookie came along, the platform's own storage has to vouch that
   this browser began the login. */
(() => {
  const store = document.getElementById("store"), open = document.getElementById("open");
  const WAIT = 2000;

  /* Some browsers refuse storage inside frames: then the token lives as long as the page. */
  try { sessionStorage.getItem("coursecrew"); } catch {
    const kept = new Map();
    Object.defineProperty(window, "sessionStorage", { value: {
      getItem: (key) => (kept.has(key) ? kept.get(key) : null),
      setItem: (key, value) => { kept.set(key, String(value)); },
      removeItem: (key) => { kept.delete(key); },
    } });
  }

  /* Asks the platform's storage; answers only count from the platform's own origin. */
  function ask(node, subject, rest) {
    const name = node.dataset.storageTarget, origin = node.dataset.storageOrigin;
    const above = window.opener && window.parent === window ? window.opener : window.parent;
    let target = above;
    if (name && name !== "_parent") try { target = above.frames[name] || above; } catch { target = above; }
    const id = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2);
    return new Promise((done) => {
      const timer = setTimeout(() => finish(null), WAIT);
      function finish(value) { clearTimeout(timer); removeEventListener("message", hear); done(value); }
      function hear(event) {
        const said = event.data;
        if (event.origin !== origin || !said || said.message_id !== id || said.subject !== subject + ".response") return;
        finish(said.error ? null : said);
      }
      addEventListener("message", hear);
      try { target.postMessage({ subject, message_id: id, ...rest }, origin); } catch { finish(null); }
    });
  }

  async function keepAndGo() {
    await ask(store, "lti.put_data", { key: store.dataset.storageKey, value: store.dataset.storageValue });
    location.replace(store.dataset.next);
  }

  const tokenKey = open && "coursecrew " + open.dataset.session;

  async function enter() {
    const address = new URL(location.href), code = address.searchParams.get("code");
    let token = sessionStorage.getItem(tokenKey);
    if (!token && code) {
      const told = { session: open.dataset.session, code, zone: Intl.DateTimeFormat().resolvedOptions().timeZone || "" };
      if (open.dataset.storageKey) {
        const said = await ask(open, "lti.get_data", { key: open.dataset.storageKey });
        told.proof = said && typeof said.value === "string" ? said.value : "";
      }
      const answer = await fetch(open.dataset.exchange, { method: "POST", body: new URLSearchParams(told), credentials: "omit" });
      if (answer.ok) token = (await answer.json()).token;
    }
    if (code) {
      address.searchParams.delete("code");
      history.replaceState(history.state, "", address);
    }
    if (!token) { document.getElementById("closed").hidden = false; return; }
    sessionStorage.setItem(tokenKey, token);
    const ready = document.getElementById("ready").content.cloneNode(true);
    ready.querySelectorAll("input[name=token]").forEach((field) => { field.value = token; });
    open.replaceWith(ready);
  }

  /* A link to a file is good for a minute: a later press asks for a fresh one first. */
  function follow(event) {
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const target = new URL(link.href, location.href);
    if (target.origin !== location.origin || !target.pathname.startsWith("/files/")) return;
    event.preventDefault();
    fetch(open.dataset.renew, {
      method: "POST", credentials: "omit", body: new URLSearchParams({ link: target.pathname }),
      headers: { Authorization: "Bearer " + sessionStorage.getItem(tokenKey) },
    }).then((answer) => (answer.ok ? answer.json() : { link: link.href }))
      .then((fresh) => { location.href = fresh.link; });
  }

  if (store) keepAndGo();
  else if (open) {
    addEventListener("click", follow, true);
    enter().catch(() => { document.getElementById("closed").hidden = false; });
  }
})();
