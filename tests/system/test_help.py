"""What a person reads about the verbs - help, manual pages, completion - and how the program takes
wrong command lines. All of it is made from the tables the parser uses."""

import json
import re
import shutil
import subprocess
import unittest

from support import ORDERLY, PATIENCE, SOURCE, TestCase, environment, main, run
from terminal import on_terminal


def verbs():
    return run("document", "verbs").out.decode().split()


def options_of(verb):
    """The long options that the help of a verb lists."""
    text = run(verb, "--help").out.decode()
    listed = text[text.index("\nOptions\n"):text.index("\nExit status\n")]
    return re.findall(r"^  (?:-\w, |    )--([a-z-]+)", listed, re.MULTILINE)


class Program(TestCase):
    def test_help_lists_every_verb(self):
        for arguments in (["--help"], ["-h"], ["help"]):
            result = run(*arguments)
            self.assert_status(result, 0)
            self.assertEqual(result.err, b"")
            listed = re.findall(r"^  ([a-z]+)  ", result.out.decode(), re.MULTILINE)
            self.assertEqual(listed, verbs())

    def test_nothing_at_all_gets_help_and_a_bad_status(self):
        result = run()
        self.assert_status(result, 2)
        self.assertEqual(result.out, run("--help").out)

    def test_the_version_is_told_in_three_ways(self):
        for arguments in (["--version"], ["-V"], ["version"]):
            result = run(*arguments)
            self.assert_status(result, 0)
            self.assertRegex(result.out, rb"^orderly \d+\.\d+\.\d+\n$")
        told = json.loads(run("version", "--json").out)
        self.assertEqual(f"orderly {told['version']}\n".encode(), run("version").out)

    def test_an_unknown_verb_is_told_with_the_one_that_may_be_meant(self):
        result = run("lisen", "2575")
        self.assert_status(result, 2)
        self.assertEqual(result.out, b"")
        self.assertEqual(result.err, b"orderly: unknown verb 'lisen' (did you mean 'listen'?)\n"
                                     b"see 'orderly --help'\n")
        self.assertEqual(run("xyzzy").err,
                         b"orderly: unknown verb 'xyzzy'\nsee 'orderly --help'\n")
        self.assertTrue(run("--quiet").err.startswith(b"orderly: unknown option '--quiet'"))

    def test_closed_standard_streams_do_no_harm(self):
        done = subprocess.run(["sh", "-c", f'exec "{ORDERLY}" version <&- >&- 2>&-'],
                              timeout=PATIENCE, check=False, env=environment())
        self.assertIn(done.returncode, (0, 3))


class Verbs(TestCase):
    def test_help_of_every_verb_fits_a_terminal_of_80_columns(self):
        for verb in verbs():
            with self.subTest(verb=verb):
                result = run(verb, "--help")
                self.assert_status(result, 0)
                self.assertEqual(result.err, b"")
                text = result.out.decode()
                self.assertTrue(text.startswith(f"orderly {verb} - "))
                self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
                for part in ("\nUsage\n", "\nOptions\n", "\nExit status\n"):
                    self.assertIn(part, text)

    def test_help_has_three_spellings(self):
        for verb in verbs():
            with self.subTest(verb=verb):
                text = run(verb, "--help").out
                self.assertEqual(run("help", verb).out, text)
                self.assertEqual(run(verb, "x", "--nonsense", "-h").out, text)

    def test_help_uses_colour_on_a_terminal_only(self):
        self.assertIn("\x1b[1m", on_terminal("convert", "--help"))
        self.assertNotIn(b"\x1b", run("convert", "--help").out)

    def test_every_option_in_help_is_one_the_parser_knows(self):
        for verb in verbs():
            for option in options_of(verb):
                if option != "help":
                    with self.subTest(verb=verb, option=option):
                        result = run(verb, f"--{option}=", "--no-such-option")
                        self.assert_status(result, 2)
                        self.assertNotIn(f"unknown option '--{option}'".encode(), result.err)

    def test_an_unknown_option_is_told_with_the_one_that_may_be_meant(self):
        result = run("show", "--colour=never")
        self.assert_status(result, 2)
        self.assertEqual(result.err,
                         b"orderly show: unknown option '--colour' (did you mean '--color'?)\n"
                         b"see 'orderly show --help'\n")

    def test_missing_and_surplus_operands_are_told(self):
        result = run("get")
        self.assert_status(result, 2)
        self.assertIn(b"something is missing; use: orderly get PATH", result.err)
        result = run("version", "now")
        self.assert_status(result, 2)
        self.assertIn(b"'now' is too much", result.err)

    def test_help_about_an_unknown_verb_is_an_error(self):
        self.assert_status(run("help", "xyzzy"), 2)
        self.assert_status(run("document", "man", "xyzzy"), 2)
        self.assert_status(run("document", "xyzzy"), 2)
        self.assert_status(run("document", "bash", "xyzzy"), 2)


class ManualPages(TestCase):
    def page(self, name):
        result = run("document", "man", name)
        self.assert_status(result, 0)
        return result.out

    def test_every_verb_has_a_page_with_all_its_options(self):
        for verb in verbs():
            with self.subTest(verb=verb):
                text = self.page(verb).decode().replace("\\-", "-")
                for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS",
                                "SEE ALSO"):
                    self.assertIn(f"\n.SH {section}\n", text)
                for option in options_of(verb):
                    self.assertIn(f"--{option}\\fR", text)

    def test_the_main_page_names_every_verb(self):
        text = self.page("orderly").decode()
        self.assertEqual(run("document", "man").out.decode(), text)
        for verb in verbs():
            self.assertIn(f"\n.B {verb}\n", text)

    def test_no_character_of_the_text_is_taken_for_a_command(self):
        for verb in ["orderly", *verbs()]:
            for line in self.page(verb).decode().splitlines():
                self.assertRegex(line, r"^(\.(\\\"|TH|SH|TP|PP|B|BR|br|nh)( |$)|[^.']|$)")

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_no_word_of_a_page_is_cut_in_two(self):
        for name in ["orderly", *verbs()]:
            for width in ("80n", "40n"):
                done = subprocess.run(["groff", "-man", "-Tutf8", f"-rLL={width}"],
                                      input=self.page(name), capture_output=True,
                                      timeout=PATIENCE, check=False)
                self.assertIn(b"SEE ALSO", re.sub(rb"\x1b\[\d*m|.\x08", b"", done.stdout))
                self.assertNotIn("\u2010", done.stdout.decode())

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_mandoc_has_no_complaints(self):
        for name in ["orderly", *verbs()]:
            done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"],
                                  input=self.page(name), capture_output=True, timeout=PATIENCE,
                                  check=False)
            self.assertEqual(done.stdout + done.stderr, b"")

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_groff_has_no_complaints(self):
        for name in ["orderly", *verbs()]:
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=self.page(name),
                                  capture_output=True, timeout=PATIENCE, check=False)
            self.assertEqual(done.stdout + done.stderr, b"")


class BashCompletion(TestCase):
    SCRIPT = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _orderly; '
              '((${#COMPREPLY[@]} == 0)) || printf "%s\\n" "${COMPREPLY[@]}"')

    def complete(self, *words):
        """What is offered for the last of the words."""
        script = self.write("completion", run("document", "bash").out)
        done = subprocess.run(["bash", "--norc", "-c", self.SCRIPT, "bash", str(script), *words],
                              capture_output=True, timeout=PATIENCE, check=False, cwd=self.folder)
        self.assertEqual(done.stderr, b"")
        return done.stdout.decode().split()

    def test_verbs_are_offered_first(self):
        self.assertEqual(sorted(self.complete("orderly", "")),
                         sorted([*verbs(), "--help", "--version"]))
        self.assertEqual(self.complete("orderly", "conv"), ["convert"])

    def test_options_are_offered_behind_a_dash(self):
        for verb in verbs():
            self.assertEqual(sorted(self.complete("orderly", verb, "--")),
                             sorted(f"--{option}" for option in options_of(verb)))
        self.assertEqual(self.complete("orderly", "convert", "--str"), ["--strict"])

    def test_values_are_offered_behind_their_option(self):
        self.assertEqual(self.complete("orderly", "show", "--color", "a"), ["auto", "always"])
        self.assertEqual(self.complete("orderly", "show", "--color", "=", "ne"), ["never"])
        self.assertEqual(self.complete("orderly", "show", "--color", "="),
                         ["auto", "always", "never"])
        self.assertEqual(self.complete("orderly", "show", "--max-message", ""), [])

    def test_files_and_directories_are_offered_where_they_fit(self):
        self.write("a.hl7", b"")
        self.write("deep/b.hl7", b"")
        everything = ["a.hl7", "completion", "deep"]
        self.assertEqual(sorted(self.complete("orderly", "convert", "-t", "")), everything)
        self.assertEqual(sorted(self.complete("orderly", "show", "")), everything)
        self.assertEqual(self.complete("orderly", "convert", "--output-dir", ""), ["deep"])

    def test_verbs_are_offered_to_help(self):
        self.assertEqual(self.complete("orderly", "help", "ge"), ["get"])
        self.assertEqual(self.complete("orderly", "document", "bas"), ["bash"])


@unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
class ZshCompletion(TestCase):
    def complete(self, line):
        """The lines a person sees after typing a command line and the tab key, twice."""
        self.write("functions/_orderly", run("document", "zsh").out)
        script = SOURCE / "tests" / "system" / "zsh-complete"
        done = subprocess.run(["zsh", "-f", str(script), str(self.folder / "functions"), line],
                              capture_output=True, timeout=PATIENCE, check=False, cwd=self.folder,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout.decode()

    def test_verbs_are_offered_with_what_they_do(self):
        offered = self.complete("orderly ")
        for verb in verbs():
            self.assertIn(verb, offered)
        self.assertIn("Convert messages with a template", offered)

    def test_options_are_offered_with_what_they_do(self):
        offered = self.complete("orderly convert --")
        for option in options_of("convert"):
            self.assertIn(f"--{option}", offered)

    def test_values_are_offered_behind_their_option(self):
        offered = self.complete("orderly show --color ")
        for word in ("auto", "always", "never"):
            self.assertIn(word, offered)


if __name__ == "__main__":
    main()
