"use strict";
// The page works without this script. With it, the page follows the state: the server sends
// the parts that have changed, and morph puts them into the document. What the reader is
// doing, such as an open form, is left alone.
(() => {
	const clients = document.getElementById("clients");
	const said = document.getElementById("said");
	const live = document.getElementById("live");
	const q = document.getElementById("q");
	let heard = Date.now(), at = "", polling = 0, source = null, asked = 0, waiting = false;

	// morph makes the element from look like to, and keeps the elements that both have.
	function morph(from, to) {
		for (const { name } of [...from.attributes]) {
			if (!to.hasAttribute(name) && name !== "open") from.removeAttribute(name);
		}
		for (const { name, value } of [...to.attributes]) {
			if (name !== "open" && from.getAttribute(name) !== value) from.setAttribute(name, value);
		}
		let at = from.firstChild;
		for (const wanted of [...to.childNodes]) {
			let found = at;
			if (wanted.id) {
				found = [...from.children].find((c) => c.id === wanted.id) || null;
			} else {
				while (found && found.id) found = found.nextSibling;
			}
			if (!found || !alike(found, wanted)) {
				from.insertBefore(wanted, at);
				continue;
			}
			if (found !== at) from.insertBefore(found, at);
			at = found.nextSibling;
			if (wanted.nodeType === Node.ELEMENT_NODE) {
				if (!isBusy(found)) morph(found, wanted);
			} else if (found.data !== wanted.data) {
				found.data = wanted.data;
			}
		}
		while (at) {
			const next = at.nextSibling;
			at.remove();
			at = next;
		}
	}

	const alike = (a, b) => a.nodeName === b.nodeName && (a.id || "") === (b.id || "");

	// isBusy tells whether the reader may be writing in an element.
	const isBusy = (e) => e.matches("details.act[open]");

	function parse(html) {
		const t = document.createElement("template");
		t.innerHTML = html;
		return t.content.firstElementChild;
	}

	function show(state) {
		document.title = state.title;
		at = state.at;
		document.documentElement.dataset.status = state.status;
		for (const [id, html] of Object.entries(state.html)) {
			const old = document.getElementById(id), now = parse(html);
			if (old) morph(old, now);
			else clients.append(now);
		}
		for (const c of [...clients.children]) {
			if (!state.order.includes(c.id)) c.remove();
		}
		document.getElementById("none").hidden = state.order.length > 0;
		arrange(state.order);
		const words = document.querySelector("#head h1").textContent;
		if (said.textContent !== words) said.textContent = words;
	}

	// arrange puts the worst first, unless that would move what somebody reads or writes.
	function arrange(order) {
		if ([...clients.children].every((c, i) => c.id === order[i])) return;
		if (clients.contains(document.activeElement) && document.activeElement !== clients) return;
		if (clients.querySelector("details[open]") || String(getSelection())) return;
		for (const id of order) {
			const c = document.getElementById(id);
			if (c) clients.append(c);
		}
	}

	function hear(state) {
		heard = Date.now();
		if (q.value) ask();
		else show(state);
		tell();
	}

	// ask fetches what the filter lets through, one request at a time.
	async function ask() {
		if (waiting) {
			asked++;
			return;
		}
		waiting = true;
		const number = asked, filter = q.value;
		try {
			const answer = await fetch("?get=parts&q=" + encodeURIComponent(filter), { cache: "no-store" });
			if (!answer.ok) throw new Error(answer.status);
			const state = await answer.json();
			if (filter === q.value) show(state);
			heard = Date.now();
		} catch {
			// tell says how long nothing was heard.
		}
		waiting = false;
		if (number !== asked || filter !== q.value) ask();
		tell();
	}

	function tell() {
		const late = Date.now() - heard;
		live.classList.toggle("late", late > 5000);
		live.textContent = late > 5000
			? "Not live: last heard " + Math.round(late / 1000) + " s ago"
			: "Live · " + at;
	}

	// follow opens a stream. Where there is none to be had, the page asks now and then.
	function follow() {
		source = new EventSource("?get=events");
		source.onmessage = (e) => hear(JSON.parse(e.data));
		source.onerror = () => {
			if (source.readyState !== EventSource.CLOSED) return;
			source.close();
			clearInterval(polling);
			ask();
			polling = setInterval(ask, 2000);
			setTimeout(() => { clearInterval(polling); follow(); }, 15000 + Math.random() * 15000);
		};
	}

	let typing = 0;
	q.addEventListener("input", () => {
		clearTimeout(typing);
		typing = setTimeout(() => {
			history.replaceState(null, "", q.value ? "?q=" + encodeURIComponent(q.value) : location.pathname);
			ask();
		}, 200);
	});
	document.getElementById("filter").addEventListener("submit", (e) => {
		e.preventDefault();
		ask();
	});

	const failed = document.getElementById("failed");
	if (failed) failed.focus();
	addEventListener("pagehide", () => source && source.close());
	// A page that the browser has kept comes back without its stream.
	addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });
	setInterval(tell, 1000);
	follow();
})();
