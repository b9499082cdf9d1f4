"""Peers from npm, installed once into the user's cache by the first test that needs them."""
import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "retaind-npm"
PEERS = {"ajv": "8", "liquidjs": "10", "mailparser": "3.7.2", "yaml": "2", "yaml-language-server": "1"}


def npm_peers(names=tuple(PEERS)):
    """The directory of the modules; None, and the reason printed, where npm cannot have them."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        print("skipped: npm is missing (apt-get install npm)")
        return None
    CACHE.mkdir(parents=True, exist_ok=True)
    modules = CACHE / "node_modules"
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [f"{name}@{version}" for name, version in PEERS.items() if name in names and not (modules / name).exists()]
        if missing:
            try:
                done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", *missing], cwd=CACHE,
                                      capture_output=True, text=True, timeout=300)
            except subprocess.TimeoutExpired:
                print("skipped: npm does not answer")
                return None
            if done.returncode != 0:
                print(f"skipped: npm cannot install {', '.join(missing)}")
                return None
    return modules


def judge(modules, schema, texts):
    """What npm's `yaml` and `ajv` say of each text: {parsed, valid, errors, value}. One process for all of them."""
    request = json.dumps({"schema": schema, "texts": texts})
    done = subprocess.run(["node", str(HERE / "judge.js")], input=request, capture_output=True, text=True, timeout=300,
                          env={**os.environ, "NODE_PATH": str(modules)})
    if done.returncode != 0:
        raise SystemExit(f"failed: judge.js: {done.stderr}")
    return json.loads(done.stdout)


if __name__ == "__main__":  # npm_peers.py NAME...: the directory, for who does not speak Python
    with contextlib.redirect_stdout(sys.stderr):
        found = npm_peers(sys.argv[1:])
    sys.exit(1 if found is None else print(found))
