// SPDX-License-Identifier: Apache-2.0
//
// What operators do, each behind a question with a reason: lanes, dead letters, messages.
'use strict';

Orderly.act = (() => {
    const {h, notice} = Orderly.dom;
    const {confirm} = Orderly.dialog;
    const {plural} = Orderly.format;
    const {api} = Orderly;

    // Tells what an answer of the kind Done says, and throws where nothing was done.
    function tell(done, words) {
        const refused = done.done.find(record => record.refused);
        if (done.count === 0 && refused) {
            throw new Error(refused.refused);
        }
        notice(`${words}${done.refused > 0 ? `; ${done.refused} could not be: ${refused?.refused ?? ''}` : ''}`,
            done.refused > 0);
    }

    // A button that asks and then posts; nothing for those who may not. `body` makes more of the request.
    function button({words, title, text, danger, path, body, fields, done, after}) {
        if (!api.may('operate')) {
            return null;
        }
        return h('button', {type: 'button', class: danger ? 'danger small' : 'small', on: {click: () => confirm({
            title, text, button: words.replace(/…$/, ''), danger, fields,
            act: async entered => {
                const answer = await api.post(path, {...body, ...entered});
                tell(answer, typeof done === 'function' ? done(answer) : done);
                after?.();
            },
        })}}, words);
    }

    const lane = (lane, after) => [
        lane.state === 'running'
            ? button({words: 'Pause…', title: `Pause ${lane.route} to ${lane.destination}?`,
                text: 'Messages go on being received and wait in their order until you resume.',
                path: `/lanes/${lane.id}/pause`, done: 'The lane is paused', after})
            : button({words: 'Resume…', title: `Resume ${lane.route} to ${lane.destination}?`,
                text: `${plural(lane.depth, 'message')} will be delivered in order.`,
                path: `/lanes/${lane.id}/resume`, done: 'The lane runs again', after}),
        lane.head && lane.depth > 0 ? button({words: 'Skip first…', danger: true,
            title: `Give up the first message for ${lane.destination}?`,
            text: 'It is not delivered; it stays in the journal and can be sent again later. The next one is tried '
                + 'at once.',
            path: `/lanes/${lane.id}/skip`, body: {delivery: lane.head}, done: 'The message was skipped', after}) : null,
        lane.dead > 0 ? deadOf({lane: lane.id}, lane.dead, lane.destination, after) : null,
    ];

    // Retry and drop for all dead letters of what `which` chooses.
    const deadOf = (which, count, name, after) => [
        button({words: 'Retry all dead…', title: `Try ${plural(count, 'dead letter')} for ${name} again?`,
            text: 'They join the end of their lane and are converted by the template in force.',
            path: '/dead/retry', body: which, done: answer => `${plural(answer.count, 'dead letter')} will be tried again`, after}),
        button({words: 'Drop all dead…', danger: true, title: `Give up ${plural(count, 'dead letter')} for ${name}?`,
            text: 'They will not be delivered. The messages stay in the journal until they are pruned.',
            path: '/dead/drop', body: which, done: answer => `${plural(answer.count, 'dead letter')} dropped`, after}),
    ];

    const delivery = (delivery, after) => {
        const name = delivery.destination;
        return [
            delivery.state === 'dead' ? button({words: 'Retry…', title: `Try it again for ${name}?`,
                text: 'It joins the end of its lane and is converted by the template in force.',
                path: `/deliveries/${delivery.id}/retry`, done: 'It will be tried again', after}) : null,
            ['dead', 'held', 'pending'].includes(delivery.state) ? button({words: 'Drop…', danger: true,
                title: `Give up this delivery to ${name}?`,
                text: 'It will not be delivered. The message stays in the journal and can be sent again.',
                path: `/deliveries/${delivery.id}/drop`, done: 'The delivery was dropped', after}) : null,
        ];
    };

    const message = (story, after) => [
        button({words: 'Send again…', title: `Send message ${story.message.id} again?`,
            text: 'It is delivered once more on every lane it went by. The receivers will see it twice.',
            path: `/messages/${story.message.id}/resend`,
            fields: [{name: 'as', label: 'What is sent', options: [['template', 'converted by the template in force'],
                ['recorded', 'the bytes that were sent before']]}],
            done: answer => `${plural(answer.count, 'delivery', 'deliveries')} queued`, after}),
        story.deliveries.some(delivery => delivery.state === 'held') ? button({words: 'Release…',
            title: `Deliver message ${story.message.id} after all?`,
            text: 'It was held because a message with its control id and other content had come before.',
            path: `/messages/${story.message.id}/release`, done: 'The message was released', after}) : null,
    ];

    return {lane, deadOf, delivery, message};
})();
