"""Which articles a retraining learns from, and which it is judged on."""

from projects.text.classifier import labels_of
from projects.text.retrainer import AutoRetrainer
from projects.text.table import table_of


def test_an_article_of_the_test_set_is_never_learned():
    articles = [f"article {number}" for number in range(10)]
    retrainer = AutoRetrainer(test=(["article 3", " article  7"], ["a", "b"]))
    learned, _, _ = retrainer._sides(table_of(articles), labels_of(["a", "b"] * 5, 10))
    assert [number for number in range(10) if not learned[number]] == [3, 7]
