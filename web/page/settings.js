// SPDX-License-Identifier: Apache-2.0
//
// The configuration in force, where each value stands, certificates, versions, and what all is made of.
// To be read only: it is changed in its files.
'use strict';

Orderly.settings = (() => {
    const {h, replace, notice} = Orderly.dom;
    const {time, plural} = Orderly.format;
    const {api} = Orderly;

    const table = (names, rows) => h('table', {class: 'results'}, h('thead', null, h('tr', null, names.map(name => h('th', {scope: 'col'}, name)))),
        h('tbody', null, rows.map(cells => h('tr', null, cells.map((cell, i) => h('td', {'data-label': names[i]}, cell ?? ''))))));
    const place = entry => entry.file ? `${entry.file}${entry.line ? `:${entry.line}` : ''}` : 'default';

    function section(name, keys) {
        const own = keys.filter(key => !key.standard);
        const rows = list => list.map(key => [h('code', null, key.key), key.value, h('span', {class: 'quiet'}, place(key))]);
        return h('details', {class: 'card', open: true}, h('summary', null, h('code', null, name)),
            own.length > 0 ? table(['Key', 'Value', 'Where'], rows(own)) : h('p', {class: 'quiet'}, 'All is as by default.'),
            keys.length > own.length ? h('details', null, h('summary', {class: 'quiet'}, plural(keys.length - own.length, 'default')),
                table(['Key', 'Value', 'Where'], rows(keys.filter(key => key.standard)))) : null);
    }

    function certificate(entry) {
        const soon = entry.days_left !== undefined && entry.days_left < 30;
        return [entry.file, entry.subject, entry.issuer, entry.ends ? time(entry.ends, true) : '',
            h('span', {class: `badge ${entry.problem ? 'down' : soon ? 'waiting' : 'good'}`}, entry.problem ?? `${entry.days_left} days left`)];
    }

    function tell(main, settings) {
        const names = [...new Set(settings.keys.map(key => key.section))];
        const sbom = new Blob([JSON.stringify(settings.sbom, null, 2)], {type: 'application/json'});
        replace(main,
            h('header', {class: 'row spread'}, h('h1', null, 'Settings'), h('button', {type: 'button', on: {click: async () => {
                try {
                    await api.post('/reload', {});
                    notice('The configuration was read again');
                } catch (error) {
                    notice(error.message, true);
                }
            }}}, 'Read the files again')),
            h('p', {class: 'quiet'}, 'Read from ', settings.files.map((file, i) => [i > 0 ? ', ' : '', h('code', null, file)]), '. It is changed there.'),
            names.map(name => section(name, settings.keys.filter(key => key.section === name))),
            h('h2', null, 'This page'), table(['Key', 'Value', 'Where'], settings.web.map(key => [h('code', null, key.key), key.value, h('span', {class: 'quiet'}, place(key))])),
            h('h2', null, 'Certificates'), settings.certificates.length > 0 ? table(['File', 'Subject', 'Issuer', 'Ends', 'State'], settings.certificates.map(certificate))
                : h('p', {class: 'quiet'}, 'None are configured.'),
            h('h2', null, 'Made of'), table(['Part', 'Version', 'Licence'], settings.versions.map(entry => [entry.name, entry.version, entry.licence])),
            Object.keys(settings.sbom).length > 0 ? h('p', null, h('a', {class: 'button', download: 'orderly.cdx.json', href: URL.createObjectURL(sbom)}, 'Save the bill of materials (CycloneDX)')) : null);
    }

    function show(main) {
        let gone = false;
        replace(main, h('p', {class: 'empty'}, 'One moment …'));
        (async () => {
            try {
                const settings = await api.get('/settings');
                if (!gone) {
                    tell(main, settings);
                }
            } catch (error) {
                replace(main, h('h1', null, 'Settings'), h('p', {class: 'problem', role: 'alert'}, error.message));
            }
        })();
        return () => { gone = true; };
    }

    return {show};
})();
