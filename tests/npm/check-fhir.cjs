// Checks FHIR R4 resources: node check-fhir.cjs FILE... prints a JSON object, file by file a list of
// what is wrong. The packages are found through NODE_PATH.
//
// Two of them look at each file, for neither finds all: one goes by the JSON schema that the standard
// publishes (forms of values, members, what is required), the other by its structure definitions
// (cardinality, value sets with a required binding). Codes of open value sets, references and the
// invariants of the standard are not checked by either.
'use strict';

const fs = require('fs');
const SchemaValidator = require('@asymmetrik/fhir-json-schema-validator');
const {Fhir} = require('fhir');

const schema = new SchemaValidator();
const structure = new Fhir();

function problems(resource) {
    const found = [];
    // The first few: of a Bundle, the schema says the rest once for each kind of resource there is.
    for (const error of schema.validate(resource).slice(0, 5)) {
        found.push(`schema: ${error.dataPath} ${error.message} ${JSON.stringify(error.params)}`);
    }
    for (const message of structure.validate(resource, {errorOnUnexpected: true}).messages) {
        if (message.severity === 'error' || message.severity === 'fatal') {
            found.push(`structure: ${message.resourceId} ${message.location}: ${message.message}`);
        }
    }
    return found;
}

const result = {};
for (const file of process.argv.slice(2)) {
    const resource = JSON.parse(fs.readFileSync(file, 'utf8'));
    // Each resource by itself too: what is wrong is then told in few words.
    const parts = (resource.entry || []).map((entry) => entry.resource);
    result[file] = [resource, ...parts].flatMap(problems);
}
process.stdout.write(`${JSON.stringify(result)}\n`);
