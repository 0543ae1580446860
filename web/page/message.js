// SPDX-License-Identifier: Apache-2.0
//
// One message: what came, what was sent and what was answered side by side, and how it went.
'use strict';

Orderly.message = (() => {
    const {h, replace} = Orderly.dom;
    const {number, bytes, time, span} = Orderly.format;
    const {pane} = Orderly.messageText;
    const {api, act} = Orderly;

    const outcomes = {delivered: '✓', filtered: '–', dead: '✕', retry: '↻', halt: '‖'};

    // Everything that happened, in the order of time.
    function events(story) {
        const {message, deliveries, attempts, notes} = story;
        const names = new Map(deliveries.map(delivery => [delivery.id, delivery.destination]));
        const list = [{at: message.received, sign: '→', kind: 'good', text: `Received by ${message.listener ?? 'a listener'}`, more: message.peer}];
        for (const attempt of attempts) {
            const took = attempt.ended ? span(new Date(attempt.ended) - new Date(attempt.started)) : '';
            list.push({at: attempt.started, sign: outcomes[attempt.outcome] ?? '·', kind: attempt.outcome,
                text: `Try ${attempt.number} for ${names.get(attempt.delivery) ?? 'a destination'}: ${attempt.outcome ?? 'begun'}${attempt.word ? `, ${attempt.word}` : ''}`,
                more: [attempt.reason, took, attempt.template].filter(Boolean).join(' · ')});
        }
        for (const delivery of deliveries.filter(entry => entry.state === 'pending' && entry.next_try)) {
            list.push({at: delivery.next_try, sign: '…', kind: 'waiting', text: `Next try for ${delivery.destination}`, more: ''});
        }
        for (const note of notes) {
            list.push({at: note.at, sign: '✎', kind: 'note', text: `${note.what}${note.who ? ` by ${note.who}` : ''}`, more: note.why});
        }
        return list.sort((a, b) => (a.at ?? '').localeCompare(b.at ?? ''));
    }

    const timeline = story => h('section', {class: 'card', 'aria-label': 'Timeline'}, h('h2', null, 'Timeline'),
        h('ol', {class: 'timeline'}, events(story).map(event => h('li', {class: `event ${event.kind}`},
            h('span', {class: 'sign', 'aria-hidden': 'true'}, event.sign), time(event.at, true), h('span', null, event.text),
            event.more ? h('span', {class: 'quiet'}, event.more) : null))));

    function deliveryRow(delivery, chosen, choose, after) {
        return h('tr', {class: chosen ? 'chosen' : null},
            h('td', {'data-label': 'To'}, h('button', {type: 'button', class: 'plain link-like', 'aria-pressed': String(chosen), on: {click: choose}},
                delivery.destination ?? `delivery ${delivery.id}`), delivery.route ? h('span', {class: 'quiet'}, ` by ${delivery.route}`) : null),
            h('td', {'data-label': 'State'}, h('span', {class: `badge state-${delivery.state}`}, delivery.state)),
            h('td', {'data-label': 'Tries', class: 'number'}, number(delivery.attempts ?? 0)),
            h('td', {'data-label': 'Answer'}, [delivery.word, delivery.reason].filter(Boolean).join(': ')),
            h('td', {'data-label': 'Settled'}, delivery.settled ? time(delivery.settled) : ''),
            h('td', {class: 'row'}, act.delivery(delivery, after)));
    }

    // The panes: received, then what the chosen delivery sent last, and its answer.
    async function panes(place, story, delivery) {
        const {id} = story.message;
        const has = (of, attempt) => story.contents.find(content => content.of === of && !content.missing &&
            (of === 'received' || of === 'reply' || (content.delivery === delivery?.id && (attempt === undefined || content.attempt === attempt))));
        const tries = story.attempts.filter(attempt => attempt.delivery === delivery?.id);
        const sentBy = tries.findLast(attempt => has('sent', attempt.number));
        const answeredBy = tries.findLast(attempt => has('answer', attempt.number));
        let differences = null;
        if (sentBy) {
            try {
                differences = (await api.get(`/messages/${id}/differences${api.query({delivery: delivery.id, attempt: sentBy.number})}`)).differences;
            } catch {
                // Not both are HL7: nothing is marked.
            }
        }
        const before = differences?.filter(difference => difference.kind !== 'added');
        const after = differences?.filter(difference => difference.kind !== 'removed');
        const nothing = (title, text) => h('section', {class: 'pane', 'aria-label': title}, h('h2', null, title), h('p', {class: 'quiet'}, text));
        replace(place,
            pane({id, title: 'Received', which: {of: 'received'}, differences: before, subtitle: differences ? `${number(differences.length)} fields differ from what was sent` : ''}),
            sentBy ? pane({id, title: `Sent to ${delivery.destination}`, which: {of: 'sent', delivery: delivery.id, attempt: sentBy.number}, differences: after,
                subtitle: sentBy.template ? `by ${sentBy.template}` : 'as it was received'}) : nothing('Sent', delivery ? 'Nothing was sent yet.' : 'No route took this message.'),
            answeredBy ? pane({id, title: 'Answer', which: {of: 'answer', delivery: delivery.id, attempt: answeredBy.number}})
                : nothing('Answer', 'There is no answer yet.'),
            has('reply') ? pane({id, title: 'Our reply', which: {of: 'reply'}, subtitle: 'what the sender was answered'}) : null);
    }

    function show(main, [id]) {
        let gone = false;
        let chosen = null;
        const place = h('div', {class: 'panes'});

        async function load() {
            try {
                const story = await api.get(`/messages/${encodeURIComponent(id)}`);
                if (!gone) {
                    tell(story);
                }
            } catch (error) {
                replace(main, h('h1', null, `Message ${id}`), h('p', {class: 'problem', role: 'alert'}, error.message),
                    h('a', {href: '#/messages'}, 'Back to the messages'));
            }
        }

        function tell(story) {
            const {message} = story;
            chosen = story.deliveries.find(delivery => delivery.id === chosen)?.id ?? story.deliveries[0]?.id;
            const table = h('tbody');
            const rows = () => replace(table, story.deliveries.map(delivery => deliveryRow(delivery, delivery.id === chosen,
                () => { chosen = delivery.id; rows(); panes(place, story, delivery); }, load)));
            rows();
            replace(main,
                h('nav', {class: 'crumbs', 'aria-label': 'Where you are'}, h('a', {href: '#/messages'}, 'Messages'), ' › ', String(message.id)),
                h('header', {class: 'row spread'}, h('h1', null, message.type || 'Message', ' ', h('span', {class: 'quiet'}, message.control_id)),
                    h('div', {class: 'row'}, act.message(story, load))),
                h('p', {class: 'row facts-row'}, Orderly.messages.state(message), h('span', null, 'received ', time(message.received, true)),
                    message.application ? h('span', null, `from ${message.application}${message.facility ? `, ${message.facility}` : ''}`) : null,
                    h('span', null, `${message.listener ?? ''} ${message.peer ?? ''}`), h('span', null, bytes(message.size))),
                story.keys.length > 0 ? h('p', {class: 'row keys'}, story.keys.map(key => h('button', {type: 'button', class: 'small', title: `Trace this ${key.name}`,
                    on: {click: () => Orderly.trace.look(key.value)}}, h('span', {class: 'quiet'}, `${key.name} `), key.value ?? ''))) : null,
                story.deliveries.length > 0 ? h('table', {class: 'results deliveries'}, h('thead', null, h('tr', null,
                    ['To', 'State', 'Tries', 'Answer', 'Settled', ''].map(name => h('th', {scope: 'col', class: name === 'Tries' ? 'number' : null}, name || h('span', {class: 'away'}, 'Actions'))))), table)
                    : null,
                place, timeline(story));
            panes(place, story, story.deliveries.find(delivery => delivery.id === chosen));
        }

        replace(main, h('p', {class: 'empty'}, 'One moment …'));
        load();
        return () => { gone = true; };
    }

    return {show};
})();
