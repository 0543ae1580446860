// SPDX-License-Identifier: Apache-2.0
//
// The workbench: a message, a template, and what they make, as you type. The library of the broker does
// the converting. Pointing at a field of the result lights what it was made of; what nobody read of the
// message is dim. Nothing is kept on the server unless it is saved.
'use strict';

Orderly.workbench = (() => {
    const {h, replace, say, notice, announce} = Orderly.dom;
    const {plural} = Orderly.format;
    const {pieces, lineBytes, offsets} = Orderly.editor;
    const {api} = Orderly;

    // A message of nobody, to begin with.
    const SAMPLE = ['MSH|^~\\&|LAB|TEST HOSPITAL|BROKER|TEST HOSPITAL|20261126093000||ORU^R01|LAB000042|P|2.3',
        'PID|1||000123^^^TEST^MR||TESTPATIENT^ANNA^B||19700101|F', 'OBR|1|ORD77|LAB77|24323-8^METABOLIC PANEL^LN|||20261126090000',
        'OBX|1|NM|2345-7^GLUCOSE^LN||98|mg/dL|70-105|N|||F', 'OBX|2|NM|2951-2^SODIUM^LN||151|mmol/L|136-145|H|||F', ''].join('\n');
    const FIRST = ['MSH|^~\\&|ORDERLY|{MSH-4}|RIS|{MSH-4}|{MSH-7}||ORU^R01|{MSH-10}|P|2.5.1', 'PID|1||{PID-3}||{upper(PID-5.1)}^{PID-5.2}||{PID-7}|{PID-8}',
        'OBR|1|{OBR-2}|{OBR-3}|{OBR-4}', '{for x in OBX}', 'OBX|{x-1}|{x-2}|{x-3}||{x-5}|{x-6}|{x-7}|{x-8}|||F', '{end}', ''].join('\n');
    const kept = {message: SAMPLE, template: FIRST, beside: '', hash: '', writable: false};

    // The line with the mistake, and a caret below the character that caused it.
    function finding(entry, text, go) {
        const line = text.split('\n')[entry.line - 1] ?? '';
        const column = offsets(line)(entry.column - 1);
        return h('li', {class: `finding ${entry.severity}`},
            h('button', {type: 'button', class: 'plain link-like', on: {click: go}}, `${entry.file ? `${entry.file} ` : ''}line ${entry.line}, column ${entry.column}`),
            ` ${entry.severity}: ${entry.text}`,
            entry.file ? null : h('pre', {class: 'caret', 'aria-hidden': 'true'}, `${line}\n${' '.repeat(column)}^`));
    }

    // The mistakes as marks: from the column to the end of the word.
    function mistakes(text, findings) {
        return findings.filter(entry => !entry.file).map(entry => {
            const line = lineBytes(text, entry.line);
            const from = Math.min(line.from + entry.column - 1, line.to);
            return {from, to: Math.max(from + 1, Math.min(line.to, from + 8)), kind: `mistake ${entry.severity}`, title: entry.text};
        });
    }

    // The bytes from where a piece of the result was written in the template to the brace that ends it.
    function placeholder(text, origin) {
        const line = text.split('\n')[origin.line - 1] ?? '';
        const rest = line.slice(offsets(line)(origin.column - 1));
        return new TextEncoder().encode(/^\{?[^}]*/.exec(rest)[0]).length;
    }

    const overlaps = (a, b) => a.from < b.to && b.from < a.to;

    // What the pointer, or the arrow keys, may rest on in the result: its fields, or the pieces it was made of.
    function targets(converted) {
        return converted.fields?.length > 0 ? converted.fields
            : (converted.origins ?? []).filter(origin => origin.reads.length > 0).map(origin => ({...origin, path: origin.text}));
    }

    function show(main) {
        let timer = null;
        let running = null;
        let converted = null;
        let places = [];
        let at = -1;
        const status = h('p', {class: 'quiet', role: 'status'});
        const findings = h('ul', {class: 'findings', 'aria-label': 'Mistakes'});
        const readout = h('p', {class: 'readout', role: 'status'}, ' ');
        const result = h('pre', {class: 'result text', tabindex: 0, 'aria-label': 'Result; the arrow keys go from field to field'});
        const message = Orderly.editor.make({label: 'Message', value: kept.message, placeholder: 'Paste an HL7 message', input: soon});
        const template = Orderly.editor.make({label: 'Template', value: kept.template, placeholder: 'Write a template', input: soon});

        function dim() {
            return (converted?.unread ?? []).map(place => ({...place, kind: 'unread', title: `${place.path} was not read`}));
        }

        // Lights what the result's place `index` came from, in the message and in the template.
        function light(index) {
            at = index;
            const place = places[index];
            result.querySelectorAll('.lit').forEach(element => element.classList.remove('lit'));
            if (!place) {
                message.mark(dim());
                template.mark(mistakes(template.text(), converted?.findings ?? []));
                say(readout, ' ');
                return;
            }
            result.querySelectorAll(`[data-index="${index}"]`).forEach(element => element.classList.add('lit'));
            const origins = converted.origins.filter(origin => overlaps(origin, place));
            const reads = origins.flatMap(origin => origin.reads);
            message.mark([...dim(), ...reads.filter(read => read.from !== undefined).map(read => ({...read, kind: 'lit', title: read.path}))]);
            template.mark(origins.filter(origin => origin.line > 0 && origin.kind !== 'text').map(origin => {
                const from = lineBytes(template.text(), origin.line).from + origin.column - 1;
                return {from, to: from + placeholder(template.text(), origin), kind: 'lit', title: origin.text};
            }));
            const sources = [...new Set(reads.map(read => read.path))].join(', ');
            const made = [...new Set(origins.filter(origin => origin.kind !== 'text').map(origin => origin.text))].filter(Boolean).join('  ');
            say(readout, `${place.path ?? ''}: ${sources === '' ? 'text of the template' : `from ${sources}`}${made === '' ? '' : `  ·  ${made}`}`);
        }

        function tell() {
            places = converted.good ? targets(converted) : [];
            const text = (converted.result ?? '').replaceAll('\r', '\n');
            replace(result, pieces(text, places.map((place, index) => ({from: place.from, to: place.to, kind: 'place', index}))));
            replace(findings, converted.findings.map(entry => finding(entry, template.text(), () => template.go(entry.line, entry.column))));
            const problem = converted.message_problem ?? (converted.refused ? `Rejected: ${converted.refused.reason}` : '');
            const unread = converted.unread?.length ?? 0;
            say(status, problem !== '' ? problem : converted.good ? `Converted${unread > 0 ? `; ${plural(unread, 'field')} of the message not read (dim)` : ''}`
                : plural(converted.findings.length, 'mistake'));
            status.className = problem !== '' || !converted.good ? 'problem' : 'quiet';
            light(-1);
        }

        async function convert() {
            running?.abort();
            running = new AbortController();
            kept.message = message.text();
            kept.template = template.text();
            try {
                converted = await api.post('/workbench/convert', {template: kept.template, message: kept.message,
                    ...(kept.beside === '' ? {} : {beside: kept.beside})}, {signal: running.signal});
                tell();
            } catch (error) {
                if (error.name !== 'AbortError') {
                    say(status, error.message);
                    status.className = 'problem';
                }
            }
        }

        function soon() {
            clearTimeout(timer);
            timer = setTimeout(convert, 120);
        }

        const indexOf = event => Number(event.target.closest?.('[data-index]')?.dataset.index ?? -1);
        result.addEventListener('pointerover', event => light(indexOf(event)));
        result.addEventListener('pointerleave', () => light(-1));
        result.addEventListener('keydown', event => {
            const move = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
            if (move !== undefined && places.length > 0) {
                event.preventDefault();
                light(Math.min(places.length - 1, Math.max(0, at + move)));
                result.querySelector('.lit')?.scrollIntoView({block: 'nearest'});
            }
        });

        const shelf = h('select', {'aria-label': 'Template to begin with', on: {change: async event => {
            const [folder, name] = JSON.parse(event.target.value || '[]');
            if (folder !== undefined) {
                try {
                    const found = await api.get(`/workbench/templates/${encodeURIComponent(folder)}/${encodeURIComponent(name)}`);
                    Object.assign(kept, {beside: `${folder}/${name}`, hash: found.hash, writable: found.writable});
                    template.set(found.text);
                    save.hidden = !(found.writable && api.may('admin'));
                    announce(`${name} is open`);
                    convert();
                } catch (error) {
                    notice(error.message, true);
                }
            }
        }}}, h('option', {value: ''}, 'Open a template …'));
        const save = h('button', {type: 'button', class: 'small', hidden: !(kept.writable && api.may('admin')), on: {click: () => Orderly.dialog.confirm({
            title: `Save ${kept.beside}?`, button: 'Save', text: 'It takes effect by itself, for everything that is queued too.',
            act: async ({reason}) => {
                const [folder, name] = kept.beside.split('/');
                const saved = await api.put(`/workbench/templates/${encodeURIComponent(folder)}/${encodeURIComponent(name)}`, {text: template.text(), hash: kept.hash, reason});
                kept.hash = saved.hash;
                notice(`${kept.beside} is saved`);
            },
        })}}, 'Save…');

        async function fillShelf() {
            try {
                const {folders} = await api.get('/workbench/templates');
                shelf.append(...folders.map(folder => h('optgroup', {label: folder.name}, folder.templates.map(entry =>
                    h('option', {value: JSON.stringify([folder.name, entry.name])}, entry.name)))));
            } catch (error) {
                shelf.append(h('option', {disabled: true}, error.message));
            }
        }

        replace(main, h('h1', null, 'Workbench'),
            h('div', {class: 'bench'},
                h('section', {class: 'pane', 'aria-label': 'Message'}, h('header', {class: 'row spread'}, h('h2', null, 'Message'),
                    h('button', {type: 'button', class: 'small', on: {click: () => { message.set(SAMPLE); convert(); }}}, 'Sample')), message.element),
                h('section', {class: 'pane', 'aria-label': 'Template'}, h('header', {class: 'row spread'}, h('h2', null, 'Template'), h('div', {class: 'row'}, shelf, save)),
                    template.element, findings),
                h('section', {class: 'pane wide-pane', 'aria-label': 'Result'}, h('header', {class: 'row spread'}, h('h2', null, 'Result'), status), result, readout)));
        fillShelf();
        convert();
        return () => {
            clearTimeout(timer);
            running?.abort();
            kept.message = message.text();
            kept.template = template.text();
        };
    }

    // Takes a message along into the workbench.
    function take(text) {
        kept.message = text.replaceAll('\r', '\n');
        location.hash = '#/workbench';
    }

    return {show, take};
})();
