from bench.bare_client import Body

WORDS = {"name": "recorded-project", "uid": "u-1", "version": "@@VERSION@@", "id": "i-1"}


def test_a_body_is_the_operators_with_another_projects_words() -> None:
    text = '{"name":"recorded-project","uid":"u-1","v":"@@VERSION@@","note":"project i-1 of recorded-project"}'

    body = Body(text, WORDS).of({"name": "team-7", "uid": "u-7", "version": "42", "id": "i-7"})

    assert body == b'{"name":"team-7","uid":"u-7","v":"42","note":"project i-7 of team-7"}'


def test_a_body_of_other_words_is_as_long_but_for_these() -> None:
    text = '{"uid":"u-1","other":"uid of u-10"}'

    assert Body(text, WORDS).of(WORDS) == text.encode()
