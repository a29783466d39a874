"""``soihang brand``: find names that are not yet listed, and see what a new one would match before it is added."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Files, Json, Source, Sources, crawl_files, finish

_app = typer.Typer(help="Mine a crawl for brand names, and preview one before it is added to brands.csv.", no_args_is_help=True)
_Names = list[str] | None


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(_app, name="brand")


@_app.command("mine")
def mine_command(
    files: Files,
    min_sellers: Annotated[int, typer.Option(min=1, help="Fewest sellers that write the name.")] = 3,
    min_listings: Annotated[int, typer.Option(min=1, help="Fewest listings that bear it.")] = 5,
    top: Annotated[int, typer.Option(min=1, help="How many names to show.")] = 100,
    source: Source = "auto",
    sources: Sources = None,
    as_json: Json = False,
) -> None:
    """Names frequent in brand fields and titles that brands.csv does not know, with who writes them and on what."""
    from pipeline.stages.brand_mine import mine

    with _listings(files, source, sources) as parts:
        found = mine(parts, min_sellers=min_sellers, min_listings=min_listings, top=top)
    finish(found.lines(), found.to_json(), as_json=as_json)


@_app.command("preview")
def preview_command(
    name: Annotated[str, typer.Argument(help="The brand as it would be listed.")],
    files: Files,
    goods: Annotated[list[str], typer.Option(help="A goods group that it makes (goods_groups.csv); repeat for more.")],
    alias: Annotated[_Names, typer.Option(help="Another name; repeat for more.")] = None,
    disguise: Annotated[_Names, typer.Option(help="A disguise of the name; repeat for more.")] = None,
    lookalike: Annotated[_Names, typer.Option(help="A word that is near the name and never meant; repeat for more.")] = None,
    common_word: Annotated[bool, typer.Option("--common-word", help="The name is also an ordinary word: it counts only beside its goods.")] = False,
    examples: Annotated[int, typer.Option(min=0, help="Titles to show for each way of writing.")] = 5,
    source: Source = "auto",
    sources: Sources = None,
    as_json: Json = False,
) -> None:
    """What NAME would match: each way of writing, beside which goods, on whose pages, and with which known brands it collides."""
    from pipeline.reference import load_reference
    from pipeline.stages.brand_preview import Candidate, preview

    candidate = Candidate(
        name, tuple(goods), tuple(alias or ()), tuple(disguise or ()), tuple(lookalike or ()), common_word
    )
    with _listings(files, source, sources) as parts:
        found = preview(parts, candidate, load_reference(), examples=examples)
    finish(found.lines(), found.to_json(), as_json=as_json)


@contextmanager
def _listings(files: list[str], source: str, sources: Path | None) -> Iterator[list[Path]]:
    """The crawl's listings part by part, phones masked, in a folder that is gone afterwards."""
    from features.errors import DataError, NothingNew
    from pipeline.config import contact_key, load_run_config
    from pipeline.progress import RowProgress
    from pipeline.sources.mapping import load_mappings
    from pipeline.stages.ingest import ingest
    from pipeline.store import parts

    crawl = crawl_files(files)
    with tempfile.TemporaryDirectory(prefix="soihang-") as folder:
        with RowProgress() as progress:
            taken = ingest(
                crawl,
                mappings=load_mappings(sources),
                out=Path(folder),
                key=contact_key(),
                source=source,
                partition_rows=load_run_config().partition_rows,
                on_rows=lambda rows: progress("ingest", rows, None),
            )
        if not taken.n_listings:
            broken = "; ".join(f"{one.file}: {one.error}" for one in taken.unreadable)
            if broken:
                raise DataError(f"none of the files could be read ({broken})")
            raise NothingNew("the files hold no listing")
        yield parts(Path(folder) / "listings")
