"""What every page of the console must be like, looked for in its source: found faults, in words."""

import itertools
import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
UNSEEN = {"hidden", "submit", "button"}
FIELDS = {"input", "select", "textarea"}
LANDMARKS = {"main", "header", "nav", "footer"}
REFERENCES = ("aria-describedby", "aria-labelledby", "for")
WRONG = [
    ({"nav"}, lambda told: "aria-label" not in told, "a <nav> without a name"),
    ({"img"}, lambda told: "alt" not in told, "an image without words"),
    ({"svg"}, lambda told: told.get("role") != "img" and told.get("aria-hidden") != "true",
     "a drawing that is neither named nor hidden"),
    ({"script"}, lambda told: not told.get("src", "").startswith("/static/"),
     "a script from elsewhere, or inline"),
    ({"style"}, lambda told: True, "an inline style sheet"),
    ({"th"}, lambda told: told.get("scope") not in ("col", "row"), "a table's head without a scope"),
]  # fmt: skip


@dataclass
class Page(HTMLParser):
    """A page's source, read once."""

    title: str = ""
    language: str = ""
    headings: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    labelled: set[str] = field(default_factory=set)
    inputs: list[dict[str, str]] = field(default_factory=list)
    landmarks: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    forms: list[tuple[dict[str, str], list[str]]] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)
    _in_form: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag, attrs):
        told = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self._open.append(tag)
        self.ids += [told["id"]] if "id" in told else []
        self.references += [told[name] for name in REFERENCES if name in told]
        self.faults += [
            f"<{tag} {name}=...> runs or styles inline"
            for name in told
            if name.startswith("on") or name == "style"
        ]
        self.faults += [words for tags, is_bad, words in WRONG if tag in tags and is_bad(told)]
        self._note(tag, told)

    def _note(self, tag, told):
        if tag in LANDMARKS:
            self.landmarks[tag] += 1
        if tag == "html":
            self.language = told.get("lang", "")
        elif re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        elif tag == "label":
            self.labelled.add(told.get("for", ""))
        elif tag == "form":
            self._in_form = True
            self.forms.append((told, []))
        elif tag in FIELDS:
            self.inputs += [told] if told.get("type") not in UNSEEN else []
            if self._in_form:
                self.forms[-1][1].append(told.get("name", ""))

    def handle_endtag(self, tag):
        if tag == "form":
            self._in_form = False
        if tag in VOID:
            return
        if not self._open or self._open[-1] != tag:
            self.faults.append(f"</{tag}> closes <{self._open[-1] if self._open else 'nothing'}>")
        if tag in self._open:
            while self._open and self._open.pop() != tag:
                pass

    def handle_data(self, data):
        if self._open and self._open[-1] == "title" and "svg" not in self._open:
            self.title += data


def faults_of(html: str) -> list[str]:
    """What is wrong with a whole page."""
    page = Page()
    page.feed(html)
    found = list(page.faults)
    found += ["no language"] if page.language != "en" else []
    found += ["no title"] if not page.title.strip().endswith("Penstock") else []
    found += [f"{page.headings.count(1)} first headings"] if page.headings.count(1) != 1 else []
    found += [
        f"one of {page.ids.count(name)}: id {name}" for name in set(page.ids) if page.ids.count(name) > 1
    ]
    found += [f"{page.landmarks['main']} main parts"] if page.landmarks["main"] != 1 else []
    found += [f"a heading of {later} below one of {one}" for one, later in _jumps(page.headings)]
    found += [
        f"{name} is referred to and not there" for name in _words(page.references) if name not in page.ids
    ]
    found += [f"unlabelled: {told}" for told in page.inputs if not _has_label(told, page)]
    found += [
        f"a form without a token: {told}"
        for told, names in page.forms
        if told.get("method") == "post" and told.get("action") != "/login" and "csrf" not in names
    ]
    return found


def _jumps(levels):
    return [(one, later) for one, later in itertools.pairwise(levels) if later > one + 1]


def _words(references):
    return [name for each in references for name in each.split()]


def _has_label(told, page):
    return told.get("id") in page.labelled or bool(told.get("aria-label"))
