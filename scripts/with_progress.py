"""Runs a command and says every half minute that it still runs, so that a long step never looks hung."""

import subprocess
import sys
import time


def main(command: list[str]) -> int:
    began = time.monotonic()
    process = subprocess.Popen(command)
    while True:
        try:
            return process.wait(30)
        except subprocess.TimeoutExpired:
            sys.stderr.write(f"  … still at it after {time.monotonic() - began:.0f} s\n")
        except KeyboardInterrupt:
            process.terminate()
            return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
