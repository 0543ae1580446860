// SPDX-License-Identifier: Apache-2.0
//
// One text of a message: as a tree of segments and fields with their names, as text, or as bytes. What
// differs from another text is marked by its path.
'use strict';

Orderly.messageText = (() => {
    const {h, replace} = Orderly.dom;
    const {bytes, number} = Orderly.format;
    const {api} = Orderly;

    // Is the path one of those that differ, or inside or around one? PID-5 is around PID-5.1.
    function marker(differences) {
        const paths = differences?.map(difference => difference.path) ?? [];
        const inside = (a, b) => a === b || (a.startsWith(b) && /[.[-]/.test(a[b.length]));
        return path => paths.some(other => inside(path, other) || inside(other, path));
    }

    function leaf(node) {
        if (node.null) {
            return h('span', {class: 'value null', title: 'The HL7 null: the receiver is to delete its value'}, '""');
        }
        return h('span', {class: 'value'}, node.value ?? '', node.cut ? h('span', {class: 'quiet'}, ` … ${bytes(node.cut)} in all`) : null);
    }

    function nodeRow(node, depth, differs, documents) {
        const marked = differs(node.path);
        const own = h('div', {class: `node-row depth-${Math.min(depth, 3)}${marked ? ' differs' : ''}`},
            h('span', {class: 'path'}, node.path), h('span', {class: 'name'}, node.name ?? ''),
            node.children?.length > 0 ? null : leaf(node),
            node.document !== undefined ? documents(node.document) : null,
            marked ? h('span', {class: 'away'}, ' differs') : null);
        return [own, (node.children ?? []).map(child => nodeRow(child, depth + 1, differs, documents))];
    }

    function segment(entry, differs, documents) {
        return h('details', {class: 'segment', open: true},
            h('summary', null, h('span', {class: 'segment-name'}, entry.name), ' ', h('span', {class: 'quiet'}, entry.title ?? '')),
            entry.fields.map(field => nodeRow(field, 0, differs, documents)));
    }

    // Lines of hexadecimal digits, a page at a time.
    function hexView(place, path, query) {
        const body = h('tbody');
        const more = h('button', {type: 'button', hidden: true}, 'Show more');
        async function page(offset) {
            const hex = await api.get(`${path}/hex${api.query({...query, offset})}`);
            body.append(...hex.lines.map(line => h('tr', null, h('td', {class: 'quiet'}, line.offset.toString(16).padStart(8, '0')),
                h('td', null, line.hex), h('td', null, line.text))));
            const next = offset + hex.lines.length * 16;
            more.hidden = next >= hex.total || hex.lines.length === 0;
            more.onclick = () => page(next);
        }
        replace(place, h('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Bytes'}, h('table', {class: 'hex'}, body)), more);
        return page(0);
    }

    // A pane with a title and the three ways to look. `which` chooses the text: of, delivery, attempt.
    function pane({id, title, which, differences, subtitle}) {
        const path = `/messages/${id}`;
        const place = h('div', {class: 'pane-body'}, h('p', {class: 'quiet'}, 'One moment …'));
        const raw = `${api.root}${path}/raw${api.query(which)}`;
        let content = null;
        const documents = number => {
            const entry = content.documents.find(found => found.number === number);
            return h('a', {class: 'button small', download: '', href: `${api.root}${path}/documents/${number}${api.query(which)}`},
                `Save ${entry ? `${entry.type.split('/').at(-1)} (${bytes(entry.size)})` : 'document'}`);
        };
        const ways = {
            Fields: () => replace(place,
                content.problem ? h('p', {class: 'problem'}, content.problem) : null,
                content.segments.length > 0 ? content.segments.map(entry => segment(entry, marker(differences), documents))
                    : h('pre', {class: 'text', tabindex: 0}, content.text ?? '')),
            Text: () => replace(place, h('pre', {class: 'text', tabindex: 0}, (content.text ?? '').replaceAll('\r', '\n')),
                content.cut ? h('p', {class: 'quiet'}, 'Only the beginning is shown; save it to see all.') : null),
            Bytes: () => hexView(place, path, which),
        };
        const tabs = Object.keys(ways).map((name, i) => h('button', {type: 'button', class: 'plain tab', 'aria-pressed': i === 0 ? 'true' : 'false',
            on: {click: async event => {
                tabs.forEach(tab => tab.setAttribute('aria-pressed', String(tab === event.currentTarget)));
                try {
                    await ways[name]();
                } catch (error) {
                    replace(place, h('p', {class: 'problem'}, error.message));
                }
            }}}, name));
        const size = h('span', {class: 'quiet'});
        (async () => {
            try {
                content = await api.get(`${path}/content${api.query(which)}`);
                size.textContent = ` ${number(content.total)} bytes${content.charset ? `, ${content.charset}` : ''}`;
                ways.Fields();
            } catch (error) {
                replace(place, h('p', {class: 'problem'}, error.message));
                tabs.forEach(tab => { tab.disabled = true; });
            }
        })();
        return h('section', {class: 'pane', 'aria-label': title}, h('header', {class: 'row'}, h('h2', null, title, size)),
            subtitle ? h('p', {class: 'quiet small-text'}, subtitle) : null,
            h('div', {class: 'row tabs', role: 'group', 'aria-label': `How to look at ${title}`}, tabs,
                h('span', {class: 'row push'}, which.of === 'received' ? h('button', {type: 'button', class: 'small', title: 'Try templates on it',
                    on: {click: () => content && Orderly.workbench.take(content.text ?? '')}}, 'Workbench') : null,
                h('a', {class: 'button small', href: raw, download: ''}, 'Save'))), place);
    }

    return {pane};
})();
