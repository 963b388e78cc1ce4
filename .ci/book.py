"""Checks the links of all Markdown files and of the site that mdBook made of docs/, whose folder is the first argument.
Links of the site to other files of the repository are led to the address that is the second one, or to the checkout."""

import html
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).parent.parent.resolve()
SITE = Path(sys.argv[1]).resolve()
REPOSITORY = sys.argv[2].rstrip("/") if len(sys.argv) > 2 else None
LINK = re.compile(r"\]\(([^)\s]+)[^)]*\)|\b(?:src|srcset|href)=\"([^\"]+)\"")
OUTSIDE = re.compile(r"(?:[a-z]+:|//)")

problems = []


def without_code(text):
    """A text of Markdown without its blocks of code."""
    return re.sub(r"^( *)(```+)[^`\n]*\n.*?^\1\2 *$", "", text, flags=re.M | re.S)


def anchors(text):
    """The anchors that a forge makes of the headings."""
    found = set()
    for heading in re.findall(r"^#{1,6} +(.*?) *#*$", without_code(text), flags=re.M):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = 0
        while (unique := f"{name}-{count}" if count else name) in found:
            count += 1
        found.add(unique)
    return found


def check_markdown():
    """Every link of the Markdown files leads to a file, and to one of its headings."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
                            cwd=ROOT, capture_output=True, check=True)
    pages = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    pictures = {path.resolve() for path in (ROOT / "docs").rglob("*.png")}
    links = 0
    for page in pages:
        text = re.sub(r"`[^`\n]*`", "", without_code(page.read_text()))
        for link in map("".join, LINK.findall(text)):
            if OUTSIDE.match(link):
                continue
            links += 1
            path, _, anchor = unquote(link).partition("#")
            target = (page.parent / path).resolve() if path else page
            pictures.discard(target)
            name = page.relative_to(ROOT)
            if not target.is_relative_to(ROOT) or not target.exists():
                problems.append(f"{name}: no file {link}")
            elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text()):
                problems.append(f"{name}: no heading {link}")
    problems.extend(f"{path.relative_to(ROOT)}: no page shows it" for path in sorted(pictures))
    return f"{links} links of {len(pages)} Markdown files"


class Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.names = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src", "srcset") and value is not None:
                self.links.append(value)
            elif name == "id":
                self.names.add(value)


def in_repository(path):
    """The file of the repository that a link of the site was to; mdBook has changed the ending of Markdown files."""
    for candidate in (path, path.with_suffix(".md") if path.suffix == ".html" else path):
        if candidate.is_relative_to(ROOT) and candidate.exists():
            return candidate
    return None


def finish_site():
    """Every link of the site leads to one of its files, or to the repository."""
    pages = {path: Page(path.read_text()) for path in sorted(SITE.rglob("*.html"))}
    links = 0
    for path, page in pages.items():
        place = path.relative_to(SITE)
        changed = {}
        for link in page.links:
            if OUTSIDE.match(link):
                continue
            links += 1
            to, _, anchor = unquote(link).partition("#")
            target = Path(os.path.normpath(path.parent / to)) if to else path
            if not target.is_relative_to(SITE):
                file = in_repository(Path(os.path.normpath(ROOT / "docs" / place.parent / to)))
                if file is None:
                    problems.append(f"{place}: no file {link}")
                else:
                    # Folders are shown at other addresses than files, to which forges redirect.
                    base = f"{REPOSITORY}/{file.relative_to(ROOT)}" if REPOSITORY else os.path.relpath(file, path.parent)
                    changed[link] = f"{base}#{anchor}" if anchor else base
            elif not target.exists():
                problems.append(f"{place}: no file {link}")
            elif anchor and target in pages and anchor not in pages[target].names:
                problems.append(f"{place}: no heading {link}")
        if changed:
            text = path.read_text()
            for link, address in changed.items():
                text = text.replace(f'href="{html.escape(link)}"', f'href="{html.escape(address)}"')
            path.write_text(text)
    if len(pages) < len(list((ROOT / "docs").rglob("*.md"))) - 1:
        problems.append("a page of docs/ is not in docs/SUMMARY.md")
    return f"{links} links of {len(pages)} pages of the site"


counts = [check_markdown(), finish_site()]
for problem in problems:
    print(f"error: {problem}", file=sys.stderr)
print("\n".join(counts))
sys.exit(bool(problems))
