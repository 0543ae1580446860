// SPDX-License-Identifier: Apache-2.0
//
// The same work as bench/convert.c with the template engine eta (see package.json), as somebody who
// writes JavaScript would do it: the template compiled once, a message split once, values looked up
// in arrays. Nothing is escaped in HL7; JSON values are written as JSON.stringify does.
//
// usage: convert.cjs [--milliseconds M | --print] TEMPLATE FILE
"use strict";
const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");

// The package is installed in the build folder, where run.py starts this program.
const { Eta } = createRequire(path.join(process.cwd(), "package.json"))("eta");

const NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/;
const ESCAPES = { F: "|", S: "^", R: "~", E: "\\", T: "&" };

function decode(text) {
  return text.includes("\\") ? text.replace(/\\([FSRET])\\/g, (all, c) => ESCAPES[c]) : text;
}

class Message {
  constructor(text) {
    this.lines = text.split(/[\r\n]+/).map((line) => line.split("|"));
  }

  // Segment and piece, counted from 0.
  at(segment, piece) {
    return this.lines[segment][piece];
  }

  all(name) {
    return this.lines.filter((line) => line[0] === name);
  }

  // A field of the first segment of this name, counted as HL7 does.
  get(name, field) {
    const line = this.lines.find((candidate) => candidate[0] === name);
    return line === undefined ? "" : this.field(line, name === "MSH" ? field - 1 : field);
  }

  field(line, n) {
    return line[n] === undefined ? "" : line[n];
  }

  component(value, n) {
    const found = value.split("^")[n - 1];
    return found === undefined ? "" : decode(found);
  }

  // The inside of a JSON string.
  quoted(text) {
    return JSON.stringify(text).slice(1, -1);
  }

  json(text) {
    return NUMBER.test(text) ? text : text === "" ? "null" : JSON.stringify(text);
  }
}

function main(words) {
  const print = words[0] === "--print";
  const turn = words[0] === "--milliseconds" ? Number(words[1]) : 1000;
  const [template, file] = words.slice(-2);
  const eta = new Eta({ autoEscape: false, autoTrim: false, varName: "it" });
  const make = eta.compile(fs.readFileSync(template, "utf8"));
  const sources = fs.readFileSync(file, "utf8").split(/(?<=[\r\n])(?=MSH\|)/);
  const convert = (source) => make.call(eta, new Message(source));

  if (print) {
    process.stdout.write(sources.map((source) => convert(source) + "\n").join(""));
    return;
  }
  // The first turn is for the compiler within Node.js, the second one counts.
  measure(convert, sources, turn);
  console.log(JSON.stringify(measure(convert, sources, turn)));
}

function measure(convert, sources, turn) {
  const begin = process.hrtime.bigint();
  let messages = 0;
  let written = 0;
  let spent = 0;
  while (spent < turn * 1e6) {
    for (let i = 0; i < 200; i++) {
      written += convert(sources[messages % sources.length]).length;
      messages++;
    }
    spent = Number(process.hrtime.bigint() - begin);
  }
  const seconds = spent / 1e9;
  return { messages, seconds, rate: messages / seconds, written };
}

main(process.argv.slice(2));
