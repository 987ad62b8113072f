"""Files as Telegram keeps them: a photo is encoded anew and comes in several sizes, a document keeps every byte.

Knows pixels and bytes, not messages.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count

from PIL import Image, ImageOps, UnidentifiedImageError

from tests.telegram.refusals import bad_request, too_large

#: https://core.telegram.org/bots/api#sending-files
LARGEST_UPLOAD = 50_000_000
LARGEST_PHOTO = 10 * 1024 * 1024  #: documented as 10 MB; the refusal names the bytes
LARGEST_DOWNLOAD = 20_000_000

#: https://core.telegram.org/bots/api#sendphoto: width and height together, and how long for its width
SIDES, RATIO = 10_000, 20

#: The boxes that sizes are made for: https://core.telegram.org/api/files#image-thumbnail-types (m, x, y, w)
BOXES = (320, 800, 1280, 2560)


@dataclass(frozen=True)
class Upload:
    name: str
    data: bytes = field(repr=False)
    mime: str = "application/octet-stream"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Photo:
    sizes: tuple[PhotoSize, ...]  #: the largest last
    digest: str  #: of what was uploaded

    @property
    def largest(self) -> PhotoSize:
        return self.sizes[-1]


@dataclass(frozen=True)
class PhotoSize:
    id: str
    unique_id: str
    width: int
    height: int
    original: bytes = field(repr=False)
    box: int

    @property
    def path(self) -> str:
        return f"photos/{self.unique_id}.jpg"

    @cached_property
    def data(self) -> bytes:
        """Encoded when somebody asks for it; the largest size is what the sender's picture became."""
        with Image.open(io.BytesIO(self.original)) as image:
            if image.width == self.width:
                return self.original
            return _jpeg(image.resize((self.width, self.height)))


@dataclass(frozen=True)
class Document:
    id: str
    unique_id: str
    name: str
    mime: str
    data: bytes = field(repr=False)
    digest: str

    @property
    def path(self) -> str:
        return f"documents/{self.unique_id}"


Media = Photo | Document


class Files:
    """Everything anybody uploaded, by id and by path.

    Whether an upload of the same bytes becomes the same photo again, so that an edit with it is "not modified", is not
    documented. `recognises_uploads` decides: as new (False), or as the one that is there (True).
    """

    def __init__(self, *, recognises_uploads: bool = False) -> None:
        self._recognises = recognises_uploads
        self._media: dict[str, Media] = {}  #: by file id
        self._known: dict[tuple[type[Media], str], Media] = {}
        self._by_path: dict[str, PhotoSize | Document] = {}
        self._numbers = count(1)

    async def photo(self, upload: Upload) -> Photo:
        _limit(upload)
        if len(upload.data) > LARGEST_PHOTO:
            size = len(upload.data)
            raise bad_request(
                f"file of size {size} bytes is too big for a photo; the maximum size is {LARGEST_PHOTO} bytes"
            )
        if self._recognises and isinstance(known := self._known.get((Photo, upload.digest)), Photo):
            return known
        jpeg, (width, height) = await asyncio.to_thread(_encode, upload.data)
        sizes = []
        for box in BOXES:
            scale = min(1.0, box / max(width, height))
            scaled = max(1, round(width * scale)), max(1, round(height * scale))
            sizes.append(PhotoSize(self._id("AgAC"), self._unique_id(), *scaled, jpeg, box))
            if scale == 1.0:
                break
        photo = Photo(tuple(sizes), upload.digest)
        for size in sizes:
            self._keep(photo, size)
        return photo

    async def document(self, upload: Upload) -> Document:
        _limit(upload)
        if self._recognises and isinstance(known := self._known.get((Document, upload.digest)), Document):
            return known
        ids = self._id("BQAC"), self._unique_id()
        document = Document(*ids, upload.name, upload.mime, upload.data, upload.digest)
        self._keep(document, document)
        return document

    def media(self, file_id: str) -> Media | None:
        return self._media.get(file_id)

    def by_id(self, file_id: str) -> PhotoSize | Document | None:
        found = self._media.get(file_id)
        return next((one for one in found.sizes if one.id == file_id), None) if isinstance(found, Photo) else found

    def by_path(self, path: str) -> PhotoSize | Document | None:
        return self._by_path.get(path)

    def _keep(self, media: Media, file: PhotoSize | Document) -> None:
        self._media[file.id] = media
        self._known[type(media), media.digest] = media
        self._by_path[file.path] = file

    def _id(self, kind: str) -> str:
        """As long and as opaque as the real ones: https://core.telegram.org/bots/api#photosize gives no bound."""
        return kind + _letters(f"file {next(self._numbers)}", 60)

    def _unique_id(self) -> str:
        return _letters(f"unique {next(self._numbers)}", 16)


def _limit(upload: Upload) -> None:
    if len(upload.data) > LARGEST_UPLOAD:
        raise too_large()
    if not upload.data:
        raise bad_request("file must be non-empty")


def _encode(data: bytes) -> tuple[bytes, tuple[int, int]]:
    """What Telegram makes of a picture: a JPEG without metadata, turned as its EXIF says, transparent parts white."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
            if width + height > SIDES or max(width, height) > RATIO * min(width, height):
                raise bad_request("PHOTO_INVALID_DIMENSIONS")
            turned = ImageOps.exif_transpose(image)
            if turned.has_transparency_data:
                see_through = turned.convert("RGBA")
                turned = Image.alpha_composite(Image.new("RGBA", see_through.size, "white"), see_through)
            turned.thumbnail((BOXES[-1], BOXES[-1]))
            return _jpeg(turned), turned.size
    except (UnidentifiedImageError, OSError, SyntaxError):
        raise bad_request("IMAGE_PROCESS_FAILED") from None


def _jpeg(image: Image.Image) -> bytes:
    """The quality is a guess; what matters is that no byte and no metadata of the upload survives."""
    bare = Image.new("RGB", image.size)
    bare.paste(image.convert("RGB"))
    written = io.BytesIO()
    bare.save(written, "JPEG", quality=87)
    return written.getvalue()


def _letters(seed: str, length: int) -> str:
    digest = hashlib.shake_256(seed.encode()).digest(length)
    return base64.urlsafe_b64encode(digest).decode()[:length]
