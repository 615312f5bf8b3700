#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every language of po/LINGUAS has every text that is marked in the sources, and no other, with the
same placeholders and nothing fuzzy."""

import os
import re
import subprocess
import tempfile

import tree

# as i18n.gettext() of Meson does with its preset for GLib, as far as such calls are here
XGETTEXT = ["xgettext", "--from-code=UTF-8", "--add-comments=Translators", "--no-location",
            "--keyword=_", "--keyword=N_", "--keyword=C_:1c,2", "--keyword=NC_:1c,2",
            "--keyword=g_dngettext:2,3", "--flag=N_:1:pass-c-format", "--flag=_:1:pass-c-format",
            "--flag=ngettext:1:pass-c-format", "--flag=ngettext:2:pass-c-format",
            "--flag=wherry_say:1:c-format", "--flag=wherry_complain:1:c-format",
            "--flag=wherry_print:1:c-format", "--flag=g_strdup_printf:1:c-format",
            "--flag=g_set_error:4:c-format"]


def lines(root, path):
    found = [line.strip() for line in tree.read(root, path).split("\n")]
    return [line for line in found if line and not line.startswith("#")]


def run(*command, cwd):
    """(standard output, complaints)"""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": ""})
    said = [line for line in done.stderr.split("\n") if line and "fatal error" not in line]
    return done.stdout, said if done.returncode else []


def texts(po, which):
    """The msgid lines of those of a .po file that msgattrib chooses."""
    out, wrong = run("msgattrib", which, "--no-wrap", po, cwd=None)
    return wrong + re.findall(r'^(?:#~ )?msgid (".+")$', out.replace('msgid ""\n"', 'msgid "'),
                              re.MULTILINE)


def check(root):
    languages = lines(root, "po/LINGUAS")
    found = [os.path.basename(path)[:-3] for path in tree.files(root, "po", ends=(".po",))]
    if sorted(languages) != sorted(found):
        yield f"po/LINGUAS has {languages}, and there are {found}"
    with tempfile.TemporaryDirectory() as folder:
        pot, merged = os.path.join(folder, "wherry.pot"), os.path.join(folder, "merged.po")
        subprocess.run([*XGETTEXT, "-o", pot, *lines(root, "po/POTFILES.in")], cwd=root, check=True)
        for language in sorted(set(languages) & set(found)):
            path = os.path.join(root, "po", language + ".po")
            for line in run("msgfmt", "-c", "-o", "/dev/null", path, cwd=root)[1]:
                yield os.path.relpath(line, root)
            for text in texts(path, "--only-fuzzy"):
                yield f"po/{language}.po: fuzzy: {text}"
            run("msgmerge", "--quiet", "--no-fuzzy-matching", "-o", merged, path, pot, cwd=root)
            for text in texts(merged, "--untranslated"):
                yield f"po/{language}.po: not translated: {text}"
            for text in texts(merged, "--only-obsolete"):
                yield f"po/{language}.po: no text of the sources: {text}"


HEAD = ('msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Language: de\\n"\n'
        '"MIME-Version: 1.0\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n"Project-Id-Version: x\\n"\n'
        '"PO-Revision-Date: 2026-11-21 23:00+0000\\n"\n"Last-Translator: \\n"\n'
        '"Language-Team: German\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n')
READY = 'msgid "Ready"\nmsgstr "Fertig"\n\n'
COUNT = '#, c-format\nmsgid "%d of %s"\nmsgstr "%d von %s"\n\n'
GOOD = {
    "po/LINGUAS": "# languages\nde\n",
    "po/POTFILES.in": "src/a.c\n",
    "po/de.po": HEAD + READY + COUNT,
    "src/a.c": 'puts (_ ("Ready")); wherry_say (_ ("%d of %s"), 1, "a");\n',
}
PLANTED = {
    "missing": {"po/de.po": HEAD + COUNT},
    "untranslated": {"po/de.po": HEAD + READY.replace("Fertig", "") + COUNT},
    "fuzzy": {"po/de.po": HEAD + "#, fuzzy\n" + READY + COUNT},
    "stale": {"po/de.po": HEAD + READY + COUNT + 'msgid "Gone"\nmsgstr "Weg"\n'},
    "obsolete": {"po/de.po": HEAD + READY + COUNT + '#~ msgid "Gone"\n#~ msgstr "Weg"\n'},
    "placeholder": {"po/de.po": HEAD + READY + COUNT.replace("%d von", "%s von")},
    "changed": {"src/a.c": GOOD["src/a.c"].replace("Ready", "Steady")},
    "unlisted": {"po/LINGUAS": ""},
}

if __name__ == "__main__":
    tree.main(check, GOOD, PLANTED)
