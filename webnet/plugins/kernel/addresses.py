"""Which addresses of a plugin are safe to show as links and images: none runs a script or hides where it leads."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

LARGEST_PORT = 65_535
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
# In lower case, as browsers and certificates compare host names; the last part of a name has a letter (RFC 3696, 2).
_HOST = re.compile(
    rf"(\*|(?=[^:]{{1,253}}(:|\Z))(\*\.)?({_LABEL}\.)*(?=[^.:]*[a-z]){_LABEL}"
    r"|(?P<address>[0-9.]+)|\[(?P<address6>[0-9a-f:.]+)\])(:(?P<port>[1-9][0-9]{0,4}))?"
)


def is_link(url: str) -> bool:
    """Whether a menu may have this URL: not a `javascript:` URL, and not one that browsers resolve to another host."""
    if _has_strays(url) or ".." in url.partition("?")[0].split("/"):
        return False
    if url.startswith(("https://", "http://")):
        return bool(url.partition("://")[2])
    return not url.startswith("//") and ":" not in url.partition("/")[0]


def is_web_address(url: str) -> bool:
    """Whether it is an absolute `https` or `http` address, without a user's name, which could be taken for its host."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    is_web = url.startswith(("https://", "http://"))
    return is_web and bool(host) and "@" not in parts.netloc and not _has_strays(url)


def is_mail_address(url: str) -> bool:
    """Whether it is `mailto:` and a single address, without a subject or a text."""
    scheme, _, address = url.partition(":")
    name, _, host = address.partition("@")
    is_plain = not _has_strays(url) and not set("?&,;@<>%") & set(f"{name}{host}")
    return scheme == "mailto" and bool(name) and bool(host) and is_plain


def is_host_pattern(name: str) -> bool:
    """Whether it is "*", a host name whose first part may be "*", or an IP address; ":" and a port may follow."""
    match = _HOST.fullmatch(name)
    if match is None or int(match["port"] or 0) > LARGEST_PORT:
        return False
    address = match["address"] or match["address6"]
    try:
        return address is None or bool(ip_address(address))
    except ValueError:
        return False


def is_static_path(path: str) -> bool:
    """Whether it is the path of a static file, such as `my_plugin/icon.svg`, below all of which nothing leads out."""
    parts = path.split("/")
    return len(parts) > 1 and not {"", ".", ".."} & set(parts) and not set(":?#%") & set(path) and not _has_strays(path)


def _has_strays(url: str) -> bool:
    # Browsers read a backslash as a slash, and drop control characters: "/\host", "java\tscript:".
    return "\\" in url or any(character <= " " or character == "\x7f" for character in url)
