#!/bin/sh
# Makes .venv and installs a lock file into it: infra/make_env.sh requirements.lock
set -eu
lock=$1
needed_mb=2000

for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "${python:-}" ]; then
    echo "Python 3.11 or newer is needed and none was found (looked for: ${PYTHON:-python3 python3.13 python3.12 python3.11 python}); install it, or run: make PYTHON=/path/to/python3.11 ..." >&2
    exit 2
fi

free_mb=$(df -Pm . | awk 'NR == 2 { print $4 }')
if [ ! -x .venv/bin/uv ] && [ "$free_mb" -lt "$needed_mb" ]; then
    echo "The disk has $free_mb MB free and the environment needs $needed_mb MB while it is made; free some and run this again." >&2
    exit 2
fi

if [ ! -x .venv/bin/python ]; then
    echo "Making .venv with $("$python" --version) ..."
    if ! "$python" -m venv .venv; then
        rm -rf .venv
        echo "$python cannot make virtual environments; install its venv module (on Debian and Ubuntu: apt install python3-venv) and run this again." >&2
        exit 2
    fi
fi

echo "Installing $(grep -c '^[a-z]' "$lock") pinned packages from $lock ..."
# uv installs in seconds what pip installs in minutes; where uv is not to be had, pip does the same.
if [ ! -x .venv/bin/uv ]; then
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r infra/uv.lock || true
fi
# The command `penstock`, from any folder.
cat > .venv/bin/penstock <<END
#!/bin/sh
PYTHONPATH="$PWD\${PYTHONPATH:+:\$PYTHONPATH}" exec "$PWD/.venv/bin/python" -m penstock "\$@"
END
chmod +x .venv/bin/penstock
if [ -x .venv/bin/uv ] && .venv/bin/uv pip install --quiet --compile-bytecode --python .venv/bin/python --require-hashes -r "$lock"; then
    exit 0
fi
echo "uv could not install them; trying pip, which takes a few minutes ..."
# --no-deps: the lock file names every package, and pip would look for unpinned extras of some.
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r "$lock"
