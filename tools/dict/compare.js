// SPDX-License-Identifier: Apache-2.0
//
// compare.js - does the program say what its source says? Reads the package hl7-dictionary without
// model.js, emit.js or the tables, and compares it with what `orderly dict --json` prints. What
// corrections.json names may differ; nothing else.
//
//     node compare.js PACKAGE-FOLDER ORDERLY
//
// Compared of every version of the package: all segments and types with all members of their fields, the
// structures that the program keeps as trees of segments, tables with their codes. Of names: letters and
// digits, as far as the program has them, for it writes them shorter. Of the versions beyond the package:
// what additions.json does not name is as in the version that they begin with.
'use strict';

const path = require('path');
const { execFileSync } = require('child_process');

const [folder, program] = process.argv.slice(2);
if (program === undefined) {
    process.stderr.write('usage: node compare.js PACKAGE-FOLDER ORDERLY\n');
    process.exit(2);
}
const source = require(path.resolve(folder));
const corrections = require('./corrections.json');
const additions = require('./additions.json');
const versions = Object.keys(source.definitions);
const LETTERS = { 1: 'O', 2: 'R', 3: 'C', 4: 'B' };

let compared = 0;
const differences = [];

function same(place, ours, theirs) {
    compared += 1;
    if (ours !== theirs) {
        differences.push(`${place}: the program has ${ours}, the package ${theirs}`);
    }
}

const letters = (text) => text.normalize('NFKD').replace(/<p>.*/s, '').replace(/&amp;/g, '')
    .toLowerCase().replace(/[^a-z0-9]/g, '');

// A name may have lost its end, and an "s" after an apostrophe is written " _s" there.
function sameName(place, ours, theirs) {
    const [mine, whole] = [letters(ours.replace(/ \.\.\.$/, '')), letters(theirs)];
    compared += 1;
    if (!whole.startsWith(mine) || (mine === '' && whole !== '')) {
        differences.push(`${place}: the program has '${ours}', the package '${theirs}'`);
    }
}

function dump(version) {
    const lines = execFileSync(program, ['dict', '--json', '--version', version],
        { encoding: 'utf8', maxBuffer: 1 << 28 }).trim().split('\n').map((line) => JSON.parse(line));
    const found = { segment: {}, type: {}, structure: {}, table: {} };
    for (const entry of lines) {
        found[entry.kind][entry.kind === 'table' ? entry.number : entry.name] = entry;
    }
    return found;
}

function covers(correction, version) {
    const [first, last] = (correction.versions || '-').includes('-') ?
        (correction.versions || '-').split('-') : [correction.versions, correction.versions];
    const at = versions.indexOf(version);
    return (first === '' || at >= versions.indexOf(first)) && (last === '' || at <= versions.indexOf(last));
}

// What the corrections of a version name: "segments PID", "fields OBX-2".
function corrected(version) {
    const names = new Set();
    for (const kind of ['fields', 'segments', 'types', 'structures']) {
        for (const correction of corrections[kind].filter((one) => covers(one, version))) {
            names.add(`${kind} ${correction.path && kind === 'fields' ? correction.path : correction.name}`);
        }
    }
    return names;
}

function compareFields(place, mark, ours, theirs, except) {
    same(`${place}: fields`, ours.length, theirs.length);
    theirs.forEach((field, i) => {
        const name = `${place}${mark}${i + 1}`;
        const mine = ours[i];
        if (mine === undefined || except.has(`fields ${name.split(' ')[1]}`)) {
            return;
        }
        sameName(name, mine.name, field.desc);
        same(`${name}: type`, mine.type, field.datatype);
        same(`${name}: optionality`, mine.optionality, LETTERS[field.opt]);
        same(`${name}: repetitions`, mine.max, field.rep);
        same(`${name}: length`, mine.length, field.len || 0);
        same(`${name}: table`, mine.table, Number(field.table || 0));
    });
}

function compareOwners(version, kind, ours, theirs, list, mark, except) {
    for (const [name, owner] of Object.entries(theirs)) {
        if (kind === 'segments' && except.has(`segments ${name}`) && !ours[name]) {
            continue;
        }
        same(`${version} ${name}: there`, ours[name] !== undefined, true);
        if (ours[name]) {
            compareFields(`${version} ${name}`, mark, ours[name][list], owner.fields || owner.subfields, except);
        }
    }
    for (const name of Object.keys(ours).filter((one) => !theirs[one])) {
        same(`${version} ${kind} ${name}: corrected`, except.has(`${kind} ${name}`), true);
    }
}

// A tree as text: "MSH 1 1,(PID 1 1,PD1 0 1)1 0".
function ourTree(nodes) {
    return nodes.map((node) => (node.kind === 'choice' ? `<${node.nodes.map((one) => one.name)}>` :
        `${node.nodes ? `(${ourTree(node.nodes)})` : node.name} ${node.min} ${node.max}`)).join();
}

function theirTree(nodes) {
    return nodes.map((node) => {
        if (node.compounds && node.compounds.length > 1) {
            return `<${node.compounds.map((one) => one.name)}>`;
        }
        const name = node.compounds ? node.compounds[0].name : node.name;
        const count = node.compounds ? '1 1' : `${node.min} ${node.max}`;
        const text = node.children ? `(${theirTree(node.children)})` :
            /^[A-Z][A-Z0-9]{2}$/.test(name || '') ? name : '';
        return `${text} ${count}`;
    }).join();
}

// A structure that the package does not have by its name is the tree of one of its events.
function compareStructures(version, ours, theirs, except) {
    for (const [name, structure] of Object.entries(ours)) {
        if (except.has(`structures ${name}`)) {
            continue;
        }
        const tree = ourTree(structure.nodes);
        if (theirs[name]) {
            same(`${version} ${name}: tree`, tree, theirTree(theirs[name].segments.segments));
        } else {
            const events = Object.values(theirs).map((one) => theirTree(one.segments.segments));
            same(`${version} ${name}: a tree of the package`, events.includes(tree), true);
        }
    }
}

function compareTables(ours) {
    for (const [number, table] of Object.entries(source.tables)) {
        const mine = ours[Number(number)];
        same(`table ${number}: there`, mine !== undefined, true);
        if (mine) {
            const codes = Object.fromEntries(mine.codes.map((row) => [row.code, row.text]));
            sameName(`table ${number}`, mine.title, table.desc);
            same(`table ${number}: codes`, Object.keys(codes).sort().join(), Object.keys(table.values).sort().join());
            Object.entries(codes).filter(([code]) => table.values[code] !== undefined).forEach(
                ([code, text]) => sameName(`table ${number} ${code}`, text, table.values[code]));
        }
    }
}

function compareAdded(name, { from, segments, fields, set, withdrawn }) {
    const [before, after] = [dump(from), dump(name)];
    const touched = new Set([...Object.keys(set || {}), ...(withdrawn || [])]);
    for (const [segment, entry] of Object.entries(before.segment)) {
        const more = ((fields || {})[segment] || { fields: [] }).fields.length;
        if (!(segments || {})[segment]) {
            same(`${name} ${segment}: fields`, after.segment[segment].fields.length, entry.fields.length + more);
            entry.fields.filter((field, i) => !touched.has(`${segment}-${i + 1}`)).forEach((field) =>
                same(`${name} ${segment} ${field.name}`,
                    after.segment[segment].fields.some((one) => JSON.stringify(one) === JSON.stringify(field)), true));
        }
    }
}

let tables;
for (const version of versions) {
    const ours = dump(version);
    const theirs = source.definitions[version];
    const except = corrected(version);
    compareOwners(version, 'segments', ours.segment, theirs.segments, 'fields', '-', except);
    compareOwners(version, 'types', ours.type, theirs.fields, 'components', '.', except);
    compareStructures(version, ours.structure, theirs.messages, except);
    tables = ours.table;
}
compareTables(tables);
Object.entries(additions.versions).forEach(([name, addition]) => compareAdded(name, addition));

differences.slice(0, 50).forEach((line) => process.stderr.write(`compare.js: ${line}\n`));
process.stdout.write(`compare.js: ${compared} facts compared, ${differences.length} differ\n`);
process.exit(differences.length > 0 ? 1 : 0);
