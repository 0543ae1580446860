"""How orderly-web is reached: by TLS, by a UNIX socket behind a proxy, by a socket of systemd; and its service."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest

import support
from web import PASSWORD, WEB, Web, is_there


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("page.example", timeout=support.PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(support.PATIENCE)
        self.sock.connect(self.path)


def login(connection, origin, host):
    connection.request("POST", "/api/v1/session", f'{{"user":"admin","password":"{PASSWORD}"}}',
                       {"Host": host, "Origin": origin, "Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


@unittest.skipUnless(is_there(), "built without the page")
class Tls(support.TestCase):
    def setUp(self):
        super().setUp()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(self.folder / "key.pem"),
                        "-out", str(self.folder / "cert.pem")], check=True, capture_output=True, timeout=support.PATIENCE)
        os.chmod(self.folder / "key.pem", 0o600)

    def web(self):
        return Web(self, extra="tls-cert = cert.pem\ntls-key = key.pem\nhosts = page.example")

    def connect(self, web, **settings):
        context = ssl.create_default_context(cafile=str(self.folder / "cert.pem"))
        for name, value in settings.items():
            setattr(context, name, value)
        return http.client.HTTPSConnection("localhost", web.port, context=context, timeout=support.PATIENCE)

    def test_the_page_is_served_and_its_cookie_is_for_tls_alone(self):
        web = self.web()
        answer = login(self.connect(web), "https://page.example", "page.example")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["Set-Cookie"].startswith("__Host-orderly="))
        self.assertIn("Secure", answer.headers["Set-Cookie"].split("; "))
        self.assertIn("max-age", answer.headers["Strict-Transport-Security"])
        self.assertEqual(login(self.connect(web), "http://page.example", "page.example").status, 403)

    def test_old_versions_are_not_spoken(self):
        web = self.web()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            connection = self.connect(web, minimum_version=version, maximum_version=version)
            connection.request("GET", "/healthz", headers={"Host": "page.example"})
            self.assertEqual(connection.getresponse().status, 200)
            connection.close()
        for version in ("-tls1", "-tls1_1"):
            done = subprocess.run(["openssl", "s_client", version, "-cipher", "ALL@SECLEVEL=0", "-connect", f"localhost:{web.port}"],
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=support.PATIENCE, check=False)
            self.assertNotEqual(done.returncode, 0, version)

    def test_a_key_that_others_may_read_is_refused(self):
        os.chmod(self.folder / "key.pem", 0o644)
        web = Web(self, extra="tls-cert = cert.pem\ntls-key = key.pem\nhosts = page.example", start=False)
        program = support.Program(command=[WEB, str(web.path)])
        self.addCleanup(program.kill)
        result = program.wait()
        self.assertEqual(result.status, 3)
        self.assertIn(b"others may read", result.err)

    def test_a_key_of_another_certificate_is_told(self):
        shutil.copy(self.folder / "cert.pem", self.folder / "old.pem")
        self.setUp_again()
        web = Web(self, extra="tls-cert = old.pem\ntls-key = key.pem\nhosts = page.example", start=False)
        program = support.Program(command=[WEB, str(web.path)])
        self.addCleanup(program.kill)
        result = program.wait()
        self.assertEqual(result.status, 3)
        self.assertIn(b"is the certificate that of the key?", result.err)

    def setUp_again(self):
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(self.folder / "key.pem")],
                       check=True, capture_output=True, timeout=support.PATIENCE)
        os.chmod(self.folder / "key.pem", 0o600)


@unittest.skipUnless(is_there(), "built without the page")
class Sockets(support.TestCase):
    def start(self, web):
        program = support.Program(command=[WEB, str(web.path)])
        self.addCleanup(program.kill)
        return program

    def test_behind_a_proxy_it_is_reached_by_a_unix_socket(self):
        web = Web(self, start=False)
        path = self.folder / "web.sock"
        web.path.write_text(web.path.read_text().replace("127.0.0.1:0", f"unix:{path}\nhosts = page.example"))
        program = self.start(web)
        program.wait_for(rb"web-ready")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o660)
        answer = login(Unix(str(path)), "https://page.example", "page.example")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["Set-Cookie"].startswith("__Host-orderly="))
        program.kill()
        self.assertTrue(path.exists())
        again = self.start(web)
        again.wait_for(rb"web-ready")
        self.assertEqual(again.stop().status, 0)
        self.assertFalse(path.exists())

    def test_a_socket_that_somebody_serves_is_not_taken(self):
        web = Web(self, start=False)
        path = self.folder / "web.sock"
        web.path.write_text(web.path.read_text().replace("127.0.0.1:0", f"unix:{path}\nhosts = page.example"))
        self.start(web).wait_for(rb"web-ready")
        self.assertEqual(self.start(web).wait().status, 3)
        self.assertEqual(login(Unix(str(path)), "https://page.example", "page.example").status, 200)

    def inherit(self, web, listening):
        """Starts it as systemd does: with a socket that listens as descriptor 3."""
        command = f'exec 3<&{listening.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$1"'
        os.set_inheritable(listening.fileno(), True)
        process = subprocess.Popen(["sh", "-c", command, WEB, str(web.path)], stderr=subprocess.PIPE,
                                   close_fds=False, env=support.environment())
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_a_socket_of_systemd_is_served(self):
        web = Web(self, start=False)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            web.path.write_text(web.path.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))
            self.inherit(web, listening)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=support.PATIENCE)
            self.assertEqual(login(connection, f"http://127.0.0.1:{port}", f"127.0.0.1:{port}").status, 200)

    def test_a_socket_of_systemd_at_another_address_is_refused(self):
        web = Web(self, start=False)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            web.path.write_text(web.path.read_text().replace("127.0.0.1:0", "127.0.0.1:1"))
            process = self.inherit(web, listening)
            self.assertEqual(process.wait(support.PATIENCE), 3)


class Service(support.TestCase):
    def test_the_service_is_exposed_as_little_as_can_be(self):
        text = (support.SOURCE / "packaging" / "systemd" / "orderly-web.service.in").read_text()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "orderly-web.service")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace("@CMAKE_INSTALL_FULL_BINDIR@", "/usr/bin"))
            done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", path],
                                  capture_output=True, timeout=support.PATIENCE, check=False)
        found = re.search(rb"exposure level for orderly-web.service: ([0-9.]+)", done.stdout)
        self.assertIsNotNone(found, done)
        self.assertLessEqual(float(found.group(1)), 0.5)


if __name__ == "__main__":
    support.main()
