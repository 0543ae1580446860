// SPDX-License-Identifier: Apache-2.0
//
// The first view: how the broker is, what needs a person, and the picture of the flow. It asks once a
// second, while anybody can see it.
'use strict';

Orderly.flow = (() => {
    const {h, replace, say, announce, copy} = Orderly.dom;
    const {number, plural, age, bytes, span, latency, time} = Orderly.format;
    const {badge} = Orderly.flowGraph;
    const {chart} = Orderly.chart;
    const {api, act} = Orderly;

    const figure = label => {
        const value = h('span', {class: 'figure-value'}, '–');
        return {value, element: h('div', {class: 'figure'}, value, h('span', {class: 'figure-label'}, label))};
    };
    const FIGURES = [
        ['received / min', flow => number(flow.listeners.reduce((sum, listener) => sum + (listener.rate ?? 0), 0))],
        ['delivered / min', flow => number(flow.destinations.reduce((sum, destination) => sum + destination.rate, 0))],
        ['waiting', flow => number(flow.destinations.reduce((sum, destination) => sum + destination.depth, 0))],
        ['oldest waits', flow => {
            const oldest = flow.destinations.map(destination => destination.oldest).filter(Boolean).sort()[0];
            return oldest ? age(oldest, flow.now) : '–';
        }],
        ['dead letters', flow => number(flow.destinations.reduce((sum, destination) => sum + destination.dead, 0))],
        ['connections', flow => number(flow.listeners.reduce((sum, listener) => sum + (listener.connections ?? 0), 0))],
        ['journal', flow => flow.journal?.file_bytes === undefined ? '–' : bytes(flow.journal.file_bytes)],
        ['running for', flow => age(flow.broker.started, flow.now)],
    ];

    // What is wrong, each with what to do; or that nothing is.
    function troubles(flow) {
        const list = [
            ...flow.troubles.map(trouble => ({text: trouble.text, fix: trouble.fix})),
            ...flow.alerts.map(alert => ({text: `${alert.alert}${alert.subject ? ` (${alert.subject})` : ''}: ${alert.text ?? ''}`})),
        ];
        if (list.length === 0) {
            return h('p', {class: 'calm'}, h('span', {'aria-hidden': 'true'}, '✓ '), 'Nothing needs a person.');
        }
        return h('section', {class: 'troubles', 'aria-label': 'What needs a person'},
            h('h2', null, `${plural(list.length, 'thing needs', 'things need')} a person`),
            h('ul', null, list.map(({text, fix}) => h('li', null, h('span', null, text),
                fix ? h('span', {class: 'fix'}, h('code', null, fix), copy(fix)) : null))));
    }

    function laneCharts(past, lane) {
        const series = past?.series.find(entry => entry.of === 'lane' && entry.lane === lane.id);
        if (!series) {
            return null;
        }
        const common = {end: past.end, step: past.step_seconds};
        const every = span(past.step_seconds * 1000);
        return h('div', {class: 'charts'},
            chart({...common, title: `Delivered in ${every}`, values: series.counts, tell: number}),
            series.latencies ? chart({...common, title: 'Longest latency', values: series.latencies, tell: latency, kind: 'latency'}) : null,
            series.depths ? chart({...common, title: 'Waiting', values: series.depths, tell: number, kind: 'depth'}) : null);
    }

    const fact = (name, value) => value === undefined || value === null || value === '' ? null
        : [h('dt', null, name), h('dd', null, value)];

    function laneCard(lane, flow, past, after) {
        return h('article', {class: 'lane card'},
            h('header', {class: 'row'}, h('h3', null, `Lane ${lane.id}`, lane.number > 0 ? ` · number ${lane.number}` : ''), badge(lane.health)),
            h('dl', {class: 'facts'},
                fact('Route', `${lane.route} → ${lane.destination}`),
                fact('State', lane.state + (lane.why ? `: ${lane.why}` : '')),
                fact('Waiting', number(lane.depth)),
                fact('Oldest', lane.oldest ? `${age(lane.oldest, flow.now)} old` : null),
                fact('Delivered', number(lane.delivered ?? 0)),
                fact('Dead letters', lane.dead > 0 ? number(lane.dead) : null),
                fact('Tries of the first', lane.attempts),
                fact('Next try', lane.next_try ? time(lane.next_try) : null),
                fact('Last answer', [lane.word, lane.reason].filter(Boolean).join(': ')),
                fact('At', lane.at ? time(lane.at) : null)),
            laneCharts(past, lane),
            h('div', {class: 'row'}, act.lane(lane, after), api.may('view-messages')
                ? h('a', {class: 'button small', href: '#/messages', on: {click: () => Orderly.messages.look({state: lane.dead > 0 ? 'dead' : 'pending'})}}, 'See messages') : null));
    }

    function listenerCard(listener, flow, past) {
        const series = past?.series.find(entry => entry.of === 'listener' && entry.listener === listener.name);
        return h('article', {class: 'card'},
            h('dl', {class: 'facts'},
                fact('Address', listener.address), fact('State', listener.state), fact('Connections', number(listener.connections ?? 0)),
                fact('Stored', number(listener.stored ?? 0)), fact('Refused', number(listener.refused ?? 0)),
                fact('Damaged', number(listener.damaged ?? 0)), fact('No route took', number(listener.unrouted ?? 0)),
                fact('Duplicates', number(listener.duplicates ?? 0)), fact('Same id, other content', number(listener.conflicts ?? 0)),
                fact('Last message', listener.last ? time(listener.last) : 'none yet')),
            series ? h('div', {class: 'charts'}, chart({title: `Received in ${span(past.step_seconds * 1000)}`, values: series.counts,
                tell: number, end: past.end, step: past.step_seconds})) : null);
    }

    function show(main) {
        let etag = '';
        let timer = null;
        let flow = null;
        let past = null;
        let asked = 0;
        let detail = null;
        let told = null;
        let gone = false;
        const figures = FIGURES.map(([label, tell]) => ({...figure(label), tell}));
        const trouble = h('div');
        const stale = h('p', {class: 'problem', role: 'alert', hidden: true});
        const box = h('div', {class: 'graph'});
        const graph = Orderly.flowGraph.make(box, open);

        // The dialog of one listener, route or destination; its content is told anew as the flow changes.
        function open(kind, name) {
            const content = h('div', {class: 'detail'});
            const dialog = Orderly.dialog.open(name, 'wide', content);
            detail = {kind, name, content, done: false};
            dialog.addEventListener('close', () => { detail = null; });
            tellDetail();
        }

        function tellDetail() {
            if (detail === null || flow === null || (!detail.done && detail.content.contains(document.activeElement))) {
                return;
            }
            const {kind, name, content} = detail;
            if (kind === 'listener') {
                const listener = flow.listeners.find(entry => entry.name === name);
                replace(content, listener ? listenerCard(listener, flow, past) : 'It is gone.');
                return;
            }
            const lanes = flow.lanes.filter(lane => lane[kind === 'route' ? 'route' : 'destination'] === name);
            const route = kind === 'route' ? flow.routes.find(entry => entry.name === name) : null;
            replace(content, route ? h('dl', {class: 'facts'}, fact('From', route.from.map(from => from.listener).join(', ')),
                fact('To', route.to.map(to => to.destination).join(', ')), fact('Template', route.template ?? 'none: as received'),
                fact('SHA-256', route.template_hash)) : null,
            lanes.map(lane => laneCard(lane, flow, past, done)));
            if (detail.done) {
                detail.done = false;
                content.querySelector('button')?.focus();
            }
        }

        // Something was done in the dialog: its button is another one now, and gets the focus.
        function done() {
            if (detail !== null) {
                detail.done = true;
            }
            ask();
        }

        function tell() {
            figures.forEach(entry => say(entry.value, entry.tell(flow)));
            const key = JSON.stringify([flow.troubles, flow.alerts]);
            if (key !== told) {
                told = key;
                replace(trouble, troubles(flow));
                const count = flow.troubles.length + flow.alerts.length;
                announce(count === 0 ? 'Nothing needs a person' : `${plural(count, 'thing needs', 'things need')} a person`);
            }
            graph.update(flow);
            Orderly.app.tellHealth(flow);
            tellDetail();
        }

        async function ask() {
            clearTimeout(timer);
            if (gone) {
                return;
            }
            try {
                if (!document.hidden) {
                    const answer = await api.get('/flow', {etag});
                    if (answer !== null) {
                        etag = answer.etag ?? '';
                        flow = answer.data;
                        tell();
                    }
                    if (Date.now() - asked > 5000 && flow !== null) {
                        asked = Date.now();
                        past = await api.get('/history');
                        graph.history(past);
                    }
                    stale.hidden = true;
                }
            } catch (error) {
                stale.hidden = false;
                say(stale, `${error.message} What is shown may be old.`);
                Orderly.app.tellHealth(null);
            }
            if (!gone) {
                timer = setTimeout(ask, 1000);
            }
        }

        replace(main, h('h1', {class: 'away'}, 'Flow'), stale, trouble,
            h('section', {class: 'figures', 'aria-label': 'Figures'}, figures.map(entry => entry.element)), box);
        ask();
        return () => {
            gone = true;
            clearTimeout(timer);
            graph.stop();
        };
    }

    return {show};
})();
