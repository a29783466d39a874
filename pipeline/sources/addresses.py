"""What a listing's address says by itself: the site, the ids of listing and shop, and the words of the title where the site writes them there.

For lists made by hand: a person copies a link, and the link is often all there is. Nothing is fetched; a shortened link ("s.shopee.vn/abc")
says no more than its site. A site we do not know is named by its host, and the listing by the rest of its address.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

MAX_ADDRESS = 2_000

#: Site by the end of its host.
SITES: dict[str, str] = {
    "shopee.vn": "shopee", "shope.ee": "shopee", "tiki.vn": "tiki", "lazada.vn": "lazada", "sendo.vn": "sendo", "chotot.com": "chotot",
    "nhatot.com": "chotot", "tiktok.com": "tiktok", "facebook.com": "facebook", "fb.watch": "facebook", "fb.com": "facebook",
}  # fmt: skip

#: Per site the forms of a listing's path with its query: ``id``, and where they stand there ``shop`` and ``words`` of the title.
_LISTINGS: dict[str, tuple[re.Pattern[str], ...]] = {
    "shopee": (
        re.compile(r"/(?P<words>[^/?]*?)-?i\.(?P<shop>\d+)\.(?P<id>\d+)(?:\?|$)"),
        re.compile(r"/product/(?P<shop>\d+)/(?P<id>\d+)"),
        re.compile(r"^/[^/?]+/(?P<shop>\d{4,})/(?P<id>\d{4,})(?:[/?]|$)"),
    ),
    "tiki": (re.compile(r"/(?P<words>[^/?]+)-p(?P<id>\d+)\.html"),),
    "lazada": (re.compile(r"/(?:pdp|(?P<words>[^/?]+?))-i(?P<id>\d+)(?:-s\d+)?\.html"),),
    "sendo": (re.compile(r"/(?P<words>[^/?]+)-(?P<id>\d+)\.html"),),
    "chotot": (re.compile(r"/(?P<id>\d{5,})\.htm"),),
    "tiktok": (
        re.compile(r"/pdp/(?:(?P<words>[^/?]+)/)?(?P<id>\d{6,})"),
        re.compile(r"/product/(?P<id>\d{6,})"),
        re.compile(r"/(?P<shop>@[^/?]+)/(?:video|live|photo)/?(?P<id>\d*)"),
    ),
    "facebook": (
        re.compile(r"/marketplace/item/(?P<id>\d+)"),
        re.compile(r"/groups/[^/?]+/(?:posts|permalink)/(?P<id>\d+)"),
        re.compile(r"^/(?!groups/)(?P<shop>[^/?]+)/(?:posts|videos|reels?|photos)/(?:[^?]*/)?(?P<id>\w+)"),
        re.compile(r"[?&](?:story_fbid|fbid|v)=(?P<id>\w+)"),
    ),
}
_SHOPS: dict[str, re.Pattern[str]] = {
    "shopee": re.compile(r"^/(?:shop/)?([^/?]+)(?:/search)?/?(?:\?|$)"),
    "tiki": re.compile(r"^/cua-hang/([^/?]+)"),
    "lazada": re.compile(r"^/shop/([^/?]+)"),
    "sendo": re.compile(r"^/shop/([^/?]+)"),
    "chotot": re.compile(r"^/(?:user|cua-hang|chuyen-trang)/([^/?]+)"),
    "tiktok": re.compile(r"^/(@[^/?]+)"),
    "facebook": re.compile(r"^/(?:profile\.php\?id=)?([^/?&]+)"),
}
#: Says where a reader came from, not what is shown.
_TRACKING = re.compile(r"^(?:utm_\w+|fbclid|gclid|_gl|spm|ref|referrer|source|share\w*|sp_atk|xptdk|mibextid)$", re.IGNORECASE)
_ADDRESS = re.compile(r"^(?:https?://|www\.|(?:[\w-]+\.)+(?:vn|com|net|org|shop|store|asia|example)/)", re.IGNORECASE)
_LEAST_WORDS = 2
_LARGEST_ID = 10**30


class Address(NamedTuple):
    """``platform`` is our name of the site, or its host where the site is unknown (``is_known`` false); ids are the site's own."""

    platform: str
    is_known: bool
    listing_id: str
    seller_id: str | None
    words: str | None


def read_address(value: Any) -> Address | None:
    """Read a listing's address, or ``None`` where the value is none.

    >>> read_address("https://shopee.vn/Nước-hoa-nam-100ml-i.900001.700001?sp_atk=x")
    Address(platform='shopee', is_known=True, listing_id='700001', seller_id='900001', words='Nước hoa nam 100ml')
    """
    parts = _parts(value)
    if parts is None:
        return None
    host, path = parts
    site = _site(host)
    for form in _LISTINGS.get(site or "", ()):
        if (found := form.search(path)) and found["id"]:
            groups = found.groupdict()
            return Address(str(site), True, found["id"], groups.get("shop"), _words(groups.get("words")))
    last = path.partition("?")[0].rstrip("/").rpartition("/")[2]
    return Address(site or host, site is not None, f"{host}{path.rstrip('/')}", None, None if site else _words(re.sub(r"\.\w{2,5}$", "", last)))


def shop_id(value: Any) -> str | None:
    """Read a shop's id or name from its address; what is no address is taken as the id itself.

    >>> shop_id("https://www.tiktok.com/@shop.thu?lang=vi"), shop_id("shopee.vn/shop/900001"), shop_id("S1")
    ('@shop.thu', '900001', 'S1')
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str):
        return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST_ID else None
    parts = _parts(value)
    if parts is None:
        return value.strip() or None
    host, path = parts
    form = _SHOPS.get(_site(host) or "")
    found = form.search(path) if form else None
    return found[1] if found else f"{host}{path.rstrip('/')}"


def fill_from_addresses(values: dict[str, list[Any]], found: list[Any], flags: list[list[str]]) -> None:
    """Put into the columns of ``values`` what the addresses ``found`` say, in place.

    Ids, and the platform of a known site, are the address's: a link copied from the browser errs less than a hand. A typed platform stands where
    the site is unknown, a title where one was typed; one made of the address's words is flagged ``title_from_address``.
    """
    n = len(found)
    platform, listing, seller, title = (values.setdefault(name, [None] * n) for name in ("platform", "listing_id", "seller_id", "title"))
    for row, address in enumerate(map(read_address, found)):
        if address is None:
            continue
        platform[row] = address.platform if address.is_known or platform[row] is None else platform[row]
        listing[row] = address.listing_id
        seller[row] = address.seller_id or seller[row]
        if title[row] is None and address.words is not None:
            title[row] = address.words
            flags[row].append("title_from_address")


def _parts(value: Any) -> tuple[str, str] | None:
    """Host and path with what of the query tells listings apart; nothing where the value is no address."""
    if not isinstance(value, str) or len(value) > MAX_ADDRESS:
        return None
    text = value.strip()
    if not _ADDRESS.match(text) or re.search(r"\s", text):
        return None
    try:
        split = urlsplit(text if "://" in text else f"https://{text}")
        host = (split.hostname or "").lower()
        query = urlencode([(name, one) for name, one in parse_qsl(split.query) if not _TRACKING.match(name)])
    except ValueError:
        return None
    path = unquote(split.path) + (f"?{query}" if query else "")
    return (re.sub(r"^(?:www|m|vn)\.", "", host), path) if host and path.strip("/") else None


def _site(host: str) -> str | None:
    return next((site for end, site in SITES.items() if host == end or host.endswith("." + end)), None)


def _words(slug: str | None) -> str | None:
    """The words of "giay-da-nam", or nothing where there are not even two."""
    words = re.sub(r"[-_+\s]+", " ", slug or "").strip()
    return words if len(re.findall(r"[^\W\d_]{2,}", words)) >= _LEAST_WORDS else None
