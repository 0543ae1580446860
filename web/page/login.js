// SPDX-License-Identifier: Apache-2.0
//
// Who are you?
'use strict';

Orderly.login = (() => {
    const {h, replace} = Orderly.dom;

    function show(main, after, why) {
        const problem = h('p', {class: 'problem', role: 'alert'}, why);
        const user = h('input', {name: 'user', autocomplete: 'username', required: true, maxlength: 64, spellcheck: 'false',
            autocapitalize: 'none'});
        const password = h('input', {name: 'password', type: 'password', autocomplete: 'current-password', required: true});
        const submit = h('button', {type: 'submit', class: 'primary'}, 'Log in');
        const form = h('form', {class: 'fields card login', on: {submit: async event => {
            event.preventDefault();
            submit.disabled = true;
            problem.textContent = '';
            try {
                await Orderly.api.logIn(user.value, password.value);
                after();
            } catch (error) {
                problem.textContent = error.message;
                password.value = '';
                password.focus();
            } finally {
                submit.disabled = false;
            }
        }}},
        h('h1', null, 'Orderly'),
        h('p', {class: 'quiet'}, 'Messages of a hospital pass here. What you look at and what you do is recorded.'),
        h('label', null, 'User', user), h('label', null, 'Password', password), problem, submit,
        h('p', {class: 'quiet small-text'}, 'No account yet? An administrator makes one: ',
            h('code', null, 'orderly user add FILE NAME')));
        replace(main, form);
        user.focus();
    }

    return {show};
})();
