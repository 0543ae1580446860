"""What `make sbom`, `orderly version --json` and the VEX document say of the program, against what the loader,
the package manager and the official schema say."""

import json
import os
import pathlib
import re
import subprocess
import unittest

import support
from support import BUILD, ORDERLY, SOURCE, run

PACKAGES = os.environ.get("ORDERLY_NODE_PACKAGES", "")
VEX = SOURCE / "packaging" / "orderly.vex.cdx.json"
FOLDER = pathlib.Path(ORDERLY).parent
SPDX_ID = re.compile(r"SPDXRef-[A-Za-z0-9.-]+\Z")


def loaded_by_loader(binary):
    """The libraries of a binary, as ldd resolves them."""
    text = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout
    return {os.path.realpath(path) for path in re.findall(r"(/\S+) \(0x", text)}


@unittest.skipUnless(BUILD == "plain", "it is about what is shipped")
class Bill(support.TestCase):
    def setUp(self):
        super().setUp()
        self.cdx, self.spdx = self.make("sbom")

    def make(self, name):
        done = subprocess.run([SOURCE / "scripts" / "sbom", FOLDER, self.folder / name],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads((self.folder / name / f"orderly.{kind}.json").read_text())
                for kind in ("cdx", "spdx")]

    def test_it_is_cyclonedx_by_the_official_schema(self):
        done = subprocess.run(["node", SOURCE / "tests" / "npm" / "check-bom.cjs", PACKAGES,
                               self.folder / "sbom" / "orderly.cdx.json", VEX],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_it_names_every_library_that_the_loader_loads_and_no_other(self):
        listed = {file["name"] for component in self.cdx["components"]
                  for file in component.get("components", ())}
        real = set()
        for name in ("orderly", "orderly-web", "libhl7.so"):
            if (FOLDER / name).exists():
                real |= loaded_by_loader(FOLDER / name)
        self.assertEqual(listed, real)

    def test_versions_are_those_of_the_package_manager(self):
        for component in self.cdx["components"]:
            if component.get("purl", "").startswith("pkg:deb/"):
                done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", component["name"]],
                                      capture_output=True, text=True, check=True)
                self.assertEqual(component["version"], done.stdout)

    def test_two_runs_give_the_same_bytes(self):
        self.make("again")
        for name in ("orderly.cdx.json", "orderly.spdx.json"):
            self.assertEqual((self.folder / "sbom" / name).read_bytes(),
                             (self.folder / "again" / name).read_bytes())

    def test_spdx_has_what_its_specification_asks_for(self):
        document = self.spdx
        self.assertEqual((document["spdxVersion"], document["dataLicense"], document["SPDXID"]),
                         ("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT"))
        self.assertRegex(document["creationInfo"]["created"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
        self.assertRegex(document["documentNamespace"], r"\Ahttps://[^#]+\Z")
        ids = [each["SPDXID"] for each in document["packages"] + document["files"]]
        self.assertEqual(len(ids), len(set(ids)))
        for each in ids:
            self.assertRegex(each, SPDX_ID)
        known = {*ids, "SPDXRef-DOCUMENT"}
        for relation in document["relationships"]:
            self.assertIn(relation["spdxElementId"], known)
            self.assertIn(relation["relatedSpdxElement"], known)
            self.assertIn(relation["relationshipType"],
                          {"DESCRIBES", "CONTAINS", "DEPENDS_ON", "DYNAMIC_LINK"})
        references = {each["licenseId"] for each in document["hasExtractedLicensingInfos"]}
        for package in document["packages"]:
            for field in ("name", "downloadLocation", "versionInfo", "licenseDeclared"):
                self.assertTrue(package[field], field)
            for word in package["licenseDeclared"].split(" AND "):
                if word.startswith("LicenseRef-"):
                    self.assertIn(word, references)
        for file in document["files"]:
            self.assertIn("SHA1", [each["algorithm"] for each in file["checksums"]])

    def test_both_say_the_same(self):
        cdx = {component["purl"] for component in self.cdx["components"] if "purl" in component}
        spdx = {each["referenceLocator"] for package in self.spdx["packages"]
                for each in package["externalRefs"]}
        self.assertEqual(cdx, {purl for purl in spdx if purl.startswith("pkg:deb/")})


class RunTime(support.TestCase):
    def setUp(self):
        super().setUp()
        done = run("version", "--json")
        self.assertEqual(done.status, 0)
        self.told = json.loads(done.out)

    def test_it_tells_its_parts_and_the_versions_of_libraries(self):
        self.assertEqual(set(self.told["parts"]), {"broker", "tls", "page"})
        self.assertEqual("sqlite" in self.told["libraries"], self.told["parts"]["broker"])
        self.assertEqual("openssl" in self.told["libraries"], self.told["parts"]["tls"])
        self.assertRegex(self.told["libraries"]["glibc"], r"\A\d+\.\d+")

    @unittest.skipUnless(BUILD == "plain", "sanitizers load libraries of their own")
    def test_what_is_loaded_is_what_the_loader_says(self):
        self.assertEqual({os.path.realpath(each["file"]) for each in self.told["loaded"]},
                         loaded_by_loader(ORDERLY))

    @unittest.skipUnless(BUILD == "plain", "it is about what is shipped")
    def test_its_build_id_is_that_of_the_file(self):
        notes = subprocess.run(["readelf", "-nW", ORDERLY], capture_output=True, text=True, check=True).stdout
        self.assertIn(f"Build ID: {self.told['build_id']}\n", notes)


@unittest.skipUnless(BUILD == "plain", "it is about what is shipped")
class Vex(support.TestCase):
    def test_what_it_says_is_not_called_is_not_called(self):
        imported = set()
        for name in ("orderly", "orderly-web", "libhl7.so"):
            if (FOLDER / name).exists():
                text = subprocess.run(["nm", "-D", "--undefined-only", FOLDER / name], capture_output=True,
                                      text=True, check=True).stdout
                imported |= set(re.findall(r"U (\w+)", text))
        self.assertIn("memcpy", imported)
        statements = json.loads(VEX.read_text())["vulnerabilities"]
        self.assertGreater(len(statements), 0)
        for statement in statements:
            for each in statement.get("properties", ()):
                self.assertEqual(imported & set(each["value"].split()), set(), statement["id"])
            if statement["analysis"]["justification"] == "code_not_reachable":
                self.assertTrue(statement["properties"], statement["id"])


if __name__ == "__main__":
    support.main()
