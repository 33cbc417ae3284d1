"""Starts that cannot succeed end at once, with one line that says what is wrong and what would be right."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.service import ROOT, free_port

ADAPTER = sorted((ROOT / "training" / "adapters").glob("*/adapter.gguf"))[0]
TOKENS = {"CASENOTE_AUTH": "jwt", "AUTH_JWT_SECRET": "a secret that is long enough"}


def start(
    home: Path, cwd: Path = ROOT, command: tuple[str, ...] = ("serve",), **environment: str
) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("CASENOTE_", "PHI3_"))}
    return subprocess.run(
        [sys.executable, "-m", "server", *command],
        cwd=cwd,
        env={**clean, "PYTHONPATH": str(ROOT), "CASENOTE_HOME": str(home), "API_PORT": str(free_port()), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("environment", "named", "also"),
    [
        ({"API_PORT": "seventy"}, "API_PORT", "seventy"),
        ({"PYTHON_ENV": "staging"}, "PYTHON_ENV", "production"),
        ({"PHI3_N_THREADS": "0"}, "PHI3_N_THREADS", "1"),
        ({"PHI3_N_GPU_LAYERS": "many"}, "PHI3_N_GPU_LAYERS", "many"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL", "postgresql+asyncpg://"),
        ({"NOTE_DENSITY": "endless"}, "NOTE_DENSITY", "'brief', 'standard' or 'full'"),
        ({"NOTE_FORMAT": "poem"}, "NOTE_FORMAT", "progress, soap"),
        ({"CASENOTE_FORMATS": "/nowhere"}, "CASENOTE_FORMATS", "there is no such folder"),
        ({"NATS_URL": "localhost:4222"}, "NATS_URL", "nats://"),
        ({"NATS_URL": " , "}, "NATS_URL", "it names no server"),
        ({"NATS_URL": "nats://u:hidden@[bad"}, "NATS_URL", "nats://***@[bad"),
        ({"NATS_URL": "nats://u:hidden@host:many"}, "NATS_URL", "nats://***@host:many"),
        ({"DATABASE_URL": "mysql://u:hidden@x/y?password=hidden"}, "DATABASE_URL", "mysql://***@x/y?***"),
        ({"NATS_URL": "u:hid@den@host:4222"}, "NATS_URL", "'***@host:4222'"),
        ({"DATABASE_URL": "postgresql+asyncpg://u:hidden@x:many/y"}, "DATABASE_URL", "host:5432"),
        ({"DATABASE_URL": "sqlite+aiosqlite:///:memory:"}, "DATABASE_URL", "name a file"),
        ({"DATABASE_URL": "sqlite+aiosqlite:///file:notes?mode=memory&uri=true"}, "DATABASE_URL", "name a file"),
        ({"DATABASE_URL": "sqlite+aiosqlite:///"}, "DATABASE_URL", "name a file"),
        (
            {"DATABASE_URL": "postgresql+asyncpg://u:hidden@127.0.0.1/y?plugin=hidden"},
            "DATABASE_URL",
            "***@127.0.0.1/y?***",
        ),
        ({"API_HOST": "no.such.host.invalid", **TOKENS}, "API_HOST", "no.such.host.invalid"),
        ({"CASENOTE_ROLES": "api,chef"}, "CASENOTE_ROLES", "relay"),
        ({"API_HOST": "0.0.0.0"}, "API_HOST", "CASENOTE_AUTH"),
        ({"CASENOTE_AUTH": "jwt"}, "AUTH_JWT_SECRET", "CASENOTE_AUTH=jwt"),
        ({"PYTHON_ENV": "production"}, "NATS_URL", "production"),
        ({"DATABASE_URL": "sqlite+aiosqlite:////nowhere/at/all.db"}, "DATABASE_URL", "/nowhere/at/all.db"),
        ({"DATABASE_URL": "postgresql+asyncpg://u:hidden@127.0.0.1:1/y"}, "DATABASE_URL", "***@127.0.0.1:1/y"),
        ({"PHI3_N_CTX": "100000"}, "PHI3_N_CTX", "100000"),
        ({"PHI3_MODEL_PATH": str(ADAPTER)}, "PHI3_MODEL_PATH", "is an adapter"),
        ({"PHI3_MODEL_PATH": "/nowhere/model.gguf"}, "PHI3_MODEL_PATH", "/nowhere/model.gguf"),
    ],
)
def test_a_bad_setting_is_named(tmp_path: Path, environment: dict[str, str], named: str, also: str) -> None:
    ended = start(tmp_path / "home", **environment)

    assert ended.returncode != 0
    assert named in ended.stderr
    assert also in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "hid" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "home" / "nats").exists()


def test_a_truncated_model_file_is_named(tmp_path: Path) -> None:
    model = tmp_path / "cut.gguf"
    model.write_bytes(b"GGUF\x03\x00\x00\x00" + b"\x00" * 100)

    ended = start(tmp_path / "home", PHI3_MODEL_PATH=str(model))

    assert ended.returncode != 0
    assert "PHI3_MODEL_PATH" in ended.stderr
    assert "cut.gguf" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_file_of_settings_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"AUTH_JWT_SECRET=\xff\xfe\n")

    ended = start(tmp_path / "home", tmp_path)

    assert ended.returncode != 0
    assert ".env is not text in UTF-8" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        ended = start(tmp_path / "home", API_PORT=port)

    assert ended.returncode != 0
    assert port in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_data_folder_that_cannot_be_written_to_is_named() -> None:
    # A folder that even root cannot make.
    ended = start(Path("/proc/casenote-home"))

    assert ended.returncode != 0
    assert "CASENOTE_HOME" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_demo_does_not_show_another_service(tmp_path: Path) -> None:
    asked: list[str] = []

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"model_loaded": True, "model_name": "another one"}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_error(500)

        def log_message(self, *_: object) -> None:
            """Nothing of it belongs into the output of the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        ended = start(tmp_path / "home", command=("demo", "--once"), API_PORT=str(other.server_address[1]))
        other.shutdown()

    assert ended.returncode != 0
    assert "API_PORT" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "another one" not in ended.stdout
    assert asked == []


def test_the_demo_says_that_it_has_no_token(tmp_path: Path) -> None:
    ended = start(tmp_path / "home", command=("demo", "--once"), **TOKENS)

    assert ended.returncode != 0
    assert "CASENOTE_AUTH=off" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
