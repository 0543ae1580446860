// SPDX-License-Identifier: Apache-2.0
//
// A text area whose text can be marked: the area itself has no colour, and the text below it, the
// backdrop, has the same letters at the same places. Places are told in bytes of UTF-8, as the library
// tells them.
'use strict';

Orderly.editor = (() => {
    const {h} = Orderly.dom;

    // From byte offsets to offsets of the string, for each text once.
    function offsets(text) {
        if (/^[\0-\x7f]*$/.test(text)) {
            return byte => byte;
        }
        const starts = [];
        let unit = 0;
        for (const letter of text) {
            const code = letter.codePointAt(0);
            const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
            for (let i = 0; i < size; i++) {
                starts.push(unit);
            }
            unit += letter.length;
        }
        return byte => starts[byte] ?? unit;
    }

    // Elements for a text in which places {from, to, kind, title} are marked; they may overlap.
    function pieces(text, marks) {
        const unit = offsets(text);
        const edges = new Map();
        const at = place => edges.get(place) ?? edges.set(place, {open: [], close: []}).get(place);
        for (const mark of marks) {
            const from = unit(mark.from);
            const to = Math.max(unit(mark.to), from + 1);
            at(from).open.push(mark);
            at(Math.min(to, text.length)).close.push(mark);
        }
        const live = new Set();
        const list = [];
        let before = 0;
        for (const place of [...edges.keys()].sort((a, b) => a - b)) {
            if (place > before) {
                list.push(piece(text.slice(before, place), live));
                before = place;
            }
            edges.get(place).close.forEach(mark => live.delete(mark));
            edges.get(place).open.forEach(mark => live.add(mark));
        }
        list.push(text.slice(before));
        return list;
    }

    function piece(text, live) {
        if (live.size === 0) {
            return text;
        }
        const kinds = new Set([...live].map(mark => mark.kind));
        const last = [...live].at(-1);
        return h('span', {class: [...kinds].join(' '), title: last.title, data: last.index === undefined ? {} : {index: last.index}}, text);
    }

    function make({label, value, placeholder, input}) {
        const backdrop = h('pre', {class: 'backdrop', 'aria-hidden': 'true'});
        const area = h('textarea', {'aria-label': label, spellcheck: 'false', autocomplete: 'off', autocapitalize: 'none', wrap: 'off', placeholder,
            on: {input: () => { mark([]); input(); }, scroll: follow}});
        area.value = value ?? '';

        function follow() {
            backdrop.scrollTop = area.scrollTop;
            backdrop.scrollLeft = area.scrollLeft;
        }

        // The line end of its own keeps the backdrop as high as the text area.
        function mark(marks) {
            backdrop.replaceChildren(...pieces(area.value, marks), '\n');
            follow();
        }

        // Puts the cursor to a line and a column, in bytes, both from 1.
        function go(line, column) {
            const lines = area.value.split('\n');
            const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
            const place = start + offsets(lines[line - 1] ?? '')(column - 1);
            area.focus();
            area.setSelectionRange(place, place);
        }
        mark([]);
        return {element: h('div', {class: 'editor'}, backdrop, area), mark, go, text: () => area.value,
            set(text) { area.value = text.replaceAll(/\r\n?/g, '\n'); mark([]); }};
    }

    // The byte where a line begins, counted from 1; and the byte behind the line.
    function lineBytes(text, line) {
        const encoder = new TextEncoder();
        const lines = text.split('\n');
        const from = lines.slice(0, line - 1).reduce((sum, entry) => sum + encoder.encode(entry).length + 1, 0);
        return {from, to: from + encoder.encode(lines[line - 1] ?? '').length};
    }

    return {make, pieces, lineBytes, offsets};
})();
