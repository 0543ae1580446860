// SPDX-License-Identifier: Apache-2.0
//
// corrections.js - carries out corrections.json and additions.json on a model (model.js).
//
// A correction that changes nothing has outlived its reason: the source now says the same. That is an
// error, and so is one without a reason.
'use strict';

// "2.3-2.5.1", "2.7-", "-2.4", "2.6" or "" of the versions, in their order.
function versionsOf(range, all) {
    const [first, last] = range === undefined ? ['', ''] :
        range.includes('-') ? range.split('-') : [range, range];
    const from = first === '' ? 0 : all.indexOf(first);
    const to = last === '' ? all.length - 1 : all.indexOf(last);
    if (from < 0 || to < 0) {
        throw new Error(`no versions '${range}'`);
    }
    return all.slice(from, to + 1);
}

// "PID-5" a field, "TS.1" a component: its place in the model of a version.
function fieldAt(version, path) {
    const [, owner, separator, number] = path.match(/^([A-Z0-9_]+)([-.])(\d+)$/) || [];
    const found = separator === '-' ? version.segments[owner] : version.types[owner];
    return found && found.fields[number - 1];
}

// The nodes of a structure that a path of names leads to: "PATIENT/SAC".
function nodesAt(structure, path) {
    let nodes = structure.nodes;
    const steps = path.split('/');
    steps.forEach((step, depth) => {
        nodes = nodes.filter((node) => node.name === step);
        nodes = depth + 1 < steps.length ? nodes.flatMap((node) => node.nodes) : nodes;
    });
    return nodes;
}

const isEmptyChoice = (node) => node.kind === 'choice' && !node.nodes.some((part) => part.name);

function fillChoices(nodes, correction) {
    let changed = false;
    for (const node of nodes) {
        if (isEmptyChoice(node) && node.nodes.length === correction.choice.length) {
            node.nodes.forEach((part, i) => { part.name = correction.choice[i]; });
            changed = true;
        }
        changed = fillChoices(node.nodes, correction) || changed;
    }
    return changed;
}

// "ERR 0 *": a segment of a structure, and how often it may stand there.
function readSegmentNode(text) {
    const [name, min, max] = text.split(' ');
    return { kind: 'segment', name, min: Number(min), max: max === '*' ? 0 : Number(max), nodes: [] };
}

const actions = {
    // Sets members of a field or component.
    fields(version, correction) {
        const field = fieldAt(version, correction.path);
        const before = JSON.stringify(field);
        if (field) {
            Object.assign(field, correction.set);
        }
        return JSON.stringify(field) !== before;
    },
    segments(version, correction) {
        const segment = version.segments[correction.name];
        if (segment && correction.drop) {
            delete version.segments[correction.name];
        } else if (segment) {
            segment.open = correction.open;
        }
        return segment !== undefined;
    },
    types(version, correction) {
        const there = version.types[correction.name] !== undefined;
        version.types[correction.name] = version.types[correction.name] ||
            { title: correction.title, fields: [] };
        return !there;
    },
    structures(version, correction) {
        const structure = version.structures[correction.name];
        if (structure && correction.drop) {
            delete version.structures[correction.name];
            return true;
        }
        if (structure && correction.before) {
            structure.nodes.unshift(...correction.before.map(readSegmentNode));
            return true;
        }
        if (structure && correction.choice) {
            return fillChoices(structure.nodes, correction);
        }
        const nodes = structure ? nodesAt(structure, correction.path) : [];
        nodes.forEach((node) => Object.assign(node, correction.set));
        return nodes.length > 0;
    },
};

function correct(model, corrections) {
    const all = Object.keys(model.versions);
    for (const [kind, action] of Object.entries(actions)) {
        for (const correction of corrections[kind]) {
            const changed = versionsOf(correction.versions, all)
                .filter((name) => action(model.versions[name], correction));
            if (changed.length === 0 || !correction.why) {
                throw new Error(`corrections.json: ${kind}: ${JSON.stringify(correction)} ` +
                    (correction.why ? 'changes nothing' : 'has no reason'));
            }
        }
    }
}

// "Name|TYPE|O|1|206": a field of a version without lengths.
function readField(text) {
    const [name, type, optionality, max, table] = text.split('|');
    return { name, type, optionality, max: Number(max), length: 0, table: Number(table || 0) };
}

// A version that the package does not have begins as a copy of the one before it.
function add(model, additions) {
    for (const [name, addition] of Object.entries(additions.versions)) {
        const version = structuredClone(model.versions[addition.from]);
        model.versions[name] = version;
        for (const [segment, { title, fields }] of Object.entries(addition.segments || {})) {
            version.segments[segment] = { title, open: false, fields: fields.map(readField) };
        }
        for (const [segment, { from, fields }] of Object.entries(addition.fields || {})) {
            const found = version.segments[segment];
            if (!found || found.fields.length !== from - 1) {
                throw new Error(`additions.json: ${name}: ${segment} has ${found && found.fields.length} fields`);
            }
            found.fields.push(...fields.map(readField));
        }
        for (const [type, { title, fields }] of Object.entries(addition.types || {})) {
            version.types[type] = { title, fields: fields.map(readField) };
        }
        for (const [path, members] of Object.entries(addition.set || {})) {
            Object.assign(fieldAt(version, path), members);
        }
        for (const path of addition.withdrawn || []) {
            Object.assign(fieldAt(version, path), { type: '', optionality: 'W', table: 0 });
        }
    }
}

module.exports = { correct, add };
