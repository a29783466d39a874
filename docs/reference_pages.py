"""The site's reference pages, written from the code each time the site is built, so that they cannot be behind it."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

import click
import typer
from mkdocs.structure.files import File, Files
from pymdownx.slugs import slugify

from pipeline.cli import EPILOG, app
from pipeline.cli.schema import described_tables

_ROOT = Path(__file__).resolve().parent.parent
_DOCS = _ROOT / "docs"
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:|#)([^)]+)\)")


def on_config(config: Any) -> Any:
    """Keep Vietnamese letters in the anchors of headings, as other readers of Markdown do; called by MkDocs."""
    config.mdx_configs["toc"]["slugify"] = slugify(case="lower")
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the start page and the reference; called by MkDocs."""
    for name, text in (("index.md", start_page()), ("reference/commands.md", commands_page()), ("reference/tables.md", tables_page())):
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **rest: Any) -> str:
    """Leave the words of links to files outside docs/ and take their address: they have no page here. Called by MkDocs."""
    here = PurePosixPath(page.file.src_uri).parent

    def kept(link: re.Match[str]) -> str:
        # The README is shown from inside docs/, so a link may also count from one folder up. One to nowhere stays: the build stops at it.
        targets = [(base / link[2].split("#")[0]).resolve() for base in (_DOCS / here, _ROOT / here)]
        is_page = targets[0].is_file() and _DOCS in targets[0].parents
        return link[1] if not is_page and any(target.exists() for target in targets) else link[0]

    return _LINK.sub(kept, markdown)


def start_page() -> str:
    """Return the README with its links made those of the site."""
    return (_ROOT / "README.md").read_text(encoding="utf-8").replace("](docs/", "](")


def commands_page() -> str:
    """Return every command with its arguments, options and help."""
    root = typer.main.get_command(app)
    lines = ["# Commands", "", f"`soihang COMMAND`. {EPILOG}", ""]
    with click.Context(root, info_name="soihang") as context:
        lines += _command_lines(root, context, "soihang")
    return "\n".join(lines)


def _command_lines(command: Any, context: Any, name: str) -> list[str]:
    lines: list[str] = []
    for inner in sorted(getattr(command, "commands", {})):
        found = command.commands[inner]
        with type(context)(found, info_name=inner, parent=context) as below:
            lines += [f"## {name} {inner}", "", found.help or "", ""]
            rows = [record for one in found.get_params(below) if one.name != "help" and (record := one.get_help_record(below))]
            if rows:
                cells = (f"| `{_line(left)}` | {_cell(right)} |" for left, right in rows)
                lines += ["| argument or option | meaning |", "|---|---|", *cells, ""]
            lines += [line.replace("## ", "### ", 1) if line.startswith("## ") else line for line in _command_lines(found, below, f"{name} {inner}")]
    return lines


def tables_page() -> str:
    """Return every table's columns."""
    lines = ["# Tables", ""]
    for name, describe in described_tables().items():
        lines += [f"## {name}", "", "| column | type | may be missing | meaning |", "|---|---|---|---|"]
        for row in describe().itertuples():
            lines.append(f"| `{row.column}` | {row.type} | {'yes' if row.nullable else 'no'} | {_cell(row.description)} |")
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return _line(text).replace("<", "&lt;")


def _line(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")
