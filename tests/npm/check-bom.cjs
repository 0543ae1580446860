// SPDX-License-Identifier: Apache-2.0
//
// Checks CycloneDX documents against the official JSON schema of their version, with formats and with
// members that the schema does not name as errors; and that each reference leads to something.
//
// usage: node check-bom.cjs PACKAGES FILE...
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { createRequire } = require("node:module");

const [packages, ...files] = process.argv.slice(2);
const CDX = createRequire(path.join(packages, "package.json"))("@cyclonedx/cyclonedx-library");

function* references(component) {
    if (component["bom-ref"] !== undefined) {
        yield component["bom-ref"];
    }
    for (const inner of component.components ?? []) {
        yield* references(inner);
    }
}

function dangling(bom) {
    const known = new Set();
    const problems = [];
    for (const component of [bom.metadata?.component ?? {}, ...(bom.components ?? [])]) {
        for (const reference of references(component)) {
            if (known.has(reference)) {
                problems.push(`${reference} stands there twice`);
            }
            known.add(reference);
        }
    }
    for (const { ref, dependsOn } of bom.dependencies ?? []) {
        problems.push(...[ref, ...(dependsOn ?? [])].filter((each) => !known.has(each))
            .map((each) => `${each} leads nowhere`));
    }
    return problems;
}

async function check(file) {
    const text = fs.readFileSync(file, "utf-8");
    const bom = JSON.parse(text);
    const validator = new CDX.Validation.JsonStrictValidator(bom.specVersion);
    const error = await validator.validate(text);
    return [...(error === null ? [] : [JSON.stringify(error)]), ...dangling(bom)];
}

(async () => {
    let bad = 0;
    for (const file of files) {
        for (const problem of await check(file)) {
            console.error(`${file}: ${problem}`);
            bad++;
        }
    }
    process.exit(bad > 0 ? 1 : 0);
})();
