# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures of records: made anew without what cameras hide, refused where they mean harm, kept under their hash."""

from __future__ import annotations

import os
import time
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from ledger.directory import images
from ledger.directory.illustrating import with_image, without_image
from ledger.directory.images import Images, PictureError, redraw
from ledger.errors import NotFoundError, StoreFullError
from ledger.publishing.pictures import with_addresses
from protocol.errors import Malformed
from protocol.record import is_image_path
from tests.pictures import bomb, drawn, with_position

if TYPE_CHECKING:
    from pathlib import Path

MILL, WELL = bytes(16), bytes(15) + b"\1"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_each_format_becomes_webp(form: str) -> None:
    made = Image.open(BytesIO(redraw(drawn(form))))
    assert (made.format, made.size) == ("WEBP", (60, 40))


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "RGBA", "I;16"])
def test_each_way_of_colours_is_read(mode: str) -> None:
    assert Image.open(BytesIO(redraw(drawn("PNG", mode=mode)))).size == (60, 40)


def test_a_print_with_four_inks_is_read() -> None:
    assert Image.open(BytesIO(redraw(drawn("JPEG", mode="CMYK")))).mode == "RGB"


def test_a_large_picture_is_made_smaller() -> None:
    assert Image.open(BytesIO(redraw(drawn("JPEG", (4_000, 1_000))))).size == (1_600, 400)


def test_it_stands_upright_and_says_nothing_of_where_it_was_taken() -> None:
    data = with_position()
    assert b"Ada" in data
    made = Image.open(BytesIO(redraw(data)))
    assert made.size == (40, 60)
    red, _, blue = made.convert("RGB").getpixel((20, 5))  # type: ignore[misc] # what was to the left is above
    assert red > 150 > blue
    assert not made.getexif()
    assert b"Ada" not in redraw(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "kind"),
        (b"GIF89a" + bytes(100), "kind"),
        (bomb(), "pixels"),
        (bomb(2_000_000_000, 2_000_000_000), "pixels"),
        (bomb(6_000, 6_000), "broken"),
        (drawn("JPEG", (600, 400))[:900], "broken"),
        (drawn("WEBP", (600, 400))[:60], "broken"),
        (drawn("PNG", (600, 400))[:-40], "broken"),
        (bytes(images.BYTES_MAX + 1), "large"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(PictureError) as refused:
        redraw(data)
    assert refused.value.reason == reason


def test_a_picture_that_is_spoilt_anywhere_is_refused_or_drawn() -> None:
    for form in ("JPEG", "PNG", "WEBP"):
        whole = drawn(form)
        for at in range(0, len(whole), 7):
            spoilt = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
            try:
                made = redraw(spoilt)
            except PictureError:
                continue
            assert Image.open(BytesIO(made)).format == "WEBP"


def test_it_is_for_everybody_once_a_record_names_it_and_goes_with_the_last(tmp_path: Path) -> None:
    kept = Images(tmp_path / "images")
    path = kept.take(drawn())
    assert is_image_path(path)
    assert path == f"/images/{sha256(kept.look(path)).hexdigest()}.webp"
    with pytest.raises(NotFoundError):
        kept.read(path)
    kept.publish(path, MILL)
    kept.publish(path, WELL)
    assert kept.sizes([path, "/images/../images", "https://a.example/"]) == {path: (60, 40)}
    kept.retire(path, MILL)
    assert kept.read(path) == kept.look(path)
    kept.retire(path, WELL)
    with pytest.raises(NotFoundError):
        kept.look(path)


def test_a_picture_of_which_a_bit_has_flipped_is_not_served_and_can_be_sent_again(tmp_path: Path) -> None:
    kept = Images(tmp_path / "images")
    path = kept.take(drawn())
    kept.publish(path, MILL)
    whole = kept.read(path)
    file = tmp_path / path[1:]
    for torn in (b"", whole[:-1], bytes([whole[0] ^ 1]) + whole[1:]):
        file.write_bytes(torn)
        with pytest.raises(NotFoundError):
            kept.read(path)
    assert kept.take(drawn()) == path
    kept.publish(path, MILL)
    assert kept.read(path) == whole


def test_a_full_disk_keeps_nothing_of_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Images(tmp_path / "images")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFullError, match="No space"):
        kept.take(drawn())
    assert [*(tmp_path / "images" / "waiting").iterdir()] == []


def test_what_a_kill_broke_off_is_brought_to_an_end(tmp_path: Path) -> None:
    kept = Images(tmp_path / "images")
    signed, unsigned, removed, unknown = (kept.take(drawn(size=(side, 40))) for side in (60, 61, 62, 63))
    for path in (signed, unsigned):
        kept.note(path, MILL)
    kept.publish(removed, MILL)
    kept.publish(unknown, WELL)
    old = time.time() - 90_000
    os.utime(tmp_path / "images" / "waiting" / signed.rpartition("/")[2], (old, old))
    kept.take(drawn(size=(64, 40)))
    kept.settle({MILL: {signed}}.get)
    assert kept.read(signed)
    assert kept.read(unknown)
    with pytest.raises(NotFoundError):
        kept.read(unsigned)
    assert kept.look(unsigned)
    with pytest.raises(NotFoundError):
        kept.look(removed)


def test_what_waits_too_long_or_takes_too_much_room_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Images(tmp_path / "images")
    path = kept.take(drawn())
    old = time.time() - 90_000
    os.utime(tmp_path / "images" / "waiting" / path.rpartition("/")[2], (old, old))
    other = kept.take(drawn(size=(30, 30)))
    with pytest.raises(NotFoundError):
        kept.look(path)
    monkeypatch.setattr(images, "WAITING_MAX", 1)
    with pytest.raises(PictureError) as refused:
        kept.take(drawn(size=(31, 30)))
    assert refused.value.reason == "waiting"
    monkeypatch.setattr(images, "KEPT_BYTES_MAX", 10)
    kept.publish(other, MILL)
    with pytest.raises(PictureError) as refused:
        kept.take(drawn(size=(31, 30)))
    assert refused.value.reason == "full"


@pytest.mark.parametrize(
    "path", ["/images/../../keys/operating.key", "/images/", f"/images/{'a' * 64}.svg", "/etc/passwd"]
)
def test_only_names_of_pictures_are_looked_for(tmp_path: Path, path: str) -> None:
    with pytest.raises(NotFoundError):
        Images(tmp_path).look(path)


def test_a_record_has_a_picture_more_or_one_less() -> None:
    path = f"/images/{'a' * 64}.webp"
    with pytest.raises(Malformed, match="language"):
        with_image({}, path, {"en": ""}, "CC0-1.0")
    with pytest.raises(Malformed, match="licence"):
        with_image({}, path, {"en": "The mill"}, "")
    one = with_image({"id": MILL}, path, {"en": "The mill", "fr": ""}, "CC0-1.0")
    assert one["images"] == [{"url": path, "licence": "CC0-1.0", "alt": {"en": "The mill"}}]
    again = with_image(one, path, {"fr": "Le moulin"}, "CC0-1.0")
    assert [image["alt"] for image in again["images"]] == [{"fr": "Le moulin"}]
    many = {"images": [{**one["images"][0], "url": f"https://a.example/{n}"} for n in range(16)]}
    with pytest.raises(Malformed, match="at most 16"):
        with_image(many, path, {"en": "The mill"}, "CC0-1.0")
    assert without_image(one, path) == {"id": MILL}
    with pytest.raises(Malformed, match="no such picture"):
        without_image(one, "/images/other")


def test_other_programs_get_whole_addresses_of_what_is_here() -> None:
    path, far = f"/images/{'a' * 64}.webp", "https://a.example/b.jpg"
    record = {"log": "own", "images": [{"url": path}, {"url": far}]}
    assert [one["url"] for one in with_addresses(record, "https://moot.example", "own")["images"]] == [
        f"https://moot.example{path}", far,
    ]  # fmt: skip
    assert [one["url"] for one in with_addresses(record, "https://moot.example", "other")["images"]] == [far]
