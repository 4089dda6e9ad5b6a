"""`/openapi.json` and `/docs`: the description for programs, and the same as a page without a script."""

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from shlex import quote
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from penstock.api.docs_style import STYLE
from penstock.api.openapi import document

router = APIRouter(include_in_schema=False)
POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
METHODS = ("get", "post", "put", "patch", "delete")
DEEPEST = 6


@router.get("/openapi.json")
def openapi(request: Request) -> JSONResponse:
    """The description as OpenAPI 3.1."""
    return JSONResponse(described(request))


@router.get("/docs")
def page(request: Request) -> HTMLResponse:
    """The description as a page."""
    url = str(request.base_url).rstrip("/")
    return HTMLResponse(_page(described(request), url), headers={"Content-Security-Policy": POLICY})


@router.get("/docs/style.css")
def style() -> Response:
    """The page's looks."""
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def described(request: Request) -> dict[str, Any]:
    """The description, made once a process."""
    app = request.app
    if app.openapi_schema is None:
        app.openapi_schema = document(app)
    made: dict[str, Any] = app.openapi_schema
    return made


def _page(made: Mapping[str, Any], url: str) -> str:
    by_tag: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for path, item in made["paths"].items():
        for method in METHODS:
            if method in item:
                by_tag.setdefault(item[method].get("tags", ["other"])[0], []).append(
                    (path, method, item[method])
                )
    links = "".join(f'<li><a href="#{_anchor(tag)}">{escape(tag)}</a></li>' for tag in by_tag)
    parts = "".join(
        f'<section aria-labelledby="{_anchor(tag)}"><h2 id="{_anchor(tag)}">{escape(tag)}</h2>'
        + "".join(_operation(made, url, *each) for each in operations)
        + "</section>"
        for tag, operations in by_tag.items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Penstock: the API</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/docs/style.css"></head><body>'
        f'<nav aria-label="Topics"><a class="home" href="/">Penstock</a><ul>{links}</ul>'
        '<a href="/openapi.json">openapi.json</a></nav>'
        f"<main><h1>Penstock's API <small>{escape(made['info']['version'])}</small></h1>"
        f"{_paragraphs(made['info'].get('description', ''))}{parts}</main></body></html>"
    )


def _operation(
    made: Mapping[str, Any], url: str, path: str, method: str, operation: Mapping[str, Any]
) -> str:
    body = _json_body(operation)
    rows = "".join(_parameter(each) for each in operation.get("parameters", ()))
    rows += "".join(_fields(made, body.get("schema", {}))) if body else ""
    table = (
        f'<table><thead><tr><th scope="col">What</th><th scope="col">Where</th><th scope="col">Kind</th>'
        f'<th scope="col">Meaning</th></tr></thead><tbody>{rows}</tbody></table>'
        if rows
        else ""
    )
    answers = "".join(_answer(made, status, each) for status, each in sorted(operation["responses"].items()))
    return (
        f'<details id="{_anchor(f"{method} {path}")}"><summary><b class="{method}">{method.upper()}</b> '
        f"<code>{escape(path)}</code> {escape(operation.get('summary', ''))}</summary>"
        f"{_paragraphs(operation.get('description', ''))}{table}"
        f'<h3>Call it</h3><pre tabindex="0">{escape(curl(made, url, path, method, operation))}</pre>'
        f"<h3>Answers</h3>{answers}</details>"
    )


def curl(made: Mapping[str, Any], url: str, path: str, method: str, operation: Mapping[str, Any]) -> str:
    """The command that calls an operation with its example."""
    words = [f"curl -u NAME{'' if method == 'get' else f' -X {method.upper()}'} '{url}{path}'"]
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        fields = content["multipart/form-data"].get("example", {})
        given = [f"{key}={'@' if key == 'file' else ''}{value}" for key, value in fields.items()]
        words += [f"-F {quote(each)}" for each in given]
    elif (body := _json_body(operation)) is not None:
        example = _example(made, body)
        words += ["-H 'Content-Type: application/json'", f"-d {quote(json.dumps(example))}"]
    return " \\\n  ".join(words)


def _json_body(operation: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = (
        operation.get("requestBody", {}).get("content", {}).get("application/json")
    )
    return found


def _example(made: Mapping[str, Any], content: Mapping[str, Any]) -> Any:
    if "example" in content:
        return content["example"]
    if content.get("examples"):
        return next(iter(content["examples"].values()))["value"]
    schema = _resolved(made, content.get("schema", {}))
    if "examples" in schema:
        return schema["examples"][0]
    if schema.get("type") == "array":
        return [_example(made, {"schema": schema["items"]})]
    return {
        name: each["examples"][0]
        for name, each in schema.get("properties", {}).items()
        if each.get("examples")
    }


def _answer(made: Mapping[str, Any], status: str, response: Mapping[str, Any]) -> str:
    content = response.get("content", {})
    kind = next(iter(content), "")
    example = _example(made, content[kind]) if kind else None
    text = example if isinstance(example, str) else json.dumps(example, indent=1) if example else ""
    shown = f'<pre tabindex="0">{escape(text)}</pre>' if text else ""
    told = f"<b>{escape(status)}</b> {escape(response.get('description', ''))}"
    if status.startswith("2"):
        return f"<div>{told} <small>{escape(kind)}</small>{shown}</div>"
    return f"<details><summary>{told}</summary>{shown}</details>"


def _parameter(told: Mapping[str, Any]) -> str:
    schema = told.get("schema", {})
    return _row(told["name"], told["in"], _kind(schema), told.get("description", ""), told.get("required"))


def _fields(made: Mapping[str, Any], schema: Mapping[str, Any], within: str = "") -> Iterator[str]:
    found = _resolved(made, schema)
    wanted = found.get("required", ())
    for name, each in found.get("properties", {}).items():
        inner = _resolved(made, each)
        meaning = each.get("description") or inner.get("description", "")
        yield _row(f"{within}{name}", "body", _kind(inner), meaning, name in wanted)
        if inner.get("properties") and within.count(".") < DEEPEST:
            yield from _fields(made, inner, f"{within}{name}.")


def _resolved(made: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(DEEPEST):
        choices = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
        if "$ref" in schema:
            schema = made["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        elif len(choices) == 1:
            schema = {**choices[0], **{k: v for k, v in schema.items() if k in {"description", "default"}}}
        else:
            break
    return schema


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    choices = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    kind = str(schema.get("type") or " or ".join(sorted({_kind(each) for each in choices})))
    bounds = [
        f"{sign} {schema[name]}"
        for name, sign in (
            ("minimum", "≥"),
            ("exclusiveMinimum", ">"),
            ("maximum", "≤"),
            ("maxLength", "length ≤"),
        )
        if name in schema
    ]
    default = [f"default {schema['default']}"] if schema.get("default") not in (None, "") else []
    return ", ".join([kind, *bounds, *default])


def _row(name: str, where: str, kind: str, meaning: str, is_wanted: object = None) -> str:
    mark = " *" if is_wanted else ""
    return (
        f"<tr><th scope=row><code>{escape(name)}</code>{mark}</th><td>{escape(where)}</td>"
        f"<td>{escape(kind)}</td><td>{_inline(meaning)}</td></tr>"
    )


def _paragraphs(text: str) -> str:
    """Show the little Markdown that descriptions hold: paragraphs, lists, bold, code."""
    made, items = "", [part.strip() for part in re.split(r"\n\s*\n|\n(?=- )", text) if part.strip()]
    for item in items:
        made += f"<li>{_inline(item[2:])}</li>" if item.startswith("- ") else f"<p>{_inline(item)}</p>"
    return re.sub(r"((?:<li>.*?</li>)+)", r"<ul>\1</ul>", made, flags=re.DOTALL)


def _inline(text: str) -> str:
    safe = escape(" ".join(text.split()))
    safe = re.sub(r"`([^`]+)`", r"<code>\1</code>", safe)
    return re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", safe)


def _anchor(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
