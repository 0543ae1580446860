// SPDX-License-Identifier: Apache-2.0
//
// generate.js - makes the tables of lib/dict from the package hl7-dictionary, corrections.json,
// additions.json, and the map of events in lib/structure.c.
//
//     node generate.js PACKAGE-FOLDER OUTPUT-FOLDER
//
// The same input makes the same bytes: scripts/check-dict compares them with what is committed; with
// --write it replaces that.
//
//     model.js         reads the package
//     corrections.js   mends it, and adds what it lacks
//     unify.js         makes the versions alike where they mean the same
//     emit.js          writes the tables
'use strict';

const fs = require('fs');
const path = require('path');
const { read } = require('./model.js');
const { correct, add } = require('./corrections.js');
const { unifyNames, anyVersion, findEvents } = require('./unify.js');
const { emit } = require('./emit.js');

function readJson(name) {
    return JSON.parse(fs.readFileSync(path.join(__dirname, name), 'utf8'));
}

// The rows {"ADT_A04", "ADT_A01"} of lib/structure.c: one map, and one place where it is kept.
function readEvents() {
    const source = fs.readFileSync(path.join(__dirname, '../../lib/structure.c'), 'utf8');
    return [...source.matchAll(/\{"(\w{3}_\w{3})", "(\w{3}_\w{3})"\}/g)].map(([, a, b]) => [a, b]);
}

function makeModel(folder) {
    const model = read(require(path.resolve(folder)));
    correct(model, readJson('corrections.json'));
    add(model, readJson('additions.json'));
    unifyNames(model);
    anyVersion(model);
    findEvents(model, readEvents());
    return model;
}

if (require.main === module) {
    const [source, output] = process.argv.slice(2);
    if (output === undefined) {
        process.stderr.write('usage: node generate.js PACKAGE-FOLDER OUTPUT-FOLDER\n');
        process.exit(2);
    }
    try {
        const files = emit(makeModel(source));
        for (const [name, text] of Object.entries(files)) {
            fs.writeFileSync(path.join(output, name), text);
        }
    } catch (error) {
        process.stderr.write(`generate.js: ${error.message}\n`);
        process.exit(1);
    }
}

module.exports = { makeModel };
