"""Takes the pictures of docs/images with the program that is the argument: the reading page in a browser, driven through
WebDriver. The papers are those of examples/daily-papers.txt, and the days are fixed: the pictures are the same again, up
to the smoothing of letters."""

import base64
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from PIL import Image

PROGRAM = str(Path(sys.argv[1]).absolute())
ROOT = Path(__file__).parent.parent.resolve()
IMAGES = ROOT / "docs" / "images"
# The reader looks at the feed twice: on the first day at the papers up to then, on the second at the news.
DAYS = ["2024-02-20", "2026-06-08"]
LIKED = ["Noise That Knows the Scene", "PlainSpeak"]
SIZE = {"width": 960, "height": 600}
# A pixel of the page is this many of the picture in each direction.
SCALE = 2
# Text on few backgrounds needs few colors.
COLORS = 32


def post(address, body):
    data = json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))


class Browser:
    """A browser with one window."""

    def __init__(self, site):
        self.site = site
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       text=True)
        port = next(found[1] for line in self.driver.stdout if (found := re.search(r"successfully on port (\d+)", line)))
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        options = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": arguments}}}}
        address = f"http://127.0.0.1:{port}/session"
        self.session = f"{address}/{post(address, options)['value']['sessionId']}"
        metrics = {**SIZE, "deviceScaleFactor": SCALE, "mobile": False}
        self.send("goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": metrics})

    def send(self, what, how):
        return post(f"{self.session}/{what}", how)["value"]

    def run(self, script):
        return self.send("execute/sync", {"script": script, "args": []})

    def wait(self, script):
        for _ in range(200):
            if self.run(f"return !!({script})"):
                return
            time.sleep(0.1)
        raise SystemExit(f"error: this did not become true: {script}")

    def shown(self):
        return json.load(urllib.request.urlopen(f"{self.session}/screenshot"))["value"]

    def picture(self, name, path, ready="true"):
        """Writes a picture of a page in both themes."""
        for theme in ("light", "dark"):
            features = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
            self.send("goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": features})
            # A page that differs in its fragment only is not loaded again.
            self.send("url", {"url": "about:blank"})
            self.send("url", {"url": path if path.startswith("file:") else self.site + path})
            self.wait(ready)
            # No cursor that blinks.
            self.run("document.activeElement.blur()")
            # Until nothing moves.
            shown, before = self.shown(), None
            while shown != before:
                time.sleep(0.5)
                shown, before = self.shown(), shown
            image = Image.open(io.BytesIO(base64.b64decode(shown))).convert("RGB")
            image = image.quantize(COLORS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
            image.save(IMAGES / f"{name}-{theme}.png", optimize=True)

    def close(self):
        urllib.request.urlopen(urllib.request.Request(self.session, method="DELETE"))
        self.driver.terminate()
        self.driver.wait()


def main(folder):
    environment = os.environ | {"PAPERKIN_LIBRARY": str(folder / "library"), "TZ": "UTC"}

    def command(day, *arguments):
        return ["faketime", f"{day}T07:00:00Z", PROGRAM, *arguments]

    def paperkin(day, *arguments):
        return subprocess.run(command(day, *arguments), env=environment, check=True, capture_output=True, text=True).stdout

    first, today = DAYS
    listing = str(ROOT / "examples" / "daily-papers.txt")
    paperkin(today, "--library", str(folder / "all"), "add", listing)
    papers = paperkin(today, "--library", str(folder / "all"), "export", "--papers", "--format", "jsonl").splitlines()
    for day, liked, is_news in zip(DAYS, LIKED, (False, True)):
        lines = [paper for paper in papers if (json.loads(paper)["published"] > first) == is_news]
        (folder / f"{day}.jsonl").write_text("\n".join(lines))
        paperkin(day, "add", str(folder / f"{day}.jsonl"))
        paperkin(day, "profile", "me", "like", liked)
        if day == first:
            paperkin(day, "feed", "--profile", "me")
    paperkin(today, "report", "--out", str(folder / "report"))

    server = subprocess.Popen(command(today, "serve", "--listen", "127.0.0.1:0"), env=environment, stderr=subprocess.PIPE,
                              text=True, start_new_session=True)
    site = next(found[0] for line in server.stderr if (found := re.search(r"http://\S+", line)))
    browser = Browser(site)
    try:
        paper = json.loads(paperkin(today, "search", "Instructions with a Memory", "--limit", "1", "--format", "jsonl"))
        browser.picture("feed", "/?profile=me")
        browser.picture("search", "/search?q=models+that+follow+instructions")
        browser.picture("paper", f"/paper/{paper['paper']['id']}")
        browser.picture("report", f"file://{folder}/report/report.html", "document.documentElement.dataset.ready")
    finally:
        browser.close()
        # The program and `faketime` beside it.
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


IMAGES.mkdir(exist_ok=True)
with tempfile.TemporaryDirectory() as folder:
    main(Path(folder))
pictures = sorted(IMAGES.iterdir())
print("\n".join(f"{path.stat().st_size:7} {path.relative_to(ROOT)}" for path in pictures))
