// SPDX-License-Identifier: Apache-2.0
//
// The page, used as people use it, in a real Chromium. test_page.py starts the broker and orderly-web, and
// gives what is to be known as JSON in the environment. Each scenario is one line of output: its name, and
// what went wrong, if anything did.
'use strict';

const assert = require('assert');
const fs = require('fs');
const {Visit, launch, LOOKS} = require('./browser.cjs');

const world = JSON.parse(process.env.ORDERLY_WORLD);
const {base, users, ids} = world;

// Each scenario gets a function that opens a visit; visits are closed for it.
const scenarios = {
    async 'a wrong password is told, the right one opens the flow'(open) {
        const {page} = await open('light');
        await page.waitForSelector('.login');
        await page.fill('[name=user]', users.admin.name);
        await page.fill('[name=password]', 'wrong');
        await page.keyboard.press('Enter');
        await page.locator('.login .problem:not(:empty)').waitFor();
        await page.fill('[name=password]', users.admin.password);
        await page.keyboard.press('Enter');
        await page.waitForSelector('.node');
        assert.equal(await page.locator('#menu').textContent(), users.admin.name);
    },

    async 'the flow draws what is configured, and what is wrong stands out'(open) {
        const visit = await open('light', users.admin);
        await visit.see('.node.listener', 'in');
        await visit.see('.node.route', 'in-to-his');
        await visit.see('.node.destination[data-health=down]', 'gone');
        await visit.see('.troubles', 'gets nothing through');
        assert.ok(await visit.page.locator('.troubles code').count() > 0, 'a trouble says what to do');
        assert.ok(await visit.page.locator('path.link').count() >= 4, 'there are lines');
        await visit.see('#health', 'trouble');
    },

    async 'a lane is paused with a reason and resumed, and its charts can be read with the keyboard'(open) {
        const visit = await open('light', users.operator);
        await visit.page.locator('.node.destination', {hasText: 'his'}).click();
        await visit.page.locator('dialog button', {hasText: 'Pause'}).first().click();
        await visit.page.fill('dialog [name=reason]', 'maintenance');
        await visit.page.keyboard.press('Enter');
        await visit.see('.notice', 'paused');
        await visit.page.locator('dialog button', {hasText: 'Resume'}).first().click();
        await visit.page.fill('dialog [name=reason]', 'done');
        await visit.page.keyboard.press('Enter');
        await visit.see('.notice', 'runs again');
        const chart = visit.page.locator('dialog .chart').first();
        await chart.focus();
        await visit.page.keyboard.press('ArrowLeft');
        assert.match(await chart.getAttribute('aria-valuetext'), / at /);
    },

    async 'messages are found as one types: control id, patient, accession, type'(open) {
        const visit = await open('light', users.viewer);
        await visit.go('messages');
        for (const [text, wanted] of [[ids.control, ids.control], [ids.patient, ids.control], [ids.accession, ids.control], ['type:ADT^A08', 'ADT^A08']]) {
            await visit.page.fill('.search', text);
            await visit.see('.results tbody tr', wanted);
        }
        await visit.page.fill('.search', 'NOBODY-HAS-THIS');
        await visit.see('[role=status]', 'No message has this whole value');
        assert.ok(!visit.page.url().includes(ids.patient), 'the address bar holds no number of a patient');
    },

    async 'a message shows received, sent and answer side by side, with what differs, and its bytes'(open) {
        const visit = await open('light', users.viewer);
        await visit.go(`message/${ids.message}`);
        await visit.see('.pane', 'Received');
        await visit.see('.pane', 'Sent to his');
        await visit.see('.pane', 'Answer');
        await visit.see('.node-row.differs', 'PID-5');
        await visit.see('.timeline .event', 'delivered');
        const received = visit.page.locator('.pane', {hasText: 'Received'}).first();
        await received.locator('.tab', {hasText: 'Bytes'}).click();
        await visit.see('.hex', '4d 53 48');
        const [download] = await Promise.all([visit.page.waitForEvent('download'), received.locator('a', {hasText: 'Save'}).first().click()]);
        assert.match(fs.readFileSync(await download.path(), 'latin1'), /^MSH\|/);
        assert.equal(await visit.page.locator('main button', {hasText: 'Send again'}).count(), 0, 'who only looks sees no buttons to do');
    },

    async 'a message is sent again with a reason, which its timeline tells'(open) {
        const visit = await open('light', users.operator);
        await visit.go(`message/${ids.message}`);
        await visit.page.locator('button', {hasText: 'Send again'}).click();
        await visit.page.fill('dialog [name=reason]', 'the RIS lost it');
        await visit.page.locator('dialog button[type=submit]').click();
        await visit.see('.notice', 'queued');
        await visit.see('.timeline', 'the RIS lost it');
    },

    async 'a dead letter is dropped with a reason'(open) {
        const visit = await open('light', users.operator);
        await visit.go(`message/${ids.dead}`);
        await visit.page.locator('.deliveries button', {hasText: 'Drop'}).first().click();
        await visit.page.fill('dialog [name=reason]', 'was a test');
        await visit.page.locator('dialog button[type=submit]').click();
        await visit.see('.deliveries', 'dropped');
    },

    async 'a document in a message is saved as what its bytes say'(open) {
        const visit = await open('light', users.viewer);
        await visit.go(`message/${ids.document}`);
        const link = visit.page.locator('.pane a', {hasText: 'Save pdf'}).first();
        await link.waitFor();
        const [download] = await Promise.all([visit.page.waitForEvent('download'), link.click()]);
        assert.match(fs.readFileSync(await download.path(), 'latin1'), /^%PDF-/);
    },

    async 'the story of a patient is told over listeners'(open) {
        const visit = await open('light', users.viewer);
        await visit.go('trace');
        await visit.page.fill('.search', ids.patient);
        await visit.see('.step', ids.control);
        await visit.see('.fate', 'acknowledged');
        assert.ok(!visit.page.url().includes(ids.patient));
    },

    async 'the workbench converts as one types, and shows a mistake under its character'(open) {
        const visit = await open('light', users.viewer);
        await visit.go('workbench');
        await visit.see('.result', 'TESTPATIENT');
        const template = visit.page.locator('textarea[aria-label=Template]');
        await template.fill('MSH|^~\\&|A|{MSH-4}\nPID|{uper(PID-5)}\n');
        await visit.see('.finding.error', 'line 2');
        const caret = await visit.page.locator('.caret').first().textContent();
        const [line, mark] = caret.split('\n');
        assert.equal(line, 'PID|{uper(PID-5)}');
        assert.equal(mark.indexOf('^'), line.indexOf('uper'));
        assert.ok(await visit.page.locator('.backdrop .mistake').count() > 0);
        await template.fill('MSH|^~\\&|A|{MSH-4}\nPID|{lower(PID-5.1)}\n');
        await visit.see('.result', 'testpatient');
    },

    async 'a field of the result lights what it came from, and what is not read is dim'(open) {
        const visit = await open('light', users.viewer);
        await visit.go('workbench');
        await visit.page.locator('textarea[aria-label=Message]').fill('MSH|^~\\&|LAB|HOUSE|X|Y|2026||ADT^A08|1|P|2.3\nPID|1||77||DÖE^JANE\n');
        await visit.page.locator('textarea[aria-label=Template]').fill('MSH|^~\\&|A|{MSH-4}\nPID|||{PID-3}||{PID-5}\n');
        await visit.see('.result', '77');
        await visit.page.locator('.result [data-index]', {hasText: 'HOUSE'}).first().hover();
        await visit.see('.backdrop .lit', 'HOUSE');
        assert.ok(await visit.page.locator('.backdrop .unread', {hasText: 'LAB'}).count() > 0);
        await visit.see('.bench .readout', 'MSH-4');
        await visit.page.locator('.result').focus();
        await visit.page.keyboard.press('ArrowRight');
        assert.ok(await visit.page.locator('.result .lit').count() > 0, 'arrow keys do the same');
    },

    async 'a template of the gallery is opened, and saved only where it may be'(open) {
        const visit = await open('light', users.admin);
        await visit.go('workbench');
        const shelf = visit.page.locator('select[aria-label="Template to begin with"]');
        await shelf.locator('option', {hasText: 'own.hl7'}).waitFor({state: 'attached'});
        await shelf.selectOption({label: 'own.hl7'});
        const template = visit.page.locator('textarea[aria-label=Template]');
        await visit.page.waitForFunction(() => document.querySelector('textarea[aria-label=Template]').value.includes('FIRST'));
        await template.fill('MSH|^~\\&|SECOND|{MSH-4}\n');
        await visit.page.locator('button', {hasText: 'Save…'}).click();
        await visit.page.fill('dialog [name=reason]', 'a test');
        await visit.page.locator('dialog button[type=submit]').click();
        await visit.see('.notice', 'is saved');
        assert.match(fs.readFileSync(world.template, 'utf8'), /SECOND/);
        await shelf.selectOption({label: 'gallery.hl7'});
        await visit.page.waitForFunction(() => document.querySelector('textarea[aria-label=Template]').value.includes('GALLERY'));
        assert.equal(await visit.page.locator('button:visible', {hasText: 'Save…'}).count(), 0);
    },

    async 'settings tell each value with its file and line'(open) {
        const visit = await open('light', users.admin);
        await visit.go('settings');
        await visit.see('.results td', 'orderly.ini:');
        await visit.see('main', 'SQLite');
    },

    async 'each role sees its views only'(open) {
        const names = async user => {
            const visit = await open('light', user);
            return (await visit.page.locator('#tabs a').allTextContents()).join(' ');
        };
        assert.equal(await names(users.watcher), 'Flow');
        assert.equal(await names(users.viewer), 'Flow Messages Trace Workbench');
        assert.equal(await names(users.admin), 'Flow Messages Trace Workbench Settings');
    },

    async 'all can be reached without a mouse'(open) {
        const visit = await open('light', users.viewer);
        const {keyboard} = visit.page;
        await visit.page.waitForSelector('.node');
        await keyboard.press('g');
        await keyboard.press('m');
        await visit.page.waitForSelector('main.view-messages tbody a');
        await keyboard.press('ArrowDown');
        await keyboard.press('Enter');
        await visit.page.waitForSelector('main.view-message .pane');
        await keyboard.press('?');
        await visit.page.waitForSelector('dialog[open]');
        await keyboard.press('Escape');
        await visit.page.waitForFunction(() => document.querySelector('dialog') === null);
        await keyboard.press('g');
        await keyboard.press('t');
        await visit.page.waitForSelector('main.view-trace');
        assert.equal(await visit.page.evaluate(() => document.activeElement.type), 'search');
    },

    async 'what a hostile message holds is text and runs nothing'(open) {
        const visit = await open('light', users.admin);
        for (const view of ['messages', `message/${ids.hostile}`, 'trace']) {
            await visit.go(view);
            if (view === 'trace') {
                await visit.page.fill('.search', ids.hostilePatient);
            }
            await visit.page.waitForTimeout(500);
        }
        await visit.go(`message/${ids.hostile}`);
        await visit.see('.pane', '<img src=x onerror=');
        await visit.page.locator('button', {hasText: 'Workbench'}).first().click();
        await visit.page.waitForSelector('main.view-workbench');
        await visit.page.waitForTimeout(500);
        assert.equal(await visit.page.evaluate(() => globalThis.wasHit), undefined);
        assert.equal(await visit.page.locator('main img, main script, main iframe').count(), 0);
    },

    async 'a session that is over asks to log in again, and shows nothing of before'(open) {
        const visit = await open('light', users.viewer);
        await visit.go('messages');
        await visit.see('.results tbody tr', ids.control);
        await visit.context.clearCookies();
        await visit.page.fill('.search', ids.control);
        await visit.page.waitForSelector('.login');
        assert.ok(!(await visit.page.locator('body').textContent()).includes(ids.control));
    },
};

// Every view in every look: no violation of accessibility, nothing wider than the screen, a picture.
for (const look of Object.keys(LOOKS)) {
    scenarios[`every view is accessible and fits: ${look}`] = async open => {
        const visit = await open(look, users.admin);
        const found = [];
        const lookAt = async name => {
            await visit.page.waitForTimeout(300);
            found.push(...(await visit.violations()).map(line => `${name}: ${line}`));
            const width = await visit.page.evaluate(() => document.documentElement.scrollWidth);
            if (width > LOOKS[look].viewport.width) {
                found.push(`${name}: ${width} pixels wide`);
            }
            await visit.shot(name);
        };
        await visit.page.waitForSelector('.node');
        await lookAt('flow');
        await visit.page.locator('.node.destination').first().click();
        await visit.page.waitForSelector('dialog .lane');
        await lookAt('lane');
        await visit.page.keyboard.press('Escape');
        await visit.go('messages');
        await visit.page.waitForSelector('.results tbody tr');
        await lookAt('messages');
        await visit.go(`message/${ids.message}`);
        await visit.page.waitForSelector('.segment');
        await lookAt('message');
        await visit.go('trace');
        await visit.page.fill('.search', ids.patient);
        await visit.page.waitForSelector('.step');
        await lookAt('trace');
        await visit.go('workbench');
        await visit.see('.result', 'TESTPATIENT');
        await lookAt('workbench');
        await visit.go('settings');
        await visit.page.waitForSelector('main details');
        await lookAt('settings');
        assert.deepEqual(found, []);
    };
}

async function main() {
    const browser = await launch();
    const only = process.argv[2];
    for (const [name, scenario] of Object.entries(scenarios)) {
        if (only && !name.includes(only)) {
            continue;
        }
        const visits = [];
        let why = null;
        try {
            await scenario(async (look, user) => {
                const visit = await Visit.begin(browser, base, look, user);
                visits.push(visit);
                return visit;
            });
        } catch (error) {
            why = error.message;
            await visits.at(-1)?.shot(`failed-${name.replaceAll(/[^a-z]+/g, '-').slice(0, 40)}`).catch(() => {});
        }
        for (const visit of visits) {
            const wrong = await visit.end();
            why ??= wrong.length > 0 ? wrong.join('; ') : null;
        }
        console.log(JSON.stringify({name, why}));
    }
    await browser.close();
}

main().catch(error => {
    console.error(error);
    process.exit(1);
});
