// SPDX-License-Identifier: Apache-2.0
//
// Reads paths with two HL7 libraries. Input: a JSON line for each message, {message, paths}; a path is
// [segment, occurrence, field, repetition, component, subcomponent], 0 where it names none, -1 for the
// last occurrence. Output: a JSON line each, {library: [value, ...]}; a value is raw text, null where
// the library has none, false where it cannot be asked.
'use strict';

const readline = require('readline');
const hl7parser = require('hl7parser');
const Parser = require('simple-hl7').Parser;

const at = (list, number) => (number < 1 ? undefined : list[number - 1]);
const occurrence = (list, number) => (number === -1 ? list[list.length - 1] : at(list, number || 1));

function withHl7parser(message) {
  const root = hl7parser.create(message);
  return ([name, which, field, ...rest]) => {
    const segment = occurrence(root.children.filter((one) => one.name === name), which);
    if (segment === undefined || field === 0) {
      return segment === undefined ? null : segment.toRaw();
    }
    if (name === 'MSH' && field === 1) {
      return rest.some((number) => number > 1) ? null : root.delimiters[1];
    }
    let node = segment.children[name === 'MSH' ? field - 1 : field];
    // Without any number behind it, the field is meant, with all its repetitions.
    const steps = rest.slice(0, rest.findLastIndex((number) => number > 0) + 1);
    for (const number of steps) {
      const text = node === undefined ? '' : node.toRaw();
      if (text === '') {
        return null;
      }
      node = node.children.length === 0 && number <= 1 ? node : at(node.children, number || 1);
    }
    return node === undefined ? null : node.toRaw();
  };
}

function withSimpleHl7(message) {
  const root = new Parser().parse(message);
  const marks = root.header.delimiters;
  return ([name, which, field, repetition, component, subcomponent]) => {
    const segment = name === 'MSH' ? root.header
      : occurrence(root.segments.filter((one) => one.name === name), which);
    if (!message.startsWith('MSH|^') || (name === 'MSH' && field < 3)) {
      return false; // It knows these delimiters only, and keeps none.
    }
    if (segment === undefined || (name === 'MSH' && which > 1)) {
      return null;
    }
    if (field === 0) {
      return segment.toString(marks);
    }
    const all = at(segment.fields, name === 'MSH' ? field - 2 : field);
    if (all === undefined || (repetition === 0 && component === 0)) {
      return all === undefined ? null : all.toString(marks);
    }
    // Several repetitions are fields within the field; one is the field itself.
    const repetitions = Array.isArray(all.value[0]) ? [all] : all.value;
    const one = at(repetitions, repetition || 1);
    if (one === undefined || component === 0) {
      return one === undefined ? null : one.toString(marks);
    }
    const part = at(one.value[0], component);
    if (part === undefined || subcomponent === 0) {
      return part === undefined ? null : part.toString(marks);
    }
    const leaf = part.value[0];
    return (Array.isArray(leaf) ? at(leaf, subcomponent) : at([leaf], subcomponent)) ?? null;
  };
}

function read(library, { message, paths }) {
  try {
    return paths.map(library(message));
  } catch (problem) {
    return paths.map(() => false);
  }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const query = JSON.parse(line);
  process.stdout.write(`${JSON.stringify({
    hl7parser: read(withHl7parser, query), 'simple-hl7': read(withSimpleHl7, query),
  })}\n`);
});
