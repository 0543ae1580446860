// SPDX-License-Identifier: Apache-2.0
//
// model.js - the dictionary as plain objects, read from the package hl7-dictionary.
//
//     { versions: { "2.1": { segments, types, structures }, ... }, tables }
//
//     segments    name -> { title, open, fields: [field] }
//     types       name -> { title, fields: [field] }          its components
//     structures  name -> { title, nodes: [node] }
//     tables      number -> { title, codes: { code: text } }
//     field       { name, type, optionality, max, length, table }
//     node        { kind: "segment" | "group" | "choice" | "any", name, min, max, nodes }
//
// What the package writes in its own way is written in ours here: optionality by letters, a choice as
// a node. What is wrong in it is mended by corrections.js.
'use strict';

const OPTIONALITY = { 1: 'O', 2: 'R', 3: 'C', 4: 'B' };
const SEGMENT_NAME = /^[A-Z][A-Z0-9]{2}$/;
const TEXT_LIMIT = 60; // names only: what is longer is a sentence, and cut

function plain(text) {
    return text.normalize('NFKD').replace(/[^\x20-\x7e]/g, '').replace(/<p>.*/, '')
        .replace(/ _ /g, ' - ').replace(/([a-z])_s /g, "$1's ").replace(/&amp;/g, '&')
        .replace(/\s+/g, ' ').replace(/^[\s-]+|[\s-]+$/g, '');
}

// The front of a sentence that names the thing: up to the first stop that leaves some words.
function short(text) {
    let name = plain(text);
    for (const stop of [/\. /, /; /, / \(/, /: /, /, e\.?g\.?/, /, /]) {
        const at = name.search(stop);
        if (name.length > TEXT_LIMIT && at >= 8) {
            name = name.slice(0, at);
        }
    }
    if (name.length > TEXT_LIMIT) {
        name = `${name.slice(0, name.lastIndexOf(' ', TEXT_LIMIT - 4))} ...`;
    }
    return name.replace(/\.$/, '');
}

function readField(source) {
    return {
        name: short(source.desc),
        type: source.datatype,
        optionality: OPTIONALITY[source.opt],
        max: source.rep,
        length: source.len || 0,
        table: source.table || 0,
    };
}

function readChoice(source) {
    const names = source.compounds.map((part) => part.name);
    return {
        kind: 'choice', name: '', min: 1, max: 1,
        nodes: names.map((name) => ({ kind: 'segment', name, min: 1, max: 1, nodes: [] })),
    };
}

// The package has no counts for a choice; that it is there is said by the group around it.
function readNode(source) {
    if (source.compounds && source.compounds.length > 1) {
        return readChoice(source);
    }
    const count = source.compounds ? { min: 1, max: 1 } : { min: source.min, max: source.max };
    if (source.children) {
        const name = source.name.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
        return { kind: 'group', name, ...count, nodes: source.children.map(readNode) };
    }
    const name = source.compounds ? source.compounds[0].name : source.name;
    return SEGMENT_NAME.test(name || '') ? { kind: 'segment', name, ...count, nodes: [] } :
        { kind: 'any', name: '', ...count, nodes: [] };
}

function mapValues(object, change) {
    return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}

function readVersion(source) {
    return {
        segments: mapValues(source.segments, (segment) => ({
            title: short(segment.desc).replace(/ segment$/i, ''),
            open: false,
            fields: segment.fields.map(readField),
        })),
        types: mapValues(source.fields, (type) => ({
            title: short(type.desc),
            fields: type.subfields.map(readField),
        })),
        structures: mapValues(source.messages, (message) => ({
            title: short(message.desc),
            nodes: message.segments.segments.map(readNode),
        })),
    };
}

function readTable(source) {
    return { title: short(source.desc), codes: mapValues(source.values, short) };
}

function read(dictionary) {
    return {
        versions: mapValues(dictionary.definitions, readVersion),
        tables: mapValues(dictionary.tables, readTable),
    };
}

module.exports = { read, plain, SEGMENT_NAME };
