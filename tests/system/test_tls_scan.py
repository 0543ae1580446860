"""What scanners say of a TLS port: sslscan and testssl.sh of the distribution."""

import json
import re
import shutil
import subprocess
import unittest

from broker import Broker
from support import BUILD, TestCase, main, run
from tls_files import Files

HAS_TLS = b"without TLS" not in run("certs", "/nonexistent/x").err

# What these say of a CA that only this test knows, and of a certificate that nobody asks about elsewhere.
OF_THE_TRIAL = re.compile(r"^(cert_(chain_of_trust|trust|revocation|crl\w*|ocsp\w*|expirationStatus|"
                          r"extlifeSpan|validityPeriod|certificatePolicyEV)|DNS_CAArecord|scanTime|"
                          r"OCSP_stapling|certificate_transparency|overall_grade|grade_cap_\w+)")


@unittest.skipUnless(HAS_TLS and BUILD == "plain", "one build is enough")
class Scan(TestCase):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self, "[listener in]\naddress = 127.0.0.1:0\ntls = on\n"
                             + Files(self.folder).keys("server").rsplit("tls-ca", 1)[0]
                             + "[route all]\nfrom = in\nto = none\n")

    def is_alive(self):
        self.assertEqual(run("status", "--config", self.broker.path).status, 0)

    @unittest.skipUnless(shutil.which("sslscan"), "sslscan is not installed")
    def test_sslscan_finds_nothing_weak(self):
        out = subprocess.run(["sslscan", "--no-colour", f"127.0.0.1:{self.broker.port()}"],
                             capture_output=True, timeout=120, check=False).stdout.decode()
        for old in ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"):
            self.assertRegex(out, rf"(?m)^{re.escape(old)} +disabled$")
        for new in ("TLSv1.2", "TLSv1.3"):
            self.assertRegex(out, rf"(?m)^{re.escape(new)} +enabled$")
        self.assertIn("Session renegotiation not supported", out)
        self.assertNotIn("Compression enabled", out)
        self.assertNotIn("vulnerable to heartbleed", out.replace("not vulnerable", "safe"))
        ciphers = re.findall(r"(?m)^(?:Preferred|Accepted) +TLSv1\.\d +\d+ bits +(\S+)", out)
        self.assertTrue(ciphers, out)
        for cipher in ciphers:
            self.assertRegex(cipher, r"GCM|CHACHA20")
            self.assertRegex(cipher, r"^(TLS_|ECDHE-)")
        self.is_alive()

    @unittest.skipUnless(shutil.which("testssl"), "testssl.sh is not installed")
    def test_testssl_finds_nothing_weak(self):
        found = self.folder / "found.json"
        subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none",
                        "--jsonfile", found, f"127.0.0.1:{self.broker.port()}"],
                       stdin=subprocess.DEVNULL, capture_output=True, timeout=280, check=False)
        items = json.loads(found.read_text())
        self.assertGreater(len(items), 100)
        weak = [item for item in items
                if item["severity"] in ("LOW", "MEDIUM", "HIGH", "CRITICAL", "WARN")
                and not OF_THE_TRIAL.match(item["id"])]
        self.assertEqual(weak, [])
        self.is_alive()


if __name__ == "__main__":
    main()
