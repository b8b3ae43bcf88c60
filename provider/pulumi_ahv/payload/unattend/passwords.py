"""How answer files hide passwords: base64 of UTF-16LE of the password and its element's name. It is no protection.

Windows takes the hidden form for the administrator, local accounts and the automatic logon. The domain join
(Microsoft-Windows-UnattendedJoin) takes plain text only.
"""

from __future__ import annotations

from base64 import b64decode, b64encode

HIDABLE = ("AdministratorPassword", "Password", "OfflineAdministratorPassword")


def hidden(password: str, element: str) -> str:
    """The hidden form.

    >>> hidden("password", "Password")
    'cABhAHMAcwB3AG8AcgBkAFAAYQBzAHMAdwBvAHIAZAA='
    """
    return b64encode((password + element).encode("utf-16-le")).decode()


def is_hidden(value: str, element: str) -> bool:
    """Whether a value is a hidden password of this element."""
    try:
        return b64decode(value, validate=True).decode("utf-16-le").endswith(element)
    except ValueError:
        return False
