"""`python -m infra.bill`: bills of materials, one CycloneDX file an image, and one of the images of others.

    infra/docker/NAME.lock + pyproject.toml -> cyclonedx-py -> var/bills/penstock-NAME-VERSION.cdx.json

They come from the lock files, which name every package with its hashes; what the base image holds is told
by its digest alone. The same files give the same bills, byte for byte.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from infra.lock import IMAGES

REPO = Path(__file__).parents[1]
SPEC = "1.6"
FROM = re.compile(r"^FROM (\S+)", re.MULTILINE)
IMAGE = re.compile(r"(?P<name>[^:@]+):(?P<tag>[^@]+)(?:@sha256:(?P<digest>[0-9a-f]{64}))?")


def version() -> str:
    """The distribution's version."""
    return str(tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def write(folder: Path) -> list[Path]:
    """Write all bills into a folder, and name them.

    Raises:
        subprocess.CalledProcessError: cyclonedx-py refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"penstock-{name}-{version()}.cdx.json" for name in IMAGES]
    for name, file in zip(IMAGES, files, strict=True):
        _packages(name, file)
    images = folder / f"penstock-images-{version()}.cdx.json"
    images.write_text(json.dumps(of_images(), indent=2) + "\n", encoding="utf-8")
    return [*files, images]


def _packages(name: str, file: Path) -> None:
    tool = str(Path(sys.executable).with_name("cyclonedx-py"))
    command = [tool, "requirements", "--pyproject", "pyproject.toml", "--output-reproducible"]
    options = ["--spec-version", SPEC, "--output-format", "JSON", "--output-file", str(file)]
    subprocess.run([*command, *options, f"infra/docker/{name}.lock"], cwd=REPO, check=True)


def of_images() -> dict[str, Any]:
    """The images of others that compose starts and that ours are built on."""
    services = yaml.safe_load((REPO / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    ours = {service["build"]["dockerfile"] for service in services.values() if "build" in service}
    named = {service["image"] for service in services.values() if "build" not in service}
    for dockerfile in ours:
        named |= set(FROM.findall((REPO / dockerfile).read_text(encoding="utf-8")))
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "penstock", "version": version()}},
        "components": [_container(image) for image in sorted(named)],
    }


def _container(image: str) -> dict[str, Any]:
    match = IMAGE.fullmatch(image)
    if match is None:
        raise ValueError(f"an image must be pinned, as NAME:TAG@sha256:DIGEST, not '{image}'")
    found: dict[str, Any] = {"type": "container", "name": match["name"], "version": match["tag"]}
    at = f"sha256:{match['digest']}" if match["digest"] else match["tag"]
    return found | {"bom-ref": image, "purl": f"pkg:docker/{match['name']}@{at.replace(':', '%3A')}"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the bills: 0 if all went well."""
    parser = argparse.ArgumentParser(prog="python -m infra.bill", description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPO / "var" / "bills", help="default: var/bills")
    for file in write(parser.parse_args(arguments).folder.absolute()):
        print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
