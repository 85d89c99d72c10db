# SPDX-License-Identifier: Apache-2.0
import pathlib
import tempfile
import unittest

from tests.check.include_rules import violations

CONTRACT = {
    "main.cpp": '#include "actors/host/host.hpp"\n',
    "messages/actors.hpp": "#include <caf/typed_actor.hpp>\n",
    "actors/host/host.hpp": '#include "messages/actors.hpp"\n',
}


class IncludeRules(unittest.TestCase):
    def found(self, files):
        with tempfile.TemporaryDirectory() as root:
            for name, text in {**CONTRACT, **files}.items():
                path = pathlib.Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return list(violations(root))

    def test_the_contract_alone_is_fine(self):
        self.assertEqual(self.found({}), [])

    def test_messages_do_not_include_actors(self):
        found = self.found({"messages/a.hpp": '#include "actors/host/b.hpp"\n',
                            "actors/host/b.hpp": ""})
        self.assertEqual(len(found), 1)
        self.assertIn("stands above", found[0])

    def test_an_actors_folder_is_its_own_unless_the_header_says_so(self):
        files = {"actors/host/a.cpp": '#include "actors/registry/b.hpp"\n'}
        self.assertEqual(len(self.found({**files, "actors/registry/b.hpp": ""})), 1)
        for names in ("host", "exporter, host", "all"):
            shared = {"actors/registry/b.hpp": f"// Shared with: {names}\n"}
            self.assertEqual(self.found({**files, **shared}), [])

    def test_caf_is_found_through_another_header(self):
        found = self.found({"actors/host/procfs.cpp": '#include "host.hpp"\n'})
        self.assertEqual(found, ["actors/host/procfs.cpp: includes CAF; only the actor itself does"])

    def test_a_file_that_says_why_may_use_caf(self):
        self.assertEqual(self.found({
            "actors/host/procfs.cpp": '// Uses CAF: it must.\n#include "host.hpp"\n'}), [])


if __name__ == "__main__":
    unittest.main()
