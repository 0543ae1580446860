// SPDX-License-Identifier: Apache-2.0
//
// The picture of the flow: listeners on the left, routes in the middle, destinations on the right, and
// lines between them that are as thick as they are busy. Cards are elements that stay while the
// configuration does; only their words change. Where the page is narrow the lines go and the cards of
// each kind stand below each other (flow.css).
'use strict';

Orderly.flowGraph = (() => {
    const {h, svg, say, replace} = Orderly.dom;
    const {number, plural, age, timeText} = Orderly.format;
    const {spark} = Orderly.chart;

    const HEALTH = {
        good: ['✓', 'good'], waiting: ['…', 'waiting'], paused: ['‖', 'paused'], down: ['!', 'down'], dead: ['✕', 'dead letters'],
    };

    function badge(health) {
        const [sign, words] = HEALTH[health] ?? ['?', health];
        return h('span', {class: `badge ${health}`}, h('span', {'aria-hidden': 'true'}, sign), ` ${words}`);
    }

    const worst = lanes => ['down', 'dead', 'paused', 'waiting', 'good'].find(health => lanes.some(lane => lane.health === health)) ?? 'good';

    // A card whose parts can be told anew. Clicking it opens what there is to say.
    function card(kind, name, open) {
        const badgeAt = h('span', {class: 'card-badge'});
        const detail = h('span', {class: 'card-detail'});
        const facts = h('span', {class: 'card-facts'});
        const line = h('span', {class: 'card-line'});
        const element = h('button', {type: 'button', class: `node ${kind}`, 'aria-haspopup': open ? 'dialog' : null,
            on: {click: () => open?.()}},
        h('span', {class: 'card-head'}, h('span', {class: 'card-name'}, name), badgeAt), detail, facts, line);
        let health = null;
        let points = null;
        return {
            element,
            tell({health: now, detail: words, facts: list}) {
                if (now !== health) {
                    replace(badgeAt, now ? badge(now) : null);
                    element.dataset.health = now ?? '';
                    health = now;
                }
                say(detail, words ?? '');
                say(facts, list.filter(Boolean).join(' · '));
            },
            history(values, label) {
                const key = values?.join();
                if (key !== points) {
                    points = key;
                    replace(line, values?.some(value => value > 0) ? spark(values, label) : null);
                }
            },
        };
    }

    const listenerWords = (listener, now) => ({
        health: listener.state === 'listening' ? null : 'paused',
        detail: listener.address ?? '',
        facts: [`${number(listener.rate ?? 0)} / min`,
            listener.connections !== undefined ? plural(listener.connections, 'connection') : null,
            listener.last ? `last ${age(listener.last, now)} ago` : 'nothing yet',
            listener.refused > 0 ? `${number(listener.refused)} refused` : null],
    });

    const destinationWords = (destination, lanes, now) => ({
        health: destination.health,
        detail: lanes.find(lane => lane.health === 'down')?.reason ?? '',
        facts: [`${number(destination.rate)} / min`,
            destination.depth > 0 ? `${number(destination.depth)} waiting` : 'nothing waits',
            destination.oldest ? `oldest ${age(destination.oldest, now)}` : null,
            destination.dead > 0 ? `${number(destination.dead)} dead` : null],
    });

    // What the graph is made of, as a text: another one, and it is drawn anew.
    const shape = flow => JSON.stringify([flow.listeners.map(l => l.name), flow.routes, flow.destinations.map(d => d.name)]);

    // Lines as curves between the sides of cards, in the box they share.
    function draw(box, canvas, links) {
        const frame = box.getBoundingClientRect();
        canvas.setAttribute('viewBox', `0 0 ${frame.width} ${frame.height}`);
        canvas.replaceChildren(...links.map(({from, to, rate, health, title}) => {
            const a = from.getBoundingClientRect();
            const b = to.getBoundingClientRect();
            const x1 = a.right - frame.left;
            const x2 = b.left - frame.left;
            const y1 = a.top + a.height / 2 - frame.top;
            const y2 = b.top + b.height / 2 - frame.top;
            const bend = (x2 - x1) / 2;
            return svg('path', {class: `link ${health} ${rate > 0 ? 'busy' : ''}`, d: `M${x1},${y1}C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`,
                'stroke-width': 1.5 + Math.min(5, Math.log10(1 + rate))}, svg('title', null, title));
        }));
    }

    // Makes the graph in `box`; `open` is called with what a person wants to know more of.
    function make(box, open) {
        let drawn = null;
        let cards = null;
        let latest = null;
        const canvas = svg('svg', {class: 'links', 'aria-hidden': 'true'});
        const column = title => h('section', {class: 'column', 'aria-label': title}, h('h2', {class: 'column-title'}, title));

        function build(flow) {
            const left = column('Listeners');
            const middle = column('Routes');
            const right = column('Destinations');
            cards = {listeners: new Map(), routes: new Map(), destinations: new Map()};
            const add = (map, place, kind, item) => {
                const made = card(kind, item.name, () => open(kind, item.name));
                map.set(item.name, made);
                place.append(made.element);
            };
            flow.listeners.forEach(item => add(cards.listeners, left, 'listener', item));
            flow.routes.forEach(item => add(cards.routes, middle, 'route', item));
            flow.destinations.forEach(item => add(cards.destinations, right, 'destination', item));
            replace(box, canvas, left, middle, right);
        }

        function links(flow) {
            const rates = new Map(flow.listeners.map(listener => [listener.name, listener.rate ?? 0]));
            const list = [];
            for (const route of flow.routes) {
                const middle = cards.routes.get(route.name).element;
                for (const {listener} of route.from) {
                    const from = cards.listeners.get(listener)?.element;
                    if (from) {
                        list.push({from, to: middle, rate: rates.get(listener), health: 'good', title: `${listener} to ${route.name}`});
                    }
                }
                for (const {destination} of route.to) {
                    const to = cards.destinations.get(destination)?.element;
                    const lanes = flow.lanes.filter(lane => lane.route === route.name && lane.destination === destination);
                    if (to) {
                        list.push({from: middle, to, rate: lanes.reduce((sum, lane) => sum + (lane.rate ?? 0), 0), health: worst(lanes),
                            title: `${route.name} to ${destination}`});
                    }
                }
            }
            return list;
        }

        function redraw() {
            if (latest !== null && box.isConnected) {
                draw(box, canvas, links(latest));
            }
        }

        const watcher = new ResizeObserver(redraw);
        watcher.observe(box);
        return {
            stop: () => watcher.disconnect(),
            update(flow) {
                latest = flow;
                if (shape(flow) !== drawn) {
                    build(flow);
                    drawn = shape(flow);
                }
                flow.listeners.forEach(item => cards.listeners.get(item.name).tell(listenerWords(item, flow.now)));
                flow.routes.forEach(route => {
                    const lanes = flow.lanes.filter(lane => lane.route === route.name);
                    cards.routes.get(route.name).tell({health: null,
                        detail: route.template ? route.template.split('/').at(-1) : 'as received',
                        facts: [`${number(lanes.reduce((sum, lane) => sum + (lane.rate ?? 0), 0))} / min`,
                            lanes.length > 1 ? plural(lanes.length, 'lane') : null]});
                });
                flow.destinations.forEach(item => cards.destinations.get(item.name).tell(
                    destinationWords(item, flow.lanes.filter(lane => lane.destination === item.name), flow.now)));
                redraw();
            },
            history(past) {
                const sums = new Map();
                for (const series of past.series) {
                    const name = `${series.of} ${series.of === 'listener' ? series.listener : series.destination}`;
                    const sum = sums.get(name);
                    sums.set(name, sum ? sum.map((value, i) => value + (series.counts[i] ?? 0)) : [...series.counts]);
                }
                const until = timeText(past.end);
                for (const [name, made] of cards?.listeners ?? []) {
                    made.history(sums.get(`listener ${name}`), `Messages received lately, until ${until}`);
                }
                for (const [name, made] of cards?.destinations ?? []) {
                    made.history(sums.get(`lane ${name}`), `Messages delivered lately, until ${until}`);
                }
                redraw();
            },
        };
    }

    return {make, badge};
})();
