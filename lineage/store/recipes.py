"""Reading recipes that a store was filled with: the options behind their names."""

from __future__ import annotations

import json

from lineage.model import Role
from lineage.shards.recipe import ReadingRecipe
from lineage.store.files import publish_file
from lineage.store.journal import canonical
from lineage.store.store import Store


def keep_recipe(store: Store, recipe: ReadingRecipe) -> None:
    """Remember the options behind the name of a recipe; those of the default need no memory."""
    target = store.root / "readings" / f"{recipe.name}.json"
    if recipe == ReadingRecipe() or target.exists():
        return
    roles = {role.value: list(paths) for role, paths in recipe.roles.items()}
    text = canonical({"roles": roles, "lines": recipe.lines, "format": recipe.format})
    publish_file(store.staging, target, lambda file: file.write_text(text, encoding="ascii"))


def kept_recipes(store: Store) -> list[ReadingRecipe]:
    """All recipes that the store was filled with, the default one first."""
    found = [ReadingRecipe()]
    for file in sorted((store.root / "readings").glob("*.json")):
        options = json.loads(file.read_text(encoding="ascii"))
        roles = {Role(role): tuple(paths) for role, paths in options.pop("roles").items()}
        found.append(ReadingRecipe(roles=roles, **options))
    return found
