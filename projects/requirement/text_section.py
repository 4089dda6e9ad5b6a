"""The section `features.text`: which columns hold free text, what they become, and what is known of them."""

from typing import Literal, Self

from pydantic import model_validator

from projects.requirement.section import Section


class TextSection(Section):
    """What columns of free text, such as notes and headlines, become."""

    configuration: Literal["auto", "none", "conservative", "balanced", "enhanced", "maximum"] = "auto"
    """`auto` goes by the number of labelled texts and by cross-validation; `none` treats them as labels."""
    columns: tuple[str, ...] = ()
    """The columns of free text; by default those with many words that hardly ever repeat."""
    title: str | None = None
    """The column that stands before the text, as an article's title does."""
    source: str | None = None
    """The column that says who published it; it stays a column of its own too."""
    published: str | None = None
    """The column that says when it was published; it stays a column of its own too."""
    keywords: dict[str, tuple[str, ...]] = {}  # noqa: RUF012 - pydantic copies defaults
    """Lists of words whose density is measured, by name; by default they are found from the labels."""
    rules: str = ""
    """A file of rules, YAML or JSON, that texts are searched by."""
    sentence_model: str = ""
    """A folder of a sentence-transformers model, or an installed package that holds one."""
    word2vec: str = ""
    """A file of word vectors; by default they are learned from the texts."""
    entities: str = "auto"
    """How names, sums and dates are found: `auto`, `patterns`, or an installed spaCy pipeline."""
    language: str = "auto"
    """The texts' language, such as `en`; `auto` looks at them."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.configuration == "none" and (self.columns or self.title):
            raise ValueError("configuration is none, but columns are named; take one of both away")
        named = [name for name in (self.title, self.source, self.published) if name]
        for name in named:
            if name in self.columns or named.count(name) > 1:
                raise ValueError(f"the column '{name}' is named twice; it can be one thing only")
        for name, words in self.keywords.items():
            if not any(word.strip() for word in words):
                raise ValueError(f"the keyword list '{name}' has no word; give it some, or leave it out")
        return self
