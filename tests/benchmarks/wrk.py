"""One bounded run of the load generator `wrk`, with bodies in rotation, read back as figures."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPT = """
local requests, at = {}, 0
local key = os.getenv("BENCH_KEY")
function init(args)
  for line in io.lines(args[1]) do
    local headers = {["Content-Type"] = "application/json", ["X-User-Id"] = "user-" .. #requests}
    if key then headers["X-API-Key"] = key end
    local path, body = args[2], line
    if path == nil then
      path, body = line:match("^(%S+)\t(.*)$")
    end
    requests[#requests + 1] = wrk.format("POST", path, headers, body)
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.stderr:write(string.format('{"requests": %d, "us": %d, "failed": %d, "p50": %d, "p99": %d}',
    summary.requests, summary.duration, failed, latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True)
class Load:
    """What one run measured; times in milliseconds."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    failed: int


def load(url: str, path: str | None, bodies: Path, *, connections: int, seconds: int, key: str = "") -> Load:
    """Send the file's lines as bodies to `url + path` over keep-alive connections.

    Without a path each line is a path, a tab and a body. A key is sent along as `X-API-Key`.
    """
    if shutil.which("wrk") is None:
        raise SystemExit("the benchmarks need wrk (on Debian and Ubuntu: apt install wrk)")
    script = bodies.with_suffix(".lua")
    script.write_text(SCRIPT, encoding="utf-8")
    command = [
        "wrk",
        "--threads",
        "1",
        "--connections",
        str(connections),
        "--duration",
        f"{seconds}s",
        "--timeout",
        "10s",
        "--script",
        str(script),
        url,
        "--",
        str(bodies),
        *([path] if path else []),
    ]
    environ = os.environ | ({"BENCH_KEY": key} if key else {})
    done = subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
    found = json.loads(done.stderr[done.stderr.index("{") :])
    return Load(
        found["requests"] / (found["us"] / 1e6), found["p50"] / 1e3, found["p99"] / 1e3, found["failed"]
    )
