"""``soihang keys``: the key pair that signs bundles, and a signature set later by whoever approves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Json, finish

_app = typer.Typer(help="Make the key that signs bundles, give its public half away, and sign a bundle.", no_args_is_help=True)

_Private = Annotated[Path, typer.Argument(help="The private key (PEM, mode 0600).")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.add_typer(_app, name="keys")


@_app.command("make")
def make_command(
    path: Annotated[Path, typer.Argument(help="Where the private key goes; the public one goes beside it as .pub.")], as_json: Json = False
) -> None:
    """Make an Ed25519 key pair: PATH (0600, never leaves this machine) and PATH.pub (for whoever verifies)."""
    from pipeline.trail.signing import make_key

    made = make_key(path)
    names = {"private": str(path), "public": f"{path}.pub", "key_id": made}
    finish([f"private key {path}", f"public key {path}.pub", f"key id {made}"], names, as_json=as_json)


@_app.command("public")
def public_command(private_key: _Private) -> None:
    """Print the public key of PRIVATE_KEY as PEM."""
    from pipeline.trail.signing import export_public

    finish([export_public(private_key).decode().rstrip()], None, as_json=False)


@_app.command("sign")
def sign_command(
    bundle: Annotated[Path, typer.Argument(help="The bundle's folder.", exists=True, file_okay=False)], private_key: _Private, as_json: Json = False
) -> None:
    """Sign the manifest of BUNDLE, which must hold, into manifest.sig; an earlier signature is replaced."""
    from features.errors import DataError
    from pipeline.trail.signing import sign_bundle
    from pipeline.trail.verify import verify

    verdict = verify(bundle)
    broken = [one for one in verdict.problems if one.where != "manifest.sig"]
    if broken:
        raise DataError(f"{bundle} does not hold and is not signed: {broken[0]}")
    signer = sign_bundle(bundle, private_key)
    finish([f"signed {bundle} with key {signer}"], {"bundle": bundle, "key_id": signer}, as_json=as_json)
