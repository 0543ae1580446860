// SPDX-License-Identifier: Apache-2.0
//
// Small charts of the past, drawn as SVG: a line without axes beside a name, and a larger one with a
// scale that is read with the pointer or with the arrow keys.
'use strict';

Orderly.chart = (() => {
    const {h, svg} = Orderly.dom;
    const {timeText} = Orderly.format;

    // A line through the values, and the area below it, in a box of this size.
    function paths(values, width, height, top) {
        const step = values.length > 1 ? width / (values.length - 1) : 0;
        const points = values.map((value, i) =>
            `${(i * step).toFixed(1)},${(height - (value / top) * (height - 2) - 1).toFixed(1)}`);
        const line = `M${points.join('L')}`;
        return {line, area: `${line}L${width},${height}L0,${height}Z`};
    }

    // The last `count` values; nothing to see while all are 0, but a line at the bottom.
    function spark(values, label, count = 60) {
        const shown = values.slice(-count);
        const picture = svg('svg', {class: 'spark', viewBox: '0 0 100 24', preserveAspectRatio: 'none', role: 'img',
            'aria-label': label});
        if (shown.length > 1) {
            const {line, area} = paths(shown, 100, 24, Math.max(1, ...shown));
            picture.append(svg('path', {class: 'area', d: area}), svg('path', {class: 'line', d: line}));
        }
        return picture;
    }

    // A round number at or above the largest value: 1, 2 or 5 with zeros.
    function ceiling(value) {
        const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
        return [1, 2, 5, 10].map(factor => factor * power).find(top => top >= value);
    }

    // A chart with a title and a readout. `series` holds values, `tell` makes text of one; `end` is the time
    // of the last one, `step` the seconds between two.
    function chart({title, values, tell, end, step, kind}) {
        const width = 600;
        const height = 110;
        const top = ceiling(Math.max(1, ...values));
        const readout = h('output', {class: 'readout'});
        const marker = svg('line', {class: 'marker', y1: 0, y2: height, x1: -9, x2: -9});
        const {line, area} = paths(values.length > 1 ? values : [0, 0], width, height, top);
        const last = values.at(-1) ?? 0;
        let at = values.length - 1;

        function show(index) {
            at = Math.min(values.length - 1, Math.max(0, index));
            const x = values.length > 1 ? at * width / (values.length - 1) : 0;
            marker.setAttribute('x1', x);
            marker.setAttribute('x2', x);
            const moment = new Date(new Date(end).getTime() - (values.length - 1 - at) * step * 1000);
            readout.textContent = `${tell(values[at] ?? 0)} at ${timeText(moment.toISOString())}`;
        }
        const rest = () => { readout.textContent = `now ${tell(last)}, at most ${tell(Math.max(0, ...values))}`;
            marker.setAttribute('x1', -9); marker.setAttribute('x2', -9); };
        const picture = svg('svg', {class: `chart ${kind ?? ''}`, viewBox: `0 0 ${width} ${height}`,
            preserveAspectRatio: 'none', role: 'slider', tabindex: 0, 'aria-label': title, 'aria-valuemin': 0,
            'aria-valuemax': top, 'aria-valuenow': last, 'aria-valuetext': tell(last)},
        [0.25, 0.5, 0.75].map(part => svg('line', {class: 'grid', x1: 0, x2: width, y1: height * part, y2: height * part})),
        svg('path', {class: 'area', d: area}), svg('path', {class: 'line', d: line}), marker);
        picture.addEventListener('pointermove', event => {
            const box = picture.getBoundingClientRect();
            show(Math.round((event.clientX - box.left) / box.width * (values.length - 1)));
        });
        picture.addEventListener('pointerleave', rest);
        picture.addEventListener('blur', rest);
        picture.addEventListener('keydown', event => {
            const move = {ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -1e9, End: 1e9}[event.key];
            if (move !== undefined) {
                event.preventDefault();
                show(at + move);
                picture.setAttribute('aria-valuenow', values[at] ?? 0);
                picture.setAttribute('aria-valuetext', readout.textContent);
            }
        });
        rest();
        return h('figure', {class: 'chart-box'}, h('figcaption', null, h('span', null, title), readout),
            h('div', {class: 'chart-area'}, picture, h('span', {class: 'scale'}, tell(top))));
    }

    return {spark, chart};
})();
