"""Certificates for the tests of TLS: the trial's, by `orderly certs`, and odd ones, by the command openssl.

    tls = Files(self.folder)
    tls.keys("server")         lines of a configuration: tls-cert, tls-key, tls-ca
    tls.make("old", days=(-9, -2))
"""

import datetime
import pathlib
import ssl
import subprocess
import textwrap

from support import run


def openssl(*arguments, stdin=b""):
    done = subprocess.run(["openssl", *map(str, arguments)], input=stdin, capture_output=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Files:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "tls"
        done = run("certs", self.folder, "--name", "localhost", "--name", "127.0.0.1")
        assert done.status == 0, done
        self.serial = 100

    def path(self, name):
        return self.folder / name

    def keys(self, who, ca="ca"):
        return (f"tls-cert = {self.path(who)}.pem\ntls-key = {self.path(who)}.key\n"
                f"tls-ca = {self.path(ca)}.pem\n")

    def options(self, who=None, ca="ca"):
        """For `orderly send`."""
        if who is None:
            return ["--tls", "on", "--tls-ca", self.path(f"{ca}.pem")]
        return ["--tls", "mutual", "--tls-cert", self.path(f"{who}.pem"),
                "--tls-key", self.path(f"{who}.key"), "--tls-ca", self.path(f"{ca}.pem")]

    def make(self, name, *, days=(-1, 100), names="DNS:localhost,IP:127.0.0.1", self_signed=False,
             usage="serverAuth,clientAuth"):
        """NAME.pem and NAME.key, signed by the trial's CA or by itself."""
        key, request, out = (self.path(f"{name}.{end}") for end in ("key", "csr", "pem"))
        config = self.path(f"{name}.cnf")
        now = datetime.datetime.now(datetime.timezone.utc)
        begins, ends = ((now + datetime.timedelta(days=day)).strftime("%Y%m%d%H%M%SZ") for day in days)
        self.serial += 1
        for file, text in (("index.txt", ""), ("index.txt.attr", ""), ("serial", f"{self.serial:04x}\n")):
            self.path(file).write_text(text)
        config.write_text(textwrap.dedent(f"""\
            [ca]
            default_ca = own
            [own]
            database = {self.path("index.txt")}
            serial = {self.path("serial")}
            new_certs_dir = {self.folder}
            default_md = sha256
            policy = any
            unique_subject = no
            [any]
            commonName = supplied
            [ext]
            subjectAltName = {names}
            extendedKeyUsage = {usage}
            """))
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        key.chmod(0o600)
        openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
        signer = (["-selfsign", "-keyfile", key] if self_signed
                  else ["-cert", self.path("ca.pem"), "-keyfile", self.path("ca.key")])
        openssl("ca", "-batch", "-notext", "-config", config, "-extensions", "ext", *signer,
                "-startdate", begins, "-enddate", ends, "-in", request, "-out", out)
        return out

    def revoke(self, *names, days=30):
        """list.pem: a revocation list of the trial's CA with these in it."""
        config = self.path("revoke.cnf")
        index = self.path("revoked.txt")
        index.write_text("")
        self.path("revoked.txt.attr").write_text("")
        config.write_text(f"[ca]\ndefault_ca = own\n[own]\ndatabase = {index}\ndefault_md = sha256\n"
                          f"default_crl_days = {days}\n")
        signer = ["-cert", self.path("ca.pem"), "-keyfile", self.path("ca.key"), "-config", config]
        for name in names:
            openssl("ca", *signer, "-revoke", self.path(f"{name}.pem"))
        openssl("ca", *signer, "-gencrl", "-out", self.path("list.pem"))
        return self.path("list.pem")

    def client_context(self, who=None):
        """For Python's ssl as a client."""
        context = ssl.create_default_context(cafile=self.path("ca.pem"))
        if who is not None:
            context.load_cert_chain(self.path(f"{who}.pem"), self.path(f"{who}.key"))
        return context

    def server_context(self, who="server", mutual=True):
        """For Python's ssl as a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(f"{who}.pem"), self.path(f"{who}.key"))
        if mutual:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.path("ca.pem"))
        return context
