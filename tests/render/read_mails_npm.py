"""Has npm's mailparser read every N.eml of a directory and compare it with N.json. Exit status 1 when one differs; says
skipped where npm or mailparser cannot be had."""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
from npm_peers import npm_peers  # noqa: E402

modules = npm_peers()
if modules is not None:
    sys.exit(subprocess.run(["node", str(HERE / "read_mails.js"), sys.argv[1]],
                            env={**os.environ, "NODE_PATH": str(modules)}).returncode)
