"""Real Chromium, driven through its debugging port: keys go the way a keyboard's would."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any


class Browser:
    """One tab. Its coroutines are called inside ``with_browser``."""

    def __init__(self, profile: Path) -> None:
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--remote-debugging-port=0"]
        self._port_file = profile / "DevToolsActivePort"
        # What an earlier browser left there leads nowhere.
        self._port_file.unlink(missing_ok=True)
        self.process = subprocess.Popen(["chromium", *options, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._n = 0

    async def start(self) -> None:
        """Connect to the tab."""
        from tornado.websocket import websocket_connect

        patience = time.monotonic() + 60
        while not (self._port_file.is_file() and self._port_file.read_text()):
            assert time.monotonic() < patience, "Chromium did not start"
            await asyncio.sleep(0.05)
        port = self._port_file.read_text().splitlines()[0]
        tabs = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=30))
        tab = next(one for one in tabs if one["type"] == "page")
        self._socket = await websocket_connect(tab["webSocketDebuggerUrl"], max_message_size=50_000_000)

    async def call(self, method: str, **parameters: Any) -> Any:
        """Call a method of the protocol and return its result."""
        self._n += 1
        await self._socket.write_message(json.dumps({"id": self._n, "method": method, "params": parameters}))
        while True:
            message = json.loads(await self._socket.read_message())
            if message.get("id") == self._n:
                return message["result"]

    async def open(self, address: str) -> None:
        """Go to an address and wait until it stands."""
        await self.call("Page.navigate", url="about:blank")
        await self.until("location.href === 'about:blank'")
        await self.call("Page.navigate", url=address)
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def size(self, width: int, height: int, *, mobile: bool = False) -> None:
        """Set the window's size in CSS pixels."""
        await self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    async def dark(self, on: bool) -> None:
        """Ask for the dark or the light colours."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if on else "light"}]
        await self.call("Emulation.setEmulatedMedia", features=features)

    async def key(self, name: str) -> None:
        """Press a key."""
        text = {"Enter": "\r"}.get(name, name if len(name) == 1 else "")
        code = {"Tab": 9, "Enter": 13, "Escape": 27}.get(name, 0)
        await self.call("Input.dispatchKeyEvent", type="keyDown", key=name, text=text, windowsVirtualKeyCode=code)
        await self.call("Input.dispatchKeyEvent", type="keyUp", key=name, windowsVirtualKeyCode=code)

    async def write(self, text: str) -> None:
        """Type into what has the focus."""
        await self.call("Input.insertText", text=text)

    async def value(self, expression: str) -> Any:
        """Return what an expression gives in the page."""
        answer = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        return answer["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        patience = time.monotonic() + 30
        while not await self.value(expression):
            assert time.monotonic() < patience, expression
            await asyncio.sleep(0.05)


def with_browser(profile: Path, use: Callable[[Browser], Awaitable[None]]) -> None:
    """Run ``use`` with a browser that is gone afterwards."""
    browser = Browser(profile)

    async def go() -> None:
        await browser.start()
        await use(browser)

    try:
        asyncio.run(go())
    finally:
        browser.process.kill()
        browser.process.wait()
