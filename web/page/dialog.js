// SPDX-License-Identifier: Apache-2.0
//
// The browser's own dialog: it keeps the focus inside, closes with Escape, and gives the focus back.
'use strict';

Orderly.dialog = (() => {
    const {h} = Orderly.dom;
    let count = 0;

    // Opens one and returns it; it is gone from the page when it closes.
    function open(title, className, ...content) {
        const id = `dialog-${++count}`;
        const close = h('button', {type: 'button', class: 'plain dialog-close', 'aria-label': 'Close',
            on: {click: () => box.close()}}, '×');
        const box = h('dialog', {class: className, 'aria-labelledby': id},
            h('header', null, h('h2', {id}, title), close), content);
        box.addEventListener('close', () => box.remove());
        box.addEventListener('click', event => {
            if (event.target === box) {
                box.close();
            }
        });
        document.body.append(box);
        box.showModal();
        return box;
    }

    // Asks for a reason before something is done, and does it: `act` gets the reason and what is entered in
    // `fields`, a list of {name, label, options}. The dialog stays open when it fails, and says why.
    function confirm({title, text, button, danger, fields = [], act}) {
        const problem = h('p', {class: 'problem', role: 'alert'});
        const reason = h('input', {name: 'reason', required: true, maxlength: 500, autocomplete: 'off',
            placeholder: 'is kept with the message and in the audit log'});
        const submit = h('button', {type: 'submit', class: danger ? 'danger' : 'primary'}, button);
        const form = h('form', {method: 'dialog', class: 'fields', on: {submit: async event => {
            event.preventDefault();
            submit.disabled = true;
            problem.textContent = '';
            try {
                await act(Object.fromEntries(new FormData(form)));
                box.close();
            } catch (error) {
                problem.textContent = error.message;
                submit.disabled = false;
            }
        }}},
        h('p', null, text),
        fields.map(field => h('label', null, field.label, h('select', {name: field.name},
            field.options.map(([value, words]) => h('option', {value}, words))))),
        h('label', null, 'Reason', reason),
        problem,
        h('div', {class: 'row end'},
            h('button', {type: 'button', on: {click: () => box.close()}}, 'Cancel'), submit));
        const box = open(title, 'narrow', form);
        reason.focus();
        return box;
    }

    return {open, confirm};
})();
