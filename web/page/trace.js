// SPDX-License-Identifier: Apache-2.0
//
// The story of a patient or an order: each message with this number, whichever way it came, and what
// became of it.
'use strict';

Orderly.trace = (() => {
    const {h, replace, announce} = Orderly.dom;
    const {plural, time, timeText, span} = Orderly.format;
    const {api} = Orderly;
    let value = '';

    const fates = {delivered: 'acknowledged', filtered: 'filtered', dead: 'not delivered: dead letter', pending: 'not delivered yet', held: 'held', dropped: 'given up'};

    function deliveryLine(delivery) {
        return h('li', {class: `fate state-${delivery.state}`}, h('span', {class: 'fate-to'}, '→ ', delivery.destination ?? ''),
            h('span', {class: `badge state-${delivery.state}`}, fates[delivery.state] ?? delivery.state),
            h('span', {class: 'quiet'}, [delivery.word, delivery.reason].filter(Boolean).join(': ')),
            delivery.settled ? time(delivery.settled) : null);
    }

    // Between two messages, how much later the second one came, where that is a minute or more.
    function items(list) {
        let before = null;
        return list.map(({message, deliveries}) => {
            const gap = before === null ? null : new Date(message.received) - new Date(before);
            before = message.received;
            return [gap !== null && gap > 60000 ? h('li', {class: 'gap quiet', 'aria-label': `${span(gap)} later`}, `${span(gap)} later`) : null,
                h('li', {class: `step state-${message.state}`},
                    h('div', {class: 'row'}, h('a', {href: `#/message/${message.id}`}, message.type || 'message', ' ', message.control_id ?? ''),
                        Orderly.messages.state(message)),
                    h('div', {class: 'row quiet'}, time(message.received, true), `from ${message.application ?? 'unknown'} by ${message.listener ?? ''}`),
                    deliveries.length > 0 ? h('ul', {class: 'fates'}, deliveries.map(deliveryLine)) : h('p', {class: 'quiet'}, 'No route took it.'))];
        });
    }

    function show(main) {
        let running = null;
        let timer = null;
        const result = h('div');
        const input = h('input', {type: 'search', class: 'search', value, spellcheck: 'false', autocomplete: 'off', 'aria-label': 'Number of a patient or an order',
            placeholder: 'patient, accession or control id', on: {input: () => {
                value = input.value.trim();
                clearTimeout(timer);
                timer = setTimeout(look, 150);
            }}});

        async function look() {
            running?.abort();
            if (value === '') {
                replace(result, h('p', {class: 'quiet'}, 'Type a number, and see its story: the order in, the result out, acknowledged or not.'));
                return;
            }
            running = new AbortController();
            const {signal} = running;
            try {
                const trace = await api.get(`/trace${api.query({value})}`, {signal});
                const count = trace.items.length;
                const open = trace.items.filter(item => item.message.state !== 'settled').length;
                const words = count === 0 ? 'No message has this whole number.'
                    : `${plural(count, 'message')}${trace.more ? ' and more' : ''}, ${open === 0 ? 'all settled' : `${open} not settled`}; ${timeText(trace.items[0].message.received)} to ${timeText(trace.items.at(-1).message.received)}`;
                announce(words);
                replace(result, h('p', {class: 'quiet'}, words), h('ol', {class: 'story'}, items(trace.items)));
            } catch (error) {
                if (error.name !== 'AbortError') {
                    replace(result, h('p', {class: 'problem', role: 'alert'}, error.message));
                }
            }
        }

        replace(main, h('h1', null, 'Trace'), h('form', {class: 'find', role: 'search', on: {submit: event => { event.preventDefault(); look(); }}}, input), result);
        look();
        input.focus();
        return () => {
            running?.abort();
            clearTimeout(timer);
        };
    }

    function look(number) {
        value = number;
        location.hash = '#/trace';
    }

    return {show, look};
})();
