// SPDX-License-Identifier: Apache-2.0
//
// emit.js - writes a model (model.js) as the tables that lib/dict/tables.h reads: rows of numbers, each
// row there once, and lists of row numbers, each list there once or as a part of another.
'use strict';

const KINDS = {
    composite: 'HL7_KIND_COMPOSITE',
    none: 'HL7_KIND_NONE',
    VARIES: 'HL7_KIND_VARIES',
    ST: 'HL7_KIND_TEXT', TX: 'HL7_KIND_TEXT', FT: 'HL7_KIND_TEXT', TN: 'HL7_KIND_TEXT', GTS: 'HL7_KIND_TEXT',
    ID: 'HL7_KIND_CODED', IS: 'HL7_KIND_CODED',
    NM: 'HL7_KIND_NUMBER', SI: 'HL7_KIND_SEQUENCE',
    DT: 'HL7_KIND_DATE', TM: 'HL7_KIND_TIME', DTM: 'HL7_KIND_DATE_TIME', TS: 'HL7_KIND_DATE_TIME',
};
const NODE_KINDS = {
    segment: 'HL7_NODE_SEGMENT', group: 'HL7_NODE_GROUP', choice: 'HL7_NODE_CHOICE', any: 'HL7_NODE_ANY',
};

const byBytes = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

// The texts: each is its length in one byte, and its bytes. Number 0 is the empty text.
class Texts {
    constructor() {
        this.numbers = new Map();
        this.rows = [];
        this.size = 0;
        this.number('');
    }

    number(text) {
        const found = this.numbers.get(text);
        if (found !== undefined) {
            return found;
        }
        if (text.length > 255 || /[^\x20-\x7e]/.test(text)) {
            throw new Error(`no text for the tables: '${text}'`);
        }
        const number = this.size;
        this.numbers.set(text, number);
        this.rows.push({ number, text });
        this.size += 1 + text.length;
        return number;
    }
}

// Rows that are there once; `first` rows stand in front of them.
class Rows {
    constructor(...first) {
        this.numbers = new Map();
        this.rows = [];
        first.forEach((row) => this.number(row));
    }

    number(row) {
        if (!this.numbers.has(row)) {
            this.numbers.set(row, this.rows.length);
            this.rows.push(row);
        }
        return this.numbers.get(row);
    }
}

// Lists of row numbers in one array. The longest are laid first, so that shorter ones find themselves
// within them; where each begins is known when all are laid.
class Lists {
    constructor() {
        this.lists = new Map();
        this.text = '';
    }

    add(numbers) {
        const list = String.fromCharCode(...numbers);
        this.lists.set(list, -1);
        return list;
    }

    lay() {
        const inOrder = [...this.lists.keys()].sort((a, b) => b.length - a.length || byBytes(a, b));
        for (const list of inOrder) {
            let at = this.text.indexOf(list);
            if (at < 0) {
                at = this.text.length;
                this.text += list;
            }
            this.lists.set(list, at);
        }
        if (this.text.length > 0xffff) {
            throw new Error('more numbers in the lists than 16 bits can count');
        }
    }

    first(list) {
        return this.lists.get(list);
    }
}

function typeKind(name, type) {
    return type.fields.length > 0 ? KINDS.composite : KINDS[name] || KINDS.none;
}

// How a table's codes are meant is seen from who uses it: ID means a table of the standard, IS one of
// the user. Other types say nothing, and in 2.1 and 2.2 there was only ID. The newest version counts.
function tableKinds(model) {
    const kinds = {};
    for (const name of Object.keys(model.versions).filter((version) => version > '2.2' && version !== 'any').reverse()) {
        const version = model.versions[name];
        const seen = {};
        for (const owner of [...Object.values(version.segments), ...Object.values(version.types)]) {
            for (const { table, type } of owner.fields.filter((field) => field.table)) {
                seen[table] = seen[table] || new Set();
                seen[table].add(type);
            }
        }
        for (const [table, types] of Object.entries(seen)) {
            const kind = types.has('ID') === types.has('IS') ? undefined :
                types.has('ID') ? 'HL7_TABLE_HL7' : 'HL7_TABLE_USER';
            kinds[table] = kinds[table] || kind;
        }
    }
    return (number) => kinds[number] || 'HL7_TABLE_UNKNOWN';
}

class Emitter {
    constructor(model) {
        this.model = model;
        this.texts = new Texts();
        this.typeNames = [...new Set(Object.values(model.versions)
            .flatMap((version) => Object.keys(version.types)))].sort(byBytes);
        this.typeNumbers = new Map(this.typeNames.map((name, i) => [name, i + 1]));
        this.fields = new Rows();
        this.fieldLists = new Lists();
        this.nodes = new Rows();
        this.nodeLists = new Lists();
        this.versionLists = new Lists();
    }

    fieldRow(field) {
        const type = field.type === '' ? 0 : this.typeNumbers.get(field.type);
        if (type === undefined) {
            throw new Error(`no version has the type '${field.type}'`);
        }
        return this.fields.number(`FIELD(${this.texts.number(field.name)}, ${field.length}, ` +
            `${field.table}, ${type}, ${field.max}, '${field.optionality}')`);
    }

    fieldList(fields) {
        return this.fieldLists.add(fields.map((field) => this.fieldRow(field)));
    }

    // The nodes of a tree in the order in which one reads it, each with the size of what is below.
    nodeNumbers(nodes) {
        return nodes.flatMap((node) => {
            const below = this.nodeNumbers(node.nodes);
            const segment = node.kind === 'segment' ? node.name : '';
            const row = this.nodes.number(`NODE("${segment}", ${this.texts.number(node.name)}, ` +
                `${below.length + 1}, ${node.min}, ${node.max}, ${NODE_KINDS[node.kind]})`);
            return [row, ...below];
        });
    }

    // Rows of one kind of all versions: make(name, owner) gives a function that gives the row when all
    // lists are laid. Returns the rows and, for each version, the numbers of its own by name.
    owners(kind, make) {
        const rows = new Rows();
        const pending = [];
        for (const version of Object.values(this.model.versions)) {
            const names = Object.keys(version[kind]).sort(byBytes);
            pending.push(names.map((name) => [name, make(name, version[kind][name])]));
        }
        return {
            rows,
            finish: () => pending.map((list) => list.map(([name, row]) => [name, rows.number(row())])),
        };
    }
}

function file(name, about, lines) {
    return [name, '/* SPDX-License-Identifier: Apache-2.0\n *\n' +
        ` * ${name} - made by tools/dict/generate.js; do not edit. ${about}. */\n` +
        `${lines.join('\n')}\n`];
}

// Numbers, as many in a line as fit.
function wrapped(numbers) {
    const lines = [''];
    for (const number of numbers) {
        const word = `${number},`;
        const last = lines[lines.length - 1];
        if (last.length + 1 + word.length > 100) {
            lines.push(word);
        } else {
            lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
        }
    }
    return lines;
}

const codes = (text) => Array.from(text, (c) => c.charCodeAt(0));
const literal = (text) => `"${text.replace(/[\\"]/g, '\\$&').replace(/\?\?/g, '?\\?')}"`;
const octal = (number) => `"\\${number.toString(8).padStart(3, '0')}"`;

function emitKnown(model) {
    const any = model.versions.any.segments;
    const rows = Object.keys(any).sort(byBytes).map((name) =>
        `KNOWN("${name}", ${any[name].open ? 0 : any[name].fields.length})`);
    return file('known.tbl', 'KNOWN(name, fields): a\n * segment that some version of HL7 from 2.1 to 2.8.2 has, ' +
        'and the largest field number it\n * has in any; 0: there is no largest. By name, as memcmp orders them', rows);
}

function emitTables(emitter, tables) {
    const kind = tableKinds(emitter.model);
    const rows = [];
    const codeRows = [];
    for (const number of Object.keys(tables).map(Number).sort((a, b) => a - b)) {
        const table = tables[number];
        const names = Object.keys(table.codes).sort(byBytes);
        rows.push(`TABLE(${number}, ${names.length}, ${emitter.texts.number(table.title)}, ` +
            `${codeRows.length}, ${kind(number)})`);
        names.forEach((name) => codeRows.push(
            `CODE(${emitter.texts.number(name)}, ${emitter.texts.number(table.codes[name])})`));
    }
    return [
        file('tables.tbl', 'TABLE(number, codes, title, first\n * code, kind), by number', rows),
        file('codes.tbl', 'CODE(code, text), each\n * table\'s by code', codeRows),
    ];
}

// The lists of a kind of rows for each version: where each begins, and how many it has.
function emitLists(emitter, name, perVersion) {
    const lists = new Lists();
    const added = perVersion.map((numbers) => lists.add(numbers));
    lists.lay();
    return [
        file(`${name}_lists.tbl`, 'Numbers of rows,\n * those of a version by name', wrapped(codes(lists.text))),
        file(`version_${name}s.tbl`, 'Each version\'s part of\n * the lists: {first, count}',
            added.map((list) => `{${lists.first(list)}, ${list.length}},`)),
    ];
}

function emit(model) {
    const emitter = new Emitter(model);
    const texts = emitter.texts;
    const typeNames = emitter.typeNames.map((name) => texts.number(name));
    const segments = emitter.owners('segments', (name, segment) => {
        const title = texts.number(segment.title);
        const list = emitter.fieldList(segment.fields);
        return () => `SEGMENT("${name}", ${title}, ${segment.fields.length}, ${segment.open}, ` +
            `${emitter.fieldLists.first(list)})`;
    });
    const types = emitter.owners('types', (name, type) => {
        const title = texts.number(type.title);
        const list = emitter.fieldList(type.fields);
        return () => `TYPE(${title}, ${emitter.typeNumbers.get(name)}, ${type.fields.length}, ` +
            `${typeKind(name, type)}, ${emitter.fieldLists.first(list)})`;
    });
    const structures = emitter.owners('structures', (name, structure) => {
        const numbers = emitter.nodeNumbers(structure.nodes);
        const list = emitter.nodeLists.add(numbers);
        return () => `STRUCTURE(${texts.number(name)}, ${texts.number(structure.title)}, ` +
            `${numbers.length}, ${emitter.nodeLists.first(list)})`;
    });
    emitter.fieldLists.lay();
    emitter.nodeLists.lay();
    types.rows.number('TYPE(0, 0, 0, HL7_KIND_NONE, 0)');

    const segmentNumbers = segments.finish();
    const structureNumbers = structures.finish();
    const typeMatrix = types.finish().map((list) => {
        const row = new Array(emitter.typeNames.length + 1).fill(0);
        list.forEach(([name, number]) => { row[emitter.typeNumbers.get(name)] = number; });
        return row;
    });
    const events = new Rows();
    const eventNumbers = Object.values(model.versions).map((version, i) => {
        const numberOf = new Map(structureNumbers[i]);
        return Object.keys(version.events).sort(byBytes).map((event) =>
            events.number(`EVENT(${texts.number(event)}, ${numberOf.get(version.events[event])})`));
    });
    const tables = emitTables(emitter, model.tables);
    const numbersOf = (lists) => lists.map((list) => list.map(([, number]) => number));

    return Object.fromEntries([
        emitKnown(model),
        ...tables,
        file('segments.tbl', 'SEGMENT(name, title, fields,\n * open, first of field_lists)', segments.rows.rows),
        file('types.tbl', 'TYPE(title, number, components,\n * kind, first of field_lists); the first row stands for no type', types.rows.rows),
        file('structures.tbl', 'STRUCTURE(name, title, nodes,\n * first of node_lists)', structures.rows.rows),
        file('events.tbl', 'EVENT(name, structure)', events.rows),
        file('fields.tbl', 'FIELD(name, length, table, type,\n * repetitions, optionality)', emitter.fields.rows),
        file('nodes.tbl', 'NODE(segment, name, size, min,\n * max, kind)', emitter.nodes.rows),
        file('field_lists.tbl', 'Numbers of fields', wrapped(codes(emitter.fieldLists.text))),
        file('node_lists.tbl', 'Numbers of nodes', wrapped(codes(emitter.nodeLists.text))),
        file('type_names.tbl', 'The texts of the type names,\n * by type number from 1', wrapped(typeNames)),
        file('version_types.tbl', 'The row of each type\n * number in each version; 0: it has none',
            typeMatrix.flatMap((row) => ['{', ...wrapped(row), '},'])),
        ...emitLists(emitter, 'segment', numbersOf(segmentNumbers)),
        ...emitLists(emitter, 'structure', numbersOf(structureNumbers)),
        ...emitLists(emitter, 'event', eventNumbers),
        file('texts.tbl', 'TEXT(number, bytes, its length as\n * a byte, text)', texts.rows.map(({ number, text }) =>
            `TEXT(${number}, ${text.length}, ${octal(text.length)}, ${literal(text)})`)),
    ]);
}

module.exports = { emit };
