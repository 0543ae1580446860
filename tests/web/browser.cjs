// SPDX-License-Identifier: Apache-2.0
//
// A real Chromium for the tests of the page: pages with a size and colours of their own, which watch what
// no visit may do: leave its origin, break the policy, write an error, open a dialog of the browser.
'use strict';

const fs = require('fs');
const path = require('path');
const {createRequire} = require('module');

const packages = createRequire(path.join(process.env.ORDERLY_NODE_PACKAGES, 'package.json'));
const {chromium} = packages('playwright-core');
const AXE = packages.resolve('axe-core/axe.min.js');

const PATIENCE = 8000;
const LOOKS = {
    light: {viewport: {width: 1280, height: 860}, colorScheme: 'light'},
    dark: {viewport: {width: 1280, height: 860}, colorScheme: 'dark'},
    phone: {viewport: {width: 360, height: 740}, colorScheme: 'light', hasTouch: true},
    'phone-dark': {viewport: {width: 360, height: 740}, colorScheme: 'dark', hasTouch: true},
};

class Visit {
    // Opens the page and logs in, where a user is given.
    static async begin(browser, base, look, user) {
        const visit = new Visit();
        visit.context = await browser.newContext({...LOOKS[look], reducedMotion: 'reduce', acceptDownloads: true});
        visit.page = await visit.context.newPage();
        visit.page.setDefaultTimeout(PATIENCE);
        visit.base = base;
        visit.look = look;
        visit.wrong = [];
        visit.page.on('pageerror', error => visit.wrong.push(`error: ${error.message}`));
        visit.page.on('dialog', dialog => { visit.wrong.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
        visit.page.on('console', message => {
            // A session that is not there is asked for first, and said to be missing: that is no mistake.
            if (message.type() === 'error' && !/status of 401/.test(message.text())) {
                visit.wrong.push(`console: ${message.text()}`);
            }
        });
        visit.page.on('request', request => {
            if (!request.url().startsWith(`${base}/`) && !/^(blob|data):/.test(request.url())) {
                visit.wrong.push(`request to ${request.url()}`);
            }
        });
        await visit.page.goto(`${base}/`);
        if (user) {
            await visit.logIn(user.name, user.password);
            await visit.page.waitForSelector('#tabs a');
        }
        return visit;
    }

    async logIn(name, password) {
        await this.page.fill('[name=user]', name);
        await this.page.fill('[name=password]', password);
        await this.page.keyboard.press('Enter');
    }

    async go(word) {
        await this.page.evaluate(hash => { location.hash = hash; }, `#/${word}`);
        await this.page.waitForSelector(`main.view-${word.split('/')[0]}`);
    }

    // What the accessibility rules of WCAG 2.2 A and AA find wrong, each in one line.
    async violations() {
        await this.page.evaluate(fs.readFileSync(AXE, 'utf8'));
        const found = await this.page.evaluate(() => globalThis.axe.run(document, {
            runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations']}));
        return found.violations.map(entry => `${entry.id}: ${entry.help}: ${entry.nodes.map(node => node.target.join(' ')).slice(0, 3).join(', ')}`);
    }

    async shot(name) {
        await this.page.screenshot({path: path.join(process.env.ORDERLY_SHOTS, `${name}-${this.look}.png`), fullPage: true});
    }

    // Waits until the text is in what the selector finds.
    async see(selector, text) {
        await this.page.locator(selector, {hasText: text}).first().waitFor();
    }

    async end() {
        await this.context.close();
        return this.wrong;
    }
}

const launch = () => chromium.launch({executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage']});

module.exports = {Visit, launch, LOOKS};
