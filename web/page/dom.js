// SPDX-License-Identifier: Apache-2.0
//
// Elements, made of data and never of markup: what a message holds becomes text and nothing else. There
// is no innerHTML in this page.
'use strict';

const Orderly = {};

Orderly.dom = (() => {
    const SVG = 'http://www.w3.org/2000/svg';

    // Attributes by their names; `on` holds listeners, `data` the data-*; null and false leave one out.
    function dress(element, attributes) {
        for (const [name, value] of Object.entries(attributes ?? {})) {
            if (value === null || value === undefined || value === false) {
                continue;
            }
            if (name === 'on') {
                for (const [event, call] of Object.entries(value)) {
                    element.addEventListener(event, call);
                }
            } else if (name === 'data') {
                Object.assign(element.dataset, value);
            } else if (name === 'value') {
                element.value = value;
            } else {
                element.setAttribute(name, value === true ? '' : String(value));
            }
        }
        return element;
    }

    // Children are elements, texts, lists of them, or nothing.
    function fill(element, children) {
        for (const child of children.flat(Infinity)) {
            if (child !== null && child !== undefined && child !== false) {
                element.append(child);
            }
        }
        return element;
    }

    const h = (tag, attributes, ...children) =>
        fill(dress(document.createElement(tag), attributes), children);
    const svg = (tag, attributes, ...children) =>
        fill(dress(document.createElementNS(SVG, tag), attributes), children);

    function replace(element, ...children) {
        element.replaceChildren();
        return fill(element, children);
    }

    // Sets a text only where it is another one, so that a selection in it survives.
    function say(element, text) {
        if (element.textContent !== text) {
            element.textContent = text;
        }
    }

    // Read out by a screen reader, when it has time.
    function announce(text) {
        say(document.getElementById('announcer'), text);
    }

    // A note at the edge of the page that goes by itself, unless it tells of a failure.
    function notice(text, bad) {
        const close = h('button', {type: 'button', class: 'plain', 'aria-label': 'Dismiss',
            on: {click: () => box.remove()}}, '×');
        const box = h('div', {class: bad ? 'notice bad' : 'notice', role: bad ? 'alert' : 'status'},
            h('span', null, text), close);
        document.getElementById('notices').append(box);
        if (!bad) {
            setTimeout(() => box.remove(), 6000);
        }
    }

    const copy = text => h('button', {type: 'button', class: 'copy', title: 'Copy', 'aria-label': `Copy ${text}`,
        on: {click: async event => {
            const button = event.currentTarget;
            try {
                await navigator.clipboard.writeText(text);
                button.textContent = 'copied';
            } catch {
                button.textContent = 'not allowed';
            }
            setTimeout(() => { button.textContent = 'copy'; }, 1500);
        }}}, 'copy');

    return {h, svg, replace, say, announce, notice, copy};
})();
