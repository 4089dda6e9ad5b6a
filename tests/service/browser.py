"""A headless Chromium that tests drive as a person would: by what things are called, by keys, and by looking.

It speaks the DevTools protocol over one WebSocket; what the page's console and its security policy complain
about is collected in `Tab.complaints`.
"""

import base64
import json
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.conftest import stop_group

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DESK, PHONE = (1280, 900), (390, 844)
PATIENCE_S = 180.0
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowRight": 39, " ": 32}
TEXTS = {"Enter": "\r", " ": " "}


class NotThereError(AssertionError):
    """What was to be seen on a page did not come."""


@dataclass
class Tab:
    """One tab."""

    socket: ClientConnection
    complaints: list[str] = field(default_factory=list)
    _ids: int = 0
    _loaded: set[str] = field(default_factory=set)

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Give a command, and take its answer."""
        self._ids += 1
        wanted = self._ids
        self.socket.send(json.dumps({"id": wanted, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv(timeout=PATIENCE_S))
            if message.get("id") == wanted:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return dict(message["result"])
            self._note(message)

    def open(self, url: str) -> None:
        """Go to an address, and wait until it is loaded."""
        loader = self.send("Page.navigate", url=url)["loaderId"]
        self.until(lambda: loader in self._loaded, f"{url} to load")

    def evaluate(self, code: str) -> Any:
        """A JavaScript expression's value."""
        answer = self.send("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", "error"))
        return answer["result"].get("value")

    @property
    def text(self) -> str:
        """What can be read on the page."""
        return str(self.evaluate("document.body ? document.body.innerText : ''"))

    @property
    def html(self) -> str:
        """The page's source as it stands now."""
        return str(self.evaluate("document.documentElement.outerHTML"))

    @property
    def path(self) -> str:
        """Where it is."""
        return str(self.evaluate("location.pathname"))

    def wait_text(self, *wanted: str, patience_s: float = PATIENCE_S) -> None:
        """Wait until the page says one of some texts."""
        self.until(lambda: any(each in self.text for each in wanted), f"one of {wanted}", patience_s)

    def wait_path(self, wanted: str, patience_s: float = PATIENCE_S) -> None:
        """Wait until the page's path begins with this, and is loaded."""
        ready = f"location.pathname.startsWith({json.dumps(wanted)}) && document.readyState === 'complete'"
        self.until(lambda: bool(self.evaluate(ready)), f"path {wanted}", patience_s)

    def click(self, name: str, role: str = "") -> None:
        """Click what is called so, in its middle."""
        node = self.find(name, role)
        self.send("DOM.scrollIntoViewIfNeeded", backendNodeId=node)
        corners = self.send("DOM.getBoxModel", backendNodeId=node)["model"]["border"]
        at = {"x": (corners[0] + corners[4]) / 2, "y": (corners[1] + corners[5]) / 2}
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **at)

    def fill(self, name: str, text: str) -> None:
        """Write into the field that is called so, in place of what stands there."""
        self._call(self.find(name), "function() { this.focus(); this.select && this.select() }")
        self.send("Input.insertText", text=text)

    def choose(self, name: str, value: str) -> None:
        """Choose a value of the list that is called so."""
        told = "this.dispatchEvent(new Event('change', {bubbles: true}))"
        code = f"function(value) {{ this.value = value; {told}; return this.value }}"
        if self._call(self.find(name), code, value) != value:
            raise NotThereError(f"'{name}' has no value '{value}'")

    def attach(self, label: str, file: Path) -> None:
        """Put a file into the field with this label; its name is made of what it holds, too."""
        named = f"(each) => each.textContent === {json.dumps(label)}"
        code = f"[...document.querySelectorAll('label')].find({named}).control"
        found = self.send("Runtime.evaluate", expression=code)["result"]["objectId"]
        self.send("DOM.setFileInputFiles", files=[str(file)], objectId=found)

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press a key."""
        told = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key], "modifiers": 8 if shift else 0}
        self.send(
            "Input.dispatchKeyEvent", type="keyDown", **told, **({"text": TEXTS[key]} if key in TEXTS else {})
        )
        self.send("Input.dispatchKeyEvent", type="keyUp", **told)

    def write(self, text: str) -> None:
        """Write where the focus is."""
        self.send("Input.insertText", text=text)

    @property
    def focused(self) -> str:
        """What the focus is on: its role and its name, as a screen reader says them."""
        found = self.send("Runtime.evaluate", expression="document.activeElement")["result"]["objectId"]
        node = self.send("Accessibility.getPartialAXTree", objectId=found, fetchRelatives=False)["nodes"][0]
        return f"{node['role']['value']} {node.get('name', {}).get('value', '')}".strip()

    def find(self, name: str, role: str = "") -> int:
        """The node that is called so; waits for it."""
        found: list[int] = []
        self.until(
            lambda: bool(found.extend(self._named(name, role)) or found), f"{role or 'anything'} '{name}'"
        )
        return found[0]

    def looks_like(self, file: Path, size: tuple[int, int] = DESK, *, dark: bool = False) -> None:
        """Keep a picture of the whole page."""
        self.resize(size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        file.write_bytes(base64.b64decode(data))

    def resize(self, size: tuple[int, int]) -> None:
        """Give the window another size."""
        width, height = size
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def overflow(self) -> list[str]:
        """What reaches beyond the page's right edge and cannot be scrolled inside."""
        return list(
            self.evaluate("""(() => {
              const wide = document.documentElement.clientWidth, found = [];
              if (document.documentElement.scrollWidth <= wide) return found;
              for (const each of document.querySelectorAll('body *')) {
                const box = each.getBoundingClientRect();
                if (box.right > wide + 1 && box.width > 1 && !each.closest('.wide, pre'))
                  found.push(each.tagName + '.' + each.className + ' ' + Math.round(box.right));
              }
              return found.length ? found.slice(0, 8) : ['the page itself'];
            })()""")
        )

    def nameless(self) -> list[str]:
        """What can be operated and has no name for those who do not see it."""
        nodes = self.send("Accessibility.getFullAXTree")["nodes"]
        found = [node for node in nodes if not node.get("ignored") and node["role"]["value"] in ACTIVE]
        return [node["role"]["value"] for node in found if not node.get("name", {}).get("value", "").strip()]

    def _named(self, name: str, role: str) -> list[int]:
        try:
            root = self.send("DOM.getDocument", depth=0)["root"]["nodeId"]
            asked = {"accessibleName": name, **({"role": role} if role else {})}
            nodes = self.send("Accessibility.queryAXTree", nodeId=root, **asked)["nodes"]
        except RuntimeError:  # the page is on its way out
            return []
        real = [
            node for node in nodes if not node.get("ignored") and node["role"]["value"] not in PARTS_OF_TEXT
        ]
        first = sorted(real, key=lambda node: node["role"]["value"] not in ACTIVE)
        return [int(node["backendDOMNodeId"]) for node in first]

    def _call(self, node: int, code: str, *given: Any) -> Any:
        target = self.send("DOM.resolveNode", backendNodeId=node)["object"]["objectId"]
        told = [{"value": each} for each in given]
        answer = self.send(
            "Runtime.callFunctionOn",
            objectId=target,
            functionDeclaration=code,
            arguments=told,
            returnByValue=True,
        )
        return answer["result"].get("value")

    def until(self, is_so: Any, what: str, patience_s: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            try:
                if is_so():
                    return
            except RuntimeError:  # between two pages there is nothing to ask
                pass
            self._listen(0.1)
        raise NotThereError(f"waited {patience_s:.0f} s for {what}; the page says:\n{self.text[:2000]}")

    def _listen(self, for_s: float) -> None:
        deadline = time.monotonic() + for_s
        while (left_s := deadline - time.monotonic()) > 0:
            try:
                self._note(json.loads(self.socket.recv(timeout=left_s)))
            except TimeoutError:
                return

    def _note(self, message: dict[str, Any]) -> None:
        told = message.get("params", {})
        match message.get("method"):
            case "Page.lifecycleEvent" if told["name"] == "load":
                self._loaded.add(told["loaderId"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(told["exceptionDetails"].get("exception", told)))
            case "Runtime.consoleAPICalled" if told["type"] in ("error", "warning", "assert"):
                self.complaints.append(str([each.get("value") for each in told["args"]]))
            case "Log.entryAdded" if told["entry"]["level"] in ("error", "warning"):
                self.complaints.append(f"{told['entry']['source']}: {told['entry']['text']}")


PARTS_OF_TEXT = {"StaticText", "InlineTextBox", "LabelText"}
ACTIVE = {"button", "link", "textbox", "spinbutton", "combobox", "slider", "radio", "checkbox"}


@contextmanager
def browsing(folder: Path) -> Iterator[Tab]:
    """A browser with one tab and a profile of its own; it ends with its test."""
    assert CHROMIUM
    command = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--mute-audio",
        "--remote-debugging-port=0", "--remote-allow-origins=*", f"--user-data-dir={folder}", "about:blank",
    ]  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "browser.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        port = _port(folder / "DevToolsActivePort")
        with connect(_page(port), max_size=None, open_timeout=PATIENCE_S) as socket:
            tab = Tab(socket)
            for domain in ("Page", "Runtime", "Log", "DOM", "Accessibility"):
                tab.send(f"{domain}.enable")
            tab.send("Page.setLifecycleEventsEnabled", enabled=True)
            tab.send("Emulation.setScrollbarsHidden", hidden=True)
            tab.resize(DESK)
            yield tab
    finally:
        stop_group(process)


def _port(file: Path) -> int:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if file.is_file() and (said := file.read_text().split()):
            return int(said[0])
        time.sleep(0.1)
    raise TimeoutError("the browser did not say its port")


def _page(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE_S) as answer:
        tabs = json.load(answer)
    return next(str(tab["webSocketDebuggerUrl"]) for tab in tabs if tab["type"] == "page")


def address(base: str, path: str, **query: str) -> str:
    """A page's address."""
    return f"{base}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
