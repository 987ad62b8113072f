"""Which letters this bot writes at all. Values; the words are in the texts, and whoever sends them is a port."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class MailCategory(StrEnum):
    SERVICE = "service"  #: about the service itself, asked for or owed; never an advertisement
    MARKETING = "marketing"  #: only to who allows it


class Letter(StrEnum):
    """Each belongs to one category, and has the sentences `mail.<letter>_subject` and `mail.<letter>_text`."""

    CODE = "code"  #: proves that an address is its person's


CATEGORY: Final[Mapping[Letter, MailCategory]] = MappingProxyType({Letter.CODE: MailCategory.SERVICE})
