// SPDX-License-Identifier: Apache-2.0
//
// Calls of the API of this origin. The session is a cookie that no script sees; what changes something
// carries the session's token as well. What is looked for goes no further than the request: neither the
// address bar nor the history of the browser holds a patient's number.
'use strict';

Orderly.api = (() => {
    const ROOT = '/api/v1';
    let session = null;
    let onLost = () => {};

    class ApiError extends Error {
        constructor(status, code, text) {
            super(text);
            this.status = status;
            this.code = code;
        }
    }

    async function failure(answer) {
        let error = null;
        try {
            error = (await answer.json()).error;
        } catch {
            // No body of ours: the status says it.
        }
        return new ApiError(answer.status, error?.code ?? 'http', error?.text ?? `The server answered ${answer.status}.`);
    }

    // The answer, or an ApiError; null where the answer is empty or is what `etag` stands for.
    async function call(method, path, {body, signal, etag} = {}) {
        const headers = {Accept: 'application/json'};
        if (body !== undefined) {
            headers['Content-Type'] = 'application/json';
        }
        if (method !== 'GET' && session !== null) {
            headers['X-Orderly-Token'] = session.token;
        }
        if (etag) {
            headers['If-None-Match'] = etag;
        }
        let answer;
        try {
            answer = await fetch(ROOT + path, {method, headers, signal, credentials: 'same-origin', cache: 'no-store',
                redirect: 'error', body: body === undefined ? undefined : JSON.stringify(body)});
        } catch (problem) {
            if (problem.name === 'AbortError') {
                throw problem;
            }
            throw new ApiError(0, 'unreachable', 'orderly-web does not answer. Is it running?');
        }
        if (answer.status === 304) {
            return null;
        }
        if (answer.status === 401 && path !== '/session') {
            session = null;
            onLost();
        }
        if (!answer.ok) {
            throw await failure(answer);
        }
        const data = answer.status === 204 ? null : await answer.json();
        return etag === undefined ? data : {data, etag: answer.headers.get('ETag')};
    }

    // Names and values; what has no value is left out.
    function query(parameters) {
        const list = new URLSearchParams();
        for (const [name, value] of Object.entries(parameters)) {
            if (value !== undefined && value !== null && value !== '') {
                list.append(name, value);
            }
        }
        const text = list.toString();
        return text === '' ? '' : `?${text}`;
    }

    async function logIn(user, password) {
        session = await call('POST', '/session', {body: {user, password}});
        return session;
    }

    // Goes on with the session of the cookie, if there is one.
    async function resume() {
        session = await call('GET', '/session');
        return session;
    }

    async function logOut() {
        await call('DELETE', '/session');
        session = null;
    }

    const ROLES = ['view-flow', 'view-messages', 'operate', 'admin'];
    const may = role => session !== null && ROLES.indexOf(session.role) >= ROLES.indexOf(role);

    return {
        get: (path, options) => call('GET', path, options),
        post: (path, body, options) => call('POST', path, {body, ...options}),
        put: (path, body) => call('PUT', path, {body}),
        query, logIn, logOut, resume, may, session: () => session, root: ROOT,
        whenLost: callback => { onLost = callback; },
    };
})();
