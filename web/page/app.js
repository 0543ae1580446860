// SPDX-License-Identifier: Apache-2.0
//
// The frame of the page: which view is shown, the bar above it, keys that work everywhere.
'use strict';

Orderly.app = (() => {
    const {h, replace, say} = Orderly.dom;
    const {api, format} = Orderly;
    const main = document.getElementById('main');
    const bar = document.getElementById('bar');
    const health = document.getElementById('health');

    // The views: the word of their address, their name in the bar and its key, who may see them.
    const VIEWS = [
        {word: 'flow', name: 'Flow', key: 'f', role: 'view-flow', show: Orderly.flow.show},
        {word: 'messages', name: 'Messages', key: 'm', role: 'view-messages', show: Orderly.messages.show},
        {word: 'message', role: 'view-messages', show: Orderly.message.show},
        {word: 'trace', name: 'Trace', key: 't', role: 'view-messages', show: Orderly.trace.show},
        {word: 'workbench', name: 'Workbench', key: 'w', role: 'view-messages', show: Orderly.workbench.show},
        {word: 'settings', name: 'Settings', key: 's', role: 'admin', show: Orderly.settings.show},
    ];
    const KEYS = [['f m t w s', 'Flow, Messages, Trace, Workbench, Settings (press g first)'], ['/', 'go to the search field'],
        ['↑ ↓ or j k', 'from one message to the next'], ['Enter', 'open'], ['Esc', 'close a dialog'], ['?', 'this help']];
    let leave = null;
    let chord = 0;

    // The pill of the bar. null: nobody answers.
    function tellHealth(flow) {
        const count = flow === null ? 0 : flow.troubles.length + flow.alerts.length;
        health.className = `pill ${flow === null ? 'down' : count > 0 ? 'waiting' : 'good'}`;
        say(health, flow === null ? 'no answer' : count > 0 ? format.plural(count, 'trouble') : 'all well');
    }

    function theme(name) {
        if (name === 'auto') {
            delete document.documentElement.dataset.theme;
        } else {
            document.documentElement.dataset.theme = name;
        }
        localStorage.setItem('orderly-theme', name);
    }

    function menu() {
        const session = api.session();
        const choice = (label, options, value, pick) => h('label', null, label, h('select', {on: {change: event => pick(event.target.value)}},
            options.map(([word, name]) => h('option', {value: word, selected: word === value}, name))));
        const box = Orderly.dialog.open(session.user, 'narrow', h('div', {class: 'fields'},
            h('p', {class: 'quiet'}, `Role ${session.role}. The session ends at `, format.time(session.expires), ' at the latest.'),
            choice('Colours', [['auto', 'as the system'], ['light', 'light'], ['dark', 'dark']], localStorage.getItem('orderly-theme') ?? 'auto', theme),
            choice('Times', [['UTC', 'UTC'], ['local', 'of this computer']], format.zone(), zone => { format.setZone(zone); route(); }),
            h('div', {class: 'row end'}, h('button', {type: 'button', on: {click: () => { box.close(); help(); }}}, 'Keys'),
                h('button', {type: 'button', class: 'primary', on: {click: async () => {
                    box.close();
                    try {
                        await api.logOut();
                    } finally {
                        lost('');
                    }
                }}}, 'Log out'))));
    }

    const help = () => Orderly.dialog.open('Keys', 'narrow', h('dl', {class: 'facts'}, KEYS.map(([key, words]) => [h('dt', null, h('kbd', null, key)), h('dd', null, words)])));

    function tabs(word) {
        replace(document.getElementById('tabs'), VIEWS.filter(view => view.name && api.may(view.role)).map(view =>
            h('a', {href: `#/${view.word}`, 'aria-current': view.word === word || (view.word === 'messages' && word === 'message') ? 'page' : null}, view.name)));
        say(document.getElementById('menu'), api.session().user);
    }

    // Shows what the address says: #/WORD/REST.
    function route() {
        leave?.();
        leave = null;
        if (api.session() === null) {
            return;
        }
        const [word, ...rest] = location.hash.replace(/^#\//, '').split('/');
        const view = VIEWS.find(entry => entry.word === word && api.may(entry.role)) ?? VIEWS[0];
        document.querySelectorAll('dialog').forEach(dialog => dialog.close());
        tabs(view.word);
        document.title = `${view.name ?? 'Message'} · Orderly`;
        leave = view.show(main, rest);
        main.className = `view-${view.word}`;
        if (document.activeElement === document.body) {
            main.focus({preventScroll: true});
        }
        scrollTo(0, 0);
    }

    function begin() {
        bar.hidden = false;
        route();
    }

    function lost(why) {
        leave?.();
        leave = null;
        bar.hidden = true;
        main.className = 'view-login';
        document.querySelectorAll('dialog').forEach(dialog => dialog.close());
        Orderly.login.show(main, begin, why);
    }

    function key(event) {
        if (event.target.matches?.('input, textarea, select') || event.ctrlKey || event.metaKey || event.altKey || api.session() === null) {
            return;
        }
        const view = Date.now() - chord < 1500 ? VIEWS.find(entry => entry.key === event.key && api.may(entry.role)) : undefined;
        chord = event.key === 'g' ? Date.now() : 0;
        if (view) {
            location.hash = `#/${view.word}`;
        } else if (event.key === '/') {
            event.preventDefault();
            const search = document.querySelector('input[type=search]');
            if (search) {
                search.focus();
            } else {
                location.hash = '#/messages';
            }
        } else if (event.key === '?') {
            help();
        }
    }

    async function start() {
        theme(localStorage.getItem('orderly-theme') ?? 'auto');
        api.whenLost(() => lost('The session is over. Please log in again.'));
        addEventListener('hashchange', route);
        document.addEventListener('keydown', key);
        document.getElementById('menu').addEventListener('click', menu);
        document.getElementById('skip').addEventListener('click', event => { event.preventDefault(); main.focus(); });
        try {
            await api.resume();
            begin();
        } catch (error) {
            lost(error.status === 401 ? '' : error.message);
        }
    }

    start();
    return {tellHealth};
})();
