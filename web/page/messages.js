// SPDX-License-Identifier: Apache-2.0
//
// Finding messages. One field takes a value of any kind: it is looked for as a control id, a patient's and
// an accession number at once, and `type:ORM^O01 patient:000123` says which is meant. All look-ups go by
// an index of the journal, so whole values are found, and at once, among a million.
'use strict';

Orderly.messages = (() => {
    const {h, replace, announce} = Orderly.dom;
    const {number, bytes, time, plural} = Orderly.format;
    const {api} = Orderly;

    // What is looked for now. It is kept here only, so that a patient's number is not in the address.
    const asked = {text: '', state: '', listener: '', since: '', order: 'newest-first'};
    const NAMES = {id: 'control_id', control: 'control_id', 'control-id': 'control_id', patient: 'patient', accession: 'accession',
        type: 'type', from: 'application', application: 'application', listener: 'listener', state: 'state', key: 'key'};
    const SPANS = [['', 'any time'], ['3600', 'last hour'], ['86400', 'last 24 hours'], ['604800', 'last 7 days'], ['2592000', 'last 30 days']];
    const STATES = [['', 'any state'], ['pending', 'pending'], ['dead', 'dead'], ['held', 'held'], ['damaged', 'damaged'], ['settled', 'settled']];
    const PAGE = 50;

    // Words of the search field as parameters, and what stands there without a name.
    function parse(text) {
        const named = {};
        const free = [];
        for (const word of text.trim().split(/\s+/).filter(Boolean)) {
            const [, name, value] = /^([a-z-]+):(.*)$/.exec(word) ?? [];
            if (NAMES[name] && value !== '') {
                named[NAMES[name]] = value;
            } else if (!NAMES[name]) {
                free.push(word);
            }
        }
        return {named, free: free.join(' ')};
    }

    // One request or, for a value without a name, one for each thing it may be.
    function requests(cursor) {
        const {named, free} = parse(asked.text);
        const common = {state: asked.state, listener: asked.listener, order: asked.order, limit: PAGE, cursor, ...named,
            from: asked.since === '' ? '' : new Date(Date.now() - asked.since * 1000).toISOString()};
        if (free === '') {
            return [common];
        }
        if (/^[A-Z]{3}(\^[A-Z]\d\d)?$/.test(free)) {
            return [{...common, type: free}, {...common, control_id: free}];
        }
        return ['control_id', 'patient', 'accession'].map(name => ({...common, [name]: free}));
    }

    async function find(cursor, signal) {
        const answers = await Promise.all(requests(cursor).map(list => api.get(`/messages${api.query(list)}`, {signal})));
        const seen = new Map();
        for (const message of answers.flatMap(answer => answer.messages)) {
            seen.set(message.id, message);
        }
        const sign = asked.order === 'newest-first' ? -1 : 1;
        const messages = [...seen.values()].sort((a, b) => sign * (a.received.localeCompare(b.received) || a.id - b.id));
        return {messages, more: answers.some(answer => answer.more), cursor: answers.length === 1 ? answers[0].cursor : undefined};
    }

    const state = message => h('span', {class: `badge state-${message.state}`}, message.state,
        message.state === 'pending' && message.pending > 1 ? ` (${message.pending})` : '');

    function row(message) {
        const link = h('a', {href: `#/message/${message.id}`}, message.control_id || `no control id`);
        return h('tr', {on: {click: event => {
            if (!event.target.closest('a') && getSelection().isCollapsed) {
                location.hash = `#/message/${message.id}`;
            }
        }}},
        h('td', {'data-label': 'Received'}, time(message.received)), h('td', {'data-label': 'Id', class: 'number'}, number(message.id)),
        h('td', {'data-label': 'Control id'}, link), h('td', {'data-label': 'Type'}, message.type ?? ''),
        h('td', {'data-label': 'From'}, message.application ?? '', message.listener ? h('span', {class: 'quiet'}, ` via ${message.listener}`) : null),
        h('td', {'data-label': 'State'}, state(message)), h('td', {'data-label': 'Size', class: 'number'}, bytes(message.size)));
    }

    // Arrow keys go from row to row, as in a list of mail.
    function walk(event) {
        const move = {ArrowDown: 1, ArrowUp: -1, j: 1, k: -1}[event.key];
        if (move === undefined || event.target.matches('input, select')) {
            return;
        }
        const links = [...document.querySelectorAll('.results tbody a')];
        const next = links[links.indexOf(document.activeElement) + move];
        if (next) {
            event.preventDefault();
            next.focus();
        }
    }

    function show(main) {
        let running = null;
        let timer = null;
        const status = h('p', {class: 'quiet', role: 'status'});
        const body = h('tbody');
        const more = h('button', {type: 'button', hidden: true}, 'Show more');
        const select = (name, label, options) => h('label', {class: 'inline'}, h('span', {class: 'away'}, label),
            h('select', {name, on: {change: event => { asked[name] = event.target.value; look(); }}},
                options.map(([value, words]) => h('option', {value, selected: asked[name] === value}, words))));
        const input = h('input', {type: 'search', class: 'search', value: asked.text, spellcheck: 'false', autocomplete: 'off', 'aria-label': 'Find messages',
            placeholder: 'control id, patient, accession, or type:ADT^A08', on: {input: () => {
                asked.text = input.value;
                clearTimeout(timer);
                timer = setTimeout(look, 120);
            }, keydown: event => {
                if (event.key === 'ArrowDown') {
                    event.preventDefault();
                    document.querySelector('.results tbody a')?.focus();
                }
            }}});

        async function page(cursor) {
            running?.abort();
            running = new AbortController();
            const mine = running;
            try {
                const found = await find(cursor, mine.signal);
                if (mine !== running) {
                    return;
                }
                const rows = found.messages.map(row);
                if (cursor === undefined) {
                    replace(body, rows);
                } else {
                    body.append(...rows);
                }
                const count = body.children.length;
                status.textContent = count === 0 ? nothing() : `${plural(count, 'message')}${found.more ? ', and more' : ''}`;
                announce(status.textContent);
                more.hidden = !found.more || found.cursor === undefined;
                more.onclick = () => page(found.cursor);
            } catch (error) {
                if (error.name !== 'AbortError') {
                    status.textContent = error.message;
                }
            }
        }
        const nothing = () => asked.text === '' ? 'No message fits.'
            : 'No message has this whole value as its control id, patient or accession number. Parts of a value are not looked for.';
        const look = () => page(undefined);

        replace(main, h('h1', null, 'Messages'),
            h('form', {class: 'find', role: 'search', on: {submit: event => { event.preventDefault(); look(); }}}, input,
                select('state', 'State', STATES), select('since', 'Time', SPANS),
                select('order', 'Order', [['newest-first', 'newest first'], ['oldest-first', 'oldest first']])),
            status,
            h('table', {class: 'results'}, h('thead', null, h('tr', null, ['Received', 'Id', 'Control id', 'Type', 'From', 'State', 'Size']
                .map(name => h('th', {scope: 'col', class: name === 'Id' || name === 'Size' ? 'number' : null}, name)))), body), more);
        main.addEventListener('keydown', walk);
        look();
        input.focus();
        return () => {
            running?.abort();
            clearTimeout(timer);
            main.removeEventListener('keydown', walk);
        };
    }

    // Sets what is looked for when the view opens next.
    function look(values) {
        Object.assign(asked, {text: '', state: '', listener: '', since: ''}, values);
    }

    return {show, look, state};
})();
