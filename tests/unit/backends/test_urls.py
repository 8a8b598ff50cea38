import pytest

from project_operator.backends.urls import normal_url
from project_operator.errors import ConnectionRefused


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://identity.example.com", "https://identity.example.com"),
        ("https://Identity.Example.COM:443/", "https://identity.example.com"),
        ("http://a:80", "http://a"),
        ("http://a:443", "http://a:443"),
        ("https://a:8443/base//", "https://a:8443/base"),
        ("https://a/Base", "https://a/Base"),
        ("https://[::1]:6080", "https://[::1]:6080"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
    ],
)
def test_spellings_of_one_url_are_one(url: str, normal: str) -> None:
    assert normal_url(url, "spec.x.url") == normal


@pytest.mark.parametrize(
    "url", ["", "https://", "https://a:b", "https://a:99999", "https://[::1", "identity.example.com"]
)
def test_what_is_no_url_is_refused_by_its_field(url: str) -> None:
    with pytest.raises(ConnectionRefused, match="must be a URL") as raised:
        normal_url(url, "spec.x.url")
    assert raised.value.field == "spec.x.url"
