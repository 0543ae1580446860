// SPDX-License-Identifier: Apache-2.0
//
// The page: logs in, asks for the flow, and shows it. All that comes from the broker goes into the
// document as text (textContent): nothing here makes elements from strings, and the page's policy
// (trusted-types) would not let it.

const element = (id) => document.getElementById(id);
let session = null;
let tag = null;
let timer = null;

// Asks the API. Throws an Error with .status when the answer is no.
async function ask(path, options = {}) {
    const headers = {...options.headers};
    if (options.body !== undefined) {
        headers["Content-Type"] = "application/json";
    }
    if (options.method && session) {
        headers["X-Orderly-Token"] = session.token;
    }
    const answer = await fetch("/api/v1" + path, {...options, headers, credentials: "same-origin", cache: "no-store"});
    if (answer.status === 204 || answer.status === 304) {
        return {status: answer.status};
    }
    const body = await answer.json();
    if (!answer.ok) {
        const problem = new Error(body.error ? body.error.text : "the answer cannot be read");
        problem.status = answer.status;
        throw problem;
    }
    return {status: answer.status, body, tag: answer.headers.get("ETag")};
}

// ---- Logging in

function showLogin(problem = "") {
    session = null;
    clearTimeout(timer);
    element("flow").hidden = element("who").hidden = element("logout").hidden = true;
    element("login").hidden = false;
    element("login-problem").textContent = problem;
    element("login").elements.user.focus();
}

function begin(given) {
    session = given;
    tag = null;
    element("login").hidden = true;
    element("login").reset();
    element("who").textContent = `${given.user}, ${given.role}`;
    element("who").hidden = element("logout").hidden = element("flow").hidden = false;
    refresh();
}

element("login").addEventListener("submit", async (event) => {
    event.preventDefault();
    const {user, password} = event.target.elements;
    try {
        begin((await ask("/session", {method: "POST", body: JSON.stringify({user: user.value, password: password.value})})).body);
    } catch (problem) {
        password.value = "";
        showLogin(problem.message);
    }
});

element("logout").addEventListener("click", async () => {
    await ask("/session", {method: "DELETE"}).catch(() => {});
    showLogin();
});

// ---- Flow

const when = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "long"});

function age(then, now) {
    if (!then) {
        return "";
    }
    const seconds = Math.max(0, Math.round((Date.parse(now) - Date.parse(then)) / 1000));
    const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
    const [size, name] = units.find(([size]) => seconds >= size) || [1, "s"];
    return `${Math.floor(seconds / size)} ${name}`;
}

// A row of cells [label, text, class].
function row(cells) {
    const line = document.createElement("tr");
    for (const [label, text, kind] of cells) {
        const cell = document.createElement("td");
        cell.dataset.label = label;
        cell.textContent = text;
        if (kind) {
            cell.className = kind;
        }
        line.append(cell);
    }
    return line;
}

function trouble(item) {
    const line = document.createElement("li");
    line.append(item.text);
    if (item.fix) {
        const fix = document.createElement("code");
        fix.textContent = item.fix;
        line.append(fix);
    }
    return line;
}

function show(flow) {
    element("state").textContent = `Orderly ${flow.broker.version}, running since ${when.format(new Date(flow.broker.started))}` +
        (flow.troubles.length + flow.alerts.length ? "" : "; nothing needs a person");
    element("troubles").replaceChildren(...flow.troubles.concat(flow.alerts).map(trouble));
    element("listeners").replaceChildren(...flow.listeners.map((at) => row([
        ["Listener", at.name], ["Address", at.address ?? ""], ["Per minute", at.rate ?? 0, "number"],
        ["Stored", at.stored ?? 0, "number"], ["Last", age(at.last, flow.now)]])));
    element("lanes").replaceChildren(...flow.lanes.map((at) => row([
        ["Route", at.route], ["Destination", at.destination], ["Health", at.health, at.health],
        ["Waiting", at.depth, "number"], ["Oldest", age(at.oldest, flow.now)],
        ["Per minute", at.rate ?? 0, "number"], ["Dead", at.dead ?? 0, "number"]])));
}

async function refresh() {
    clearTimeout(timer);
    try {
        const answer = await ask("/flow", tag ? {headers: {"If-None-Match": tag}} : {});
        if (answer.status === 200) {
            tag = answer.tag;
            show(answer.body);
        }
    } catch (problem) {
        if (problem.status === 401) {
            showLogin("the session is over");
            return;
        }
        tag = null;
        element("state").textContent = problem.status ? problem.message : "this page's server does not answer";
    }
    timer = setTimeout(refresh, document.hidden ? 10000 : 2000);
}

ask("/session").then((answer) => begin(answer.body), (problem) => showLogin(problem.status === 401 ? "" : problem.message));
