// SPDX-License-Identifier: Apache-2.0
//
// generate.js - makes the tables of lib/dict from the package hl7-dictionary and corrections.json.
//
//     node generate.js PACKAGE-FOLDER OUTPUT-FOLDER
//
// Each table is a function in `tables` below, named after the file it makes. The same input makes
// the same bytes: scripts/check-dict compares them with what is committed; with --write it replaces
// that.
'use strict';

const fs = require('fs');
const path = require('path');

const ANY = 0; // the number that stands for "no end" in the tables

function fail(text) {
    process.stderr.write(`generate.js: ${text}\n`);
    process.exit(1);
}

// { "2.1": { "PID": 20, ... }, ... }: the largest field number of each segment of each version.
function packageSegments(definitions) {
    const versions = {};
    for (const [version, definition] of Object.entries(definitions)) {
        versions[version] = {};
        for (const [name, segment] of Object.entries(definition.segments)) {
            versions[version][name] = segment.fields.length;
        }
    }
    return versions;
}

// A correction that changes nothing has outlived its reason: the source now says the same.
function correct(versions, correction) {
    const fields = correction.fields === 'any' ? ANY : correction.fields;
    const chosen = correction.version === undefined ? Object.keys(versions) : [correction.version];
    let changed = false;

    for (const version of chosen) {
        const segments = versions[version] = versions[version] || {};
        const known = Object.hasOwn(segments, correction.name);
        if (correction.drop && known) {
            delete segments[correction.name];
            changed = true;
        } else if (!correction.drop && (known || correction.version !== undefined)) {
            changed = changed || segments[correction.name] !== fields;
            segments[correction.name] = fields;
        }
    }
    if (!changed || !correction.why) {
        fail(`corrections.json: ${correction.name}: ${changed ? 'no reason' : 'changes nothing'}`);
    }
}

// What any version knows: the name, and the largest field number of them all.
function anyVersion(versions) {
    const all = {};
    for (const segments of Object.values(versions)) {
        for (const [name, fields] of Object.entries(segments)) {
            const endless = fields === ANY || all[name] === ANY;
            all[name] = endless ? ANY : Math.max(all[name] || 0, fields);
        }
    }
    return all;
}

const tables = {
    'known.tbl'(versions) {
        const all = anyVersion(versions);
        const names = Object.keys(all).sort();
        for (const name of names) {
            if (!/^[A-Z][A-Z0-9]{2}$/.test(name)) {
                fail(`'${name}' is no segment name; corrections.json can drop it`);
            }
        }
        return '/* SPDX-License-Identifier: Apache-2.0\n *\n' +
            ' * known.tbl - made by tools/dict/generate.js; do not edit. KNOWN(name, fields): a\n' +
            ' * segment that some version of HL7 from 2.1 to 2.8.2 has, and the largest field number it\n' +
            ' * has in any; 0: there is no largest. By name, as memcmp orders them. */\n' +
            names.map((name) => `KNOWN("${name}", ${all[name]})\n`).join('');
    },
};

const [source, output] = process.argv.slice(2);
if (output === undefined) {
    fail('usage: node generate.js PACKAGE-FOLDER OUTPUT-FOLDER');
}
const versions = packageSegments(require(path.resolve(source)).definitions);
const corrections = JSON.parse(fs.readFileSync(path.join(__dirname, 'corrections.json'), 'utf8'));
corrections.segments.forEach((correction) => correct(versions, correction));
for (const [name, make] of Object.entries(tables)) {
    fs.writeFileSync(path.join(output, name), make(versions));
}
