"""An orderly-web under test, and a client that talks to it as a browser would.

    web = Web(self, control=broker.control)
    anna = web.login("admin")
    status, body = anna.get("/api/v1/flow")
"""

import http.client
import json
import os
import pathlib
import re
import subprocess

import support

WEB = str(pathlib.Path(support.ORDERLY).with_name("orderly-web"))
ROLES = ("view-flow", "view-messages", "operate", "admin")
PASSWORD = "correct horse battery"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]["code"]

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


class Browser:
    """One person's: with a cookie and a token once logged in."""

    def __init__(self, web):
        self.web = web
        self.cookie = None
        self.token = None

    def ask(self, method, path, body=None, headers=None, drop=()):
        """`headers` are put in place of those a browser sends; those of `drop` are left out."""
        sent = {"Host": self.web.host, "Sec-Fetch-Site": "same-origin"}
        if method not in ("GET", "HEAD"):
            sent["Origin"] = f"http://{self.web.host}"
        if self.cookie:
            sent["Cookie"] = self.cookie
        if self.token and method not in ("GET", "HEAD"):
            sent["X-Orderly-Token"] = self.token
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=support.PATIENCE)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                if name not in drop:
                    connection.putheader(name, value)
            if data is not None and "Content-Length" not in drop:
                connection.putheader("Content-Length", str(len(data)))
            connection.endheaders(data)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **settings):
        return self.ask("GET", path, **settings)

    def post(self, path, body=None, **settings):
        return self.ask("POST", path, {} if body is None else body, **settings)

    def login(self, user, password=PASSWORD):
        answer = self.post("/api/v1/session", {"user": user, "password": password})
        if answer.status == 200:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
            self.token = answer.json["token"]
        return answer


class Web:
    """orderly-web with a user of each role, named like it."""

    def __init__(self, test, control="control.sock", extra="", sections="", start=True):
        self.test = test
        self.folder = test.folder
        self.users = self.folder / "users"
        for role in ROLES:
            self.add_user(role, role)
        self.path = self.folder / "web.ini"
        self.path.write_text(f"[web]\naddress = 127.0.0.1:0\nusers = users\ncontrol = {control}\n{extra}\n{sections}\n")
        if start:
            self.start()

    def add_user(self, name, role, password=PASSWORD):
        done = support.run("user", "add", self.users, name, role, stdin=password.encode() + b"\n")
        self.test.assert_status(done, 0)

    def start(self):
        self.program = support.Program(command=[WEB, str(self.path)])
        self.test.addCleanup(self.program.kill)
        found = self.program.wait_for(rb"web-ready: address=127\.0\.0\.1:(\d+)")
        self.port = int(found.group(1))
        self.host = f"127.0.0.1:{self.port}"

    def browser(self):
        return Browser(self)

    def login(self, role):
        browser = Browser(self)
        answer = browser.login(role)
        assert answer.status == 200, answer
        return browser


def check_configuration(folder, text):
    """What `orderly-web --check` says: status, standard error."""
    path = folder / "checked.ini"
    path.write_text(text)
    done = subprocess.run([WEB, "--check", str(path)], capture_output=True, timeout=support.PATIENCE, check=False)
    return done.returncode, done.stderr.decode()


def routes():
    """The rows of web/routes.tbl: (name, method, path, role, query)."""
    text = (support.SOURCE / "web" / "routes.tbl").read_text()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    rows = re.findall(r'ROUTE\((\w+),\s*(\w+),\s*"([^"]*)",\s*(\w+),\s*"([^"]*)",\s*"[^"]*"\)', text)
    assert len(rows) == text.count("ROUTE("), "a row cannot be read"
    return [(name, method, path, role.lower().replace("_", "-"), query) for name, method, path, role, query in rows]


def is_there():
    return os.access(WEB, os.X_OK)
