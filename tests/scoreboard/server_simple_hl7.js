// SPDX-License-Identifier: Apache-2.0
//
// The server of simple-hl7, as its documentation shows it. Prints its port, then what it takes.
"use strict";

const net = require("node:net");
const hl7 = require("simple-hl7");

const probe = net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => {
        const app = hl7.tcp();
        app.use((req, res, next) => {
            console.log(Buffer.from(req.msg.toString(), "utf8").toString("base64"));
            next();
        });
        app.use((req, res) => res.end());
        app.use((err, req, res, next) => next());
        app.start(port, "utf8");
        const wait = () => net.connect(port, "127.0.0.1").on("connect", function ready() {
            this.destroy();
            console.log(String(port));
        }).on("error", () => setTimeout(wait, 50));
        wait();
    });
});
