// SPDX-License-Identifier: Apache-2.0
//
// Numbers, sizes, durations and times for people. A time is always told with its zone.
'use strict';

Orderly.format = (() => {
    const {h} = Orderly.dom;
    const numbers = new Intl.NumberFormat('en-GB');
    let zone = localStorage.getItem('orderly-zone') === 'local' ? 'local' : 'UTC';
    let formats = null;

    function parts() {
        const timeZone = zone === 'UTC' ? 'UTC' : undefined;
        const clock = {hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZone};
        const day = {year: 'numeric', month: '2-digit', day: '2-digit', timeZone};
        formats ??= {
            day: new Intl.DateTimeFormat('sv-SE', day),
            clock: new Intl.DateTimeFormat('en-GB', clock),
            zone: new Intl.DateTimeFormat('en-GB', {timeZone, timeZoneName: 'short'}),
        };
        return formats;
    }

    function zoneName(date) {
        return parts().zone.formatToParts(date).find(part => part.type === 'timeZoneName').value;
    }

    // 14:03:07 UTC, with the date in front unless it is today; `full` adds it always, and milliseconds.
    function timeText(iso, full) {
        const date = new Date(iso);
        if (Number.isNaN(date.getTime())) {
            return '';
        }
        const {day, clock} = parts();
        const today = day.format(date) === day.format(new Date());
        const fraction = full ? `.${String(date.getUTCMilliseconds()).padStart(3, '0')}` : '';
        return `${today && !full ? '' : `${day.format(date)} `}${clock.format(date)}${fraction} ${zoneName(date)}`;
    }

    const time = (iso, full) => iso ? h('time', {datetime: iso, title: timeText(iso, true)}, timeText(iso, full)) : '';

    const steps = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];

    // A span of milliseconds in its largest unit or two: 3 min, 2 h 5 min, 840 ms.
    function span(milliseconds) {
        if (milliseconds < 1000) {
            return `${Math.max(0, Math.round(milliseconds))} ms`;
        }
        let rest = Math.floor(milliseconds / 1000);
        const words = [];
        for (const [unit, size] of steps) {
            if (rest >= size && words.length < 2) {
                words.push(`${Math.floor(rest / size)} ${unit}`);
                rest %= size;
            } else if (words.length > 0) {
                break;
            }
        }
        return words.join(' ');
    }

    const age = (iso, now) => iso ? span(Math.max(0, new Date(now) - new Date(iso))) : '';

    // Microseconds, as latencies are told.
    const latency = us => us < 1000 ? `${us} µs` : span(us / 1000);

    function bytes(count) {
        const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
        let unit = 0;
        let value = count;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
    }

    const plural = (count, one, many) => `${numbers.format(count)} ${count === 1 ? one : many ?? `${one}s`}`;

    function setZone(name) {
        zone = name;
        formats = null;
        localStorage.setItem('orderly-zone', name);
    }

    return {
        number: count => numbers.format(count), plural, bytes, span, age, latency, time, timeText, setZone,
        zone: () => zone, zoneName: () => zoneName(new Date()),
    };
})();
