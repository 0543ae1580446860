// SPDX-License-Identifier: Apache-2.0
//
// unify.js - what versions write in different ways, and mean as one: a name is written as the newest
// version writes it when only capitals, blanks and punctuation differ; a segment's, type's or
// structure's title is that of the newest version that has it. So rows become the same, and are there
// once. Also the version "any", and the events.
'use strict';

const key = (text) => text.toLowerCase().replace(/[^a-z0-9]/g, '');

function newestFirst(model) {
    return Object.values(model.versions).reverse();
}

function allFields(version) {
    return [...Object.values(version.segments), ...Object.values(version.types)]
        .flatMap((owner) => owner.fields);
}

function unifyNames(model) {
    const spelling = new Map();
    const unify = (text) => {
        const known = spelling.get(key(text));
        if (known === undefined) {
            spelling.set(key(text), text);
        }
        return known === undefined ? text : known;
    };
    for (const version of newestFirst(model)) {
        allFields(version).forEach((field) => { field.name = unify(field.name); });
    }
    for (const kind of ['segments', 'types', 'structures']) {
        const titles = {};
        for (const version of newestFirst(model)) {
            for (const [name, owner] of Object.entries(version[kind])) {
                owner.title = titles[name] = titles[name] === undefined ? unify(owner.title) : titles[name];
            }
        }
    }
    for (const table of Object.values(model.tables)) {
        table.title = unify(table.title);
        for (const code of Object.keys(table.codes)) {
            table.codes[code] = unify(table.codes[code]);
        }
    }
}

// Of each field, type and structure what the newest version says that has it.
function anyVersion(model) {
    const any = { segments: {}, types: {}, structures: {} };
    for (const version of newestFirst(model)) {
        for (const kind of ['types', 'structures']) {
            any[kind] = { ...version[kind], ...any[kind] };
        }
        for (const [name, segment] of Object.entries(version.segments)) {
            const known = any.segments[name] || { title: segment.title, open: false, fields: [] };
            const further = segment.fields.slice(known.fields.length);
            any.segments[name] = {
                title: known.title, open: known.open || segment.open,
                fields: [...known.fields, ...further],
            };
        }
    }
    model.versions.any = any;
}

// Since 2.4 the rows of lib/structure.c, which are the standard's table 0354, say which structure an
// event has; what the package has under the event's own name lacks the segments for which it has the
// structure. Before 2.4 there were no structures: an event whose nodes are those of its row's structure
// has that one, another event has its own.
function findEvents(model, rows) {
    const versions = Object.entries(model.versions);
    const first = versions.findIndex(([name]) => name === '2.4');
    versions.forEach(([, version], i) => {
        version.events = {};
        for (const [event, name] of rows) {
            const own = version.structures[event];
            const shared = version.structures[name] = version.structures[name] || own;
            const same = own && JSON.stringify(own.nodes) === JSON.stringify(shared.nodes);
            if (shared === undefined) {
                delete version.structures[name];
            } else if (!own || same || i >= first) {
                delete version.structures[event];
                version.events[event] = name;
            }
        }
    });
}

module.exports = { unifyNames, anyVersion, findEvents };
